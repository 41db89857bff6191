// Package areatest is a small school for the tests of the areas: real
// directory, engine, SQLite, disk and notices, and a clock of its own.
package areatest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// Area is what a test adds to the school; [Of] makes one.
type Area struct {
	register func(*psync.Mux)
	bind     func(*psync.Engine)
}

// Of is an area, whatever it needs of the engine.
func Of[E any, S interface {
	Register(*psync.Mux)
	Bind(E)
}](area S) Area {
	return Area{register: area.Register, bind: func(e *psync.Engine) { area.Bind(any(e).(E)) }}
}

// World is the school "x" of [School] with the areas under test.
type World struct {
	testing.TB
	Dir     *directory.Directory
	Files   *attachment.Service
	Notices *notify.Service
	Engine  *psync.Engine
	Store   storage.Records
	Blobs   storage.Blobs
	Log     *slog.Logger
	now     time.Time
	k       map[string]int64
}

// Monday is 23 November 2026, 11:00 in Paris: the world's first moment.
var Monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// New makes a world in memory; each area is made from it.
func New(tb testing.TB, areas ...func(*World) Area) *World {
	tb.Helper()
	return NewOn(tb, sqlite.Memory, notify.Config{}, areas...)
}

// NewOn is New on a database, with alerts sent as c says.
func NewOn(tb testing.TB, database string, c notify.Config, areas ...func(*World) Area) *World {
	tb.Helper()
	w := &World{TB: tb, Log: slog.New(slog.DiscardHandler), now: Monday, k: map[string]int64{}}
	records, err := sqlite.Open(tb.Context(), database, sqlite.Options{})
	w.check(err)
	tb.Cleanup(func() { _ = records.Close() })
	blobs, err := disk.Open(tb.TempDir())
	w.check(err)
	tb.Cleanup(func() { _ = blobs.Close() })
	w.Store, w.Blobs = records, blobs
	w.Dir = directory.New(directory.Config{Records: records, Log: w.Log, Now: w.Now})
	w.Files = attachment.New(attachment.Config{Blobs: blobs, Access: w.Dir, Log: w.Log, Now: w.Now})
	c.Log, c.Now = w.Log, w.Now
	w.Notices, err = notify.New(c)
	w.check(err)
	all := []Area{Of(w.Dir), Of(w.Files), Of(w.Notices)}
	for _, area := range areas {
		all = append(all, area(w))
	}
	mux := psync.NewMux()
	for _, area := range all {
		area.register(mux)
	}
	w.Engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.Dir, Log: w.Log, Now: w.Now})
	for _, area := range all {
		area.bind(w.Engine)
	}
	w.Apply(School()...)
	return w
}

// Now is the school's clock.
func (w *World) Now() time.Time { return w.now }

// At sets the clock and lets all that was put off until then happen.
func (w *World) At(t time.Time) {
	w.Helper()
	w.now = t
	w.Settle()
}

// After lets time pass.
func (w *World) After(d time.Duration) {
	w.Helper()
	w.At(w.now.Add(d))
}

// Apply changes the directory.
func (w *World) Apply(puts ...directory.Put) {
	w.Helper()
	w.check(w.Dir.Apply(w.Context(), psync.Actor{}, "x", puts))
	w.Settle()
}

// Settle carries out what follows from all that was committed.
func (w *World) Settle() {
	w.Helper()
	w.check(w.Engine.Drain(w.Context()))
}

// Person is somebody at their phone.
func Person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

// Args are the arguments of an act.
type Args = map[string]any

// Act is one mutation of a person; the zero At is now, and without a device it
// is their phone.
type Act struct {
	User, Scope, Name string
	Device            string
	Args              any
	At                time.Time
	Base              int64
}

// Result is what a device is answered.
type Result struct {
	OK        bool            `json:"ok"`
	Duplicate bool            `json:"duplicate"`
	Seq       int64           `json:"seq"`
	Value     json.RawMessage `json:"value"`
	Error     *struct {
		Code, Field, Message string
		Current              json.RawMessage
	} `json:"error"`
}

// Send commits an act without carrying out what follows.
func (w *World) Send(a Act) Result {
	w.Helper()
	raw, err := json.Marshal(a.Args)
	w.check(err)
	if a.At.IsZero() {
		a.At = w.now
	}
	who := Person(a.User)
	if a.Device != "" {
		who.Device = a.Device
	}
	lane := who.Device + a.Scope
	w.k[lane]++
	res, err := w.Engine.Sync(w.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Mutations: []psync.Mutation{
		{Scope: a.Scope, K: w.k[lane], Name: a.Name, Args: raw, At: a.At.UnixMilli(), Base: a.Base},
	}})
	w.check(err)
	var answer struct{ Results []Result }
	w.check(json.Unmarshal(res.JSON(), &answer))
	r := answer.Results[0]
	switch {
	case r.OK:
	case r.Error == nil:
		w.Fatalf("%s: %s", a.Name, res.JSON())
	case r.Error.Code == "forbidden" && r.Error.Field == "scope":
		w.k[lane]-- // what is refused with its scope leaves no trace
	}
	return r
}

