// Package account knows who is who: accounts and their passwords, the devices
// on which a person is signed in, the pairing that adds a device, the printed
// sheets that open an account, and the limits that keep guessing useless.
//
// Everything about one person is in the server-only scope "account:<user>",
// so each step — a device added, a pairing confirmed, a sheet used — is one
// atomic commit:
//
//	account  <user>     login, password hash, when created and opened
//	device   d_…        one browser: label, SHA-256 of its session secret, dates
//	pairing  current    the one pairing of the account, and the last hour's count
//	sheet    current    the one printed activation sheet of the account
//	failures day        wrong passwords from unknown devices, that day
//
// Sign-in names are unique over the server: "login <name>" in one of 256
// scopes "accounts:<xx>". Codes typed instead of scanning are found through
// "code <keyed hash>" in the scope "pairing:codes".
//
// No secret is stored. The secrets of sessions are kept as SHA-256. Those of
// pairings and sheets are not kept at all: each is derived from the server's
// key and the random id of its record, so every node can verify, draw and
// print them, and a copy of the database opens nothing.
package account

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// What a session can come to. Everything else that a person is told is a
// *psync.Refusal, or a *Throttled.
var (
	// ErrSignedOut says that there is no such session (any more).
	ErrSignedOut = errors.New("signed out")
	// ErrRevoked is the ErrSignedOut of a device that was ended from
	// elsewhere: it must delete everything it holds.
	ErrRevoked = fmt.Errorf("%w: device revoked", ErrSignedOut)
	// ErrBusy says that too many passwords are waiting to be checked.
	ErrBusy = errors.New("busy checking passwords")
)

// Throttled asks the client to come again after a while.
type Throttled struct{ After time.Duration }

func (t *Throttled) Error() string { return "too many attempts, wait " + t.After.String() }

// Engine commits the server's own changes and reads them back.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (int64, error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Watcher reports scopes that moved, on any node.
type Watcher interface {
	Watch(ctx context.Context) <-chan storage.Moved
}

// Directory is what this package asks of the school's directory.
type Directory interface {
	Person(id string) (directory.Person, bool)
	Present(id string) bool
	Display(id string) string
	Roles(id string) []directory.Role
	School(id string) (directory.School, bool)
	Class(audience string) (directory.Class, bool)
	Classes(school string) []directory.Class
	ClassOf(student string) (directory.Class, bool)
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	People(school string) []string
	May(a psync.Actor, do directory.Action, scope string) error
}

// Config is what a Service stands on. Key is the server's secret, from a file
// beside the database and never in it; 32 bytes at least.
type Config struct {
	Engine    Engine
	Watcher   Watcher
	Directory Directory
	Kick      func(user string) // sessions of this person look again
	Key       []byte
	Params    Params         // zero: the ones of production
	Egress    []netip.Prefix // addresses of the schools: many people behind one
	Log       *slog.Logger
	Now       func() time.Time
}

// Client is what the edge knows of the browser that asks.
type Client struct {
	Addr  netip.Addr
	Label string // "Firefox sur Android", as the browser calls itself
	Known string // value of the cookie of known browsers, may be empty
	Token string // value of the session cookie that is about to be replaced, may be empty
}

// Service answers for all accounts of the server. Its methods are safe for
// concurrent use; sessions are checked in memory.
type Service struct {
	engine    Engine
	watcher   Watcher
	directory Directory
	kick      func(user string)
	log       *slog.Logger
	now       func() time.Time

	keys    keys
	hasher  *hasher
	guard   *guard
	states  *states
	seen    *sightings
	polls   polls
	codes   window
	revoked []func(user, device string)
}

// New builds a service; Run keeps it in step with other nodes.
func New(c Config) (*Service, error) {
	keys, err := newKeys(c.Key)
	if err != nil {
		return nil, err
	}
	s := &Service{
		engine: c.Engine, watcher: c.Watcher, directory: c.Directory,
		kick: c.Kick, log: c.Log, now: c.Now,
		keys:   keys,
		hasher: newHasher(cmp.Or(c.Params, DefaultParams), keys.pepper),
		guard:  newGuard(keys.spray, c.Egress),
		states: newStates(),
		seen:   newSightings(),
		polls:  polls{newest: map[string]poll{}},
		codes:  window{each: 20, all: 300, length: 10 * time.Minute},
	}
	if s.kick == nil {
		s.kick = func(string) {}
	}
	return s, nil
}

// OnRevoke registers what must follow when a device id stops being valid, on
// the node where it happens. Call it before the service is used.
func (s *Service) OnRevoke(f func(user, device string)) { s.revoked = append(s.revoked, f) }

// Run follows what other nodes commit and writes down, once a minute, which
// devices were seen and how many passwords were wrong, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	moved := s.watcher.Watch(ctx)
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.Flush(context.WithoutCancel(ctx))
			return nil
		case m, open := <-moved:
			if user, ok := strings.CutPrefix(m.Scope, scopePrefix); ok {
				s.states.forget(user)
				s.kick(user)
			}
			if !open {
				moved = nil
			}
		case <-tick.C:
			s.Flush(ctx)
		}
	}
}
