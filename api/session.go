package api

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/account"
	"preau/api/directory"
	psync "preau/sync"
)

// KnownCookie says which people signed in on this browser before. It opens
// nothing: it only gives the browser its own count of wrong passwords, so
// that nobody locks its person out from elsewhere.
const KnownCookie = "__Host-preau-known"

// Demo is the school where everybody may be anybody.
type Demo interface {
	// Account is the person behind one of the demonstration's accounts.
	Account(key string) (user string, ok bool)
}

// Accounts is what the routes of sessions, devices, pairings and activation
// sheets stand on. Without Demo nobody signs in without a proof.
type Accounts struct {
	Service   *account.Service
	Directory *directory.Directory
	Demo      Demo
	Now       func() time.Time
}

// Authenticate makes Accounts the [Sessions] of the edge.
func (a *Accounts) Authenticate(ctx context.Context, token string) (psync.Actor, error) {
	actor, _, err := a.Service.Authenticate(ctx, token)
	return actor, err
}

// Pass makes Accounts the [Passes] of the manifest.
func (a *Accounts) Pass(c *Call) (string, error) {
	return a.Service.Pass(sessionOf(c)), nil
}

// Routes serves all that concerns accounts.
func (a *Accounts) Routes(s *Server) {
	s.Route("POST", "/api/session", Public, Small, a.signIn)
	s.Route("GET", "/api/session", SignedIn, NoBody, a.session)
	s.Route("DELETE", "/api/session", SignedIn, NoBody, a.signOut)
	s.Route("POST", "/api/session/device", SignedIn, Blank, a.freshDevice)
	s.Route("POST", "/api/session/password", SignedIn, Small, a.changePassword)
	s.Route("GET", "/api/devices", SignedIn, NoBody, a.devices)
	s.Route("DELETE", "/api/devices/:device", SignedIn, NoBody, a.revoke)
	s.Route("POST", "/api/devices/:device/trust", SignedIn, Small, a.trust)
	s.Route("GET", "/api/students/:student/devices", SignedIn, NoBody, a.doubted)
	s.Route("POST", "/api/handover", Optional, Small, a.handOver)
	a.pairingRoutes(s)
	a.activationRoutes(s)
}

// sessionOf is the session of a call as package account names it.
func sessionOf(c *Call) account.Session {
	return account.Session{User: c.Actor.User, School: c.Actor.School, Device: c.Actor.Device}
}

func clientOf(c *Call, label string) account.Client {
	addr, _ := netip.ParseAddr(c.IP()) // an unknown address is one like any other
	return account.Client{Addr: addr, Label: label, Known: c.Cookie(KnownCookie), Token: c.Token()}
}

type shownSession struct {
	User       string           `json:"user"`
	Device     string           `json:"device"`
	Name       string           `json:"name"`
	Roles      []directory.Role `json:"roles"`
	School     string           `json:"school"`
	Ended      *account.Device  `json:"ended,omitempty"`      // had to make room
	MustChange bool             `json:"mustChange,omitempty"` // the password
	Quarantine bool             `json:"quarantine,omitempty"` // of this device
}

func (a *Accounts) show(actor psync.Actor) shownSession {
	return shownSession{
		User: actor.User, Device: actor.Device, School: actor.School,
		Name: a.Directory.Display(actor.User), Roles: a.Directory.Roles(actor.User),
	}
}

// welcome answers with a session just opened and gives the browser its cookies.
func (a *Accounts) welcome(c *Call, t account.Ticket, err error) error {
	if full, ok := errors.AsType[*account.TooManyDevices](err); ok {
		return tooMany(c, full.Devices)
	}
	if err != nil {
		return accountError(err)
	}
	a.setCookies(c, t)
	shown := a.show(t.Actor())
	shown.Ended, shown.MustChange = t.Ended, t.MustChange
	return c.JSON(fiber.StatusOK, shown)
}

func (a *Accounts) setCookies(c *Call, t account.Ticket) {
	until := a.Now().Add(account.CookieLife)
	c.SetSession(t.Token, until)
	c.SetCookie(KnownCookie, t.Known, until)
}

// tooMany lists the devices of which one must go first.
func tooMany(c *Call, devices []account.Device) error {
	var body struct {
		problemBody
		Devices []account.Device `json:"devices"`
	}
	body.problemBody = Problem{Code: "too_many_devices", Message: "choose a device to end"}.body()
	body.Devices = devices
	return c.JSON(fiber.StatusConflict, body)
}

// accountStatuses are the statuses of refusals that only accounts have.
var accountStatuses = map[string]int{
	"wrong_credentials": fiber.StatusUnauthorized,
	"expired":           fiber.StatusGone,
	"used":              fiber.StatusGone,
}

