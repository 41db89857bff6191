package mail

import (
	"slices"
	"testing"
	"time"
)

// told lists the titles and screens of the notices of a person.
func (w *world) told(user string) (all []string) {
	w.t.Helper()
	for _, n := range mailbox[struct{ Title, Path string }](w, user, "notice") {
		all = append(all, n.Title+" "+n.Path)
	}
	slices.Sort(all)
	return all
}

// TestTheOfficeIsTold of reports, and direction of messages to many that wait;
// never whom a report is about, and nobody else.
func TestTheOfficeIsTold(t *testing.T) {
	w := newWorld(t)
	w.quarrel()
	w.rule(func(p *Policy) { p.Large, p.Hold = 3, 10 })
	w.wantRefusal(w.send("viard", "m-office01", "user:ines"), "")
	w.must("ines", "mail.report@1", accuse("r-threat01", "m-quarrel3"))
	report := "Un message a été signalé /messages/moderation/ines~r-threat01"
	for _, user := range []string{"viard", "roussel"} {
		if got := w.told(user); !slices.Equal(got, []string{report}) {
			t.Errorf("%s is told %q", user, got)
		}
	}
	w.wantRefusal(w.send("garnier", "m-large001", "class:5b/guardians"), "")
	w.must("ines", "mail.report@1", accuse("r-office01", "m-office01"))
	w.now = w.now.Add(time.Hour)
	w.settle()
	mailing := "Un message à 3 personnes va partir /messages/moderation"
	if got := w.told("viard"); !slices.Equal(got, []string{report}) {
		t.Errorf("Mme Viard is told of a report about herself: %q", got)
	}
	if got := w.told("roussel"); len(got) != 2 || !slices.Contains(got, mailing) {
		t.Errorf("Mme Roussel is told %q", got)
	}
	for _, user := range everyone {
		if got := w.told(user); user != "viard" && user != "roussel" && len(got) > 0 {
			t.Errorf("%s is told %q", user, got)
		}
	}
}
