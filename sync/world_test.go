package sync_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// world is an engine over a store, with the rules of a very small school and
// a hand on everything that the engine does not decide.
type world struct {
	t       testing.TB
	records storage.Records
	engine  *psync.Engine
	clock   *clock
	access  *access
	log     *lines
}

// newWorld starts a world at a fixed date.
func newWorld(tb testing.TB, records storage.Records) *world {
	tb.Helper()
	return newWorldOf(tb, records, school())
}

// newWorldOf is newWorld with the rules of somebody else.
func newWorldOf(tb testing.TB, records storage.Records, mux *psync.Mux) *world {
	tb.Helper()
	w := &world{
		t:       tb,
		records: records,
		clock:   &clock{now: time.Date(2026, 11, 23, 18, 41, 8, 0, time.UTC)},
		access:  &access{grants: map[string][]psync.Grant{}},
		log:     &lines{},
	}
	w.engine = psync.New(psync.Config{
		Records: records, Mux: mux, Access: w.access, Now: w.clock.Now,
		Log:       slog.New(slog.NewTextHandler(w.log, nil)),
		MinSchema: 2,
		Random:    func(n int64) int64 { return n / 2 },
	})
	return w
}

func actor(user string) psync.Actor {
	return psync.Actor{School: "x1", User: user, Device: "d_" + user}
}

// put commits a record as the server itself.
func (w *world) put(scope, typ, id string, v any) int64 {
	w.t.Helper()
	return w.commit(scope, func(tx *psync.Tx) { tx.Put(typ, id, v) })
}

func (w *world) commit(scope string, write func(tx *psync.Tx)) int64 {
	w.t.Helper()
	seq, err := w.engine.Commit(w.t.Context(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
		write(tx)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return seq
}

// reply is an answer as a device reads it.
type reply struct {
	Results []reResult         `json:"results"`
	Scopes  map[string]reScope `json:"scopes"`
	More    []string           `json:"more"`
	Now     time.Time          `json:"now"`
}

type reResult struct {
	Scope     string          `json:"scope"`
	K         int64           `json:"k"`
	OK        bool            `json:"ok"`
	Seq       int64           `json:"seq"`
	Duplicate bool            `json:"duplicate"`
	Wait      int64           `json:"wait"`
	Gap       int64           `json:"gap"`
	Value     json.RawMessage `json:"value"`
	Error     *psync.Refusal  `json:"error"`
}

type reScope struct {
	Cursor  [3]int64            `json:"cursor"`
	Title   string              `json:"title"`
	Lease   *time.Time          `json:"lease"`
	Reset   string              `json:"reset"`
	Gone    string              `json:"gone"`
	Records [][]json.RawMessage `json:"records"`
}

// sync sends a request that must be answered. A nil reply is a 204.
func (w *world) sync(a psync.Actor, req psync.Request) *reply {
	w.t.Helper()
	res, err := w.try(a, req)
	if err != nil {
		w.t.Fatalf("sync: %v", err)
	}
	return res
}

func (w *world) try(a psync.Actor, req psync.Request) (*reply, error) {
	req.V, req.Schema = 1, max(req.Schema, 2)
	if req.Device == "" {
		req.Device = a.Device
	}
	body, err := json.Marshal(req)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := w.engine.Answer(w.t.Context(), a, body)
	if err != nil || res.Empty() {
		return nil, err
	}
	var out reply
	if err := json.Unmarshal(res.AppendJSON(nil), &out); err != nil {
		w.t.Fatalf("answer %s: %v", res.JSON(), err)
	}
	return &out, nil
}

// mutation makes a mutation with arguments.
func mutation(scope string, k int64, name string, args any) psync.Mutation {
	raw, err := json.Marshal(args)
	if err != nil {
		panic(err)
	}
	return psync.Mutation{Scope: scope, K: k, Name: name, At: 1_795_440_000_123, Args: raw}
}

type fields map[string]any

// clock is a time that only tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// access grants what it is told to.
type access struct {
	mu      sync.Mutex
	version uint64
	grants  map[string][]psync.Grant
}

func (a *access) Grants(who psync.Actor) ([]psync.Grant, uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grants[who.User], a.version
}

// grant gives a person exactly these scopes.
func (a *access) grant(user string, scopes ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	var grants []psync.Grant
	for _, scope := range scopes {
		grants = append(grants, psync.Grant{Scope: scope, Title: titles[scope]})
	}
	a.grants[user] = grants
}

func (a *access) add(user, scope string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.grants[user] = append(slices.Clone(a.grants[user]), psync.Grant{Scope: scope})
}

// open lets a person read a scope on demand.
func (a *access) open(user, scope string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.grants[user] = append(slices.Clone(a.grants[user]), psync.Grant{Scope: scope, Title: titles[scope], OnDemand: true})
}

func (a *access) remove(user, scope string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.version++
	a.grants[user] = slices.DeleteFunc(slices.Clone(a.grants[user]), func(g psync.Grant) bool { return g.Scope == scope })
}

var titles = map[string]string{"class:5b": "5e B", "class:4a": "4e A", "student:s1": "Inès Benali"}

// lines is a log that tests can read.
type lines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