func accountError(err error) error {
	var r *psync.Refusal
	if !errors.As(err, &r) || accountStatuses[r.Code] == 0 {
		return err
	}
	return &Problem{Status: accountStatuses[r.Code], Code: r.Code, Field: r.Field, Message: r.Message}
}

// signIn opens a session with a name and a password or, in the demonstration,
// with the key of one of its accounts.
func (a *Accounts) signIn(c *Call) error {
	var body struct {
		Login    string `json:"login"`
		Password string `json:"password"`
		Label    string `json:"label"`
		End      string `json:"end"`
		Demo     string `json:"demo"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if body.Demo != "" {
		return a.signInDemo(c, body.Demo, body.Label)
	}
	t, err := a.Service.SignIn(c.Context(), clientOf(c, body.Label),
		account.Credentials{Login: body.Login, Password: body.Password, End: body.End})
	return a.welcome(c, t, err)
}

func (a *Accounts) signInDemo(c *Call, key, label string) error {
	if a.Demo == nil {
		return invalid("demo", "this is not the demonstration")
	}
	user, ok := a.Demo.Account(key)
	if !ok {
		return invalid("demo", "no such account")
	}
	t, err := a.Service.SignInAs(c.Context(), clientOf(c, label), user)
	return a.welcome(c, t, err)
}

// session tells who is signed in, and renews the cookie.
func (a *Accounts) session(c *Call) error {
	c.SetSession(c.Token(), a.Now().Add(account.CookieLife))
	shown := a.show(c.Actor)
	var err error
	if shown.Quarantine, err = a.Service.Quarantined(c.Context(), c.Actor); err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, shown)
}

// signOut ends the session and has the browser forget what it cached. The
// cookie of known browsers stays: it opens nothing, names nobody, and keeps
// others from locking the person out. "cookies" would take it along. So would
// "storage" the app itself, which deletes its own data: Chromium then leaves
// the next person of an open page waiting for its databases.
func (a *Accounts) signOut(c *Call) error {
	if err := a.Service.SignOut(c.Context(), sessionOf(c)); err != nil {
		return err
	}
	c.ClearSession()
	c.SetHeader("Clear-Site-Data", `"cache"`)
	return c.NoContent()
}

// freshDevice gives a browser that lost its database another device id.
func (a *Accounts) freshDevice(c *Call) error {
	t, err := a.Service.FreshDevice(c.Context(), clientOf(c, ""), sessionOf(c))
	if err != nil {
		return err
	}
	a.setCookies(c, t)
	return c.JSON(fiber.StatusOK, struct {
		Device string `json:"device"`
	}{t.Device})
}

func (a *Accounts) changePassword(c *Call) error {
	var body struct {
		Old      string `json:"old"`
		Password string `json:"password"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	err := a.Service.ChangePassword(c.Context(), clientOf(c, ""), sessionOf(c), body.Old, body.Password)
	if err != nil {
		return err
	}
	return c.NoContent()
}

func (a *Accounts) devices(c *Call) error {
	devices, err := a.Service.Devices(c.Context(), sessionOf(c))
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		Devices []account.Device `json:"devices"`
	}{devices})
}

func (a *Accounts) revoke(c *Call) error {
	if err := a.Service.Revoke(c.Context(), sessionOf(c), c.Param("device")); err != nil {
		return err
	}
	return c.NoContent()
}

// trust ends the quarantine of a device of one's own, or of a pupil's.
func (a *Accounts) trust(c *Call) error {
	var body struct {
		Student string `json:"student"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := a.Service.Trust(c.Context(), sessionOf(c), body.Student, c.Param("device")); err != nil {
		return err
	}
	return c.NoContent()
}

// doubted lists the devices of a pupil that are in quarantine.
func (a *Accounts) doubted(c *Call) error {
	all, err := a.Service.Doubted(c.Context(), sessionOf(c), c.Param("student"))
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		Devices []account.Device `json:"devices"`
	}{append([]account.Device{}, all...)})
}

// handOver opens a session for the installed app. Whoever is signed in stays
// so; a pass of no use is answered with nothing, for the app will bring it at
// every start.
func (a *Accounts) handOver(c *Call) error {
	var body struct {
		Pass  string `json:"pass"`
		Label string `json:"label"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if c.Actor.User != "" {
		return c.JSON(fiber.StatusOK, a.show(c.Actor))
	}
	t, err := a.Service.RedeemPass(c.Context(), clientOf(c, body.Label), body.Pass)
	if errors.Is(err, account.ErrNoPass) {
		return c.NoContent()
	}
	return a.welcome(c, t, err)
}
