package mail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"preau/api/directory"
	"preau/storage"
)

// accuse are the arguments of a report, changed by more.
func accuse(id, message string) args {
	return args{"id": id, "message": message, "reason": "threat", "text": "Il recommence."}
}

// cases is what the office sees.
func (w *world) cases(user string) map[string]Case {
	return recordsIn[Case](w, user, "office:x", "report")
}

// quarrel is a discussion of three in which Malo threatens Inès.
func (w *world) quarrel() {
	w.t.Helper()
	w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-quarrel1", users("ines", "malo"), args{"bcc": users("viard")})), "")
	w.now = w.now.Add(time.Minute)
	w.must("ines", "mail.reply@1", args{"id": "m-quarrel2", "re": "m-quarrel1", "all": true, "body": text("Je viens.")})
	w.now = w.now.Add(time.Minute)
	w.must("malo", "mail.reply@1", args{"id": "m-quarrel3", "re": "m-quarrel2", "all": true, "body": text("Tu vas voir demain.")})
	w.now = w.now.Add(time.Minute)
	w.must("ines", "mail.reply@1", args{"id": "m-quarrel4", "re": "m-quarrel3", "body": text("Arrête.")})
}

// TestReport (E21): the office gets the message and what came before it, whole,
// with digests; nobody else learns that it was reported.
func TestReport(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	mine := mailbox[Report](w, "ines", "report")["r-threat01"]
	if mine.Message != "m-quarrel3" || mine.Discussion != "m-quarrel1" || mine.State != reportOpen || !mine.At.Equal(w.now) {
		t.Errorf("Inès sees %+v", mine)
	}
	for _, office := range []string{"viard", "roussel"} {
		c := w.cases(office)["ines~r-threat01"]
		var got []string
		for _, e := range c.Evidence {
			got = append(got, e.ID+" "+e.Message.Body.Text())
		}
		want := "m-quarrel3 Tu vas voir demain., m-quarrel2 Je viens., m-quarrel1 Bonjour."
		if strings.Join(got, ", ") != want || c.By.ID != "ines" || c.Reason != "threat" || c.Text != "Il recommence." || c.State != reportOpen {
			t.Errorf("%s sees %v of %+v", office, got, c)
		}
		if first := c.Evidence[2].Message; len(first.Bcc) > 0 {
			t.Errorf("who got a blind copy is told: %+v", first)
		}
	}
	for _, user := range everyone {
		if n := len(mailbox[[]Exhibit](w, user, "evidence")); n > 0 {
			t.Errorf("the device of %s gets evidence", user)
		}
		if n := len(mailbox[Report](w, user, "report")); user != "ines" && n > 0 {
			t.Errorf("%s learns of the report", user)
		}
	}
	if left := w.found("ines", "evidence", "r-threat01"); len(left) > 0 {
		t.Error("evidence is kept twice")
	}
}

// TestDigestsOfEvidence are those of the JSON that the office holds.
func TestDigestsOfEvidence(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	var c struct {
		Evidence []struct {
			SHA256  string
			Message json.RawMessage
		}
	}
	if err := json.Unmarshal(w.caseOf("ines~r-threat01"), &c); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Evidence {
		if sum := sha256.Sum256(e.Message); hex.EncodeToString(sum[:]) != e.SHA256 {
			t.Errorf("%s is not the digest of %s", e.SHA256, e.Message)
		}
	}
	if len(c.Evidence) != 3 {
		t.Errorf("%d exhibits", len(c.Evidence))
	}
}

// caseOf is a case as it is stored.
func (w *world) caseOf(id string) []byte {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "office:x", storage.Key{Type: "report", ID: id})
	if err != nil || len(recs) != 1 {
		w.t.Fatalf("case %s: %d records, %v", id, len(recs), err)
	}
	return recs[0].Value
}

