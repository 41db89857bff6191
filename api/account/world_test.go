package account_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/account"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is a school with accounts, on a store on disk.
type world struct {
	*account.Service
	t         testing.TB
	clock     *clock
	directory *directory.Directory
	engine    *psync.Engine
	records   storage.Records
	log       *bytes.Buffer
	watching  chan struct{} // closed once the service runs
	revoked   []string
	kicked    []string
}

var cheap = account.Params{Memory: 8, Time: 1, Threads: 1}

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "preau.db"), sqlite.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	c := &clock{t: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	return newNode(t, records, c, cheap)
}

// newNode is one process of the server on a store.
func newNode(t testing.TB, records storage.Records, c *clock, params account.Params) *world {
	t.Helper()
	w := &world{t: t, clock: c, records: records, log: &bytes.Buffer{}, watching: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.directory = directory.New(directory.Config{Records: records, Log: log, Now: c.now})
	notices, err := notify.New(notify.Config{Log: log, Now: c.now, Origin: "https://ecole.example"})
	if err != nil {
		t.Fatal(err)
	}
	mux := psync.NewMux()
	w.directory.Register(mux)
	notices.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.directory, Log: log, Now: c.now})
	w.directory.Bind(w.engine)
	notices.Bind(w.engine)
	if err := w.directory.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Service, err = account.New(account.Config{
		Engine: w.engine, Watcher: announced{records, w.watching}, Directory: w.directory, Key: bytes.Repeat([]byte{7}, 32),
		Params: params, Log: log, Now: c.now, Kick: func(user string) { w.kicked = append(w.kicked, user) },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.OnRevoke(func(user, device string) { w.revoked = append(w.revoked, user+" "+device) })
	return w
}

// announced tells when somebody watches.
type announced struct {
	storage.Records
	watching chan struct{}
}

func (a announced) Watch(ctx context.Context) <-chan storage.Moved {
	defer close(a.watching)
	return a.Records.Watch(ctx)
}

const password = "tulipe-wagon-fromage-lierre"

// person adds somebody to the school, with an account and a password.
func (w *world) person(id string, pupil bool) {
	w.t.Helper()
	w.people(directory.Put{ID: id, Record: directory.Person{First: "Prénom", Last: "Nom" + id, Pupil: pupil, Span: directory.Span{From: "2026-09-01"}}})
	w.account(id)
}

func (w *world) account(id string) {
	w.t.Helper()
	if _, err := w.CreateAccount(w.t.Context(), account.NewAccount{User: id, School: "collard", Login: id, Password: password}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) people(puts ...directory.Put) {
	w.t.Helper()
	school := directory.Put{ID: "collard", Record: directory.School{Name: "Collège Collard", Town: "Tours", Timezone: "Europe/Paris"}}
	if err := w.directory.Apply(w.t.Context(), psync.Actor{}, "collard", append([]directory.Put{school}, puts...)); err != nil {
		w.t.Fatal(err)
	}
}

func from(addr string) account.Client { return account.Client{Addr: netip.MustParseAddr(addr)} }

var school = from("192.0.2.1")

// signIn must succeed.
func (w *world) signIn(c account.Client, login string) account.Ticket {
	w.t.Helper()
	ticket, err := w.SignIn(w.t.Context(), c, account.Credentials{Login: login, Password: password})
	if err != nil {
		w.t.Fatalf("sign in %s: %v", login, err)
	}
	return ticket
}

// try signs in and says how it went: "ok", the code of a refusal, "wait".
func (w *world) try(c account.Client, login, password string) string {
	_, err := w.SignIn(context.Background(), c, account.Credentials{Login: login, Password: password})
	return outcome(err)
}

func outcome(err error) string {
	var throttled *account.Throttled
	var refusal *psync.Refusal
	var full *account.TooManyDevices
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &throttled):
		return "wait"
	case errors.As(err, &refusal):
		return refusal.Code
	case errors.As(err, &full):
		return "full"
	}
	return fmt.Sprint(err)
}

// authenticate says how a session cookie is taken.
func (w *world) authenticate(token string) string {
	_, _, err := w.Authenticate(context.Background(), token)
	switch {
	case errors.Is(err, account.ErrRevoked):
		return "revoked"
	case errors.Is(err, account.ErrSignedOut):
		return "signed out"
	}
	return outcome(err)
}
