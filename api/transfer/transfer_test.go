package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/attachment"
	"preau/storage"
	"preau/storage/disk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	trip   = "transfer-1"
	secret = "abcdefghijklmnopqrstu0"
)

// scanner finds a virus in what says so, and may be away.
type scanner struct{ away bool }

func (s *scanner) Scan(_ context.Context, body io.Reader) (string, error) {
	data, err := io.ReadAll(body)
	switch {
	case s.away:
		return "", errors.New("away")
	case bytes.Contains(data, []byte("BOMB")):
		return "", attachment.ErrUnscannable
	case bytes.Contains(data, []byte("VIRUS")):
		return "Eicar", err
	}
	return "", err
}

type world struct {
	*areatest.World
	*Service
	blobs storage.Blobs
}

func newWorld(t testing.TB, change ...func(*Config)) *world {
	t.Helper()
	w := &world{}
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	w.blobs = blobs
	w.World = areatest.New(t, func(a *areatest.World) areatest.Area {
		c := Config{Directory: a.Dir, Blobs: blobs, Notices: a.Notices, Key: []byte("a key"), Log: a.Log, Now: a.Now}
		for _, do := range change {
			do(&c)
		}
		w.Service = New(c)
		return areatest.Of(w.Service)
	})
	return w
}

type args = areatest.Args

func act(user, name string, a any) areatest.Act {
	return areatest.Act{User: user, Scope: "user:" + user, Name: "transfer." + name + "@1", Args: a}
}

func files(all ...string) []args {
	named := []args{}
	for _, f := range all {
		named = append(named, args{"name": f, "type": "text/plain", "size": len(f)})
	}
	return named
}

func opening(more args, names ...string) args {
	a := args{"id": trip, "secret": secret, "title": "Sortie", "files": files(names...), "days": 7}
	maps.Copy(a, more)
	return a
}

// send has a file arrive whose bytes are its name.
func (w *world) send(user string, n int, body string) error {
	return w.sendAs(user, n, body, body)
}

// sendAs has bytes arrive that are said to be those of something else.
func (w *world) sendAs(user string, n int, body, said string) error {
	return w.arrives(user, trip, n, body, said)
}

func (w *world) arrives(user, id string, n int, body, said string) error {
	meta := map[string]string{"transfer": id, "part": fmt.Sprint(n)}
	err := w.Arrived(w.Context(), areatest.Person(user), meta, int64(len(body)), areatest.Sent(w.Service.Blobs, body, said))
	w.Settle()
	return err
}

func (w *world) look() View {
	w.Helper()
	v, err := w.Look(w.Context(), secret)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func (w *world) read(n int) string {
	w.Helper()
	body, err := w.Content(w.Context(), w.look(), n, 0, -1)
	if err != nil {
		w.Fatal(err)
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		w.Fatal(err)
	}
	return string(data)
}

func (w *world) stored() (n int) {
	w.Helper()
	if err := w.blobs.List(w.Context(), "transfers/", func(storage.Blob) bool { n++; return true }); err != nil {
		w.Fatal(err)
	}
	return n
}

// W1–W12: a link is there before the files, whoever has it gets them, and the
// owner sees what arrived and what was fetched.
func TestSendAndReceive(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "plan.txt", "photos/un.txt")))
	if v := w.look(); !v.Arriving() || len(v.Files) != 2 || v.From != "Mme Garnier" || v.Title != "Sortie" {
		t.Errorf("%+v", v)
	}
	for n, name := range []string{"plan.txt", "photos/un.txt"} {
		for range 2 { // a node that was killed hands over again
			if err := w.send("garnier", n, name); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.read(n); got != name {
			t.Errorf("file %d is %q", n, got)
		}
	}
	if got := areatest.Get[Transfer](w.World, "user:garnier", kindTransfer, trip); got.Arrived != 2 || got.Bytes != got.Size {
		t.Errorf("%+v", got)
	}
	for range 3 {
		if err := w.Downloaded(t.Context(), w.look()); err != nil {
			t.Fatal(err)
		}
		w.Settle()
	}
	if got := areatest.Get[Transfer](w.World, "user:garnier", kindTransfer, trip); got.Downloads != 3 || got.Lately.IsZero() {
		t.Errorf("%+v", got)
	}
	if told := w.Told("garnier", "transfer."); len(told) != 1 || told[0] != "Vos fichiers : 3 téléchargements" {
		t.Errorf("told %q", told)
	}
	if who := w.Sees(kindTransfer, secret); len(who) != 1 || who[0] != "garnier" {
		t.Errorf("the secret is with %v", who)
	}
}

