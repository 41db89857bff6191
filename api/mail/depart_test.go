package mail

import (
	"strings"
	"testing"
	"time"

	"preau/api/directory"
)

// at moves the clock to an hour of the day in Paris, "21:30", and has done what
// is due by then.
func (w *world) at(day int, clock string) {
	w.t.Helper()
	minute, _ := minuteOf(clock)
	w.now = time.Date(2026, 11, day, 0, minute, 0, 0, w.dir.Location("x"))
	w.settle()
}

// TestNight: what a pupil sends while messaging is closed leaves in the
// morning; others write when they like.
func TestNight(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Night = &Night{"20:00", "07:00"} })
	w.wantRefusal(w.send("ines", "m-night001", "user:malo"), "")
	w.at(23, "21:30")
	w.wantRefusal(w.send("ines", "m-night002", "user:malo", "user:garnier"), "")
	w.must("ines", "mail.reply@1", args{"id": "m-night003", "re": "m-night001", "body": text("Et aussi…")})
	w.wantRefusal(w.send("nadia", "m-night004", "user:garnier"), "")
	w.wantRefusal(w.send("garnier", "m-night005", "user:ines"), "")
	w.wantHolders("m-night001", "ines", "malo")
	w.wantHolders("m-night002", "ines")
	w.wantHolders("m-night003", "ines")
	w.wantHolders("m-night004", "garnier", "nadia")
	w.wantHolders("m-night005", "garnier", "ines")
	morning := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	if m, _ := w.message("ines", "m-night002"); !m.Due.Equal(morning) || m.Body.Text() != "Bonjour." {
		t.Errorf("Inès sees %+v", m)
	}
	w.at(24, "06:59")
	w.wantHolders("m-night002", "ines")
	w.at(24, "07:00")
	w.wantHolders("m-night002", "ines", "malo", "garnier")
	w.wantHolders("m-night003", "ines", "malo")
	for _, user := range []string{"ines", "malo"} {
		if m, _ := w.message(user, "m-night002"); !m.Due.IsZero() || !m.At.Equal(morning) || len(m.Refused) > 0 {
			t.Errorf("%s reads %+v", user, m)
		}
	}
}

// TestEndOfTheNight goes by the clock of the school, around midnight, around
// noon and when the clocks change.
func TestEndOfTheNight(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, now, end string }{
		{"20:00", "07:00", "2026-11-23 19:59", ""},
		{"20:00", "07:00", "2026-11-23 20:00", "2026-11-24 07:00"},
		{"20:00", "07:00", "2026-11-24 06:59", "2026-11-24 07:00"},
		{"20:00", "07:00", "2026-11-24 07:00", ""},
		{"20:00", "07:00", "2026-12-31 23:00", "2027-01-01 07:00"},
		{"20:00", "07:00", "2026-10-24 23:00", "2026-10-25 07:00"},
		{"20:00", "07:00", "2027-03-27 23:00", "2027-03-28 07:00"},
		{"08:30", "17:00", "2026-11-23 12:00", "2026-11-23 17:00"},
		{"08:30", "17:00", "2026-11-23 18:00", ""},
		{"08:30", "17:00", "2026-11-23 08:29", ""},
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", c.now, paris)
		if err != nil {
			t.Fatal(err)
		}
		got := (&Night{c.from, c.to}).end(now)
		text := ""
		if !got.IsZero() {
			text = got.Format("2006-01-02 15:04")
		}
		if text != c.end {
			t.Errorf("%s in %s–%s: until %q, want %q", c.now, c.from, c.to, text, c.end)
		}
	}
	if end := (*Night)(nil).end(monday); !end.IsZero() {
		t.Errorf("no night ends at %v", end)
	}
}

// TestTakenBackBeforeItLeft: nobody ever gets a message that was taken back
// while it waited, nor its files.
func TestTakenBackBeforeItLeft(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Night = &Night{"20:00", "07:00"} })
	w.at(23, "21:30")
	file, arrive := w.photo("ines")
	w.must("ines", "mail.send@1", letter("m-waits001", users("malo"), args{"files": []args{file}}))
	w.must("ines", "mail.send@1", letter("m-waits002", users("garnier"), args{"files": []args{file}}))
	arrive()
	w.wantReadable(file, "ines")
	w.must("ines", "mail.recall@1", args{"message": "m-waits001"})
	w.at(24, "09:00")
	w.wantHolders("m-waits001", "ines")
	w.wantHolders("m-waits002", "ines", "garnier")
	w.wantReadable(file, "ines", "garnier")
	if m, _ := w.message("ines", "m-waits001"); !m.Recalled || !m.Due.IsZero() || len(m.Body) > 0 {
		t.Errorf("Inès sees %+v", m)
	}
	if m, _ := w.message("garnier", "m-waits002"); len(m.Files) != 1 || !m.Files[0].Ready() {
		t.Errorf("Mme Garnier reads %+v", m)
	}
}

