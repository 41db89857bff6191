package notebook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/body"
	"preau/api/directory"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a class with two courses, on real parts: Inès in 5e B, Mme Garnier
// for French, together with Mme Viard, M. Petit for maths.
type world struct {
	t      testing.TB
	files  *attachment.Service
	engine *psync.Engine
	now    time.Time
	k      map[string]int64
}

const (
	french = "course:fr5b"
	class  = "class:5b"
	lesson = "slot-french.2026-11-24"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	must(t, err)
	blobs, err := disk.Open(t.TempDir())
	must(t, err)
	t.Cleanup(func() { _, _ = records.Close(), blobs.Close() })
	w := &world{t: t, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), k: map[string]int64{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	dir := directory.New(directory.Config{Records: records, Log: log, Now: clock})
	w.files = attachment.New(attachment.Config{Blobs: blobs, Access: dir, Log: log, Now: clock})
	pages := New(Config{Directory: dir, Files: w.files, Log: log, Now: clock})
	mux := psync.NewMux()
	dir.Register(mux)
	w.files.Register(mux)
	pages.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: dir, Log: log, Now: clock})
	dir.Bind(w.engine)
	w.files.Bind(w.engine)
	pages.Bind(w.engine)
	put := func(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }
	must(t, dir.Apply(t.Context(), psync.Actor{}, "x", []directory.Put{
		put("x", directory.School{Name: "Collège", Timezone: "Europe/Paris"}), put("fr", directory.Subject{Name: "Français"}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}),
		put("ines", directory.Person{First: "Inès", Last: "Benali", Pupil: true}), put("e1", directory.Enrollment{Student: "ines", Audience: class}),
		put("garnier", directory.Person{First: "Claire", Last: "Garnier", Civility: "Mme"}), put("viard", directory.Person{First: "Anne", Last: "Viard", Civility: "Mme"}),
		put("petit", directory.Person{First: "Luc", Last: "Petit", Civility: "M."}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: class}), put("ma5b", directory.CourseRecord{Subject: "fr", Audience: class}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}), put("t2", directory.Teaching{Course: "fr5b", Teacher: "viard"}),
		put("t3", directory.Teaching{Course: "ma5b", Teacher: "petit"}),
	}))
	w.settle()
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) settle() {
	w.t.Helper()
	must(w.t, w.engine.Drain(w.t.Context()))
}

// send has somebody do something; it returns "code field" of a refusal.
func (w *world) send(user, name string, args map[string]any, base int64) string {
	w.t.Helper()
	raw, err := json.Marshal(args)
	must(w.t, err)
	w.k[user]++
	m := psync.Mutation{Scope: french, K: w.k[user], Name: name, Args: raw, At: w.now.UnixMilli(), Base: base}
	res, err := w.engine.Sync(w.t.Context(), psync.Actor{School: "x", User: user, Device: "d_" + user}, &psync.Request{V: 1, Schema: 1, Device: "d_" + user, Mutations: []psync.Mutation{m}})
	must(w.t, err)
	var answer struct {
		Results []struct {
			OK    bool
			Error *struct{ Code, Field string }
		}
	}
	must(w.t, json.Unmarshal(res.JSON(), &answer))
	w.settle()
	if e := answer.Results[0].Error; e != nil {
		return e.Code + " " + e.Field
	}
	if !answer.Results[0].OK {
		w.t.Fatalf("%s", res.JSON())
	}
	return ""
}

func (w *world) write(more map[string]any) string {
	w.t.Helper()
	return w.send("garnier", "notebook.write@1", page(more), 0)
}

func page(more map[string]any) map[string]any {
	args := map[string]any{"id": lesson, "date": "2026-11-24", "start": "10:05", "end": "11:00", "title": "Le conte", "done": map[string]any{"text": body.Of("Lecture.")}, "show": "start"}
	maps.Copy(args, more)
	return args
}

// entry reads the page in a scope; false when it is not there.
func (w *world) entry(scope string) (Entry, bool) {
	w.t.Helper()
	e, there, err := psync.Find[Entry](w.t.Context(), w.engine, scope, "entry", lesson)
	must(w.t, err)
	return e, there
}

// A page is the teacher's own until its lesson begins, on the school's clock
// (P4, P17).
func TestShownWhenTheLessonBegins(t *testing.T) {
	w := newWorld(t)
	if r := w.write(nil); r != "" {
		t.Fatal(r)
	}
	if e, there := w.entry(french); !there || e.Subject != "fr" || e.Teacher.Name != "Mme Garnier" {
		t.Errorf("the course has %+v", e)
	}
	w.now = time.Date(2026, 11, 24, 9, 4, 59, 0, time.UTC)
	w.settle()
	if _, there := w.entry(class); there {
		t.Error("the class reads it before 10:05")
	}
	w.now = time.Date(2026, 11, 24, 9, 5, 0, 0, time.UTC)
	w.settle()
	if e, there := w.entry(class); !there || e.Done.Text.Plain() != "Lecture." {
		t.Errorf("the class has %+v", e)
	}
}

