package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/account"
)

// shownDevice is what a browser is told of itself.
type shownDevice struct {
	Device     string
	Quarantine bool
}

func (b *browser) device(t *testing.T) (d shownDevice) {
	t.Helper()
	b.get("/api/session").into(t, &d)
	return d
}

// pairWith brings in another device with a browser.
func (s *schoolServer) pairWith(t *testing.T, a *browser) *browser {
	t.Helper()
	p := a.pair(t)
	phone := s.scan(t, p.URL)
	a.confirm(p, phone.digits(t, phone.claim())).expect(t, "confirm", 200, "")
	phone.poll().expect(t, "poll", 200, "")
	return phone.browser
}

// trusted is another browser of Inès that one of hers vouches for.
func (s *schoolServer) trusted(t *testing.T, by *browser) *browser {
	t.Helper()
	b := s.signIn(t, "ines")
	by.post("/api/devices/"+b.device(t).Device+"/trust", struct{}{}).expect(t, "trust", 204, "")
	return b
}

// TestWhoEndsAQuarantine: a device of the same person that is in none, and vie
// scolaire.
func TestWhoEndsAQuarantine(t *testing.T) {
	s := newSchool(t, nil)
	first := s.signIn(t, "ines")
	phone := s.pairWith(t, first)
	taken, next := s.signIn(t, "ines"), s.signIn(t, "ines")
	for what, b := range map[string]*browser{"first": first, "paired": phone, "taken": taken, "next": next} {
		if got, want := b.device(t).Quarantine, b == taken || b == next; got != want {
			t.Errorf("%s: in quarantine: %v", what, got)
		}
	}
	if n := strings.Count(first.get("/api/devices").text, `"quarantine":true`); n != 2 {
		t.Errorf("%d devices are shown in quarantine", n)
	}
	trust := "/api/devices/" + taken.device(t).Device + "/trust"
	var seen struct{ Devices []shownDevice }
	s.signIn(t, "viard").get("/api/students/ines/devices").into(t, &seen)
	if len(seen.Devices) != 2 {
		t.Errorf("vie scolaire sees %+v", seen)
	}
	next.post(trust, struct{}{}).expect(t, "the next", 403, "quarantine")
	taken.post(trust, struct{}{}).expect(t, "itself", 403, "quarantine")
	s.signIn(t, "garnier").post(trust, map[string]string{"student": "ines"}).expect(t, "a teacher", 404, "not_found")
	s.browser().post(trust, struct{}{}).expect(t, "nobody", 401, "signed_out")
	first.post(trust, map[string]int{"student": 1}).expect(t, "nonsense", 422, "invalid")
	phone.post(trust, struct{}{}).expect(t, "her phone", 204, "")
	if taken.device(t).Quarantine || !next.device(t).Quarantine {
		t.Error("trusted is one, and it alone")
	}
	s.signIn(t, "viard").post("/api/devices/"+next.device(t).Device+"/trust", map[string]string{"student": "ines"}).expect(t, "vie scolaire", 204, "")
	if next.device(t).Quarantine {
		t.Error("vie scolaire was not heard")
	}
	if got := s.notices(t, "ines"); len(got) < 2 || !slices.Contains(got, "Nouvel appareil") {
		t.Errorf("notices: %q", got)
	}
}

// TestQuarantinedDevicesDecideNothing: who came in with a stolen password puts
// nobody out, brings nobody in and locks nobody out, until the device is
// trusted. It may go by itself.
func TestQuarantinedDevicesDecideNothing(t *testing.T) {
	s := newSchool(t, nil)
	first := s.signIn(t, "ines")
	taken, gone := s.signIn(t, "ines"), s.signIn(t, "ines")
	password := map[string]string{"old": accountPassword, "password": "nouvelle-phrase-bien-longue"}
	others := func(b *browser) string { return "/api/devices/" + b.device(t).Device }
	refused := func(what string, status int, code string) {
		t.Helper()
		taken.post("/api/pairings", struct{}{}).expect(t, what+" pairs", max(status, 201), code)
		taken.post("/api/session/password", password).expect(t, what+" changes the password", max(status, 204), code)
		taken.delete(others(gone)).expect(t, what+" ends another", max(status, 204), code)
	}
	refused("in quarantine", 403, "quarantine")
	taken.delete(others(first)).expect(t, "in quarantine ends the first", 403, "quarantine")
	s.signIn(t, "ines").delete("/api/session").expect(t, "in quarantine goes", 204, "")
	first.get("/api/session").expect(t, "the first", 200, "")
	gone.get("/api/session").expect(t, "the other", 200, "")
	first.post(others(taken)+"/trust", struct{}{}).expect(t, "trust", 204, "")
	refused("trusted", 0, "")
	gone.get("/api/session").expect(t, "the one that was ended", 401, "signed_out")
}

// TestAFullAccountIsNotTakenOver: a password makes room in place of a device
// that rests, never of one that is trusted and in use.
func TestAFullAccountIsNotTakenOver(t *testing.T) {
	s := newSchool(t, nil)
	mine := []*browser{s.signIn(t, "ines")}
	for range 4 {
		mine = append(mine, s.pairWith(t, mine[0]))
	}
	in := map[string]string{"login": "ines", "password": accountPassword, "label": "PC"}
	s.browser().post("/api/session", in).expect(t, "a sixth", 403, "quarantine")
	in["end"] = mine[1].device(t).Device
	s.browser().post("/api/session", in).expect(t, "in place of one", 403, "quarantine")
	for i, b := range mine {
		b.get("/api/session").expect(t, fmt.Sprint("device ", i), 200, "")
	}
	s.clock.pass(8 * 24 * time.Hour)
	for _, b := range mine[1:] {
		b.get("/api/session").expect(t, "still in use", 200, "")
	}
	s.service.Flush(t.Context())
	delete(in, "end")
	thief := s.browser()
	thief.post("/api/session", in).expect(t, "in place of one that rests", 200, "")
	if !thief.device(t).Quarantine {
		t.Error("it is trusted")
	}
	mine[0].get("/api/session").expect(t, "the one that rested", 401, "signed_out")
}

// TestQuarantinedDevicesSayNotWhereMailsGo: nor that they go nowhere.
func TestQuarantinedDevicesSayNotWhereMailsGo(t *testing.T) {
	w := newWorld(t)
	thief, err := w.accounts.SignIn(context.Background(), account.Client{Label: "PC"}, account.Credentials{Login: "ines", Password: accountPassword})
	check(t, err)
	w.sessions["thief"] = thief
	for _, address := range []string{"thief@example.org", ""} {
		if code := w.act(t, "thief", "user:ines", "notify.address@1", fmt.Sprintf(`{"address":%q}`, address)); code != "quarantine" {
			t.Errorf("address %q: %q", address, code)
		}
	}
	w.must(t, "self", "user:ines", "notify.address@1", `{"address":"ines@example.org"}`)
	w.as("self").send("POST", "/api/devices/"+thief.Device+"/trust", "{}").want(t, 204, "")
	w.must(t, "thief", "user:ines", "notify.address@1", `{"address":""}`)
}