// TestEvidenceStays whatever its author does, before and after: it can be
// reported once taken back, too, with its photo.
func TestEvidenceStays(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("malo")
	arrive()
	w.must("malo", "mail.send@1", letter("m-photo001", users("ines"), args{"files": []args{file}}))
	w.must("malo", "mail.send@1", letter("m-photo002", users("ines"), args{"body": text("Autre chose.")}))
	w.must("ines", "mail.report@1", accuse("r-photo001", "m-photo001"))
	before := string(w.caseOf("ines~r-photo001"))
	for _, id := range []string{"m-photo001", "m-photo002"} {
		w.must("malo", "mail.recall@1", args{"message": id})
		w.must("malo", "mail.file@1", args{"ids": []string{id}, "folder": Bin})
		w.must("malo", "mail.purge@1", args{"ids": []string{id}})
	}
	if after := string(w.caseOf("ines~r-photo001")); after != before {
		t.Errorf("the evidence has become %s", after)
	}
	w.wantReadable(file, "malo", "viard", "roussel")
	w.must("ines", "mail.report@1", accuse("r-photo002", "m-photo002"))
	if c := w.cases("viard")["ines~r-photo002"]; c.Evidence[0].Message.Body.Text() != "Autre chose." || !c.Evidence[0].Message.Recalled {
		t.Errorf("the office sees %+v", c.Evidence)
	}
}

// TestEvidenceIsBounded: twenty messages before the one that is reported, and
// no more than there is room for.
func TestEvidenceIsBounded(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ id, text string }{{"short", "Et puis ?"}, {"longer", strings.Repeat("n'importe quoi ", 1000)}} {
		w.wantRefusal(w.send("garnier", "m-first-"+c.id, "user:nadia"), "")
		last := "m-first-" + c.id
		for i := range 25 {
			w.now = w.now.Add(time.Minute)
			id := fmt.Sprintf("m-%s-%03d", c.id, i)
			w.must("garnier", "mail.reply@1", args{"id": id, "re": last, "body": text(c.text)})
			last = id
		}
		w.must("nadia", "mail.report@1", accuse("r-"+c.id+"-00", last))
		if e := w.cases("viard")["nadia~r-"+c.id+"-00"].Evidence; c.id == "short" && len(e) != 1+maxBefore || len(e) < 5 || e[1].ID != fmt.Sprintf("m-%s-023", c.id) {
			t.Errorf("%d exhibits of %s", len(e), c.id)
		}
		if raw := w.caseOf("nadia~r-" + c.id + "-00"); len(raw) > maxEvidence+maxMessage {
			t.Errorf("%d bytes", len(raw))
		}
	}
}

// TestMessagesFitIntoEvidence: a message that passes on more than could be
// reported is not sent.
func TestMessagesFitIntoEvidence(t *testing.T) {
	w := newWorld(t)
	var quotes []args
	for i := range maxQuotes {
		id := fmt.Sprintf("m-long-%04d", i)
		w.must("garnier", "mail.send@1", letter(id, users("nadia"), args{"body": text(strings.Repeat("n'importe quoi ", 1000))}))
		quotes = append(quotes, args{"message": id})
	}
	w.wantRefusal(w.do("garnier", "mail.send@1", letter("m-huge0001", users("nadia"), args{"quotes": quotes})), "too_large body")
	w.must("garnier", "mail.send@1", letter("m-huge0002", users("nadia"), args{"quotes": quotes[:30]}))
	w.must("nadia", "mail.report@1", accuse("r-huge0002", "m-huge0002"))
	if e := w.cases("viard")["nadia~r-huge0002"].Evidence; len(e) != 1 || len(e[0].Message.Quotes) != 30 {
		t.Errorf("%d exhibits", len(e))
	}
}

