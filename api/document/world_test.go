package document

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small school on real parts: Inès and Malo in 5e B, Nadia the
// mother of Inès, Mme Garnier who teaches, Mme Roussel the principal.
type world struct {
	t      testing.TB
	dir    *directory.Directory
	files  *attachment.Service
	blobs  storage.Blobs
	engine *psync.Engine
	now    time.Time
	k      map[string]int64
	letter int
}

var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	w := &world{t: t, blobs: blobs, now: monday, k: map[string]int64{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	w.dir = directory.New(directory.Config{Records: records, Log: log, Now: clock})
	w.files = attachment.New(attachment.Config{Blobs: blobs, Access: w.dir, Log: log, Now: clock})
	own := New(w.dir, w.files)
	mux := psync.NewMux()
	w.dir.Register(mux)
	w.files.Register(mux)
	own.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.dir, Log: log, Now: clock})
	w.dir.Bind(w.engine)
	w.files.Bind(w.engine)
	own.Bind(w.engine)
	w.enroll()
	return w
}

func (w *world) enroll() {
	w.t.Helper()
	put := func(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }
	err := w.dir.Apply(w.t.Context(), psync.Actor{}, "x", []directory.Put{
		put("x", directory.School{Name: "Collège Joseph-Collard", Timezone: "Europe/Paris"}),
		put("fr", directory.Subject{Name: "Français"}), put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}),
		put("ines", directory.Person{First: "Inès", Last: "Benali", Pupil: true}),
		put("malo", directory.Person{First: "Malo", Last: "Kerven", Pupil: true}),
		put("nadia", directory.Person{First: "Nadia", Last: "Benali"}),
		put("garnier", directory.Person{First: "Claire", Last: "Garnier"}),
		put("roussel", directory.Person{First: "Hélène", Last: "Roussel"}),
		put("e1", directory.Enrollment{Student: "ines", Audience: "class:5b"}), put("e2", directory.Enrollment{Student: "malo", Audience: "class:5b"}),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}),
		put("p1", directory.Post{Person: "roussel", Role: directory.RoleDirection}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

func (w *world) settle() {
	w.t.Helper()
	if err := w.engine.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pass(d time.Duration) {
	w.now = w.now.Add(d)
	w.settle()
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

type args = map[string]any

// do sends a mutation and carries out what follows.
func (w *world) do(user, name string, a args) *psync.Refusal {
	w.t.Helper()
	return w.doOn(person(user), "user:"+user, name, a)
}

func (w *world) doOn(who psync.Actor, scope, name string, a args) *psync.Refusal {
	w.t.Helper()
	raw, err := json.Marshal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	lane := who.Device + scope
	w.k[lane]++
	res, err := w.engine.Sync(w.t.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Mutations: []psync.Mutation{
		{Scope: scope, K: w.k[lane], Name: name, Args: raw, At: w.now.UnixMilli()},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct {
		Results []struct {
			OK    bool           `json:"ok"`
			Error *psync.Refusal `json:"error"`
		} `json:"results"`
	}
	if err := json.Unmarshal(res.JSON(), &answer); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	if r := answer.Results[0]; !r.OK && r.Error == nil {
		w.t.Fatalf("%s: %s", name, res.JSON())
	}
	return answer.Results[0].Error
}

func (w *world) must(user, name string, a args) {
	w.t.Helper()
	if r := w.do(user, name, a); r != nil {
		w.t.Fatalf("%s of %s refused: %s %s %s", name, user, r.Code, r.Field, r.Message)
	}
}

// want holds that an act is refused for "code field".
func (w *world) want(refusal, user, name string, a args) {
	w.t.Helper()
	got := ""
	if r := w.do(user, name, a); r != nil {
		got = strings.TrimSpace(r.Code + " " + r.Field)
	}
	if got != refusal {
		w.t.Errorf("%s %v: %q, want %q", name, a, got, refusal)
	}
}

// text is a file of so many bytes, another for each seed.
func text(seed string, size int) []byte {
	return append([]byte(seed), bytes.Repeat([]byte("a"), size-len(seed))...)
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func file(data []byte, name string) args {
	return args{"sha": shaOf(data), "name": name, "type": "text/plain", "size": len(data)}
}

func (w *world) upload(user string, data []byte) {
	w.t.Helper()
	up := attachment.Upload{SHA: shaOf(data), Name: "x.txt", Type: "text/plain", Size: int64(len(data))}
	if err := w.files.Arrived(w.t.Context(), person(user), up, bytes.NewReader(data)); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// show makes a record of somebody's, as a message would, show a file to another.
func (w *world) show(from, to string, data []byte) (hide func()) {
	w.t.Helper()
	w.upload(from, data)
	w.letter++
	ref := attachment.Reference{
		School: "x", By: from, Kind: "message", ID: fmt.Sprintf("letter-%d", w.letter),
		Scopes: []string{"user:" + to}, Files: []string{shaOf(data)},
	}
	commit := func(do func(*psync.Tx, attachment.Reference)) {
		_, err := w.engine.Commit(w.t.Context(), person(from), "user:"+from, func(_ context.Context, tx *psync.Tx) error {
			do(tx, ref)
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
		w.settle()
	}
	commit(attachment.Refer)
	return func() { commit(attachment.Release) }
}

// documents are those of a person, by id.
func (w *world) documents(user string) map[string]Document {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: kindDocument})
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]Document{}
	for _, r := range recs {
		var d Document
		if err := json.Unmarshal(r.Value, &d); err != nil {
			w.t.Fatal(err)
		}
		all[r.ID] = d
	}
	return all
}

// readers are those of the school who may fetch a file.
func (w *world) readers(data []byte) (who []string) {
	w.t.Helper()
	for _, user := range []string{"garnier", "ines", "malo", "nadia", "roussel"} {
		ok, err := w.files.Readable(w.t.Context(), person(user), shaOf(data))
		if err != nil {
			w.t.Fatal(err)
		}
		if ok {
			who = append(who, user)
		}
	}
	return who
}

// stored counts the blobs there are.
func (w *world) stored() (n int) {
	w.t.Helper()
	err := w.blobs.List(w.t.Context(), "", func(storage.Blob) bool { n++; return true })
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}
