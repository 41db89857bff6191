package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"preau/api/account"
	"preau/api/directory"
	psync "preau/sync"
)

func TestSignInAndOut(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	ticket := w.signIn(school, "Ines")
	actor, session, err := w.Authenticate(t.Context(), ticket.Token)
	if err != nil || actor != (psync.Actor{School: "collard", User: "ines", Device: ticket.Device}) {
		t.Fatalf("authenticate: %v, %v", actor, err)
	}
	if err := w.SignOut(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	if got := w.authenticate(ticket.Token); got != "revoked" {
		t.Errorf("after signing out: %s", got)
	}
	if len(w.revoked) != 1 || w.revoked[0] != "ines "+ticket.Device || len(w.kicked) != 1 {
		t.Errorf("hooks: revoked %q, kicked %q", w.revoked, w.kicked)
	}
}

func TestTokensAreNotGuessed(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	w.person("malik", true)
	ticket := w.signIn(school, "ines")
	good := ticket.Token
	parts := strings.Split(good, ".")
	other := strings.Split(w.signIn(school, "malik").Token, ".")
	for name, token := range map[string]string{
		"empty":            "",
		"no secret":        parts[0] + ".",
		"no person":        "." + parts[1],
		"another secret":   parts[0] + "." + other[1],
		"another person":   other[0] + "." + parts[1],
		"half the secret":  good[:len(good)-12],
		"a long secret":    parts[0] + "." + strings.Repeat("A", 43),
		"a padded secret":  good + "=",
		"something behind": good + ".x",
		"an odd scope":     "ines/../malik." + other[1],
		"very long":        strings.Repeat("a", 5000),
		"as it was once":   "1.ines." + ticket.Device + "." + parts[1],
	} {
		if got := w.authenticate(token); got != "signed out" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := w.authenticate(good); got != "ok" {
		t.Errorf("the right one: %s", got)
	}
}

// Cookies given before tokens were shortened keep opening their sessions.
func TestLongTokens(t *testing.T) {
	w := newWorld(t)
	w.person("ines", false)
	old, err := w.SignInLong(t.Context(), "ines")
	if err != nil {
		t.Fatal(err)
	}
	long := old.Token
	actor, _, err := w.Authenticate(t.Context(), long)
	if err != nil || actor.Device != old.Device {
		t.Fatalf("%v %v", actor, err)
	}
	fresh := w.signIn(school, "ines")
	for name, token := range map[string]string{
		"another device":  strings.Replace(long, old.Device, fresh.Device, 1),
		"another version": "2" + long[1:],
		"another secret":  long[:len(long)-43] + strings.Repeat("A", 43),
	} {
		if got := w.authenticate(token); got != "signed out" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if err := w.Revoke(t.Context(), fresh.Session, old.Device); err != nil {
		t.Fatal(err)
	}
	if got := w.authenticate(long); got != "revoked" {
		t.Errorf("after the revocation: %s", got)
	}
}

func TestRevokedOnAnotherNode(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	other := newNode(t, w.records, w.clock, cheap)
	ticket := w.signIn(school, "ines")
	if got := other.authenticate(ticket.Token); got != "ok" {
		t.Fatalf("on the other node: %s", got)
	}
	stop := run(t, other)
	defer stop()
	if err := w.Revoke(t.Context(), ticket.Session, ticket.Device); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if other.authenticate(ticket.Token) == "revoked" {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Error("still in on the other node after a second")
}

func TestRevokedThoughTheReportIsLost(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	other := newNode(t, w.records, w.clock, cheap) // does not run: it hears nothing
	ticket := w.signIn(school, "ines")
	other.authenticate(ticket.Token)
	if err := w.Revoke(t.Context(), ticket.Session, ticket.Device); err != nil {
		t.Fatal(err)
	}
	w.clock.pass(31 * time.Second)
	if got := other.authenticate(ticket.Token); got != "revoked" {
		t.Errorf("after half a minute: %s", got)
	}
}

func TestSessionsEndWhenIdle(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	used, idle := w.signIn(school, "ines").Token, w.signIn(school, "ines").Token
	for range 31 {
		w.clock.pass(24 * time.Hour)
		w.authenticate(used)
		w.Flush(t.Context())
	}
	if a, b := w.authenticate(used), w.authenticate(idle); a != "ok" || b != "revoked" {
		t.Errorf("used every day: %s, not used: %s", a, b)
	}
}

// A clock that ran ahead, and was put right, must not make a session live on
// until the date it showed.
func TestSessionsEndAfterAClockRanAhead(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	token := w.signIn(school, "ines").Token
	use := func(later time.Duration) string {
		w.clock.pass(later)
		defer w.Flush(t.Context())
		return w.authenticate(token)
	}
	for _, jump := range []time.Duration{25 * 24 * time.Hour, -25 * 24 * time.Hour, -time.Hour, 2 * time.Hour} {
		if got := use(jump); got != "ok" {
			t.Fatalf("after %v: %s", jump, got)
		}
	}
	if got := use(31 * 24 * time.Hour); got != "revoked" {
		t.Errorf("not used for 31 days: %s", got)
	}
}

func TestWhoLeftTheSchoolIsOut(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	token := w.signIn(school, "ines").Token
	w.people(directory.Put{ID: "ines", Record: directory.Person{First: "I", Last: "B", Pupil: true, Span: directory.Span{From: "2026-09-01", To: "2026-11-24"}}})
	if got := w.authenticate(token); got != "ok" {
		t.Errorf("on the last day: %s", got)
	}
	w.clock.pass(24 * time.Hour)
	if got := w.authenticate(token); got != "signed out" {
		t.Errorf("the day after: %s", got)
	}
	if got := w.try(school, "ines", password); got != "wrong_credentials" {
		t.Errorf("signing in: %s", got)
	}
}

func TestTooManyDevices(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	w.signIn(school, "ines")
	first := w.signIn(school, "ines") // that a password may end
	for range 3 {
		w.clock.pass(2 * time.Hour)
		w.signIn(school, "ines")
	}
	if got := w.try(school, "ines", password); got != "full" {
		t.Fatalf("a sixth device: %s", got)
	}
	ticket, err := w.SignIn(t.Context(), school, account.Credentials{Login: "ines", Password: password, End: first.Device})
	if err != nil || ticket.Ended == nil || ticket.Ended.ID != first.Device {
		t.Fatalf("naming one to end: %+v, %v", ticket.Ended, err)
	}
	if got := w.authenticate(first.Token); got != "revoked" {
		t.Errorf("the ended one: %s", got)
	}
	w.clock.pass(8 * 24 * time.Hour)
	ticket = w.signIn(school, "ines")
	if ticket.Ended == nil {
		t.Error("a device idle for a week did not make room by itself")
	}
}

func TestAdultsHaveMoreDevices(t *testing.T) {
	w := newWorld(t)
	w.person("garnier", false)
	for range 8 {
		w.signIn(school, "garnier")
	}
	if got := w.try(school, "garnier", password); got != "full" {
		t.Errorf("a ninth device: %s", got)
	}
}

func TestSigningInAgainTakesTheSamePlace(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	c := school
	for range 12 {
		ticket := w.signIn(c, "ines")
		c.Token, c.Known = ticket.Token, ticket.Known
		w.clock.pass(time.Hour)
	}
	_, session, err := w.Authenticate(t.Context(), c.Token)
	if err != nil {
		t.Fatal(err)
	}
	if devices, _ := w.Devices(t.Context(), session); len(devices) != 1 {
		t.Errorf("one browser is listed as %d devices", len(devices))
	}
}

func TestFreshDevice(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	c := school
	c.Label = "Téléphone de test"
	old := w.signIn(c, "ines")
	fresh, err := w.FreshDevice(t.Context(), school, old.Session)
	if err != nil || fresh.Device == old.Device || fresh.Label != c.Label {
		t.Fatalf("fresh: %+v, %v", fresh.Session, err)
	}
	if a, b := w.authenticate(old.Token), w.authenticate(fresh.Token); a != "ok" || b != "ok" {
		t.Errorf("old cookie: %s, new cookie: %s", a, b)
	}
	devices, err := w.Devices(t.Context(), fresh.Session)
	if err != nil || len(devices) != 1 || devices[0].ID != fresh.Device || !devices[0].Current {
		t.Errorf("devices: %+v, %v", devices, err)
	}
	w.clock.pass(2 * time.Hour)
	w.authenticate(old.Token)
	w.authenticate(fresh.Token)
	w.Flush(t.Context())
	if devices, _ = w.Devices(t.Context(), fresh.Session); len(devices) != 2 {
		t.Errorf("both in use, but %d listed", len(devices))
	}
}

func TestFreshDevicesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	ticket := w.signIn(school, "ines")
	n := 0
	for ; n < 200; n++ {
		if _, err := w.FreshDevice(t.Context(), school, ticket.Session); err != nil {
			break
		}
	}
	if n > 30 {
		t.Errorf("%d fresh ids from one session", n)
	}
}

func TestNoFreshDeviceFromARevokedOne(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	ticket := w.signIn(school, "ines")
	if err := w.Revoke(t.Context(), ticket.Session, ticket.Device); err != nil {
		t.Fatal(err)
	}
	if _, err := w.FreshDevice(t.Context(), school, ticket.Session); err == nil {
		t.Error("a request under way when its device was revoked still got a session")
	}
	if _, err := w.CreatePairing(t.Context(), ticket.Session, "https://ecole.example"); err == nil {
		t.Error("… and a pairing")
	}
}

func TestHandOver(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	safari := w.signIn(school, "ines")
	older := w.Pass(safari.Session)
	w.clock.pass(time.Minute)
	pass := w.Pass(safari.Session)
	app, err := w.RedeemPass(t.Context(), school, pass)
	if err != nil || app.User != "ines" || app.Device == safari.Device {
		t.Fatalf("redeem: %+v, %v", app.Session, err)
	}
	if got := w.authenticate(app.Token); got != "ok" {
		t.Errorf("the app: %s", got)
	}
	w.clock.pass(time.Minute)
	late := w.Pass(safari.Session)
	for name, p := range map[string]string{
		"again": pass, "an older one": older, "another person's": strings.Replace(late, "ines", "malik", 1),
		"another tag": altered(late), "nonsense": "1.2.3", "empty": "", "long": strings.Repeat("1.", 400),
	} {
		if _, err := w.RedeemPass(t.Context(), school, p); !errors.Is(err, account.ErrNoPass) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.clock.pass(time.Minute)
	expired := w.Pass(safari.Session)
	w.clock.pass(24*time.Hour + time.Second)
	if _, err := w.RedeemPass(t.Context(), school, expired); !errors.Is(err, account.ErrNoPass) {
		t.Errorf("after a day: %v", err)
	}
	revoked := w.Pass(safari.Session)
	if err := w.Revoke(t.Context(), app.Session, safari.Device); err != nil {
		t.Fatal(err)
	}
	if _, err := w.RedeemPass(t.Context(), school, revoked); err == nil {
		t.Error("the pass of a revoked device opened a session")
	}
}

// altered is a pass with another first character of its tag.
func altered(pass string) string {
	i := strings.LastIndexByte(pass, '.') + 1
	other := "A"
	if pass[i] == 'A' {
		other = "B"
	}
	return pass[:i] + other + pass[i+1:]
}

func TestPassesRaceOnce(t *testing.T) {
	w := newWorld(t)
	w.person("ines", true)
	pass := w.Pass(w.signIn(school, "ines").Session)
	won := make(chan bool, 20)
	for range 20 {
		go func() {
			_, err := w.RedeemPass(t.Context(), school, pass)
			won <- err == nil
		}()
	}
	n := 0
	for range 20 {
		if <-won {
			n++
		}
	}
	if n != 1 {
		t.Errorf("one pass opened %d sessions", n)
	}
}