// Do commits an act and what follows; it returns "code field" of a refusal.
func (w *World) Do(a Act) string {
	w.Helper()
	r := w.Send(a)
	w.Settle()
	if r.OK {
		return ""
	}
	return strings.TrimSpace(r.Error.Code + " " + r.Error.Field)
}

// Must commits an act that nothing forbids, and what follows.
func (w *World) Must(a Act) {
	w.Helper()
	w.Want("", a)
}

// Want holds that an act is refused for "code field"; "" is taken.
func (w *World) Want(refusal string, a Act) {
	w.Helper()
	if got := w.Do(a); got != refusal {
		w.Fatalf("%s of %s %v: %q, want %q", a.Name, a.User, a.Args, got, refusal)
	}
}

// Find reads records of a scope; an empty id is all of a type.
func (w *World) Find(scope, typ, id string) []storage.Record {
	w.Helper()
	recs, err := w.Engine.Find(w.Context(), scope, storage.Key{Type: typ, ID: id})
	w.check(err)
	return recs
}

// Logged tells whether a text stands anywhere in the log of a scope.
func (w *World) Logged(scope, text string) bool {
	w.Helper()
	tails, err := w.Store.Tails(w.Context(), []storage.Position{{Scope: scope}}, 1<<20)
	w.check(err)
	for _, e := range tails[0].Entries {
		for _, op := range e.Ops {
			if bytes.Contains(op.Value, []byte(text)) {
				return true
			}
		}
	}
	return false
}

// Has tells whether there is a record.
func (w *World) Has(scope, typ, id string) bool { return len(w.Find(scope, typ, id)) > 0 }

// Get is the value of a record that is there.
func Get[T any](w *World, scope, typ, id string) (v T) {
	w.Helper()
	recs := w.Find(scope, typ, id)
	if len(recs) != 1 {
		w.Fatalf("%d records %s %s in %s", len(recs), typ, id, scope)
	}
	w.check(json.Unmarshal(recs[0].Value, &v))
	return v
}

// Told lists the titles of a person's notices whose kind begins with kind.
func (w *World) Told(user, kind string) []string {
	w.Helper()
	all := []string{}
	for _, r := range w.Find("user:"+user, "notice", "") {
		var n struct{ Kind, Title string }
		w.check(json.Unmarshal(r.Value, &n))
		if strings.HasPrefix(n.Kind, kind) {
			all = append(all, n.Title)
		}
	}
	return all
}

// Upload brings a file of a person; it returns its name by content.
func (w *World) Upload(user, name, typ string, data []byte) string {
	w.Helper()
	sum := sha256.Sum256(data)
	up := attachment.Upload{SHA: "sha256-" + hex.EncodeToString(sum[:]), Name: name, Type: typ, Size: int64(len(data))}
	w.check(w.Files.Arrived(w.Context(), Person(user), up, bytes.NewReader(data)))
	w.Settle()
	return up.SHA
}

// Sent is how a file comes that holds something, and is said to hold something.
func Sent(blobs storage.Blobs, holds, said string) func(ctx context.Context, key string) error {
	sum := sha256.Sum256([]byte(said))
	return func(ctx context.Context, key string) error {
		return blobs.Put(ctx, key, strings.NewReader(holds), int64(len(holds)), sum[:])
	}
}

// Readers are those of [Everybody] who may fetch a file.
func (w *World) Readers(sha string) (who []string) {
	w.Helper()
	for _, user := range Everybody {
		ok, err := w.Files.Readable(w.Context(), Person(user), sha)
		w.check(err)
		if ok {
			who = append(who, user)
		}
	}
	return who
}

// Sees lists those of [Everybody] who are sent a record of a type, or may
// ask for it, with text in it.
func (w *World) Sees(typ, text string) (who []string) {
	w.Helper()
	for _, user := range Everybody {
		if w.sees(user, typ, text) {
			who = append(who, user)
		}
	}
	return who
}

func (w *World) sees(user, typ, text string) bool {
	w.Helper()
	grants, _ := w.Dir.Grants(Person(user))
	for _, g := range grants {
		for _, r := range w.Find(g.Scope, typ, "") {
			if bytes.Contains(r.Value, []byte(text)) {
				return true
			}
		}
	}
	return false
}

func (w *World) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}
