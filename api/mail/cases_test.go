package mail

import (
	"testing"
	"time"

	"preau/storage"
)

// TestCasesAreKeptForAWhile (E21): a year after it was decided a case goes,
// with its evidence and its files, and so does what its reporter sees of it.
// One that is open stays.
func TestCasesAreKeptForAWhile(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Retention = Retention{KeepCases: 365} })
	file, arrive := w.photo("malo")
	arrive()
	w.must("malo", "mail.send@1", letter("m-threat01", users("ines"), args{"files": []args{file}}))
	w.wantRefusal(w.send("malo", "m-threat02", "user:ines"), "")
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-threat01"))
	w.must("ines", "mail.report@1", accuse("r-threat02", "m-threat02"))
	w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "ines~r-threat01", "withdraw": true, "close": false}), "")
	w.wantReadable(file, "malo", "viard", "roussel")

	w.pass(364)
	if got := w.cases("viard"); len(got) != 2 {
		t.Errorf("after 364 days: %d cases", len(got))
	}
	w.wantReadable(file, "malo", "viard", "roussel") // it was his before
	w.pass(8)
	if got := w.cases("viard"); len(got) != 1 || got["ines~r-threat02"].State != reportOpen {
		t.Errorf("after 372 days: %+v", got)
	}
	if got := mailbox[Report](w, "ines", "report"); len(got) != 1 || got["r-threat02"].State != reportOpen {
		t.Errorf("Inès sees %+v", got)
	}
	w.pass(10) // unused files go later
	w.wantReadable(file)
}

// TestManyCasesGo one batch after the other.
func TestManyCasesGo(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Retention = Retention{KeepCases: 30}; p.Pair = maxBrake })
	for range forgottenAtOnce*2 + 3 {
		id := w.next()
		w.wantRefusal(w.send("malo", "m-"+id, "user:ines"), "")
		w.must("ines", "mail.report@1", accuse("r-"+id, "m-"+id))
		w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "ines~r-" + id, "withdraw": false, "close": false}), "")
	}
	w.pass(37)
	if a, b := len(w.cases("viard")), len(mailbox[Report](w, "ines", "report")); a+b > 0 {
		t.Errorf("%d cases and %d reports are left", a, b)
	}
}

// next is an id that was not used yet.
func (w *world) next() string {
	w.k["id"]++
	return time.Unix(w.k["id"], 0).UTC().Format("20060102-150405")
}

// TestWithdrawnTextIsErased (E39): what was taken back may be reported for 30
// days; then its text is on the server no more, whoever took it back.
func TestWithdrawnTextIsErased(t *testing.T) {
	w := newWorld(t)
	file, arrive := w.photo("malo")
	arrive()
	w.must("malo", "mail.send@1", letter("m-recall01", users("ines"), args{"files": []args{file}, "body": text("Un secret.")}))
	w.must("malo", "mail.send@1", letter("m-recall02", users("ines"), args{"body": text("Autre chose.")}))
	w.must("ines", "mail.report@1", accuse("r-recall02", "m-recall02"))
	w.wantRefusal(w.doIn("viard", "office:x", "mail.moderate@1", args{"id": "ines~r-recall02", "withdraw": true, "close": false}), "")
	w.must("malo", "mail.recall@1", args{"message": "m-recall01"})
	w.pass(29)
	w.must("ines", "mail.report@1", accuse("r-recall01", "m-recall01"))
	w.wantReadable(file, "malo", "roussel", "viard")
	w.pass(2)
	for id, subject := range map[string]string{"m-recall01": "Sortie au musée", "m-recall02": ""} {
		posts, err := w.mail.posts(t.Context(), "malo", id)
		if p := posts[id]; err != nil || !p.Erased || len(p.Body)+len(p.Files) > 0 || p.Subject != subject {
			t.Errorf("%s is %+v, %v", id, p, err)
		}
		if old, err := w.engine.Find(t.Context(), "user:malo", storage.Key{Type: kindPost, ID: id}); err != nil || len(old) > 0 {
			t.Errorf("%s is still %+v, %v", id, old, err)
		}
		if m, there := w.message("ines", id); !there || !m.Recalled || m.Subject != subject {
			t.Errorf("Inès reads %+v", m)
		}
	}
	w.must("malo", "mail.send@1", letter("m-recall03", users("ines"), nil))
	w.must("malo", "mail.recall@1", args{"message": "m-recall03"})
	w.pass(31)
	w.wantRefusal(w.do("ines", "mail.report@1", accuse("r-recall03", "m-recall03")), "gone message")
	if c := w.cases("viard")["ines~r-recall01"]; c.Evidence[0].Message.Body.Text() != "Un secret." {
		t.Errorf("the evidence is %+v", c)
	}
}
