package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/account"
	"preau/api/attachment"
	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/homework"
	"preau/cmd/preau/demo"
	"preau/storage"
	psync "preau/sync"
)

// all reads the records of a type in a scope, by id.
func all[T any](t *testing.T, w *demo.World, scope, typ string) map[string]T {
	t.Helper()
	recs, err := w.Engine.Find(t.Context(), scope, storage.Key{Type: typ})
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]T{}
	for _, r := range recs {
		var v T
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		values[r.ID] = v
	}
	return values
}

func TestSmallSchool(t *testing.T) {
	w := demo.School(t, demo.Small)
	t.Run("it has the people it should", func(t *testing.T) { people(t, w) })
	t.Run("5e B has its story", func(t *testing.T) { story(t, w) })
	t.Run("vie scolaire has something to do", func(t *testing.T) { life(t, w) })
	t.Run("handouts open", func(t *testing.T) { handouts(t, w) })
	t.Run("everybody of the cast signs in", func(t *testing.T) { signIn(t, w) })
	t.Run("the same seed makes the same school", func(t *testing.T) { same(t, w, demo.School(t, demo.Small)) })
}

func people(t *testing.T, w *demo.World) {
	t.Helper()
	count := map[string]int{}
	for _, id := range w.Directory.People(demo.SchoolID) {
		for _, role := range w.Directory.Roles(id) {
			count[role]++
		}
	}
	delete(count, directory.RoleGuardian)
	want := map[string]int{"student": 12, "teacher": 4, "staff": 1, "direction": 1, "admin": 1}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
	if got := w.Directory.Children(demo.User("guardian")); len(got) != 2 {
		t.Errorf("the parent has the children %v", got)
	}
	if c, _ := w.Directory.Course(demo.CourseID("fr", "5e B")); !c.TaughtBy(demo.User("teacher")) {
		t.Errorf("French in 5e B is taught by %v", c.Teachers)
	}
}

// life: a morning of Inès was explained and settled, one of Sami was not, and
// the office has both and more.
func life(t *testing.T, w *demo.World) {
	t.Helper()
	settled, open := 0, 0
	for _, id := range w.Directory.Children(demo.User("guardian")) {
		for _, e := range all[attendance.Event](t, w, "student:"+id, "absence") {
			if e.Settled && e.Justified && e.Label != "" {
				settled++
			} else {
				open++
			}
		}
	}
	if settled != 1 || open != 1 {
		t.Errorf("%d absences are settled, %d open", settled, open)
	}
	office := "office:" + demo.SchoolID
	if n := len(all[attendance.Event](t, w, office, "absence")); n < 4 {
		t.Errorf("the office has %d absences", n)
	}
	if n := len(all[attendance.Roll](t, w, office, "roll")); n < 8 {
		t.Errorf("the office has %d rolls", n)
	}
	if n := len(all[attendance.Note](t, w, "student:"+demo.User("student"), "observation")); n != 1 {
		t.Errorf("Inès has %d observations", n)
	}
}

func story(t *testing.T, w *demo.World) {
	t.Helper()
	class := all[homework.Homework](t, w, "class:"+demo.ClassID("5e B"), "homework")
	tale := class[demo.TaleHomework]
	if len(tale.Attachments) != 1 || !tale.Attachments[0].Ready() || tale.Attachments[0].Pages != 2 {
		t.Errorf("the tale has %+v", tale.Attachments)
	}
	ines := "student:" + demo.User("student")
	if _, ok := all[homework.Homework](t, w, ines, "homework")[demo.ReviewHomework]; !ok {
		t.Error("Inès has nothing of her own")
	}
	if f := all[homework.Feedback](t, w, ines, "feedback")[demo.PoemHomework]; f.State != homework.StateReturned || f.Comment == "" {
		t.Errorf("the poem of Inès came back as %+v", f)
	}
	course := all[homework.Submission](t, w, "course:"+demo.CourseID("fr", "5e B"), "submission")
	states := map[string]int{}
	for _, s := range course {
		states[s.State]++
		if s.Homework == demo.TaleHomework && (len(s.Pages) != 2 || !s.Pages[0].Ready()) {
			t.Errorf("a copy of the tale has %+v", s.Pages)
		}
	}
	if states[homework.StateReceived] < 7 || states[homework.StateWaiting] > 0 {
		t.Errorf("copies are %v", states)
	}
	unread := 0
	for id, n := range all[struct {
		Title string
		Read  bool
	}](t, w, "user:"+demo.User("student"), "notice") {
		if n.Title == "" {
			t.Errorf("notice %s has no title", id)
		}
		if !n.Read {
			unread++
		}
	}
	if unread == 0 || unread > 9 {
		t.Errorf("Inès has %d unread notices", unread)
	}
	for id, h := range class {
		if day := h.Due.In(paris(t)).Weekday(); day == time.Saturday || day == time.Sunday {
			t.Errorf("homework %s is due on a %s", id, day)
		}
	}
}

