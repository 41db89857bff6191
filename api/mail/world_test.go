package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a small school on real parts.
//
//	5e B    Inès and Malo; Mme Garnier teaches French and is the main teacher,
//	        M. Petit maths
//	5e A    Noé; Mme Garnier teaches French
//	Nadia   is the mother of Inès and Noé, Karim the father of Inès alone,
//	        Rozenn the mother of Malo; Lucie is a contact of Malo without rights
//	office  Mme Viard is vie scolaire, Mme Roussel the principal, M. Le Goff the
//	        administrator
type world struct {
	t       testing.TB
	dir     *directory.Directory
	files   *attachment.Service
	notices *notify.Service
	mail    *Service
	post    *couriertest.Server // the mail server of the world outside
	close   func()
	engine  *psync.Engine
	now     time.Time
	k       map[string]int64
	lanes   atomic.Int64 // of devices that act side by side

	doubted doubted
}

// doubted are devices in quarantine, by id.
type doubted map[string]bool

func (d doubted) Quarantined(_ context.Context, a psync.Actor) (bool, error) {
	return d[a.Device], nil
}

// monday is 23 November 2026, 11:00 in Paris.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newWorld(t testing.TB) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	w := newWorldOn(t, records)
	w.apply(school()...)
	return w
}

// newWorldOf is a world of other people, for as long as until close.
func newWorldOf(t testing.TB, puts ...directory.Put) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, records)
	w.close = func() { records.Close() }
	w.apply(append(puts,
		directory.Put{ID: "x", Record: directory.School{Name: "Collège", Timezone: "Europe/Paris"}},
		directory.Put{ID: "fr", Record: directory.Subject{Name: "Français"}},
	)...)
	return w
}

// newWorldOn is a world without people, with its records in a store, in which
// nobody is rung.
func newWorldOn(t testing.TB, records storage.Records) *world {
	t.Helper()
	return newWorldTold(t, records, notify.Config{})
}

// newWorldTold is newWorldOn with a way to tell people what is new.
func newWorldTold(t testing.TB, records storage.Records, told notify.Config) *world {
	t.Helper()
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	w := &world{t: t, now: monday, k: map[string]int64{}, doubted: doubted{}}
	clock := func() time.Time { return w.now }
	log := slog.New(slog.DiscardHandler)
	told.Log, told.Now, told.Origin = log, clock, "https://ecole.example"
	w.dir = directory.New(directory.Config{Records: records, Log: log, Now: clock})
	files := attachment.New(attachment.Config{Blobs: blobs, Access: w.dir, Log: log, Now: clock})
	w.files = files
	if w.notices, err = notify.New(told); err != nil {
		t.Fatal(err)
	}
	w.mail = New(Config{Directory: w.dir, Files: files, Notices: w.notices, Outside: w.outside(), Log: log, Now: clock})
	mux := psync.NewMux()
	w.dir.Register(mux)
	files.Register(mux)
	w.notices.Register(mux)
	w.mail.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: w.dir, Log: log, Now: clock})
	w.dir.Bind(w.engine)
	files.Bind(w.engine)
	w.notices.Bind(w.engine)
	w.mail.Bind(w.engine, w.doubted)
	return w
}

// outside is how mails leave: to nobody, before connect.
func (w *world) outside() *Outside {
	return &Outside{Courier: w.courier("127.0.0.1:1"), Domain: "reponse.ecole.example", Key: []byte("key of this test")}
}

// connect has mails go to a mail server of this test.
func (w *world) connect() {
	w.t.Helper()
	w.post = couriertest.New(w.t)
	w.mail.outside.Courier = w.courier(w.post.Address)
}

func (w *world) courier(server string) Courier {
	w.t.Helper()
	office, err := courier.Parse("smtp://" + server + "?from=nepasrepondre@ecole.example")
	if err != nil {
		w.t.Fatal(err)
	}
	return office
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
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass, Main: []string{"garnier"}}),
		put("5a", directory.Class{Name: "5e A", Kind: directory.KindClass}),
		pupil("ines", "Inès", "Benali"), pupil("malo", "Malo", "Kerven"), pupil("noe", "Noé", "Benali"),
		adult("nadia", "Mme", "Nadia", "Benali"), adult("karim", "M.", "Karim", "Benali"), adult("rozenn", "Mme", "Rozenn", "Kerven"),
		adult("lucie", "Mme", "Lucie", "Moreau"), adult("garnier", "Mme", "Claire", "Garnier"), adult("petit", "M.", "Luc", "Petit"),
		adult("viard", "Mme", "Anne", "Viard"), adult("roussel", "Mme", "Hélène", "Roussel"), adult("legoff", "M.", "Yann", "Le Goff"),
		put("e1", directory.Enrollment{Student: "ines", Audience: "class:5b"}), put("e2", directory.Enrollment{Student: "malo", Audience: "class:5b"}),
		put("e3", directory.Enrollment{Student: "noe", Audience: "class:5a"}),
		put("g1", directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true}),
		put("g2", directory.Guardianship{Guardian: "nadia", Student: "noe", Level: 1, Reads: true}),
		put("g3", directory.Guardianship{Guardian: "karim", Student: "ines", Level: 2, Reads: true}),
		put("g4", directory.Guardianship{Guardian: "lucie", Student: "malo"}),
		put("g5", directory.Guardianship{Guardian: "rozenn", Student: "malo", Level: 1, Reads: true}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}), put("ma5b", directory.CourseRecord{Subject: "ma", Audience: "class:5b"}),
		put("fr5a", directory.CourseRecord{Subject: "fr", Audience: "class:5a"}),
		put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}), put("t2", directory.Teaching{Course: "ma5b", Teacher: "petit"}),
		put("t3", directory.Teaching{Course: "fr5a", Teacher: "garnier"}),
		put("p1", directory.Post{Person: "viard", Role: directory.RoleStaff}),
		put("p2", directory.Post{Person: "roussel", Role: directory.RoleDirection}),
		put("p3", directory.Post{Person: "legoff", Role: directory.RoleAdmin}),
	}
}

