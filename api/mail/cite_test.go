package mail

import (
	"testing"
	"time"
)

// passOn passes a message of one's mailbox on.
func (w *world) passOn(user, id, message, to string) string {
	w.t.Helper()
	return w.do(user, "mail.send@1", letter(id, users(to), args{"quotes": []args{{"message": message}}}))
}

// wantQuotes wants the texts that a message passes on, "" where one was taken
// out.
func (w *world) wantQuotes(user, id string, texts ...string) {
	w.t.Helper()
	m, _ := w.message(user, id)
	if len(m.Quotes) != len(texts) {
		w.t.Fatalf("%s of %s passes on %+v", id, user, m.Quotes)
	}
	for i, q := range m.Quotes {
		if q.Body.Text() != texts[i] || q.Withdrawn != (texts[i] == "") || q.From == "" {
			w.t.Errorf("%s of %s passes on %+v, want %q", id, user, q, texts[i])
		}
	}
}

// passedOn is a message of Mme Garnier that Nadia passes on to Mme Viard, and
// she to Mme Roussel, each with words of her own.
func (w *world) passedOn() {
	w.t.Helper()
	w.must("garnier", "mail.send@1", letter("m-first001", users("nadia"), args{"body": text("Un secret.")}))
	w.now = w.now.Add(time.Minute)
	w.wantRefusal(w.passOn("nadia", "m-second01", "m-first001", "viard"), "")
	w.now = w.now.Add(time.Minute)
	w.wantRefusal(w.passOn("viard", "m-third001", "m-second01", "roussel"), "")
	w.wantQuotes("roussel", "m-third001", "Bonjour.", "Un secret.")
}

// TestTakenBackFromCopies (E93): what is taken back is gone from the messages
// that pass it on, and from those that pass these on; a draft of one is refused.
func TestTakenBackFromCopies(t *testing.T) {
	w := newWorld(t)
	w.passedOn()
	w.must("garnier", "mail.recall@1", args{"message": "m-first001"})
	w.wantQuotes("viard", "m-second01", "")
	w.wantQuotes("roussel", "m-third001", "Bonjour.", "")
	w.wantQuotes("viard", "m-third001", "Bonjour.", "")
	if q := mailbox[Message](w, "roussel", "message")["m-third001"].Quotes[1]; q.Subject != "Sortie au musée" || q.From != "Mme Garnier" {
		t.Errorf("of what was taken back nothing is said: %+v", q)
	}
	w.wantRefusal(w.passOn("nadia", "m-late0001", "m-first001", "viard"), "gone quotes[0].message")
	w.wantRefusal(w.passOn("roussel", "m-later001", "m-third001", "garnier"), "")
	w.wantQuotes("garnier", "m-later001", "Bonjour.", "Bonjour.", "")
}

// TestModeratedInCopies (E39, E93): what the office takes away is gone from
// copies too, with its subject, even when nobody has the message itself.
func TestModeratedInCopies(t *testing.T) {
	for _, kept := range []bool{true, false} {
		w := newWorld(t)
		w.passedOn()
		w.must("nadia", "mail.report@1", accuse("r-secret01", "m-first001"))
		for _, user := range []string{"garnier", "nadia"} {
			if !kept {
				w.throwAway(user, "m-first001")
			}
		}
		w.wantRefusal(w.doIn("roussel", "office:x", "mail.moderate@1", args{"id": "nadia~r-secret01", "withdraw": true, "close": false}), "")
		w.wantQuotes("roussel", "m-third001", "Bonjour.", "")
		if q := mailbox[Message](w, "roussel", "message")["m-third001"].Quotes[1]; q.Subject != "" {
			t.Errorf("kept %v: its subject is %q", kept, q.Subject)
		}
		if c := w.cases("viard")["nadia~r-secret01"]; c.Evidence[0].Message.Body.Text() != "Un secret." {
			t.Errorf("the evidence is %+v", c.Evidence)
		}
	}
}

// throwAway deletes discussions for ever.
func (w *world) throwAway(user string, discussions ...string) {
	w.t.Helper()
	w.must(user, "mail.file@1", args{"ids": discussions, "folder": Bin})
	w.must(user, "mail.purge@1", args{"ids": discussions})
}
