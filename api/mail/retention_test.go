package mail

import (
	"fmt"
	"testing"
	"time"
)

const aDay = 24 * time.Hour

// pass lets days go by, one night after the other.
func (w *world) pass(days int) {
	w.t.Helper()
	for range days {
		w.now = w.now.Add(aDay)
		w.settle()
	}
}

// TestInboxIsKeptForAWhile (E13, E14, E107): a discussion goes from the inbox
// to the bin after 90 days without a message, from there for ever after 30;
// those that were filed stay.
func TestInboxIsKeptForAWhile(t *testing.T) {
	w := newWorld(t)
	w.must("nadia", "mail.folder@1", args{"id": "folder-1", "name": "École"})
	for _, id := range []string{"m-inbox01", "m-archive", "m-folder1"} {
		w.wantRefusal(w.send("garnier", id, "user:nadia"), "")
	}
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-archive"}, "folder": Archive})
	w.must("nadia", "mail.file@1", args{"ids": []string{"m-folder1"}, "folder": "folder-1"})

	w.pass(89)
	if got := w.thread("nadia", "m-inbox01"); got.Folder != "" {
		t.Errorf("after 89 days: %+v", got)
	}
	w.pass(1)
	if got := w.thread("nadia", "m-inbox01"); got.Folder != Bin || got.Was != "" || got.Binned.IsZero() {
		t.Errorf("after 90 days: %+v", got)
	}
	w.pass(29)
	w.wantHolders("m-inbox01", "garnier", "nadia")
	w.pass(1)
	w.wantHolders("m-inbox01", "garnier")
	w.pass(200)
	w.wantHolders("m-archive", "garnier", "nadia")
	w.wantHolders("m-folder1", "garnier", "nadia")
	if got := w.thread("garnier", "m-inbox01"); got.Folder != "" {
		t.Errorf("what nobody answered left the inbox of its author: %+v", got)
	}
}

// TestWhatMovesStays (E13, E19, E108): an answer, and taking a discussion out
// of the bin, begin its time anew.
func TestWhatMovesStays(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-answer1", "user:nadia"), "")
	w.wantRefusal(w.send("garnier", "m-taken01", "user:nadia"), "")
	w.pass(80)
	w.must("nadia", "mail.reply@1", args{"id": "m-answer2", "re": "m-answer1", "body": text("Merci.")})
	w.pass(15)
	if got := w.thread("nadia", "m-answer1"); got.Folder != "" {
		t.Errorf("answered: %+v", got)
	}
	if got := w.thread("nadia", "m-taken01"); got.Folder != Bin {
		t.Errorf("not answered: %+v", got)
	}
	w.must("nadia", "mail.restore@1", args{"ids": []string{"m-taken01"}})
	w.pass(60)
	if got := w.thread("nadia", "m-taken01"); got.Folder != "" || got.Moved.IsZero() {
		t.Errorf("taken out of the bin 60 days ago: %+v", got)
	}
}

// TestIdleDiscussionsGo (E29): a school may have everything that rests go
// sooner, and another keeps all for ever.
func TestIdleDiscussionsGo(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.KeepIdle = 7 })
	w.wantRefusal(w.send("garnier", "m-idle001", "user:nadia"), "")
	w.pass(8)
	for _, user := range []string{"garnier", "nadia"} {
		if got := w.thread(user, "m-idle001"); got.Folder != Bin {
			t.Errorf("%s after 8 days: %+v", user, got)
		}
	}
	w.rule(func(p *Policy) { p.Retention = Retention{} })
	w.pass(400)
	w.wantHolders("m-idle001", "garnier", "nadia")
}

// TestRetentionIsRefused names the field of what makes no sense.
func TestRetentionIsRefused(t *testing.T) {
	w := newWorld(t)
	for field, change := range map[string]func(*Policy){
		"keepInbox":     func(p *Policy) { p.KeepInbox = -1 },
		"keepIdle":      func(p *Policy) { p.KeepIdle = maxKeep + 1 },
		"keepBin":       func(p *Policy) { p.KeepBin = -7 },
		"hideLatest[1]": func(p *Policy) { p.HideLatest = []string{"student", "student"} },
	} {
		p := DefaultPolicy()
		change(&p)
		w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "invalid "+field)
	}
}

// TestSweepWritesWhatLeaves: a mailbox where nothing is due is not written to.
func TestSweepWritesWhatLeaves(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-quiet01", "user:nadia"), "")
	before := w.head("nadia")
	w.pass(30)
	if got := w.head("nadia"); got != before {
		t.Errorf("%d commits in 30 quiet nights", got-before)
	}
}

func (w *world) rule(change func(*Policy)) {
	w.t.Helper()
	p := DefaultPolicy()
	change(&p)
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "")
}

// head is the highest seq of the records of a mailbox.
func (w *world) head(user string) (seq int64) {
	w.t.Helper()
	for _, typ := range []string{"message", "thread", "list", "draft"} {
		recs := w.found(user, typ, "")
		for _, r := range recs {
			seq = max(seq, r.Seq)
		}
	}
	return seq
}

// BenchmarkSweep is one night of a mailbox of 500 messages, where nothing is due.
func BenchmarkSweep(b *testing.B) {
	w := newWorld(b)
	for i := range 500 {
		w.send("garnier", fmt.Sprintf("m-%08d", i), "user:nadia")
	}
	for b.Loop() {
		if _, err := w.mail.tidy(b.Context(), nil, "nadia", DefaultPolicy().Retention); err != nil {
			b.Fatal(err)
		}
	}
}

// TestWarnedBeforeTheyGo (E13, E40, E42): who is about to lose discussions from
// the inbox is told, once, by a message that nobody answers.
func TestWarnedBeforeTheyGo(t *testing.T) {
	w := newWorld(t)
	w.wantRefusal(w.send("garnier", "m-goes001", "user:nadia"), "")
	w.wantRefusal(w.send("garnier", "m-goes002", "user:nadia"), "")
	w.pass(91)
	var told []Message
	for id, m := range mailbox[Message](w, "nadia", "message") {
		if m.From.ID == "school:x" {
			told = append(told, m)
			w.wantRefusal(w.do("nadia", "mail.reply@1", args{"id": "m-noreply", "re": id, "body": text("Merci")}), "no_reply re")
		}
	}
	if len(told) != 1 {
		t.Fatalf("told %d times: %+v", len(told), told)
	}
	m := told[0]
	if m.Mode != ModeNone || m.From.Name != "Collège Joseph-Collard" || m.Body.Text()[:13] != "2 discussions" {
		t.Errorf("told %+v", m)
	}
	if ahead := monday.Add(90 * aDay).Sub(m.At); ahead < 0 || ahead > 8*aDay {
		t.Errorf("told %s ahead", ahead)
	}
	for id, m := range mailbox[Message](w, "garnier", "message") {
		if m.From.ID == "school:x" {
			t.Errorf("the author is told %s too", id)
		}
	}
}

// TestWarnedInTheirLanguage (E13).
func TestWarnedInTheirLanguage(t *testing.T) {
	for english, want := range map[bool]string{true: "One discussion", false: "Une discussion"} {
		if _, text := leavingWords(1, english); text[:len(want)] != want {
			t.Errorf("told %q", text)
		}
	}
}
