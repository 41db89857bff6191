package account

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"preau/api/notify"
	psync "preau/sync"
)

// The life of a session and how many a person has. It ends when its device
// was not seen for sessionIdle; the browser keeps the cookie for CookieLife,
// given again at each start of the app.
const (
	CookieLife  = 400 * 24 * time.Hour
	sessionIdle = 30 * 24 * time.Hour
	keepEnded   = 400 * 24 * time.Hour
	coarse      = time.Hour // dates of use are kept to the hour
	maxPupil    = 5
	maxAdult    = 8
	idleEnough  = 7 * 24 * time.Hour // a device not seen for so long makes room by itself
	freshLife   = 24 * time.Hour     // to use a fresh device id for the first time
	maxSpare    = 20                 // device ids beyond those listed
	maxLabel    = 60
)

// Session is a person signed in on a device.
type Session struct {
	User, School, Device string
	Label                string
	CreatedAt, LastSeen  time.Time
}

// Actor is the session as rules see it.
func (s Session) Actor() psync.Actor {
	return psync.Actor{School: s.School, User: s.User, Device: s.Device}
}

// Ticket is a session just opened, with what the browser must keep. Token and
// Known are secrets: they go into cookies and nowhere else.
type Ticket struct {
	Session
	Token      string
	Known      string
	Ended      *Device // the device that was ended to make room
	MustChange bool    // the password is one that is being tried everywhere
}

// Credentials are what a person types to sign in. End names a device to end
// if there are too many.
type Credentials struct{ Login, Password, End string }

// errWrong is one answer for a wrong password and for a name that is nobody's.
var errWrong = psync.Refuse("wrong_credentials", "", "unknown name or wrong password")

// Authenticate finds the session of a cookie. It answers from memory: a
// device revoked on this node is out at once, one revoked on another node as
// soon as its commit is reported, at the latest after half a minute.
func (s *Service) Authenticate(ctx context.Context, cookie string) (psync.Actor, Session, error) {
	t, ok := parseToken(cookie)
	if !ok {
		return psync.Actor{}, Session{}, ErrSignedOut
	}
	st, err := s.state(ctx, t.user)
	if err != nil {
		return psync.Actor{}, Session{}, err
	}
	id, d, known := t.opens(st)
	if !known {
		return psync.Actor{}, Session{}, ErrSignedOut
	}
	if !d.alive(s.now()) {
		return psync.Actor{}, Session{}, ErrRevoked
	}
	if !s.directory.Present(t.user) {
		return psync.Actor{}, Session{}, ErrSignedOut
	}
	s.sight(t.user, id, d)
	session := newSession(t.user, st.account.School, id, d)
	return session.Actor(), session, nil
}

func newSession(user, school, id string, d device) Session {
	return Session{User: user, School: school, Device: id, Label: d.Label, CreatedAt: d.Created, LastSeen: d.LastSeen}
}

// sight notes that a device is in use, to be written down if it is news.
func (s *Service) sight(user, id string, d device) {
	hour := s.now().Truncate(coarse)
	if hour.After(d.LastSeen) || d.ahead(s.now()) || d.ghost() || d.Fresh {
		s.seen.note(user, id, hour)
	}
}

// SignIn opens a session with a password.
func (s *Service) SignIn(ctx context.Context, c Client, cr Credentials) (Ticket, error) {
	a, st, err := s.attempt(ctx, c, cr)
	if err != nil {
		return Ticket{}, err
	}
	sprayed, err := s.guard.admit(a)
	if err != nil {
		return Ticket{}, err
	}
	right, stale, err := s.hasher.verify(ctx, st.account.Hash, cr.Password)
	if err != nil {
		s.guard.release(a)
		return Ticket{}, err
	}
	right = right && s.directory.Present(a.user)
	if s.guard.settle(a, right); !right {
		return Ticket{}, errWrong
	}
	return s.welcome(ctx, c, cr, a.user, st.account.Hash, stale, sprayed)
}

// attempt gathers what the guard must know of a password to be checked.
func (s *Service) attempt(ctx context.Context, c Client, cr Credentials) (attempt, *state, error) {
	login := foldLogin(cr.Login)
	if login == "" || cr.Password == "" || len(cr.Password) > maxPassword {
		return attempt{}, nil, errWrong
	}
	user, err := s.whose(ctx, login)
	if err != nil {
		return attempt{}, nil, err
	}
	st, err := s.read(ctx, cmp.Or(user, "nobody")) // as long for nobody
	if err != nil {
		return attempt{}, nil, err
	}
	a := attempt{login: login, user: user, stored: st.failures, addr: c.Addr, password: cr.Password, at: s.now()}
	if k := parseKnown(c.Known); s.knows(k, user) {
		a.browser = k.browser
	}
	return a, st, nil
}

