package homework

import (
	"archive/zip"
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	psync "preau/sync"
)

func answer(more args) args {
	a := args{"homework": work, "student": "ines", "comment": "Très bien.", "correction": []attachment.File{}}
	maps.Copy(a, more)
	return a
}

func (w *world) say(name string, more args) string {
	w.Helper()
	return w.do(deed{user: "garnier", scope: french, name: name, args: answer(more)})
}

func TestADraftStaysWithTheTeacher(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	sha := w.upload("garnier", photo(t, 5))
	file := attachment.File{SHA: sha, Name: "corrigé.jpg", Type: "image/jpeg", Size: 1}
	if got := w.say("homework.comment@1", args{"correction": []attachment.File{file}}); got != "" {
		t.Fatal(got)
	}
	if f, _ := get[Feedback](w, french, "feedback", work+".ines"); f.State != StateDraft || f.Comment != "Très bien." || f.Teacher.Name != "Mme Garnier" {
		t.Errorf("%+v", f)
	}
	if w.has("student:ines", "feedback", work) || len(w.told("homework.returned")) > 0 {
		t.Error("the pupil knows")
	}
	if got := w.Readers(sha); !slices.Equal(got, []string{"garnier"}) {
		t.Errorf("read by %v", got)
	}

	if got := w.say("homework.return@1", args{"correction": []attachment.File{file}, "submission": "copy-ines-1"}); got != "" {
		t.Fatal(got)
	}
	f, ok := get[Feedback](w, "student:ines", "feedback", work)
	if !ok || f.State != StateReturned || f.Student != "" || f.Submission != "copy-ines-1" || f.Correction[0].Name != "corrigé.jpg" || !f.Correction[0].Ready() {
		t.Errorf("%+v", f)
	}
	if got := w.Readers(sha); !slices.Equal(got, []string{"garnier", "ines", "karim", "nadia", "roussel", "viard"}) {
		t.Errorf("read by %v", got)
	}
	if diff := cmp.Diff(map[string][]string{
		"ines": {"Travail corrigé en français"}, "karim": {"Travail corrigé en français"}, "nadia": {"Inès : travail corrigé en français"},
	}, w.told("homework.returned")); diff != "" {
		t.Error(diff)
	}
	if got := w.say("homework.comment@1", args{"comment": "À revoir."}); got != "" {
		t.Fatal(got)
	}
	if f, _ := get[Feedback](w, "student:ines", "feedback", work); f.Comment != "Très bien." {
		t.Errorf("the draft reached the pupil: %+v", f)
	}
}

// A draft begun before the answer was carried away takes nothing from it, nor
// do its files stay on the way.
func TestADraftRightAfterAnAnswer(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	data := photo(t, 7)
	file := attachment.File{SHA: shaOf(data), Name: "corrigé.jpg", Type: "image/jpeg", Size: 1}
	w.send(deed{user: "garnier", scope: french, name: "homework.return@1", args: answer(args{"correction": []attachment.File{file}})})
	w.send(deed{user: "garnier", scope: french, name: "homework.comment@1", args: answer(args{"comment": "Hm.", "correction": []attachment.File{file}})})
	w.Settle()
	w.upload("garnier", data)
	if f, _ := get[Feedback](w, "student:ines", "feedback", work); f.State != StateReturned || f.Comment != "Très bien." || !f.Correction[0].Ready() {
		t.Errorf("%+v", f)
	}
	if f, _ := get[Feedback](w, french, "feedback", work+".ines"); f.State != StateDraft || !f.Correction[0].Ready() {
		t.Errorf("%+v", f)
	}
}

