package homework

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small school on real parts: directory, engine, SQLite, disk.
//
//	5e B   Inès and Malo, with Mme Garnier for French and M. Petit for maths
//	5e A   Noé, with Mme Garnier for French
//	Nadia  is the mother of Inès and Noé, Karim the father of Inès alone;
//	       Lucie is a contact of Malo without rights
type world struct {
	t        testing.TB
	dir      *directory.Directory
	files    *attachment.Service
	homework *Service
	engine   *psync.Engine
	public   ed25519.PublicKey
	now      time.Time
	k        map[string]int64
}

// monday is 23 November 2026, 11:00 in Paris.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const (
	french = "course:fr5b"
	maths  = "course:ma5b"
	work   = "homework-1"
)

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = records.Close(), blobs.Close() })
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, public: public, now: monday, k: map[string]int64{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	w.dir = directory.New(directory.Config{Records: records, Log: log, Now: clock})
	w.files = attachment.New(attachment.Config{Blobs: blobs, Access: w.dir, Log: log, Now: clock})
	notices, err := notify.New(notify.Config{Log: log, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	w.homework = New(Config{Directory: w.dir, Files: w.files, Notices: notices, Key: private, Log: log, Now: clock})
	mux := psync.NewMux()
	w.dir.Register(mux)
	w.files.Register(mux)
	notices.Register(mux)
	w.homework.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.dir, Log: log, Now: clock})
	w.dir.Bind(w.engine)
	w.files.Bind(w.engine)
	notices.Bind(w.engine)
	w.homework.Bind(w.engine)
	w.apply(school()...)
	return w
}

func school() []directory.Put {
	pupil := func(id, first, last string) directory.Put {
		return directory.Put{ID: id, Record: directory.Person{First: first, Last: last, Pupil: true}}
	}
	adult := func(id, civility, first, last string) directory.Put {
		return directory.Put{ID: id, Record: directory.Person{First: first, Last: last, Civility: civility}}
	}
	put := func(id string, r directory.Record) directory.Put { return directory.Put{ID: id, Record: r} }
	return []directory.Put{
		put("x", directory.School{Name: "Collège Joseph-Collard", Timezone: "Europe/Paris"}),
		put("fr", directory.Subject{Name: "Français"}), put("ma", directory.Subject{Name: "Mathématiques"}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}), put("5a", directory.Class{Name: "5e A", Kind: directory.KindClass}),
		pupil("ines", "Inès", "Benali"), pupil("malo", "Malo", "Le Goff"), pupil("noe", "Noé", "Benali"),
		adult("nadia", "Mme", "Nadia", "Benali"), adult("karim", "M.", "Karim", "Benali"), adult("lucie", "Mme", "Lucie", "Moreau"),
		adult("garnier", "Mme", "Claire", "Garnier"), adult("petit", "M.", "Luc", "Petit"), adult("viard", "Mme", "Anne", "Viard"),
		put("e1", directory.Enrollment{Student: "ines", Audience: "class:5b"}), put("e2", directory.Enrollment{Student: "malo", Audience: "class:5b"}),
		put("e3", directory.Enrollment{Student: "noe", Audience: "class:5a"}),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("g2", directory.Guardianship{Guardian: "nadia", Student: "noe", Level: 1, Reads: true}),
		put("g3", directory.Guardianship{Guardian: "karim", Student: "ines", Level: 2, Reads: true}),
		put("g4", directory.Guardianship{Guardian: "lucie", Student: "malo"}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}), put("ma5b", directory.CourseRecord{Subject: "ma", Audience: "class:5b"}),
		put("fr5a", directory.CourseRecord{Subject: "fr", Audience: "class:5a"}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}), put("t2", directory.Teaching{Course: "ma5b", Teacher: "petit"}),
		put("t3", directory.Teaching{Course: "fr5a", Teacher: "garnier"}),
		put("p1", directory.Post{Person: "viard", Role: directory.RoleStaff}),
	}
}