// W14: after seven days, to the second, nothing is left: link, records, bytes.
func TestTheEnd(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	if err := w.send("garnier", 0, "a.txt"); err != nil {
		t.Fatal(err)
	}
	week := areatest.Monday.Add(7 * 24 * time.Hour)
	w.At(week.Add(-time.Second))
	w.look()
	w.Must(act("garnier", "extend", args{"id": trip, "days": 2}))
	w.At(week.Add(time.Second))
	w.look()
	if w.stored() != 1 {
		t.Error("extending sent something again, or lost it")
	}
	w.At(week.Add(2 * 24 * time.Hour))
	w.gone(t)
	if err := w.send("garnier", 0, "a.txt"); err == nil {
		t.Error("a file of a transfer that has ended is taken")
	}
}

// gone holds that nothing is left of a transfer.
func (w *world) gone(t *testing.T) {
	t.Helper()
	if _, err := w.Look(t.Context(), secret); !errors.Is(err, ErrNone) {
		t.Errorf("the link still leads somewhere: %v", err)
	}
	room, err := w.roomOf(t.Context(), "x")
	if err != nil || room != 0 || w.stored() != 0 || w.Has("user:garnier", kindTransfer, trip) || w.Has(scopeOf(trip), kindPart, "") {
		t.Errorf("left: %d bytes of room, %d blobs (%v)", room, w.stored(), err)
	}
}

func TestClosingAtOnce(t *testing.T) {
	w := newWorld(t)
	w.Send(act("garnier", "open", opening(nil, "a.txt")))
	w.Send(act("garnier", "close", args{"id": trip})) // before anything followed
	w.Settle()
	w.gone(t)
	w.Must(act("garnier", "close", args{"id": trip}))
	w.Want("gone id", act("garnier", "extend", args{"id": trip, "days": 2}))
}

// A folder has more files than one act names; saying some twice adds nothing.
func TestFoldersOfManyFiles(t *testing.T) {
	w := newWorld(t)
	many := make([]string, maxAdded)
	for i := range many {
		many[i] = fmt.Sprintf("dossier/%03d.txt", i)
	}
	w.Must(act("garnier", "open", opening(nil, many...)))
	for from := maxAdded; from < MaxFiles; from += maxAdded {
		for range 2 {
			w.Must(act("garnier", "add", args{"id": trip, "from": from, "files": files(many...)}))
		}
	}
	w.Want("too_many files", act("garnier", "add", args{"id": trip, "from": MaxFiles, "files": files("one more")}))
	w.Want("invalid from", act("garnier", "add", args{"id": trip, "from": MaxFiles + 1, "files": files("x")}))
	v := w.look()
	if len(v.Files) != MaxFiles || v.Files[maxAdded].Name != "dossier/000 (2).txt" || v.Files[999].Name != "dossier/199 (5).txt" {
		t.Errorf("%d files, %q, %q", len(v.Files), v.Files[maxAdded].Name, v.Files[999].Name)
	}
}

func TestBadTransfersAreRefused(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Rules = Rules{Most: 1000, Person: 2500, Pupil: 500, School: 3500} })
	sized := func(size int) args { return args{"files": []args{{"name": "a", "type": "", "size": size}}} }
	for want, more := range map[string]args{
		"invalid id":              {"id": "x"},
		"invalid secret":          {"secret": "short"},
		"invalid days":            {"days": 31},
		"too_large title":         {"title": strings.Repeat("a", 121)},
		"too_large password":      {"password": strings.Repeat("a", 201)},
		"invalid files":           {"files": []args{}},
		"invalid files[0].name":   {"files": []args{{"name": "../..", "type": "", "size": 1}}},
		"invalid files[0].type":   {"files": []args{{"name": "a", "type": strings.Repeat("a", 101), "size": 1}}},
		"invalid files[0].size":   sized(-1),
		"too_large files[0].size": sized(1001),
		"invalid colour":          {"colour": "red"},
	} {
		w.Want(want, act("garnier", "open", opening(more, "a.txt")))
	}
	w.Want("forbidden scope", areatest.Act{User: "malo", Scope: "user:garnier", Name: "transfer.open@1", Args: opening(nil, "a")})
	w.Want("too_large files", act("garnier", "open", opening(args{"files": []args{{"name": "a", "type": "", "size": 600}, {"name": "b", "type": "", "size": 600}}})))
	w.Want("full files", act("ines", "open", opening(sized(501))))
	for i := range 2 {
		w.Must(act("garnier", "open", opening(args{"id": fmt.Sprintf("transfer-%d", i), "secret": fmt.Sprintf("%022d", i), "files": sized(1000)["files"]})))
	}
	w.Want("full files", act("garnier", "open", opening(args{"id": "transfer-9", "files": sized(501)["files"]})))
	w.Must(act("petit", "open", opening(args{"id": "transfer-8", "secret": strings.Repeat("p", 22), "files": sized(1000)["files"]})))
	w.Want("full school", act("petit", "open", opening(args{"id": "transfer-7", "files": sized(501)["files"]})))
}

