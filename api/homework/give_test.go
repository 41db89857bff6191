package homework

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/attachment"
	"preau/api/directory"
)

func TestGivenWorkReachesItsClass(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	got, ok := get[json.RawMessage](w, "class:5b", "homework", work)
	if !ok {
		t.Fatal("not in the class")
	}
	want := `{"course":"fr5b","subject":"fr","title":"Rédaction","text":"Décrire un lieu.","given":"2026-11-23T10:00:00Z","due":"2026-11-27T07:00:00Z",` +
		`"return":"file","late":"accept","attachments":[],"teacher":{"id":"garnier","name":"Mme Garnier"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	if w.has("class:5a", "homework", work) || w.has("student:ines", "homework", work) {
		t.Error("it reached others")
	}
	if diff := cmp.Diff(map[string][]string{
		"ines": {"Nouveau travail en français"}, "malo": {"Nouveau travail en français"},
		"karim": {"Nouveau travail en français"}, "nadia": {"Inès : nouveau travail en français"},
	}, w.told("homework.new")); diff != "" {
		t.Error(diff)
	}
}

func TestGivenTwiceIsGivenOnce(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.must(deed{user: "garnier", scope: french, name: "homework.give@1", args: given(args{"title": "Autre"})})
	if h, _ := get[Homework](w, "class:5b", "homework", work); h.Title != "Rédaction" {
		t.Errorf("title %q", h.Title)
	}
	if n := w.notices("malo"); len(n) != 1 {
		t.Errorf("notices %v", n)
	}
}

func TestChosenPupils(t *testing.T) {
	w := newWorld(t)
	w.give(args{"students": []string{"ines"}})
	if w.has("class:5b", "homework", work) || w.has("student:malo", "homework", work) {
		t.Error("it reached others")
	}
	var shown struct{ Students any }
	raw, _ := get[json.RawMessage](w, "student:ines", "homework", work)
	if err := json.Unmarshal(raw, &shown); err != nil || shown.Students != true {
		t.Errorf("shown as %s", raw)
	}
	if got := w.told("homework.new"); len(got) != 3 || got["malo"] != nil {
		t.Errorf("told %v", got)
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", args: args{"id": work, "students": []string{"malo"}}})
	if w.has("student:ines", "homework", work) || !w.has("student:malo", "homework", work) {
		t.Error("the choice was not moved")
	}
	if got := w.told("homework.new"); got["malo"] == nil {
		t.Errorf("told %v", got)
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", args: args{"id": work, "students": []string{}}})
	if w.has("student:malo", "homework", work) || !w.has("class:5b", "homework", work) {
		t.Error("not given to all")
	}
}

func TestWhatMayNotBeGiven(t *testing.T) {
	w := newWorld(t)
	file := attachment.File{SHA: shaOf([]byte("x")), Name: "a.pdf", Type: "application/pdf", Size: 3}
	for want, more := range map[string]args{
		"invalid id":                 {"id": "x"},
		"invalid title":              {"title": " ", "text": "\n"},
		"too_large title":            {"title": strings.Repeat("é", MaxTitle+1)},
		"too_large text":             {"text": strings.Repeat("é", MaxText+1)},
		"invalid due":                {"due": "vendredi"},
		"invalid return":             {"return": "pigeon"},
		"invalid late":               {"late": "maybe"},
		"invalid minutes":            {"minutes": -1},
		"invalid attachments[0].sha": {"attachments": []attachment.File{{SHA: "abc", Name: "a"}}},
		"invalid attachments[1].sha": {"attachments": []attachment.File{file, file}},
		"too_large attachments":      {"attachments": slices.Repeat([]attachment.File{file}, MaxAttachments+1)},
		"invalid students":           {"students": []string{}},
		"invalid students[1]":        {"students": []string{"ines", "ines"}},
		"invalid students[0]":        {"students": []string{"noe"}},
		"invalid colour":             {"colour": "red"},
	} {
		if got := w.do(deed{user: "garnier", scope: french, name: "homework.give@1", args: given(more)}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for due, want := range map[string]string{
		"2026-11-23T09:58:00Z":      "invalid due", // before it was given
		"2028-01-01T00:00:00Z":      "invalid due",
		"2026-11-27T08:00:00+01:00": "",
	} {
		id := "homework-due-" + want
		if got := w.do(deed{user: "garnier", scope: french, name: "homework.give@1", args: given(args{"due": due, "id": strings.ReplaceAll(id, " ", "-")})}); got != want {
			t.Errorf("due %s: %q", due, got)
		}
	}
	if w.has(french, "homework", work) {
		t.Error("something was given")
	}
	for _, more := range []args{{"title": "", "id": "homework-t"}, {"text": "", "id": "homework-u"}} {
		w.give(more) // one of the two may be empty
	}
}

// Each mutation, by everybody who may not.
func TestOthersMayNot(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	back := args{"homework": work, "student": "ines", "comment": "Bien.", "correction": []attachment.File{}}
	for name, c := range map[string]struct {
		scope string
		args  args
		may   []string
	}{
		"homework.give@1":     {french, given(args{"id": "homework-2"}), []string{"garnier"}},
		"homework.edit@1":     {french, args{"id": work, "title": "x"}, []string{"garnier"}},
		"homework.withdraw@1": {french, args{"id": "homework-2"}, []string{"garnier"}},
		"homework.restore@1":  {french, args{"id": "homework-2"}, []string{"garnier"}},
		"homework.comment@1":  {french, back, []string{"garnier"}},
		"homework.return@1":   {french, back, []string{"garnier"}},
		"homework.again@1":    {french, args{"homework": work, "student": "ines", "comment": "x"}, []string{"garnier"}},
		"homework.remind@1":   {french, args{"homework": work, "students": []string{"malo"}}, []string{"garnier"}},
		"homework.seen@1":     {french, args{"homework": work, "student": "ines"}, []string{"garnier"}},
		"homework.submit@1":   {"student:ines", copyArgs("copy-ines-2"), []string{"ines"}},
		"homework.tick@1":     {"user:ines", args{"homework": work, "student": "ines", "done": true, "shared": false}, []string{"ines"}},
	} {
		for _, user := range []string{"ines", "malo", "noe", "nadia", "karim", "lucie", "petit", "viard", "garnier"} {
			if slices.Contains(c.may, user) {
				continue
			}
			if got, _, _ := strings.Cut(w.do(deed{user: user, scope: c.scope, name: name, args: c.args}), " "); got != "forbidden" {
				t.Errorf("%s by %s: %q", name, user, got)
			}
		}
	}
}

func TestEditing(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	base := w.seq(french, "homework", work)
	w.At(w.Now().Add(time.Minute))
	w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", base: base, args: args{"id": work, "title": "Récit", "minutes": 40}})
	h, _ := get[Homework](w, "class:5b", "homework", work)
	if h.Title != "Récit" || h.Minutes != 40 || h.Text != "Décrire un lieu." || !h.EditedAt.Equal(w.Now()) || !h.Given.Equal(monday) {
		t.Errorf("%+v", h)
	}
	if n := w.notices("malo"); len(n) != 1 {
		t.Errorf("editing was told: %v", n)
	}
	w.Apply(directory.Put{ID: "t9", Record: directory.Teaching{Course: "fr5b", Teacher: "petit"}})
	r := w.send(deed{user: "petit", scope: french, name: "homework.edit@1", base: base, args: args{"id": work, "title": "Conte"}})
	if r.Error == nil || r.Error.Code != "conflict" || !strings.Contains(string(r.Error.Current), "Récit") {
		t.Errorf("%+v", r)
	}
	for want, a := range map[string]args{
		"not_found id":   {"id": "homework-9", "title": "x"},
		"invalid title":  {"id": work, "title": "", "text": ""},
		"invalid due":    {"id": work, "due": "2026-11-01T00:00:00Z"},
		"invalid return": {"id": work, "return": "x"},
	} {
		if got := w.do(deed{user: "garnier", scope: french, name: "homework.edit@1", args: a}); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithdrawingKeepsTheCopies(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.submit("ines", "copy-ines-1")
	w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
	w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
	if w.has("class:5b", "homework", work) || w.has(french, "homework", work) {
		t.Error("it is still there")
	}
	if !w.has("student:ines", "submission", "copy-ines-1") || !w.has(french, "submission", "copy-ines-1") {
		t.Error("the copy is gone")
	}
	if got := w.submit("malo", "copy-malo-1"); got != "withdrawn homework" {
		t.Errorf("handing in: %q", got)
	}
	if got := w.do(deed{user: "garnier", scope: french, name: "homework.edit@1", args: args{"id": work, "title": "x"}}); got != "withdrawn id" {
		t.Errorf("editing: %q", got)
	}
	if got := w.told("homework.withdrawn"); len(got) != 0 {
		t.Errorf("told at once: %v", got)
	}
	w.At(w.Now().Add(3 * time.Minute))
	if got := w.told("homework.withdrawn"); len(got) != 4 || got["malo"][0] != "Travail retiré en français" {
		t.Errorf("told %v", got)
	}

	w.must(deed{user: "garnier", scope: french, name: "homework.restore@1", args: args{"id": work}})
	w.must(deed{user: "garnier", scope: french, name: "homework.restore@1", args: args{"id": work}})
	if !w.has("class:5b", "homework", work) || len(w.notices("malo")) != 2 {
		t.Errorf("restored: %v", w.notices("malo"))
	}
	if got := w.submit("malo", "copy-malo-2"); got != "" {
		t.Errorf("handing in: %q", got)
	}
}

func TestAnUndoneWithdrawalIsNotTold(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
	w.must(deed{user: "garnier", scope: french, name: "homework.restore@1", args: args{"id": work}})
	w.At(w.Now().Add(time.Hour))
	if got := w.told("homework.withdrawn"); len(got) != 0 {
		t.Errorf("told %v", got)
	}
}

// E25: a teacher hears of a file that nobody gets, with work or with a
// correction; the class sees why it is not there.
func TestTheTeacherHearsOfABrokenFile(t *testing.T) {
	w := newWorld(t)
	broken := photo(t, 1)[:400]
	w.give(args{"attachments": []attachment.File{{SHA: shaOf(broken), Name: "../carte\u202e.jpg", Type: "image/jpeg", Size: 9}}})
	w.say("homework.return@1", args{"correction": []attachment.File{{SHA: shaOf(broken), Name: "corrigé.jpg", Type: "image/jpeg", Size: 9}}})
	w.upload("garnier", broken)
	if h, _ := get[Homework](w, "class:5b", "homework", work); h.Attachments[0].Problem != "damaged_file" {
		t.Errorf("%+v", h.Attachments)
	}
	got := w.told("file.refused")
	if len(got) != 1 || len(got["garnier"]) != 2 || got["garnier"][0] != "Une pièce jointe est illisible" {
		t.Errorf("told %v", got)
	}
}

func TestAttachments(t *testing.T) {
	w := newWorld(t)
	there := w.upload("garnier", photo(t, 1))
	coming := photo(t, 2)
	w.give(args{"attachments": []attachment.File{
		{SHA: there, Name: "carte.jpg", Type: "image/jpeg", Size: 1}, {SHA: shaOf(coming), Name: "plan.jpg", Type: "image/jpeg", Size: 9},
	}})
	h, _ := get[Homework](w, "class:5b", "homework", work)
	if a := h.Attachments[0]; !a.Ready() || a.W != 61 || a.Name != "carte.jpg" {
		t.Errorf("the one that was there: %+v", a)
	}
	if a := h.Attachments[1]; !a.Waiting || a.Name != "plan.jpg" {
		t.Errorf("the one to come: %+v", a)
	}
	sha := w.upload("garnier", coming)
	h, _ = get[Homework](w, "class:5b", "homework", work)
	if a := h.Attachments[1]; !a.Ready() || a.W != 62 || a.Name != "plan.jpg" || h.EditedAt.After(h.Given) {
		t.Errorf("arrived: %+v", a)
	}
	class := []string{"garnier", "ines", "karim", "malo", "nadia", "petit", "roussel", "tom", "viard", "zoe"}
	for _, f := range []string{there, sha} {
		if got := w.Readers(f); !slices.Equal(got, class) {
			t.Errorf("read by %v", got)
		}
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.edit@1", args: args{"id": work, "attachments": h.Attachments[1:]}})
	if got := w.Readers(there); !slices.Equal(got, []string{"garnier"}) {
		t.Errorf("taken out, read by %v", got)
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.withdraw@1", args: args{"id": work}})
	if got := w.Readers(sha); !slices.Equal(got, []string{"garnier"}) {
		t.Errorf("withdrawn, read by %v", got)
	}
	w.must(deed{user: "garnier", scope: french, name: "homework.restore@1", args: args{"id": work}})
	if got := w.Readers(sha); !slices.Equal(got, class) {
		t.Errorf("restored, read by %v", got)
	}
}

// Several in an hour are one alert.
func TestNewsOfAnHourIsOne(t *testing.T) {
	w := newWorld(t)
	w.give(nil)
	w.give(args{"id": "homework-2"})
	w.must(deed{user: "petit", scope: maths, name: "homework.give@1", args: given(args{"id": "homework-3"})})
	if diff := cmp.Diff(map[string][]string{
		"ines": {"3 nouveaux travaux"}, "malo": {"3 nouveaux travaux"},
		"karim": {"3 nouveaux travaux"}, "nadia": {"Inès : 3 nouveaux travaux"},
	}, w.told("homework.new")); diff != "" {
		t.Error(diff)
	}
	w.At(w.Now().Add(time.Hour))
	w.give(args{"id": "homework-4"})
	if got := w.told("homework.new")["ines"]; len(got) != 2 {
		t.Errorf("told %v", got)
	}
}