// A teacher may show it at once, or at another time, and change that; erasing
// takes it from the class and can be undone.
func TestShownAndHidden(t *testing.T) {
	w := newWorld(t)
	shown := func(want bool, step string) {
		t.Helper()
		if _, there := w.entry(class); there != want {
			t.Errorf("%s: shown is %v", step, there)
		}
	}
	w.write(map[string]any{"show": "now"})
	shown(true, "at once")
	w.write(map[string]any{"show": "at", "showAt": "2026-11-30T17:00:00Z"})
	shown(false, "put off")
	w.now = time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC)
	w.settle()
	shown(true, "in time")
	if r := w.send("garnier", "notebook.erase@1", map[string]any{"id": lesson}, 0); r != "" {
		t.Fatal(r)
	}
	shown(false, "erased")
	w.send("garnier", "notebook.restore@1", map[string]any{"id": lesson}, 0)
	w.send("garnier", "notebook.restore@1", map[string]any{"id": lesson}, 0)
	shown(true, "restored")
}

// The documents of a page are the class's once it is shown, and no longer when
// it is not (P5, P18).
func TestDocuments(t *testing.T) {
	w := newWorld(t)
	w.now = time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	text := "Un conte."
	sum := sha256.Sum256([]byte(text))
	sha := "sha256-" + hex.EncodeToString(sum[:])
	up := attachment.Upload{SHA: sha, Name: "conte.txt", Type: "text/plain", Size: int64(len(text))}
	readable := func() bool {
		ok, err := w.files.Readable(t.Context(), psync.Actor{School: "x", User: "ines"}, sha)
		must(t, err)
		return ok
	}
	file := map[string]any{"sha": sha, "name": "conte.txt", "type": "text/plain", "size": len(text)}
	w.write(map[string]any{"done": map[string]any{"files": []any{file}}})
	must(t, w.files.Arrived(t.Context(), psync.Actor{School: "x", User: "garnier", Device: "d_garnier"}, up, strings.NewReader(text)))
	w.settle()
	if readable() {
		t.Error("read before the lesson")
	}
	if e, _ := w.entry(french); len(e.Done.Files) != 1 || !e.Done.Files[0].Ready() {
		t.Errorf("the course has %+v", e.Done.Files)
	}
	w.now = w.now.Add(2 * time.Hour)
	w.settle()
	if e, _ := w.entry(class); !readable() || len(e.Done.Files) != 1 || !e.Done.Files[0].Ready() {
		t.Errorf("not read in the lesson: %+v", e.Done.Files)
	}
	w.write(map[string]any{"done": map[string]any{"text": body.Of("Sans document.")}})
	if readable() {
		t.Error("read after it was taken out")
	}
}

// Bad input is refused with the field, and changes nothing.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for want, more := range map[string]map[string]any{
		"invalid id":                {"id": "x"},
		"invalid date":              {"date": "2026-02-30"},
		"invalid start":             {"start": "8h"},
		"invalid end":               {"end": "10:05"},
		"invalid category":          {"category": "party"},
		"invalid show":              {"show": "never"},
		"invalid showAt":            {"show": "at", "showAt": "soon"},
		"invalid done":              {"title": " ", "done": map[string]any{"text": body.Of(" \n")}},
		"too_large title":           {"title": strings.Repeat("é", 201)},
		"too_large planned.text":    {"planned": map[string]any{"text": body.Of(strings.Repeat("é", 20_001))}},
		"invalid done.files[0].sha": {"done": map[string]any{"files": []any{map[string]any{"sha": "x", "name": "a"}}}},
		"invalid done.text[0].kind": {"done": map[string]any{"text": body.Text{{Kind: "h1"}}}},
		"invalid done.text":         {"done": map[string]any{"text": "Lecture."}},
		"invalid colour":            {"colour": "red"},
	} {
		if got := w.write(more); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := w.write(map[string]any{"id": "slot-french.2026-02-30"}); got != "invalid id" {
		t.Errorf("%q", got)
	}
	for _, user := range []string{"petit", "ines"} {
		if got := w.send(user, "notebook.write@1", page(nil), 0); !strings.HasPrefix(got, "forbidden ") {
			t.Errorf("%s: %q", user, got)
		}
	}
	if got := w.send("garnier", "notebook.erase@1", map[string]any{"id": lesson}, 0); got != "not_found id" {
		t.Errorf("%q", got)
	}
	if _, there := w.entry(french); there {
		t.Error("something was written")
	}
}

// Two teachers of one course do not overwrite each other unseen.
func TestConflict(t *testing.T) {
	w := newWorld(t)
	w.write(nil)
	recs, err := w.engine.Find(t.Context(), french, storage.Key{Type: "entry", ID: lesson})
	must(t, err)
	seen := recs[0].Seq
	if got := w.send("viard", "notebook.write@1", page(map[string]any{"title": "À deux"}), seen); got != "" {
		t.Fatal(got)
	}
	if got := w.send("garnier", "notebook.write@1", page(nil), seen); got != "conflict " {
		t.Errorf("%q", got)
	}
}
