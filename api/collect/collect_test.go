package collect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/areatest"
	"preau/api/transfer"
	"preau/storage"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	trip   = "collect-1"
	secret = "abcdefghijklmnopqrstu0"
	guest  = "guestguestguestguest00"
)

// scanner finds a virus in what says so, and may be away.
type scanner struct{ away bool }

func (s *scanner) Scan(_ context.Context, body io.Reader) (string, error) {
	data, err := io.ReadAll(body)
	switch {
	case s.away:
		return "", errors.New("away")
	case bytes.Contains(data, []byte("VIRUS")):
		return "Eicar", err
	}
	return "", err
}

type world struct {
	*areatest.World
	*Service
	sends *transfer.Service
}

func newWorld(t *testing.T, change ...func(*transfer.Config)) *world {
	t.Helper()
	w := &world{}
	sends := func(a *areatest.World) areatest.Area {
		c := transfer.Config{Directory: a.Dir, Blobs: a.Blobs, Notices: a.Notices, Key: []byte("a key"), Log: a.Log, Now: a.Now}
		for _, do := range change {
			do(&c)
		}
		w.sends = transfer.New(c)
		return areatest.Of(w.sends)
	}
	w.World = areatest.New(t, sends, func(a *areatest.World) areatest.Area {
		w.Service = New(a.Dir, w.sends)
		return areatest.Of(w.Service)
	})
	return w
}

func (w *world) Now() time.Time { return w.World.Now() }

type args = areatest.Args

func act(user, name string, a any) areatest.Act {
	return areatest.Act{User: user, Scope: "user:" + user, Name: "collect." + name + "@1", Args: a}
}

func opening(more args) args {
	a := args{
		"id": trip, "secret": secret, "title": "Photos de la sortie", "text": "Vos trois plus belles.", "audiences": []string{"class:5b"},
		"days": 14, "files": 3, "bytes": 4 << 20, "drops": 2,
	}
	maps.Copy(a, more)
	return a
}

func (w *world) open(more args) *world {
	w.Helper()
	w.Must(act("garnier", "open", opening(more)))
	return w
}

func filesOf(contents ...string) []args {
	all := []args{}
	for i, c := range contents {
		all = append(all, args{"name": fmt.Sprintf("%d.jpg", i), "type": "image/jpeg", "size": len(c)})
	}
	return all
}

func dropping(id string, contents ...string) args {
	return args{"id": id, "collect": trip, "files": filesOf(contents...)}
}

// bring uploads files of a drop.
func (w *world) bring(user, drop string, contents ...string) error {
	w.Helper()
	a := areatest.Person(user)
	for i, c := range contents {
		meta := map[string]string{"collect": trip, "drop": drop, "file": fmt.Sprint(i)}
		if err := w.Arrived(w.Context(), a, meta, int64(len(c)), areatest.Sent(w.Blobs, c, c)); err != nil {
			return err
		}
	}
	w.Settle()
	return nil
}

func (w *world) dropAll(user, drop string, more args, contents ...string) {
	w.Helper()
	a := dropping(drop, contents...)
	maps.Copy(a, more)
	w.Must(act(user, "drop", a))
	if err := w.bring(user, drop, contents...); err != nil {
		w.Fatal(err)
	}
}

var somewhere = netip.MustParseAddr("2001:db8::1")

func (w *world) leave(more Guest, sizes ...int64) error {
	g := Guest{ID: guest, Name: "Papi Léon"}
	if more.ID != "" {
		g.ID = more.ID
	}
	if more.Name != "" {
		g.Name = more.Name
	}
	g.Child = more.Child
	for i, n := range sizes {
		g.Files = append(g.Files, Dropping{fmt.Sprintf("%d.jpg", i), "image/jpeg", n})
	}
	err := w.Leave(w.Context(), secret, somewhere, g)
	w.Settle()
	return err
}