var everyone = []string{
	"garnier", "ines", "karim", "legoff", "lucie", "malo", "nadia", "noe", "petit", "roussel", "rozenn", "viard",
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

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

type args = map[string]any

// do sends a mutation and carries out what follows; it returns "code field" of
// a refusal.
func (w *world) do(user, name string, a any) string {
	w.t.Helper()
	return w.doIn(user, "user:"+user, name, a)
}

func (w *world) doIn(user, scope, name string, a any) string {
	w.t.Helper()
	return w.doOn(person(user), scope, 0, name, a)
}

// doOn is doIn on a device of its own, which saw the record as of base.
func (w *world) doOn(who psync.Actor, scope string, base int64, name string, a any) string {
	w.t.Helper()
	defer w.settle()
	return w.try(who, scope, base, name, a)
}

// try is doOn without what follows.
func (w *world) try(who psync.Actor, scope string, base int64, name string, a any) string {
	w.t.Helper()
	raw, err := json.Marshal(a)
	if err != nil {
		w.t.Fatal(err)
	}
	lane := who.Device + scope
	w.k[lane]++
	res, err := w.engine.Sync(w.t.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Mutations: []psync.Mutation{
		{Scope: scope, K: w.k[lane], Name: name, Args: raw, At: w.now.UnixMilli(), Base: base},
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
	r := answer.Results[0]
	if r.Error != nil {
		return strings.TrimSpace(r.Error.Code + " " + r.Error.Field)
	}
	if !r.OK {
		w.t.Fatalf("%s: %s", name, res.JSON())
	}
	return ""
}

func (w *world) must(user, name string, a any) {
	w.t.Helper()
	if refused := w.do(user, name, a); refused != "" {
		w.t.Fatalf("%s of %s refused: %s", name, user, refused)
	}
}

func text(s string) Body { return Body{{Runs: []Run{{Text: s}}}} }

// letter are the arguments of a message, changed by more.
func letter(id string, to []string, more args) args {
	a := args{"id": id, "subject": "Sortie au musée", "mode": ModeAll, "to": to, "body": text("Bonjour.")}
	maps.Copy(a, more)
	return a
}

// send sends a message to people or groups.
func (w *world) send(user, id string, to ...string) string {
	w.t.Helper()
	return w.do(user, "mail.send@1", letter(id, to, nil))
}

// mailbox is what a person's device holds of one type after a first sync.
func mailbox[T any](w *world, user, typ string) map[string]T {
	w.t.Helper()
	return recordsIn[T](w, user, "user:"+user, typ)
}

// recordsIn is mailbox for another scope that a person reads.
func recordsIn[T any](w *world, user, scope, typ string) map[string]T {
	w.t.Helper()
	res, err := w.engine.Sync(w.t.Context(), person(user), &psync.Request{
		V: 1, Schema: 1, Device: "d_" + user, Cursors: map[string]psync.Cursor{}, Budget: 1 << 20,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct {
		Scopes map[string]struct {
			Records [][]json.RawMessage `json:"records"`
		} `json:"scopes"`
	}
	if err := json.Unmarshal(res.JSON(), &answer); err != nil {
		w.t.Fatal(err)
	}
	got := map[string]T{}
	for _, r := range answer.Scopes[scope].Records {
		var name, id string
		var v T
		_, _ = json.Unmarshal(r[1], &name), json.Unmarshal(r[2], &id)
		if name != typ || string(r[3]) == "0" {
			continue
		}
		if err := json.Unmarshal(r[3], &v); err != nil {
			w.t.Fatal(err)
		}
		got[id] = v
	}
	return got
}

func (w *world) message(user, id string) (Message, bool) {
	w.t.Helper()
	m, ok := mailbox[Message](w, user, "message")[id]
	return m, ok
}

// holders lists who has a message.
func (w *world) holders(id string) (who []string) {
	w.t.Helper()
	for _, user := range everyone {
		if len(w.found(user, "message", id)) > 0 {
			who = append(who, user)
		}
	}
	return who
}

func (w *world) found(user, typ, id string) []storage.Record {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: typ, ID: id})
	if err != nil {
		w.t.Fatal(err)
	}
	return recs
}

func (w *world) wantHolders(id string, who ...string) {
	w.t.Helper()
	slices.Sort(who)
	if got := w.holders(id); !slices.Equal(got, who) {
		w.t.Errorf("%s is with %v, want %v", id, got, who)
	}
}

func (w *world) wantRefusal(got, want string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("answered %q, want %q", got, want)
	}
}

func users(ids ...string) (keys []string) {
	for _, id := range ids {
		keys = append(keys, fmt.Sprint("user:", id))
	}
	return keys
}