func (w *world) apply(puts ...directory.Put) {
	w.t.Helper()
	if err := w.dir.Apply(w.t.Context(), psync.Actor{}, "x", puts); err != nil {
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

func (w *world) at(t time.Time) {
	w.now = t
	w.settle()
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

// deed is one mutation; the zero At is now.
type deed struct {
	user, scope, name string
	args              any
	at                time.Time
	base              int64
}

type result struct {
	OK        bool            `json:"ok"`
	Duplicate bool            `json:"duplicate"`
	Seq       int64           `json:"seq"`
	Value     json.RawMessage `json:"value"`
	Error     *struct {
		Code, Field string
		Current     json.RawMessage
	} `json:"error"`
}

// send commits a deed without carrying out what follows.
func (w *world) send(d deed) result {
	w.t.Helper()
	raw, err := json.Marshal(d.args)
	if err != nil {
		w.t.Fatal(err)
	}
	if d.at.IsZero() {
		d.at = w.now
	}
	w.k[d.user+d.scope]++
	res, err := w.engine.Sync(w.t.Context(), person(d.user), &psync.Request{V: 1, Schema: 1, Device: "d_" + d.user, Mutations: []psync.Mutation{
		{Scope: d.scope, K: w.k[d.user+d.scope], Name: d.name, Args: raw, At: d.at.UnixMilli(), Base: d.base},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct{ Results []result }
	if err := json.Unmarshal(res.JSON(), &answer); err != nil {
		w.t.Fatal(err)
	}
	if r := answer.Results[0]; !r.OK && r.Error == nil {
		w.t.Fatalf("%s: %s", d.name, res.JSON())
	}
	return answer.Results[0]
}

// do commits a deed and what follows; it returns "code field" of a refusal.
func (w *world) do(d deed) string {
	w.t.Helper()
	r := w.send(d)
	w.settle()
	if r.OK {
		return ""
	}
	return strings.TrimSpace(r.Error.Code + " " + r.Error.Field)
}

func (w *world) must(d deed) {
	w.t.Helper()
	if refused := w.do(d); refused != "" {
		w.t.Fatalf("%s refused: %s", d.name, refused)
	}
}

type args = map[string]any

// given are the arguments of a homework due on Friday at 8:00 in Paris,
// changed by more.
func given(more args) args {
	a := args{
		"id": work, "title": "Rédaction", "text": "Décrire un lieu.", "due": "2026-11-27T07:00:00Z",
		"return": ReturnFile, "late": LateAccept, "attachments": []attachment.File{},
	}
	maps.Copy(a, more)
	return a
}

func (w *world) give(more args) {
	w.t.Helper()
	w.must(deed{user: "garnier", scope: french, name: "homework.give@1", args: given(more)})
}

func (w *world) submit(user, id string, pages ...string) string {
	w.t.Helper()
	return w.do(deed{user: user, scope: "student:" + user, name: "homework.submit@1", args: copyArgs(id, pages...)})
}

func copyArgs(id string, pages ...string) args {
	if pages == nil {
		pages = []string{}
	}
	return args{"id": id, "homework": work, "pages": pages, "text": "Il était une fois."}
}

// get reads a record; false when it is not there.
func get[T any](w *world, scope, typ, id string) (v T, ok bool) {
	w.t.Helper()
	v, ok, err := psync.Find[T](w.t.Context(), w.engine, scope, typ, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v, ok
}

func (w *world) has(scope, typ, id string) bool {
	_, ok := get[json.RawMessage](w, scope, typ, id)
	return ok
}

func (w *world) seq(scope, typ, id string) int64 {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), scope, storage.Key{Type: typ, ID: id})
	if err != nil || len(recs) != 1 {
		w.t.Fatal(recs, err)
	}
	return recs[0].Seq
}

func (w *world) submission(scope, id string) Submission {
	w.t.Helper()
	s, ok := get[Submission](w, scope, "submission", id)
	if !ok {
		w.t.Fatalf("no submission %s in %s", id, scope)
	}
	return s
}

// notices lists "kind: title / body" of a person.
func (w *world) notices(user string) []string {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		w.t.Fatal(err)
	}
	all := []string{}
	for _, r := range recs {
		var n struct{ Kind, Title string }
		if err := json.Unmarshal(r.Value, &n); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, n.Kind+": "+n.Title)
	}
	slices.Sort(all)
	return all
}

// told is the notices of all, those of one kind only; people with none are
// left out.
func (w *world) told(kind string) map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	for _, user := range []string{"ines", "malo", "noe", "nadia", "karim", "lucie", "garnier", "petit", "viard"} {
		for _, n := range w.notices(user) {
			if title, ok := strings.CutPrefix(n, kind+": "); ok {
				all[user] = append(all[user], title)
			}
		}
	}
	return all
}

// photo is a page of its own.
func photo(t testing.TB, n int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 60+n, 80))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * n)
	}
	img.Set(0, 0, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func shaOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256-" + hex.EncodeToString(sum[:])
}

func (w *world) upload(user string, data []byte) string {
	w.t.Helper()
	sha := shaOf(data)
	err := w.files.Arrived(w.t.Context(), person(user), attachment.Upload{SHA: sha, Name: "photo.jpg", Type: "image/jpeg", Size: int64(len(data))}, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return sha
}

func (w *world) readers(sha string) []string {
	w.t.Helper()
	var all []string
	for _, user := range []string{"ines", "malo", "noe", "nadia", "karim", "lucie", "garnier", "petit", "viard"} {
		ok, err := w.files.Readable(context.Background(), person(user), sha)
		if err != nil {
			w.t.Fatal(err)
		}
		if ok {
			all = append(all, user)
		}
	}
	return all
}

func ids(format string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}