// welcome opens the session of a person whose password was right.
func (s *Service) welcome(ctx context.Context, c Client, cr Credentials, user, checked string, stale, sprayed bool) (Ticket, error) {
	rehashed := ""
	if stale {
		var err error
		if rehashed, err = s.hasher.hash(ctx, cr.Password); err != nil {
			return Ticket{}, err
		}
	}
	return s.open(ctx, opening{user: user, client: c, password: true, end: cr.End, instead: s.here(ctx, c, user), also: func(a *account) error {
		if a.Hash != checked {
			return errWrong // changed in between
		}
		if rehashed != "" {
			a.Hash = rehashed
		}
		a.Change = a.Change || sprayed
		return nil
	}})
}

// SignInAs opens a session without any proof. It is for the demonstration
// school only, where everybody may be anybody.
func (s *Service) SignInAs(ctx context.Context, c Client, user string) (Ticket, error) {
	return s.open(ctx, opening{user: user, client: c, makeRoom: true, instead: s.here(ctx, c, user)})
}

// here is the device of this person on this browser, if its session cookie
// still proves it: signing in again takes its place.
func (s *Service) here(ctx context.Context, c Client, user string) string {
	t, ok := parseToken(c.Token)
	if !ok || t.user != user {
		return ""
	}
	st, err := s.state(ctx, user)
	if err != nil {
		return ""
	}
	id, _, _ := t.opens(st)
	return id
}

// opening is a device about to be added to an account.
type opening struct {
	user     string
	client   Client
	by       string // device that adds it
	key      string // of its pairing
	secret   []byte // empty: a new one
	id       string // empty: a new one
	end      string // device to end if there are too many
	makeRoom bool   // end the oldest if there are too many
	password bool   // nothing but a password opens it
	fresh    bool   // of a browser that has a session
	instead  string // device whose browser this is
	also     func(*account) error
	rule     func(ctx context.Context, tx *psync.Tx) error // more to commit with it
	notice   bool
}

// open adds a device in one commit and makes its ticket.
func (s *Service) open(ctx context.Context, o opening) (Ticket, error) {
	if len(o.secret) == 0 {
		o.secret = newSessionSecret()
	}
	if o.id == "" {
		o.id = newDeviceID()
	}
	var t Ticket
	err := s.commit(ctx, psync.Actor{User: o.user, Device: o.id}, o.user, func(ctx context.Context, tx *psync.Tx) (err error) {
		t, err = s.admit(ctx, tx, o)
		return err
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("open session of %s: %w", o.user, err)
	}
	if t.Ended != nil {
		s.ended(o.user, t.Ended.ID)
	}
	t.Token = token{user: o.user, secret: o.secret}.String()
	t.Known = s.remember(parseKnown(o.client.Known), o.user).String()
	s.log.InfoContext(ctx, "session opened", "user", o.user, "device", o.id, "by", o.by)
	return t, nil
}

// admit is the rule that adds a device.
func (s *Service) admit(ctx context.Context, tx *psync.Tx, o opening) (t Ticket, err error) {
	var acc account
	seq, err := tx.Get(ctx, kindAccount, current, &acc)
	if err != nil {
		return t, err
	}
	if seq == 0 {
		return t, psync.Refuse("not_found", "", "no such account")
	}
	if o.rule != nil {
		if err := o.rule(ctx, tx); err != nil {
			return t, err
		}
	}
	if o.also != nil {
		if err := o.also(&acc); err != nil {
			return t, err
		}
	}
	if err := replace(ctx, tx, o.instead); err != nil {
		return t, err
	}
	all, err := devicesOf(ctx, tx)
	if err != nil {
		return t, err
	}
	if err := checkKey(all, o.key); err != nil {
		return t, err
	}
	now := tx.Now().UTC().Truncate(time.Second)
	d := device{Label: o.client.label(), Secret: sum(o.secret), Created: now, LastSeen: now, By: o.by, Key: o.key, Fresh: o.fresh}
	d.Doubted = s.doubt(all, acc, o, now)
	if t.Ended, err = s.room(tx, all, o, d); err != nil {
		return t, err
	}
	tx.Put(kindDevice, o.id, d)
	if acc.Opened.IsZero() {
		acc.Opened = now
	}
	tx.PutIfChanged(kindAccount, current, acc)
	if o.notice || o.password && d.doubted(now) {
		notify.Notify(tx, o.user, newDevice(d.Label, tx.Now()))
	}
	t.Session, t.MustChange = newSession(o.user, acc.School, o.id, d), acc.Change
	return t, nil
}

// SignOut ends a session at its person's wish.
func (s *Service) SignOut(ctx context.Context, session Session) error {
	return s.Revoke(ctx, session, session.Device)
}

// label is the client's label, fit to be shown and stored.
func (c Client) label() string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(c.Label, ""))
	runes := []rune(strings.TrimSpace(clean))
	return string(runes[:min(len(runes), maxLabel)])
}
