package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api"
)

func TestSessionRoutes(t *testing.T) {
	s := newSchool(t, nil)
	b := s.browser()
	b.post("/api/session", map[string]string{"login": "ines", "password": "not this one at all"}).expect(t, "wrong password", 401, "wrong_credentials")
	b.post("/api/session", map[string]string{"login": "nobody", "password": accountPassword}).expect(t, "unknown name", 401, "wrong_credentials")
	b.post("/api/session", map[string]string{"login": "ines"}).expect(t, "no password", 401, "wrong_credentials")
	b.post("/api/session", map[string]any{"login": 12}).expect(t, "wrong type", 422, "invalid")
	b.post("/api/session", map[string]any{"demo": "ines"}).expect(t, "a demonstration that is off", 422, "invalid")
	b.get("/api/session").expect(t, "before", 401, "signed_out")

	got := b.post("/api/session", map[string]string{"login": " Inès ", "password": accountPassword, "label": "Firefox\u202e \x00sur Linux"})
	got.expect(t, "sign in", 200, "")
	var me struct {
		User, Device, Name, School string
		Roles                      []string
	}
	got.into(t, &me)
	if me.User != "ines" || me.Name != "Inès Benali" || me.School != "collard" || !slices.Equal(me.Roles, []string{"student"}) || !strings.HasPrefix(me.Device, "d_") {
		t.Errorf("session: %+v", me)
	}
	for _, c := range got.Header.Values("Set-Cookie") {
		for _, want := range []string{"__Host-preau", "HttpOnly", "secure", "SameSite=Strict", "path=/"} {
			if !strings.Contains(strings.ToLower(c), strings.ToLower(want)) {
				t.Errorf("cookie without %s: %.40s…", want, c)
			}
		}
		if strings.Contains(strings.ToLower(c), "domain=") {
			t.Error("cookie with a domain")
		}
	}
	if n := len(got.Header.Values("Set-Cookie")); n != 2 {
		t.Errorf("%d cookies", n)
	}
	again := b.get("/api/session")
	again.expect(t, "who am I", 200, "")
	if len(again.Cookies()) != 1 || again.Cookies()[0].Expires.Before(s.clock.now().Add(390*24*time.Hour)) {
		t.Error("the cookie is not renewed")
	}
	if !strings.Contains(b.get("/api/devices").text, `"label":"Firefox sur Linux"`) {
		t.Error("the label is not made fit to be shown")
	}
}

func TestSignOut(t *testing.T) {
	s := newSchool(t, nil)
	b := s.signIn(t, "ines")
	stolen := b.copy()
	got := b.delete("/api/session")
	got.expect(t, "sign out", 204, "")
	if clear := got.Header.Get("Clear-Site-Data"); clear != `"cache"` {
		t.Errorf("Clear-Site-Data: %s", clear)
	}
	if b.cookies[api.SessionCookie] != "" {
		t.Error("the browser keeps its session cookie")
	}
	b.get("/api/session").expect(t, "after", 401, "signed_out")
	if got := stolen.get("/api/session"); got.StatusCode != 401 || !strings.Contains(got.text, `"wipe":true`) {
		t.Errorf("a copied cookie: %d %s", got.StatusCode, got.text)
	}
}

func TestDevicesAndRevocation(t *testing.T) {
	s := newSchool(t, nil)
	a, b, malik := s.signIn(t, "ines"), s.signIn(t, "ines"), s.signIn(t, "garnier")
	var list struct {
		Devices []struct {
			ID      string
			Current bool
		}
	}
	a.get("/api/devices").into(t, &list)
	if len(list.Devices) != 2 {
		t.Fatalf("devices: %+v", list)
	}
	var other string
	for _, d := range list.Devices {
		if !d.Current {
			other = d.ID
		}
	}
	malik.delete("/api/devices/"+other).expect(t, "somebody else's device", 404, "not_found")
	b.get("/api/session").expect(t, "so it is still in", 200, "")
	a.delete("/api/devices/"+other).expect(t, "revoke", 204, "")
	a.delete("/api/devices/"+other).expect(t, "revoke again", 204, "")
	a.delete("/api/devices/d_nothing").expect(t, "revoke nothing", 404, "not_found")
	for _, path := range []string{"/api/session", "/api/devices"} {
		got := b.get(path)
		got.expect(t, "revoked", 401, "signed_out")
		if !strings.Contains(got.text, `"wipe":true`) {
			t.Errorf("a revoked device is not told to wipe: %s", got.text)
		}
	}
	s.clock.pass(200 * 24 * time.Hour)
	if got := b.get("/api/session"); !strings.Contains(got.text, `"wipe":true`) {
		t.Errorf("half a year later: %s", got.text)
	}
}