// TestRightsAreThoseOfTheDeparture: whoever may no longer be written to when a
// message leaves does not get it, and its author alone is told who that is.
func TestRightsAreThoseOfTheDeparture(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Night = &Night{"20:00", "07:00"} })
	w.wantRefusal(w.send("ines", "m-before01", "user:petit"), "")
	w.wantRefusal(w.send("petit", "m-before02", "user:ines"), "")
	w.at(23, "22:00")
	w.must("ines", "mail.send@1", letter("m-later001", users("garnier", "petit"), args{"bcc": users("malo")}))
	w.must("ines", "mail.reply@1", args{"id": "m-later002", "re": "m-before01", "body": text("Encore moi.")})
	w.must("ines", "mail.reply@1", args{"id": "m-later003", "re": "m-before02", "body": text("Merci.")})
	w.must("ines", "mail.reply@1", args{"id": "m-later004", "re": "m-before02", "body": text("Bis.")})
	w.must("petit", "mail.recall@1", args{"message": "m-before02"})
	w.must("petit", "mail.send@1", letter("m-before03", users("ines"), nil))
	w.must("ines", "mail.reply@1", args{"id": "m-later005", "re": "m-before03", "body": text("Merci !")})
	w.apply(taught("t2", "ma5b", "petit", "2026-11-23"))
	w.at(24, "08:00")
	w.wantHolders("m-later001", "ines", "garnier", "malo")
	w.wantHolders("m-later002", "ines")          // she may not write to him any more
	w.wantHolders("m-later003", "ines")          // what it answers was taken back
	w.wantHolders("m-later005", "ines", "petit") // he wrote to her
	for id, want := range map[string]string{"m-later001": "user:petit", "m-later002": "user:petit", "m-later003": "user:petit", "m-later005": ""} {
		m, _ := w.message("ines", id)
		var got []string
		for _, a := range m.Refused {
			got = append(got, a.Key)
			if a.Name != "M. Petit" {
				t.Errorf("%s was refused for %q", id, a.Name)
			}
		}
		if strings.Join(got, " ") != want || m.Body.Text() == "" {
			t.Errorf("%s was refused for %v, want %q: %+v", id, got, want, m)
		}
	}
	if m, _ := w.message("garnier", "m-later001"); len(m.Refused) > 0 {
		t.Errorf("Mme Garnier is told %+v", m.Refused)
	}
}

// TestNothingLeavesWhileFrozen, however long it waited; it leaves afterwards.
func TestNothingLeavesWhileFrozen(t *testing.T) {
	w := newWorld(t)
	night := &Night{"20:00", "07:00"}
	w.rule(func(p *Policy) { p.Night = night })
	w.at(23, "22:00")
	w.wantRefusal(w.send("ines", "m-frozen01", "user:malo"), "")
	w.rule(func(p *Policy) { p.Night, p.Frozen = night, true })
	w.at(24, "09:00")
	w.wantHolders("m-frozen01", "ines")
	if m, _ := w.message("ines", "m-frozen01"); len(m.Refused) != 0 || m.Due.IsZero() {
		t.Errorf("Inès sees %+v", m)
	}
	w.rule(func(p *Policy) { p.Night = night })
	w.at(24, "09:06")
	w.wantHolders("m-frozen01", "ines", "malo")
}

// mailings is what the office sees.
func (w *world) mailings() map[string]Mailing {
	return recordsIn[Mailing](w, "viard", "office:x", "mailing")
}