func code(err error) string {
	if r, ok := errors.AsType[*psync.Refusal](err); ok {
		return strings.TrimSpace(r.Code + " " + r.Field)
	}
	if _, early := errors.AsType[*psync.Wait](err); early {
		return "wait"
	}
	return fmt.Sprint(err)
}

func (w *world) blobs() (keys []string) {
	w.Helper()
	err := w.Blobs.List(w.Context(), "collects/", func(b storage.Blob) bool {
		keys = append(keys, b.Key)
		return true
	})
	if err != nil {
		w.Fatal(err)
	}
	return keys
}

func (w *world) held() int64 {
	w.Helper()
	left, err := w.sends.Room(w.Context(), "x")
	if err != nil {
		w.Fatal(err)
	}
	return w.sends.Rules.School - left
}

// W10: a class is asked, its pupils and guardians are told, a pupil drops, a
// mother drops for her child, somebody without an account says who they are;
// the owner alone reads all of it.
func TestACollect(t *testing.T) {
	w := newWorld(t).open(nil)
	for _, user := range []string{"ines", "malo", "nadia", "karim"} {
		if got := w.Told(user, "collect.asked"); len(got) != 1 || got[0] != "Mme Garnier demande des fichiers" {
			t.Errorf("%s is told %q", user, got)
		}
	}
	if got := w.Told("noe", "collect"); len(got) > 0 {
		t.Errorf("another class is told %q", got)
	}
	if got := w.Sees("request", "Photos"); !slices.Equal(got, []string{"garnier", "ines", "karim", "malo", "nadia", "petit", "roussel", "tom", "viard", "zoe"}) {
		t.Errorf("the request is read by %q", got)
	}
	w.dropAll("ines", "drop-ines", nil, "un", "deux")
	w.dropAll("nadia", "drop-nadia", args{"child": "ines"}, "trois")
	if err := w.leave(Guest{Name: "  Papi\tLéon\u202e ", Child: "Malo"}, 4); err != nil {
		t.Fatal(err)
	}
	if w.Has("user:garnier", "drop", guest) {
		t.Error("a drop of which nothing has come is shown")
	}
	a := psync.Actor{School: "x", User: GuestUser(guest)}
	meta := map[string]string{"collect": trip, "drop": guest, "file": "0"}
	if err := w.Arrived(t.Context(), a, meta, 4, areatest.Sent(w.Blobs, "papi", "papi")); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	d := areatest.Get[Drop](w.World, "user:garnier", "drop", guest)
	if d.By != nil || d.Said != "Papi Léon" || d.Child != "Malo" {
		t.Errorf("%+v", d)
	}
	d = areatest.Get[Drop](w.World, "user:garnier", "drop", "drop-nadia")
	if d.By.ID != "nadia" || d.Student.ID != "ines" || d.Student.Class != "5e B" || d.Files[0].State != transfer.Ready {
		t.Errorf("%+v", d)
	}
	if e := areatest.Get[Expected](w.World, "user:garnier", "expected", trip); len(e.Pupils) != 4 {
		t.Errorf("%+v", e)
	}
	if got := w.Sees("drop", "0.jpg"); !slices.Equal(got, []string{"garnier"}) {
		t.Errorf("drops are read by %q", got)
	}
	if got := w.Sees("deposit", "Photos"); !slices.Equal(got, []string{"ines", "nadia"}) {
		t.Errorf("deposits are read by %q", got)
	}
	title, files, err := w.Whole(t.Context(), areatest.Person("garnier"), trip)
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	if want := []string{"Inès Benali/0.jpg", "Inès Benali/1.jpg", "Inès Benali (Mme Benali)/0.jpg", "Malo (déposé par Papi Léon)/0.jpg"}; err != nil || title != "Photos de la sortie" || !slices.Equal(paths, want) {
		t.Errorf("%v %q %q", err, title, paths)
	}
	for _, user := range []string{"petit", "ines", "viard", "roussel", "noe", "nobody"} {
		if _, _, err := w.Whole(t.Context(), areatest.Person(user), trip); !errors.Is(err, ErrNone) {
			t.Errorf("%s gets all: %v", user, err)
		}
		if _, err := w.One(t.Context(), areatest.Person(user), trip, "drop-ines", 0); !errors.Is(err, ErrNone) {
			t.Errorf("%s gets one: %v", user, err)
		}
	}
	f, err := w.One(t.Context(), areatest.Person("garnier"), trip, "drop-ines", 1)
	if err != nil {
		t.Fatal(err)
	}
	body, err := w.Content(t.Context(), f, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if data, _ := io.ReadAll(body); string(data) != "deux" {
		t.Errorf("%q", data)
	}
	if got := w.Told("garnier", "collect.came"); len(got) > 0 {
		t.Errorf("told at once: %q", got)
	}
	w.After(gather)
	if got := w.Told("garnier", "collect.came"); !slices.Equal(got, []string{"3 nouveaux dépôts"}) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsRefused(t *testing.T) {
	same := []args{{"name": "a.jpg", "type": "", "size": 1}, {"name": "dossier/A.jpg", "type": "", "size": 1}}
	for name, c := range map[string]struct {
		act  areatest.Act
		want string
	}{
		"a pupil opens":            {act("ines", "open", opening(args{"id": "collect-2"})), "forbidden"},
		"a guardian opens":         {act("nadia", "open", opening(args{"id": "collect-2"})), "forbidden"},
		"a class that is not hers": {act("petit", "open", opening(args{"id": "collect-2", "audiences": []string{"class:5a"}})), "recipient_not_allowed audiences[0]"},
		"a team":                   {act("garnier", "open", opening(args{"id": "collect-2", "audiences": []string{"class:5b/staff"}})), "recipient_not_allowed audiences[0]"},
		"a class twice":            {act("garnier", "open", opening(args{"id": "collect-2", "audiences": []string{"class:5b", "class:5b"}})), "invalid audiences[1]"},
		"no title":                 {act("garnier", "open", opening(args{"id": "collect-2", "title": " "})), "invalid title"},
		"a long title":             {act("garnier", "open", opening(args{"id": "collect-2", "title": strings.Repeat("a", 121)})), "too_large title"},
		"a long text":              {act("garnier", "open", opening(args{"id": "collect-2", "text": strings.Repeat("a", 1001)})), "too_large text"},
		"no days":                  {act("garnier", "open", opening(args{"id": "collect-2", "days": 0})), "invalid days"},
		"too many days":            {act("garnier", "open", opening(args{"id": "collect-2", "days": 61})), "invalid days"},
		"no files":                 {act("garnier", "open", opening(args{"id": "collect-2", "files": 0})), "invalid files"},
		"2 GB + 1 allowed":         {act("garnier", "open", opening(args{"id": "collect-2", "bytes": 2<<30 + 1})), "invalid bytes"},
		"a guessable secret":       {act("garnier", "open", opening(args{"id": "collect-2", "secret": "x"})), "invalid secret"},
		"a bad id":                 {act("garnier", "open", opening(args{"id": "x"})), "invalid id"},
		"in another's scope":       {areatest.Act{User: "petit", Scope: "user:garnier", Name: "collect.close@1", Args: args{"id": trip}}, "forbidden scope"},
		"extending what is not":    {act("garnier", "extend", args{"id": "collect-9", "days": 3}), "gone id"},

		"a stranger's class":      {act("noe", "drop", dropping("drop-0001", "a")), "forbidden collect"},
		"an adult":                {act("petit", "drop", dropping("drop-0001", "a")), "forbidden collect"},
		"the owner":               {act("garnier", "drop", dropping("drop-0001", "a")), "forbidden collect"},
		"a contact without right": {act("lucie", "drop", args{"id": "drop-0001", "collect": trip, "child": "malo", "files": filesOf("a")}), "forbidden child"},
		"for another's child":     {act("nadia", "drop", args{"id": "drop-0001", "collect": trip, "child": "zoe", "files": filesOf("a")}), "forbidden child"},
		"for a child elsewhere":   {act("nadia", "drop", args{"id": "drop-0001", "collect": trip, "child": "noe", "files": filesOf("a")}), "forbidden collect"},
		"for nobody":              {act("nadia", "drop", dropping("drop-0001", "a")), "forbidden collect"},
		"what is not there":       {act("ines", "drop", args{"id": "drop-0001", "collect": "collect-9", "files": filesOf("a")}), "forbidden collect"},
		"nothing":                 {act("ines", "drop", dropping("drop-0001")), "invalid files"},
		"zero bytes":              {act("ines", "drop", dropping("drop-0001", "")), "empty files[0].size"},
		"too many files":          {act("ines", "drop", dropping("drop-0001", "a", "b", "c", "d")), "too_many files"},
		"2 GB + 1":                {act("ines", "drop", args{"id": "drop-0001", "collect": trip, "files": []args{{"name": "a", "type": "", "size": 2<<30 + 1}}}), "too_large files[0].size"},
		"too large together": {act("ines", "drop", args{"id": "drop-0001", "collect": trip, "files": []args{
			{"name": "a", "type": "", "size": 3 << 20}, {"name": "b", "type": "", "size": 3 << 20},
		}}), "too_large files"},
		"the same name twice": {act("ines", "drop", args{"id": "drop-0001", "collect": trip, "files": same}), "invalid files[1].name"},
		"no name":             {act("ines", "drop", args{"id": "drop-0001", "collect": trip, "files": []args{{"name": "../..", "type": "", "size": 1}}}), "invalid files[0].name"},
		"a negative size":     {act("ines", "drop", args{"id": "drop-0001", "collect": trip, "files": []args{{"name": "a", "type": "", "size": -1}}}), "empty files[0].size"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t).open(nil)
			w.Want(c.want, c.act)
			if w.Has("user:"+c.act.User, "deposit", "drop-0001") || w.Has(scopeOf(trip), "drop", "drop-0001") || w.Has("user:garnier", "collect", "collect-2") {
				t.Error("something is left of it")
			}
		})
	}
}