// TestReportIsRefused for what one did not get, one's own, and twice.
func TestReportIsRefused(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3")) // an answer was lost
	with := func(more args) args {
		a := accuse("r-threat02", "m-quarrel1")
		maps.Copy(a, more)
		return a
	}
	for want, a := range map[string]args{
		"conflict message":  with(args{"message": "m-quarrel3"}),
		"conflict id":       with(args{"id": "r-threat01"}),
		"invalid message":   with(args{"message": "m-quarrel2"}),
		"not_found message": with(args{"message": "m-quarrel9"}),
		"invalid reason":    with(args{"reason": "spam"}),
		"too_large text":    with(args{"text": strings.Repeat("é", maxReason+1)}),
		"invalid id":        with(args{"id": "r"}),
		"invalid evidence":  with(args{"evidence": "mine"}),
	} {
		w.wantRefusal(w.do("ines", "mail.report@1", a), want)
	}
	w.wantRefusal(w.do("nadia", "mail.report@1", accuse("r-threat03", "m-quarrel3")), "not_found message")
	w.wantRefusal(w.doIn("malo", "user:ines", "mail.report@1", accuse("r-threat04", "m-quarrel1")), "forbidden scope")
	if n := len(w.cases("viard")); n != 1 {
		t.Errorf("%d cases", n)
	}
}

// TestModeration (E21, E39): the message goes from everybody, the discussion is
// closed, and its reporter is told.
func TestModeration(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	decision := args{"id": "ines~r-threat01", "withdraw": true, "close": true, "answer": "Merci, on s'en occupe.", "note": "Vu avec la famille."}
	w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", decision), "")
	for _, user := range []string{"ines", "malo", "garnier"} {
		m, _ := w.message(user, "m-quarrel3")
		first, _ := w.message(user, "m-quarrel1")
		if !m.Recalled || !m.Moderated || m.Subject != "" || len(m.Body) > 0 || !first.Closed || first.Body.Text() != "Bonjour." {
			t.Errorf("%s sees %+v in %+v", user, m, first)
		}
	}
	mine := mailbox[Report](w, "ines", "report")["r-threat01"]
	want := Decision{reportActed, true, true, "Merci, on s'en occupe.", w.now}
	if mine.Decision != want || mine.Text != "Il recommence." {
		t.Errorf("Inès is told %+v", mine)
	}
	c := w.cases("roussel")["ines~r-threat01"]
	if c.Note != "Vu avec la famille." || *c.DecidedBy != (directory.Named{ID: "viard", Name: "Mme Viard"}) || c.Evidence[0].Message.Body.Text() != "Tu vas voir demain." {
		t.Errorf("the office sees %+v", c)
	}
	for user, re := range map[string]string{"malo": "m-quarrel4", "garnier": "m-quarrel2", "ines": "m-quarrel1"} {
		w.wantRefusal(w.do(user, "mail.reply@1", args{"id": "m-after-" + user, "re": re, "body": text("?")}), "closed re")
	}
	forward := letter("m-forward1", users("karim"), args{"quotes": []args{{"message": "m-quarrel3"}}})
	w.wantRefusal(w.do("ines", "mail.send@1", forward), "gone quotes[0].message")
	w.wantRefusal(w.do("malo", "mail.send@1", letter("m-forward2", users("ines"), args{"quotes": []args{{"message": "m-quarrel3"}}})), "gone quotes[0].message")

	w.wantRefusal(w.doIn("roussel", "office:x", "mail.reopen@1", args{"id": "ines~r-threat01"}), "")
	w.wantRefusal(w.doIn("roussel", "office:x", "mail.reopen@1", args{"id": "ines~r-threat01"}), "")
	w.must("malo", "mail.reply@1", args{"id": "m-sorry001", "re": "m-quarrel2", "body": text("Pardon.")})
	if mine := mailbox[Report](w, "ines", "report")["r-threat01"]; mine.Closed || !mine.Withdrawn || mine.State != reportActed {
		t.Errorf("Inès is told %+v", mine)
	}
}