func paris(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func handouts(t *testing.T, w *demo.World) {
	t.Helper()
	h := all[homework.Homework](t, w, "class:"+demo.ClassID("5e B"), "homework")[demo.TaleHomework]
	c, err := w.Files.Open(t.Context(), demo.Actor(demo.User("guardian")), h.Attachments[0].SHA, attachment.Original)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Read(t.Context(), 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	path := filepath.Join(t.TempDir(), "fiche.pdf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip(err)
	}
	text, err := exec.Command(tool, path, "-").CombinedOutput()
	if err != nil || !strings.Contains(string(text), "L'élément perturbateur") || !strings.Contains(string(text), "« Il était une fois »") {
		t.Errorf("%v: %s", err, text)
	}
}

func signIn(t *testing.T, w *demo.World) {
	t.Helper()
	for _, a := range demo.Accounts() {
		_, err := w.Accounts.SignIn(t.Context(), account.Client{Label: "test"}, account.Credentials{Login: a.Login, Password: a.Password})
		if err != nil {
			t.Errorf("%s: %v", a.Login, err)
		}
		if roles := w.Directory.Roles(a.User); len(roles) == 0 || roles[0] != a.Role {
			t.Errorf("%s is %v, not %s", a.Name, roles, a.Role)
		}
	}
}

func same(t *testing.T, one, two *demo.World) {
	t.Helper()
	if diff := cmp.Diff(one.Directory.Contents(demo.SchoolID), two.Directory.Contents(demo.SchoolID)); diff != "" {
		t.Error(diff)
	}
	scope := "class:" + demo.ClassID("5e B")
	if diff := cmp.Diff(all[any](t, one, scope, "homework"), all[any](t, two, scope, "homework")); diff != "" {
		t.Error(diff)
	}
}

func TestPrepareOnce(t *testing.T) {
	c := demo.NewConfig(t)
	for range 2 {
		if err := demo.Prepare(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	scopes, err := c.Records.Scopes(t.Context(), "class:")
	if err != nil {
		t.Fatal(err)
	}
	for _, scope := range scopes {
		tails, err := c.Records.Tails(t.Context(), []storage.Position{{Scope: scope}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if tails[0].Head > 45 {
			t.Errorf("%s has %d commits: everything was done twice", scope, tails[0].Head)
		}
	}
}

// TestPrepareSeesAnUnfinishedSchool stops a preparation half-way.
func TestPrepareSeesAnUnfinishedSchool(t *testing.T) {
	c := demo.NewConfig(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.Log = slog.New(stopAfter{slog.DiscardHandler, "people", cancel})
	if err := demo.Prepare(ctx, c); err == nil {
		t.Fatal("the preparation did not stop")
	}
	if err := demo.Prepare(t.Context(), c); !errors.Is(err, demo.ErrUnfinished) {
		t.Errorf("got %v", err)
	}
}

// stopAfter cancels once a step of the preparation was logged.
type stopAfter struct {
	slog.Handler
	step string
	stop func()
}

func (h stopAfter) Enabled(context.Context, slog.Level) bool { return true }

func (h stopAfter) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "step" && a.Value.String() == h.step {
			h.stop()
		}
		return true
	})
	return nil
}

func (h stopAfter) WithAttrs([]slog.Attr) slog.Handler { return h }

func TestNormalSchool(t *testing.T) {
	w := demo.People(t, demo.Normal)
	got := map[string]int{}
	for _, id := range w.Directory.People(demo.SchoolID) {
		roles := w.Directory.Roles(id)
		if len(roles) == 0 {
			t.Errorf("%s is nothing", w.Directory.Name(id))
			continue
		}
		got[roles[0]]++
	}
	for _, c := range w.Directory.Classes(demo.SchoolID) {
		got[c.Kind]++
		if n := len(w.Directory.Pupils(c.Scope())); c.Kind == directory.KindClass && n != 25 {
			t.Errorf("%s has %d pupils", c.Name, n)
		}
	}
	want := map[string]int{"student": 600, "guardian": 1106, "teacher": 45, "staff": 3, "direction": 2, "admin": 1, "class": 24, "group": 21}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	most := map[string]int{"student": 10, "guardian": 12, "teacher": 64, "staff": 80, "direction": 80, "admin": 2}
	for _, a := range demo.Accounts() {
		grants, _ := w.Directory.Grants(demo.Actor(a.User))
		cursors := map[string]psync.Cursor{}
		for _, g := range grants {
			if !g.OnDemand {
				cursors[g.Scope] = psync.Cursor{Epoch: 1, Hi: 100}
			}
		}
		body, err := json.Marshal(cursors)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s follows %d of %d scopes: %d bytes of cursors", a.Key, len(cursors), len(grants), len(body))
		if limit, ok := most[a.Key]; ok && len(cursors) > limit {
			t.Errorf("%s follows %d scopes", a.Key, len(cursors))
		}
	}
}

// TestWholeTermOfTheNormalSchool takes minutes under the race detector, and is
// run without it. Each act of the term that is refused fails it.
func TestWholeTermOfTheNormalSchool(t *testing.T) {
	if os.Getenv("PREAU_WHOLE_TERM") == "" {
		t.Skip("PREAU_WHOLE_TERM is not set")
	}
	w := demo.School(t, demo.Normal)
	if cards := all[any](t, w, "student:"+demo.User("sami"), "card"); len(cards) == 0 {
		t.Error("Sami has no report card")
	}
}