// TestLargeSendings of those who work in the school wait, and the office sees
// them.
func TestLargeSendings(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Large, p.Hold = 3, 10 })
	w.wantRefusal(w.send("garnier", "m-small001", "user:nadia", "user:karim"), "")
	w.wantHolders("m-small001", "garnier", "nadia", "karim")
	w.wantRefusal(w.send("garnier", "m-large001", "class:5b/guardians"), "")
	w.wantRefusal(w.send("garnier", "m-large002", "class:5b/guardians"), "")
	w.wantRefusal(w.send("viard", "m-large003", "class:5b/guardians"), "")
	w.wantHolders("m-large001", "garnier")
	due := monday.Add(10 * time.Minute)
	want := Mailing{directory.Named{ID: "garnier", Name: "Mme Garnier"}, "Sortie au musée", 3, due, mailingWaiting, "m-large001"}
	if got := w.mailings(); len(got) != 3 || got["garnier~m-large001"] != want {
		t.Errorf("the office sees %+v", got)
	}
	w.must("garnier", "mail.recall@1", args{"message": "m-large002"})
	w.wantRefusal(w.doIn("roussel", "office:x", "mail.stop@1", args{"id": "viard~m-large003"}), "")
	w.wantRefusal(w.doIn("roussel", "office:x", "mail.stop@1", args{"id": "viard~m-large003"}), "")
	w.now = due
	w.settle()
	w.wantHolders("m-large001", "garnier", "nadia", "karim", "rozenn")
	w.wantHolders("m-large002", "garnier")
	w.wantHolders("m-large003", "viard")
	states := ""
	for _, id := range []string{"garnier~m-large001", "garnier~m-large002", "viard~m-large003"} {
		states += w.mailings()[id].State + " "
	}
	if states != "sent stopped stopped " {
		t.Errorf("the office sees %s", states)
	}
	m, _ := w.message("viard", "m-large003")
	draft := mailbox[Draft](w, "viard", "draft")["m-large003"]
	if !m.Recalled || !m.Moderated || draft.Body.Text() != "Bonjour." || draft.To[0].Key != "class:5b/guardians" {
		t.Errorf("Mme Viard keeps %+v and %+v", m, draft)
	}
	if n := len(mailbox[Draft](w, "garnier", "draft")); n > 0 {
		t.Errorf("%d drafts of who took it back", n)
	}
}

// TestMailingsAreForgotten after a month, except those that wait.
func TestMailingsAreForgotten(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Large, p.Hold = 3, 10 })
	w.wantRefusal(w.send("garnier", "m-large001", "class:5b/guardians"), "")
	w.now = w.now.AddDate(0, 0, 40)
	w.settle()
	w.wantRefusal(w.send("garnier", "m-large002", "class:5b/guardians"), "")
	if got := w.mailings(); len(got) != 1 || got["garnier~m-large002"].State != mailingWaiting {
		t.Errorf("the office sees %+v", got)
	}
}

// TestStopIsRefused to others than the office, and for what has left.
func TestStopIsRefused(t *testing.T) {
	w := newWorld(t)
	w.rule(func(p *Policy) { p.Large, p.Hold = 3, 10 })
	w.wantRefusal(w.send("garnier", "m-large001", "class:5b/guardians"), "")
	for _, user := range everyone {
		if user != "viard" && user != "roussel" {
			w.wantRefusal(w.doIn(user, "office:x", "mail.stop@1", args{"id": "garnier~m-large001"}), "forbidden scope")
		}
	}
	for want, a := range map[string]args{
		"not_found id": {"id": "garnier~m-large009"}, "invalid id": {"id": ""}, "invalid why": {"id": "garnier~m-large001", "why": 1},
	} {
		w.wantRefusal(w.doIn("viard", "office:x", "mail.stop@1", a), want)
	}
	w.wantRefusal(w.doIn("viard", "office:x", "mail.stop@1", args{"id": strings.Repeat("x", 300)}), "invalid id")
	w.now = w.now.Add(time.Hour)
	w.settle()
	w.wantRefusal(w.doIn("viard", "office:x", "mail.stop@1", args{"id": "garnier~m-large001"}), "gone id")
	w.wantHolders("m-large001", "garnier", "nadia", "karim", "rozenn")
}

// TestDelaysAreRefused names the field of what makes no sense.
func TestDelaysAreRefused(t *testing.T) {
	w := newWorld(t)
	for want, change := range map[string]func(*Policy){
		"large": func(p *Policy) { p.Large = -1 }, "hold": func(p *Policy) { p.Hold = maxHold + 1 },
		"night.from": func(p *Policy) { p.Night = &Night{"8:00", "07:00"} }, "night.to": func(p *Policy) { p.Night = &Night{"20:00", "24:00"} },
	} {
		p := DefaultPolicy()
		change(&p)
		w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "invalid "+want)
	}
	p := DefaultPolicy()
	p.Night = &Night{"20:00", "20:00"}
	w.wantRefusal(w.doIn("roussel", "school:x", "mail.policy@1", p), "invalid night.to")
}