func TestACorrectionThatArrivesLater(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	data := photo(t, 6)
	w.say("homework.return@1", args{"correction": []attachment.File{{SHA: shaOf(data), Name: "corrigé.jpg", Type: "image/jpeg", Size: 1}}})
	if f, _ := get[Feedback](w, "student:ines", "feedback", work); !f.Correction[0].Waiting {
		t.Errorf("%+v", f)
	}
	sha := w.upload("garnier", data)
	if f, _ := get[Feedback](w, "student:ines", "feedback", work); !f.Correction[0].Ready() || f.Correction[0].W != 66 {
		t.Errorf("%+v", f)
	}
	if n := w.told("homework.returned")["ines"]; len(n) != 1 {
		t.Errorf("told %v", n)
	}
	if got := w.Readers(sha); !slices.Contains(got, "karim") {
		t.Errorf("read by %v", got)
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	for want, more := range map[string]args{
		"not_found homework":        {"homework": "homework-9"},
		"not_found student":         {"student": "noe"},
		"not_found submission":      {"student": "malo", "submission": "copy-ines-1"},
		"too_large comment":         {"comment": strings.Repeat("é", MaxComment+1)},
		"invalid correction[0].sha": {"correction": []attachment.File{{SHA: "x", Name: "a"}}},
	} {
		for _, name := range []string{"homework.comment@1", "homework.return@1", "homework.again@1"} {
			if got := w.say(name, more); got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
}

// Two teachers of a course do not overwrite each other's words unseen.
func TestAnswersConflict(t *testing.T) {
	w := newWorld(t)
	w.Apply(directory.Put{ID: "t9", Record: directory.Teaching{Course: "fr5b", Teacher: "petit"}})
	w.give(nil)
	w.say("homework.comment@1", nil)
	base := w.seq(french, "feedback", work+".ines")
	w.must(deed{user: "petit", scope: french, name: "homework.comment@1", args: answer(args{"comment": "Moyen."}), base: base})
	r := w.send(deed{user: "garnier", scope: french, name: "homework.return@1", args: answer(nil), base: base})
	if r.Error == nil || r.Error.Code != "conflict" || !strings.Contains(string(r.Error.Current), "Moyen.") {
		t.Errorf("%+v", r)
	}
}

func TestReminding(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	remind := func(students ...string) string {
		return w.do(deed{user: "garnier", scope: french, name: "homework.remind@1", args: args{"homework": work, "students": students}})
	}
	if got := remind("ines", "malo"); got != "" {
		t.Fatal(got)
	}
	if got := remind("malo"); got != "" { // a second tap
		t.Fatal(got)
	}
	if w.has(french, "reminder", work+".ines") || !w.has(french, "reminder", work+".malo") {
		t.Error("the wrong ones were reminded")
	}
	if diff := cmp.Diff(map[string][]string{"malo": {"Travail attendu en français"}}, w.told("homework.reminder")); diff != "" {
		t.Error(diff)
	}
	w.At(w.Now().Add(2 * time.Hour))
	remind("malo")
	if n := w.told("homework.reminder")["malo"]; len(n) != 2 {
		t.Errorf("told %v", n)
	}
	if got := remind("noe"); got != "not_found students[0]" {
		t.Errorf("another class: %q", got)
	}
	if got := remind(); got != "invalid students" {
		t.Errorf("nobody: %q", got)
	}
}

func TestSeenOnce(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	see := deed{user: "garnier", scope: french, name: "homework.seen@1", args: args{"homework": work, "student": "ines"}}
	w.must(see)
	seq := w.seq(french, "seen", work+".ines")
	w.must(see)
	if w.seq(french, "seen", work+".ines") != seq {
		t.Error("seen twice")
	}
}

// The eve, 17:00 in Paris: those without a copy, and their guardians.
func TestTheAlertOfTheEve(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.At(time.Date(2026, 11, 26, 15, 59, 0, 0, time.UTC))
	if got := w.told("homework.due"); len(got) != 0 {
		t.Errorf("too early: %v", got)
	}
	w.submit("malo", "copy-malo-1")
	w.At(time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC))
	w.At(time.Date(2026, 11, 26, 18, 0, 0, 0, time.UTC))
	if diff := cmp.Diff(map[string][]string{
		"ines": {"Travail à rendre demain en français"}, "karim": {"Travail à rendre demain en français"},
		"nadia": {"Inès : travail à rendre demain en français"},
	}, w.told("homework.due")); diff != "" {
		t.Error(diff)
	}
}

func TestTheAlertOfTheEveMovesWithTheDate(t *testing.T) {
	edit := func(w *world, more args) {
		more["id"] = work
		w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", args: more})
	}
	eve := func(day int) time.Time { return time.Date(2026, 11, day, 16, 1, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		do   func(w *world)
		want map[int]int // alerts to Inès by then, by day
	}{
		"not moved":      {func(*world) {}, map[int]int{25: 0, 26: 1, 30: 1}},
		"moved later":    {func(w *world) { edit(w, args{"due": "2026-11-30T07:00:00Z"}) }, map[int]int{26: 0, 28: 0, 29: 1, 30: 1}},
		"moved sooner":   {func(w *world) { edit(w, args{"due": "2026-11-25T07:00:00Z"}) }, map[int]int{24: 1, 26: 1, 30: 1}},
		"moved to today": {func(w *world) { edit(w, args{"due": "2026-11-23T20:00:00Z"}) }, map[int]int{24: 0, 26: 0, 30: 0}},
		"there and back": {func(w *world) {
			edit(w, args{"due": "2026-11-30T07:00:00Z"})
			edit(w, args{"due": "2026-11-27T07:00:00Z"})
		}, map[int]int{26: 1, 30: 1}},
		"withdrawn": {func(w *world) {
			w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
		}, map[int]int{26: 0, 30: 0}},
		"withdrawn and restored": {func(w *world) {
			w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
			w.must(deed{user: "garnier", scope: french, name: "homework.restore@1", args: args{"id": work}})
		}, map[int]int{26: 1, 30: 1}},
		"no longer to hand in here": {func(w *world) { edit(w, args{"return": ReturnPaper}) }, map[int]int{26: 0}},
		"moved while on paper": {func(w *world) {
			edit(w, args{"return": ReturnPaper})
			edit(w, args{"due": "2026-11-26T07:00:00Z"})
			edit(w, args{"return": ReturnFile})
		}, map[int]int{25: 1, 26: 1, 30: 1}},
		"handed in":          {func(w *world) { w.submit("ines", "copy-ines-1") }, map[int]int{26: 0}},
		"chosen for another": {func(w *world) { edit(w, args{"students": []string{"malo"}}) }, map[int]int{26: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.give(nil)
			c.do(w)
			for _, day := range []int{24, 25, 26, 28, 29, 30} {
				w.At(eve(day))
				if want, asked := c.want[day]; asked && len(w.told("homework.due")["ines"]) != want {
					t.Errorf("by %d November: %v", day, w.told("homework.due"))
				}
			}
		})
	}
}

// Given after the eve of its date, it rings nobody after the fact.
func TestNoAlertAfterTheFact(t *testing.T) {
	w := newWorld(t)
	w.At(time.Date(2026, 11, 26, 17, 0, 0, 0, time.UTC))
	w.give(nil)
	w.At(time.Date(2026, 11, 26, 20, 0, 0, 0, time.UTC))
	if got := w.told("homework.due"); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

// A server that slept through the eve does not ring about what is over.
func TestALateAlertIsDropped(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.At(friday.Add(time.Minute))
	if got := w.told("homework.due"); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

func TestEnglishAlerts(t *testing.T) {
	w := newWorld(t)
	w.must(deed{user: "nadia", scope: "user:nadia", name: "settings.set@1", args: args{"lang": "en"}})
	w.give(nil)
	if got := w.told("homework.new")["nadia"]; !slices.Equal(got, []string{"Inès: new homework in Français"}) {
		t.Errorf("%v", got)
	}
}

// Every sentence is there in both languages, and "tu" is for pupils.
func TestSentences(t *testing.T) {
	both := sentencesOf()
	for key := range both[0] {
		if both[1][key] == "" {
			t.Errorf("no English for %s", key)
		}
	}
	if len(both[0]) != len(both[1]) {
		t.Error("English has more")
	}
	for key, s := range both[0] {
		words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return strings.ContainsRune(" ,.’:", r) })
		tu := slices.ContainsFunc(words, func(w string) bool { return slices.Contains([]string{"tu", "te", "ton", "ta", "t"}, w) })
		if tu != strings.HasSuffix(key, ".pupil") && key != "problem.title" && key != "virus.title" && key != "new.pupil" && key != "problem.pupil" && key != "withdrawn.pupil" {
			t.Errorf("%s: %s", key, s)
		}
	}
	for name, want := range map[string]string{"Français": "français", "SVT": "SVT", "EPS": "EPS", "Éducation musicale": "éducation musicale", "": "", "A": "A"} {
		if got := notify.InSentence(name); got != want {
			t.Errorf("%q → %q", name, got)
		}
	}
	if got := notify.Day(both[0], friday); got != "vendredi 27 novembre" {
		t.Errorf("%q", got)
	}
}

func TestCopiesAsPDFs(t *testing.T) {
	w := newWorld(t)
	w.Apply(
		directory.Put{ID: "ines2", Record: directory.Person{First: "Inès", Last: "Benali", Pupil: true}},
		directory.Put{ID: "e8", Record: directory.Enrollment{Student: "ines2", Audience: "class:5b"}},
	)
	w.give(nil)
	old := w.upload("ines", photo(t, 1))
	w.submit("ines", "copy-ines-1", old)
	w.submit("ines", "copy-ines-2", w.upload("ines", photo(t, 2)), w.upload("ines", photo(t, 3)))
	w.submit("ines", "copy-ines-3", shaOf([]byte("still on its way")))
	w.submit("malo", "copy-malo-1")
	w.submit("ines2", "copy-homo-1", w.upload("ines2", photo(t, 4)))

	if _, err := w.homework.Copies(t.Context(), areatest.Person("petit"), "fr5b", work); !isForbidden(err) {
		t.Errorf("another teacher: %v", err)
	}
	if _, err := w.homework.Copies(t.Context(), areatest.Person("ines"), "fr5b", work); !isForbidden(err) {
		t.Errorf("a pupil: %v", err)
	}
	c, err := w.homework.Copies(t.Context(), areatest.Person("garnier"), "fr5b", work)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.WriteZip(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "copy.pdf")
		data := new(bytes.Buffer)
		if _, err := data.ReadFrom(r); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		pages[f.Name] = pagesOf(t, path)
	}
	want := map[string]string{"BENALI Inès.pdf": "3", "BENALI Inès (2).pdf": "2", "LE GOFF Malo.pdf": "1"} // each begins with a page of text
	if diff := cmp.Diff(want, pages); diff != "" {
		t.Error(diff)
	}
}

func isForbidden(err error) bool {
	r := new(psync.Refusal)
	return errors.As(err, &r) && r.Code == "forbidden"
}

func pagesOf(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "pdfinfo", path).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("no pdfinfo here")
	}
	if err != nil || strings.Contains(string(out), "Error") {
		t.Fatalf("pdfinfo: %v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "Pages:")
	return strings.Fields(rest)[0]
}