// Only what was named is taken in, from whoever named it.
func TestStrangeFilesAreRefused(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	for name, err := range map[string]error{
		"another person":  w.send("malo", 0, "a.txt"),
		"another size":    w.send("garnier", 0, "a.txt and more"),
		"no such file":    w.send("garnier", 1, "a.txt"),
		"another content": w.sendAs("garnier", 0, "a.txt", "b.txt"),
	} {
		if err == nil {
			t.Errorf("taken: %s", name)
		}
	}
	if w.stored() != 0 {
		t.Error("something was kept")
	}
}

func TestTheScanner(t *testing.T) {
	sc := &scanner{away: true}
	w := newWorld(t, func(c *Config) { c.Scanner = sc })
	w.Must(act("garnier", "open", opening(args{"files": append(files("good", "VIRUS", "BOMB"), args{"name": "empty", "type": "", "size": 0})})))
	for n, body := range []string{"good", "VIRUS", "BOMB"} {
		if err := w.send("garnier", n, body); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.look().Files[0].State; got != Checking {
		t.Errorf("without an answer a file is %s", got)
	}
	sc.away = false
	w.After(time.Hour)
	var states []string
	for _, f := range w.look().Files {
		states = append(states, f.State)
	}
	if got := strings.Join(states, " "); got != "ready infected unsafe ready" || w.stored() != 1 {
		t.Errorf("%s, %d blobs", got, w.stored())
	}
	if got := areatest.Get[Transfer](w.World, "user:garnier", kindTransfer, trip); got.Refused != 2 || got.Arrived != 4 {
		t.Errorf("%+v", got)
	}
}

func TestPasswords(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(args{"password": "tulipe"}, "a.txt")))
	v := w.look()
	if w.Opens(v, "") || !w.Opens(v, w.Pass(v)) {
		t.Error("the lock does not hold, or does not open")
	}
	for range mostGuesses {
		if ok, err := w.Unlock(v, "rose"); ok || err != nil {
			t.Error(ok, err)
		}
	}
	if _, err := w.Unlock(v, "tulipe"); err == nil {
		t.Error("the eleventh guess is looked at")
	}
	w.After(61 * time.Minute)
	if ok, err := w.Unlock(v, "tulipe"); !ok || err != nil {
		t.Error(ok, err)
	}
	pass := w.Pass(v)
	w.Must(act("garnier", "protect", args{"id": trip, "password": "lilas"}))
	if w.Opens(w.look(), pass) {
		t.Error("the old password still opens")
	}
	w.Must(act("garnier", "protect", args{"id": trip, "password": ""}))
	if !w.Opens(w.look(), "") {
		t.Error("without a password it is locked")
	}
}

func FuzzCleanPath(f *testing.F) {
	for _, s := range []string{"a/b.txt", `..\..\x`, "/etc/passwd", "a\u202egnp.exe", "...", "C:\\x\x00y", strings.Repeat("a", 119) + " b", " 0. .0 .", strings.Repeat("é/", 300), "\xff\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := CleanPath(s)
		for segment := range strings.SplitSeq(clean, "/") {
			if segment == ".." || segment == "." || strings.HasPrefix(clean, "/") || strings.ContainsAny(segment, "\\\x00\u202e\n") {
				t.Errorf("%q becomes %q", s, clean)
			}
		}
		if again := CleanPath(clean); again != clean {
			t.Errorf("%q becomes %q, then %q", s, clean, again)
		}
	})
}
