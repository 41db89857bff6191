package account_test

import (
	"testing"
	"time"

	"preau/api/account"
	"preau/api/directory"
)

// doubted says whether a device is in quarantine, as rules and its person see
// it.
func (w *world) doubted(s account.Session) bool {
	w.t.Helper()
	got, err := w.Quarantined(w.t.Context(), s.Actor())
	if err != nil {
		w.t.Fatal(err)
	}
	devices, err := w.Devices(w.t.Context(), s)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range devices {
		if d.Current && d.Quarantine != got {
			w.t.Errorf("listed: %v, ruled by: %v", d.Quarantine, got)
		}
	}
	return got
}

func (w *world) wantDoubted(what string, s account.Session, want bool) {
	w.t.Helper()
	if got := w.doubted(s); got != want {
		w.t.Errorf("%s: in quarantine: %v, want %v", what, got, want)
	}
}

// TestQuarantine: a pupil's device that came in with a password is doubted for
// a week, with all that comes from it; the first one of an account and those of
// adults are not.
func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	w.person("garnier", false)
	first := w.signIn(school, "ines")
	w.wantDoubted("the first", first.Session, false)
	again := school
	again.Token = first.Token
	w.wantDoubted("the first, signed in again", w.signIn(again, "ines").Session, false)
	fresh, err := w.FreshDevice(t.Context(), school, first.Session)
	if err != nil {
		t.Fatal(err)
	}
	w.wantDoubted("the first, without its database", fresh.Session, false)

	taken := w.signIn(from("198.51.100.9"), "ines")
	w.wantDoubted("a second", taken.Session, true)
	again.Token = taken.Token
	w.wantDoubted("a second, signed in again", w.signIn(again, "ines").Session, true)
	if fresh, err = w.FreshDevice(t.Context(), school, taken.Session); err != nil {
		t.Fatal(err)
	}
	w.wantDoubted("a second, with another id", fresh.Session, true)
	w.clock.pass(time.Minute)
	app, err := w.RedeemPass(t.Context(), school, w.Pass(taken.Session))
	if err != nil {
		t.Fatal(err)
	}
	w.wantDoubted("an app of the second", app.Session, true)
	w.clock.pass(7*24*time.Hour - time.Minute - time.Second)
	w.wantDoubted("a second, after almost a week", taken.Session, true)
	w.clock.pass(time.Second)
	w.wantDoubted("a second, after a week", taken.Session, false)
	w.wantDoubted("its app, after a week", app.Session, false)

	w.signIn(school, "garnier")
	w.wantDoubted("a teacher's second", w.signIn(school, "garnier").Session, false)
}

// TestTrust: who ends a quarantine, and who cannot.
func TestTrust(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	w.person("malik", true)
	for _, id := range []string{"viard", "garnier", "nadia"} {
		w.person(id, false)
	}
	year := directory.Span{From: "2026-09-01"}
	w.people(
		directory.Put{ID: "p1", Record: directory.Post{Person: "viard", Role: directory.RoleStaff, Span: year}},
		directory.Put{ID: "p2", Record: directory.Post{Person: "garnier", Role: directory.RoleTeacher, Span: year}},
		directory.Put{ID: "g1", Record: directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true, Span: year}},
	)
	first, taken := w.signIn(school, "ines"), w.signIn(school, "ines")
	next := w.signIn(school, "ines")
	gone := w.signIn(school, "ines")
	if err := w.Revoke(t.Context(), first.Session, gone.Device); err != nil {
		t.Fatal(err)
	}
	as := map[string]account.Session{"ines": first.Session, "taken": taken.Session, "gone": gone.Session}
	for _, id := range []string{"malik", "viard", "garnier", "nadia"} {
		as[id] = w.signIn(school, id).Session
	}
	for _, c := range []struct{ who, user, device, want string }{
		{"taken", "", taken.Device, "quarantine"},
		{"taken", "ines", next.Device, "quarantine"},
		{"malik", "", taken.Device, "not_found"},
		{"malik", "ines", taken.Device, "not_found"},
		{"garnier", "ines", taken.Device, "not_found"},
		{"nadia", "ines", taken.Device, "not_found"},
		{"viard", "", taken.Device, "not_found"},
		{"viard", "malik", taken.Device, "not_found"},
		{"viard", "nobody", taken.Device, "not_found"},
		{"ines", "", "d_unknown", "not_found"},
		{"ines", "", gone.Device, "not_found"},
	} {
		if got := outcome(w.Trust(t.Context(), as[c.who], c.user, c.device)); got != c.want {
			t.Errorf("%s trusts %s of %q: %s, want %s", c.who, c.device, c.user, got, c.want)
		}
	}
	if err := w.Trust(t.Context(), as["gone"], "", taken.Device); err == nil {
		t.Error("a device that was ended trusts another")
	}
	w.wantDoubted("after all these", taken.Session, true)

	other := newNode(t, w.records, w.clock, cheap)
	other.wantDoubted("on another node", taken.Session, true)
	for range 2 {
		if err := w.Trust(t.Context(), first.Session, "", taken.Device); err != nil {
			t.Fatal(err)
		}
	}
	w.wantDoubted("trusted", taken.Session, false)
	if got, _ := other.Quarantined(t.Context(), taken.Actor()); got {
		t.Error("another node does not know")
	}
	w.wantDoubted("the next", next.Session, true)
	if err := w.Trust(t.Context(), as["viard"], "ines", next.Device); err != nil {
		t.Fatal(err)
	}
	w.wantDoubted("trusted by vie scolaire", next.Session, false)
}