func TestGuestsThatAreRefused(t *testing.T) {
	w := newWorld(t).open(nil)
	for name, c := range map[string]struct {
		who   Guest
		sizes []int64
		want  string
	}{
		"a guessable id": {Guest{ID: "x"}, []int64{1}, "invalid id"},
		"no name":        {Guest{Name: "\u202e \t"}, []int64{1}, "invalid name"},
		"a long name":    {Guest{Name: strings.Repeat("a", 81)}, []int64{1}, "too_large name"},
		"nothing":        {Guest{}, nil, "invalid files"},
		"zero bytes":     {Guest{}, []int64{0}, "empty files[0].size"},
		"too many files": {Guest{}, []int64{1, 1, 1, 1}, "too_many files"},
		"2 GB + 1":       {Guest{}, []int64{2<<30 + 1}, "too_large files[0].size"},
	} {
		if got := code(w.leave(c.who, c.sizes...)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if len(w.Find(scopeOf(trip), "drop", "")) > 0 {
		t.Error("something is left of it")
	}
	for i := range mostFrom {
		w.brake.lets(somewhere.Next(), w.Now().Add(time.Duration(i)))
	}
	if got := code(w.leave(Guest{}, 1)); got != "too_many" {
		t.Errorf("one address of a network that drops and drops: %q", got)
	}
	w.After(brakeTime + time.Minute)
	if err := w.leave(Guest{}, 1); err != nil {
		t.Error(err)
	}
}

// A wrong link, one that ended, one that was closed and one that was erased
// lead nowhere, all the same.
func TestLinksThatLeadNowhere(t *testing.T) {
	w := newWorld(t).open(nil)
	if v, err := w.Look(t.Context(), secret); err != nil || v.From != "Mme Garnier" || v.Title != "Photos de la sortie" {
		t.Errorf("%+v %v", v, err)
	}
	wrong := func(when string) {
		t.Helper()
		if v, err := w.Look(t.Context(), secret); err != ErrNone || v != (View{}) { //nolint:errorlint // nothing may be wrapped
			t.Errorf("%s: %+v %v", when, v, err)
		}
		if err := w.leave(Guest{}, 1); err != ErrNone { //nolint:errorlint // nothing may be wrapped
			t.Errorf("%s: %v", when, err)
		}
	}
	for _, odd := range []string{"", "x", strings.Repeat("a", 22), strings.Repeat("a", 5000)} {
		if _, err := w.Look(t.Context(), odd); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", odd, err)
		}
	}
	w.Must(act("garnier", "close", args{"id": trip}))
	wrong("closed")
	w.Must(act("garnier", "extend", args{"id": trip, "days": 1}))
	if _, err := w.Look(t.Context(), secret); err != nil {
		t.Errorf("extended: %v", err)
	}
	w.After(24 * time.Hour)
	wrong("ended")
	w.Must(act("garnier", "erase", args{"id": trip}))
	wrong("erased")
}

func TestDropsOfOnePerson(t *testing.T) {
	w := newWorld(t).open(nil)
	w.dropAll("ines", "drop-0001", nil, "a")
	w.Must(act("ines", "drop", dropping("drop-0001", "a"))) // said twice
	w.dropAll("ines", "drop-0002", nil, "b")
	w.Want("too_many collect", act("ines", "drop", dropping("drop-0003", "c")))
	w.Must(act("ines", "withdraw", args{"id": "drop-0001"}))
	w.Must(act("ines", "withdraw", args{"id": "drop-0001"})) // said twice
	if w.Has("user:garnier", "drop", "drop-0001") || w.Has("user:ines", "deposit", "drop-0001") || len(w.blobs()) != 1 || w.held() != 1 {
		t.Errorf("what was taken back is there: %q %d", w.blobs(), w.held())
	}
	w.dropAll("ines", "drop-0003", nil, "c")
	if got := code(w.bring("malo", "drop-0003", "c")); got != "gone drop" {
		t.Errorf("another's drop: %q", got)
	}
	w.Must(act("garnier", "close", args{"id": trip}))
	w.Want("closed collect", act("ines", "withdraw", args{"id": "drop-0003"}))
	w.Want("closed collect", act("malo", "drop", dropping("drop-0004", "d")))
}

// What arrives is what was named, whatever else is sent.
func TestFilesThatNobodyWaitsFor(t *testing.T) {
	w := newWorld(t).open(nil)
	w.Must(act("ines", "drop", dropping("drop-0001", "a", "b")))
	a := areatest.Person("ines")
	send := func(collect, drop, file, content string) string {
		return code(w.Arrived(t.Context(), a, map[string]string{"collect": collect, "drop": drop, "file": file}, int64(len(content)), areatest.Sent(w.Blobs, content, content)))
	}
	for name, c := range map[string][5]string{
		"another size":    {trip, "drop-0001", "0", "abc", "invalid size"},
		"another file":    {trip, "drop-0001", "2", "a", "gone drop"},
		"another drop":    {trip, "drop-0002", "0", "a", "wait"},
		"another collect": {"collect-2", "drop-0001", "0", "a", "gone drop"},
		"no number":       {trip, "drop-0001", "x", "a", "invalid file"},
		"no id":           {"", "drop-0001", "0", "a", "invalid collect"},
	} {
		if got := send(c[0], c[1], c[2], c[3]); got != c[4] {
			t.Errorf("%s: %q, want %q", name, got, c[4])
		}
	}
	if len(w.blobs()) > 0 {
		t.Errorf("%q", w.blobs())
	}
}

// Closing is in order with dropping: whichever comes first, both sides have the
// same drops, and the room is that of what is there.
func TestClosingAgainstDropping(t *testing.T) {
	w := newWorld(t).open(nil)
	w.Send(act("ines", "drop", dropping("drop-0001", "a")))
	w.Send(act("garnier", "close", args{"id": trip}))
	w.Send(act("malo", "drop", dropping("drop-0002", "b"))) // its phone has not heard, nor has the gate
	w.Settle()
	taken := 0
	for user, id := range map[string]string{"ines": "drop-0001", "malo": "drop-0002"} {
		d := areatest.Get[Deposit](w.World, "user:"+user, "deposit", id)
		there := w.Has("user:garnier", "drop", id)
		if there != w.Has(scopeOf(trip), "drop", id) || there != (d.Refused == "") || !there && d.Refused != "closed" {
			t.Errorf("%s: there %v, %+v", user, there, d)
		}
		if there {
			taken++
		}
	}
	if w.held() != int64(taken) {
		t.Errorf("%d taken, %d bytes held", taken, w.held())
	}
}

// What ends is told, kept for thirty days, and then gone to the last byte.
func TestTheEnd(t *testing.T) {
	w := newWorld(t).open(nil)
	w.dropAll("ines", "drop-0001", nil, "souvenir")
	w.After(14 * 24 * time.Hour)
	if got := w.Told("garnier", "collect.ended"); !slices.Equal(got, []string{"Collecte terminée : fichiers gardés jusqu’au " + "mercredi 6 janvier"}) {
		t.Errorf("%q", got)
	}
	if w.Has("class:5b", "request", trip) || !w.Has("user:garnier", "drop", "drop-0001") || len(w.blobs()) != 1 {
		t.Error("an end takes the request away, and nothing else")
	}
	w.After(KeptDays*24*time.Hour - time.Minute)
	if len(w.blobs()) != 1 {
		t.Error("gone too early")
	}
	w.After(time.Minute)
	if got := w.Told("garnier", "collect.gone"); len(got) != 1 {
		t.Errorf("%q", got)
	}
	for _, r := range [][3]string{{"user:garnier", "collect", trip}, {"user:garnier", "expected", trip}, {"user:garnier", "drop", "drop-0001"}, {"user:ines", "deposit", "drop-0001"}, {scopeOf(trip), "drop", "drop-0001"}, {linkScope(secret), "collect", "collect"}} {
		if w.Has(r[0], r[1], r[2]) {
			t.Errorf("%v is there", r)
		}
	}
	if len(w.blobs()) > 0 || w.held() != 0 {
		t.Errorf("%q %d", w.blobs(), w.held())
	}
	if got := code(w.bring("ines", "drop-0001", "souvenir")); got != "gone drop" {
		t.Errorf("%q", got)
	}
	w.open(nil) // the id stays taken
	if _, err := w.Look(t.Context(), secret); !errors.Is(err, ErrNone) {
		t.Error("an erased collect is open again")
	}
}

// What was extended has another end; one that was closed too.
func TestAnotherEnd(t *testing.T) {
	w := newWorld(t).open(nil)
	w.After(10 * 24 * time.Hour)
	w.Must(act("garnier", "extend", args{"id": trip, "days": 30}))
	w.After(5 * 24 * time.Hour)
	if got := w.Told("garnier", "collect.ended"); len(got) > 0 || !w.Has("class:5b", "request", trip) {
		t.Errorf("the first end counts: %q", got)
	}
	w.Must(act("garnier", "close", args{"id": trip}))
	if w.Has("class:5b", "request", trip) {
		t.Error("a closed collect asks")
	}
	w.After(26 * 24 * time.Hour)
	if got := w.Told("garnier", "collect.ended"); len(got) > 0 || !w.Has("user:garnier", "collect", trip) {
		t.Errorf("the end of the extension counts: %q", got)
	}
	w.After(4 * 24 * time.Hour)
	if w.Has("user:garnier", "collect", trip) {
		t.Error("it is there thirty days after it was closed")
	}
}

// The school's room is one for transfers and collects.
func TestTheSchoolIsFull(t *testing.T) {
	w := newWorld(t, func(c *transfer.Config) {
		c.Rules = transfer.Rules{Most: 2 << 30, Person: 10 << 30, Pupil: 2 << 30, School: 10}
	}).open(nil)
	w.dropAll("ines", "drop-0001", nil, "123456")
	w.Want("full school", act("malo", "drop", dropping("drop-0002", "12345")))
	if got := code(w.leave(Guest{}, 5)); got != "full school" {
		t.Errorf("%q", got)
	}
	w.Want("full school", areatest.Act{User: "malo", Scope: "user:malo", Name: "transfer.open@1", Args: args{
		"id": "transfer-1", "secret": secret, "title": "", "days": 1, "files": []args{{"name": "a", "type": "", "size": 5}},
	}})
	w.dropAll("malo", "drop-0003", nil, "1234")
	w.Must(act("garnier", "erase", args{"id": trip}))
	if w.held() != 0 {
		t.Errorf("%d bytes held", w.held())
	}
}

// Nobody gets what the scanner has not seen, nor what it refuses.
func TestTheScanner(t *testing.T) {
	eye := &scanner{away: true}
	w := newWorld(t, func(c *transfer.Config) { c.Scanner = eye }).open(nil)
	w.dropAll("ines", "drop-0001", nil, "bon", "VIRUS")
	if d := areatest.Get[Drop](w.World, "user:garnier", "drop", "drop-0001"); d.Files[0].State != transfer.Checking {
		t.Errorf("%+v", d)
	}
	if _, files, err := w.Whole(t.Context(), areatest.Person("garnier"), trip); err != nil || len(files) > 0 {
		t.Errorf("%v %+v", err, files)
	}
	eye.away = false
	w.After(time.Hour)
	d := areatest.Get[Deposit](w.World, "user:ines", "deposit", "drop-0001")
	if d.Files[0].State != transfer.Ready || d.Files[1].State != transfer.Infected || len(w.blobs()) != 1 {
		t.Errorf("%+v %q", d, w.blobs())
	}
}

// What was named and never came is given up: a drop of which nothing came is
// gone, of another the rest is missing; their room is free.
func TestWhatNeverComes(t *testing.T) {
	w := newWorld(t).open(nil)
	w.Must(act("malo", "drop", dropping("drop-0001", "abc")))
	w.Must(act("ines", "drop", dropping("drop-0002", "abc", "def")))
	if err := w.bring("ines", "drop-0002", "abc"); err != nil {
		t.Fatal(err)
	}
	if err := w.leave(Guest{}, 3); err != nil {
		t.Fatal(err)
	}
	if w.held() != 12 {
		t.Errorf("%d bytes held", w.held())
	}
	w.After(guestPatience)
	if w.Has(scopeOf(trip), "drop", guest) || w.held() != 9 {
		t.Errorf("a guest's is there, %d bytes held", w.held())
	}
	w.After(patience)
	d := areatest.Get[Deposit](w.World, "user:ines", "deposit", "drop-0002")
	if w.Has("user:malo", "deposit", "drop-0001") || w.Has("user:garnier", "drop", "drop-0001") || d.Files[1].State != Missing || w.held() != 3 {
		t.Errorf("%+v, %d bytes held", d, w.held())
	}
	w.Must(act("garnier", "erase", args{"id": trip}))
	if w.held() != 0 {
		t.Errorf("%d bytes held", w.held())
	}
}

// Another's collect of the same id changes nothing of the first.
func TestOneIDTwice(t *testing.T) {
	w := newWorld(t).open(nil)
	w.Must(act("petit", "open", opening(args{"secret": strings.Repeat("b", 22), "title": "Autre"})))
	w.Must(act("petit", "erase", args{"id": trip}))
	if v, err := w.Look(t.Context(), secret); err != nil || v.Title != "Photos de la sortie" {
		t.Errorf("%+v %v", v, err)
	}
	if r := areatest.Get[Request](w.World, "class:5b", "request", trip); r.By.ID != "garnier" {
		t.Errorf("%+v", r)
	}
	if _, _, err := w.Whole(t.Context(), areatest.Person("petit"), trip); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
}