func TestTooManyDevicesAreListed(t *testing.T) {
	s := newSchool(t, nil)
	for range 5 {
		s.signIn(t, "ines")
	}
	b := s.browser()
	body := map[string]string{"login": "ines", "password": accountPassword}
	got := b.post("/api/session", body)
	got.expect(t, "a sixth", 409, "too_many_devices")
	var list struct{ Devices []struct{ ID string } }
	got.into(t, &list)
	if len(list.Devices) != 4 { // all but the one that is trusted
		t.Fatalf("offered: %s", got.text)
	}
	body["end"] = list.Devices[2].ID
	got = b.post("/api/session", body)
	if got.expect(t, "with one to end", 200, ""); !strings.Contains(got.text, list.Devices[2].ID) {
		t.Errorf("the answer does not name the ended one: %s", got.text)
	}
}

func TestThrottledOverHTTP(t *testing.T) {
	s := newSchool(t, nil)
	for range 10 {
		s.browser().post("/api/session", map[string]string{"login": "ines", "password": "wrong wrong wrong"}).expect(t, "wrong", 401, "wrong_credentials")
	}
	got := s.browser().post("/api/session", map[string]string{"login": "ines", "password": accountPassword})
	if got.StatusCode != 429 || got.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", got.StatusCode, got.Header.Get("Retry-After"))
	}
}

func TestFreshDeviceRoute(t *testing.T) {
	s := newSchool(t, nil)
	b := s.signIn(t, "ines")
	old := b.copy()
	got := b.send("POST", "/api/session/device", "")
	got.expect(t, "fresh device", 200, "")
	var fresh, me struct{ Device string }
	got.into(t, &fresh)
	b.get("/api/session").into(t, &me)
	if me.Device != fresh.Device {
		t.Errorf("the session is of %s, not of %s", me.Device, fresh.Device)
	}
	old.get("/api/session").expect(t, "the answer was lost", 200, "")
}

func TestChangePassword(t *testing.T) {
	s := newSchool(t, nil)
	b := s.signIn(t, "ines")
	change := func(old, password string) *answer {
		return b.post("/api/session/password", map[string]string{"old": old, "password": password})
	}
	change("wrong wrong wrong", "des chamois à Noël").expect(t, "wrong old one", 422, "wrong_password")
	change(accountPassword, "Marseille2013").expect(t, "weak", 422, "weak_password")
	change(accountPassword, "ines.benali.2013").expect(t, "her name", 422, "weak_password")
	change(accountPassword, "des chamois à Noël").expect(t, "good", 204, "")
	s.browser().post("/api/session", map[string]string{"login": "ines", "password": accountPassword}).expect(t, "the old one", 401, "wrong_credentials")
	s.browser().post("/api/session", map[string]string{"login": "ines", "password": "des chamois à Noël"}).expect(t, "the new one", 200, "")
}

func TestDemo(t *testing.T) {
	s := newSchool(t, demoAccounts{"pupil": "ines", "ghost": "nobody"})
	for range 12 {
		s.browser().post("/api/session", map[string]string{"demo": "pupil"}).expect(t, "pupil", 200, "")
	}
	s.browser().post("/api/session", map[string]string{"demo": "director"}).expect(t, "unknown", 422, "invalid")
	s.browser().post("/api/session", map[string]string{"demo": "ghost"}).expect(t, "without account", 404, "not_found")
}

func TestHandOverRoute(t *testing.T) {
	s := newSchool(t, nil)
	safari := s.signIn(t, "ines")
	actor, session, err := s.service.Authenticate(t.Context(), safari.cookies[api.SessionCookie])
	if err != nil {
		t.Fatal(err)
	}
	pass := map[string]string{"pass": s.service.Pass(session), "label": "Application"}
	app := s.browser()
	app.post("/api/handover", map[string]string{"pass": "1.x"}).expect(t, "nonsense", 204, "")
	app.get("/api/session").expect(t, "so nobody is in", 401, "signed_out")
	got := app.post("/api/handover", pass)
	if got.expect(t, "first start", 200, ""); strings.Contains(got.text, actor.Device) {
		t.Error("the app has Safari's device id")
	}
	app.get("/api/session").expect(t, "the app is in", 200, "")
	if got := s.browser().post("/api/handover", pass); got.StatusCode != 204 || len(got.Cookies()) > 0 {
		t.Errorf("replayed elsewhere: %d with %d cookies", got.StatusCode, len(got.Cookies()))
	}
	app.post("/api/handover", pass).expect(t, "the app starts again", 200, "")
	safari.get("/api/session").expect(t, "Safari stays in", 200, "")
	s.leaked(t, pass["pass"], app.cookies[api.SessionCookie])
}

func TestCrossOriginSignIn(t *testing.T) {
	s := newSchool(t, nil)
	got := s.browser().send("POST", "/api/session", `{"login":"ines","password":"`+accountPassword+`"}`, "Sec-Fetch-Site: cross-site")
	got.expect(t, "from another site", 403, "cross_origin")
}