// TestDismissedReports change nothing; a later decision adds to an earlier one.
func TestDismissedReports(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	decide := func(withdraw, closing bool) {
		w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "ines~r-threat01", "withdraw": withdraw, "close": closing}), "")
	}
	decide(false, false)
	if m, _ := w.message("ines", "m-quarrel3"); m.Recalled {
		t.Error("it was taken away")
	}
	if mine := mailbox[Report](w, "ines", "report")["r-threat01"]; mine.State != reportDismissed {
		t.Errorf("Inès is told %+v", mine)
	}
	w.must("ines", "mail.report@1", accuse("r-threat02", "m-quarrel3")) // none is open any more
	decide(false, true)
	decide(true, false)
	if mine := mailbox[Report](w, "ines", "report")["r-threat01"]; mine.State != reportActed || !mine.Closed || !mine.Withdrawn {
		t.Errorf("Inès is told %+v", mine)
	}
}

// TestClosedBeforeItLeft: an answer that waits for the morning does not reach a
// discussion that was closed in the night.
func TestClosedBeforeItLeft(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Night = &Night{"20:00", "07:00"} })
	w.quarrel()
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	w.at(23, "22:00")
	w.must("malo", "mail.reply@1", args{"id": "m-quarrel5", "re": "m-quarrel4", "body": text("Non.")})
	w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "ines~r-threat01", "withdraw": false, "close": true}), "")
	w.at(24, "08:00")
	w.wantHolders("m-quarrel5", "malo")
	if m, _ := w.message("malo", "m-quarrel5"); len(m.Refused) != 1 || m.Body.Text() != "Non." {
		t.Errorf("Malo sees %+v", m)
	}
}

// TestModerationIsRefused to others than the office, about oneself, and when
// the case moved.
func TestModerationIsRefused(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.wantRefusal(w.send("viard", "m-office01", "user:ines"), "")
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	w.must("ines", "mail.report@1", accuse("r-office01", "m-office01"))
	for _, user := range everyone {
		if user == "viard" || user == "roussel" {
			continue
		}
		w.wantRefusal(w.doIn(user, "office:x", "mail.moderate@1", args{"id": "ines~r-threat01", "withdraw": true, "close": true}), "forbidden scope")
		w.wantRefusal(w.doIn(user, "office:x", "mail.reopen@1", args{"id": "ines~r-threat01"}), "forbidden scope")
	}
	for want, a := range map[string]args{
		"not_found id":     {"id": "ines~r-threat09", "withdraw": true, "close": false},
		"invalid id":       {"id": strings.Repeat("x", 300), "withdraw": true, "close": false},
		"too_large answer": {"id": "ines~r-threat01", "withdraw": true, "close": false, "answer": strings.Repeat("é", maxReason+1)},
		"too_large note":   {"id": "ines~r-threat01", "withdraw": true, "close": false, "note": strings.Repeat("é", maxReason+1)},
		"invalid withdraw": {"id": "ines~r-threat01", "withdraw": "yes", "close": false},
		"forbidden id":     {"id": "ines~r-office01", "withdraw": false, "close": false},
	} {
		w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", a), want)
	}
	for want, a := range map[string]args{"not_found id": {"id": "ines~r-threat09"}, "invalid id": {"id": ""}, "invalid why": {"id": "ines~r-threat01", "why": ""}} {
		w.wantRefusal(w.doIn("viard", "office:x", "mail.reopen@1", a), want)
	}
	recs, err := w.engine.Find(t.Context(), "office:x", storage.Key{Type: "report", ID: "ines~r-threat01"})
	if err != nil {
		t.Fatal(err)
	}
	dismiss := args{"id": "ines~r-threat01", "withdraw": false, "close": false}
	w.wantRefusal(w.doOn(person("roussel"), "office:x", recs[0].Seq, "mail.moderate@1", dismiss), "")
	w.wantRefusal(w.doOn(person("viard"), "office:x", recs[0].Seq, "mail.moderate@1", args{"id": "ines~r-threat01", "withdraw": true, "close": true}), "conflict")
	if m, _ := w.message("ines", "m-quarrel3"); m.Recalled {
		t.Error("it was taken away")
	}
}
