package information_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/information"
	"preau/storage"
)

// outing is a survey of a class.
func outing(more args) args {
	a := notice("info-0001", args{
		"title": "Sortie au musée", "category": "outing", "audience": to("class:5b", "students", "guardians"),
		"questions": []args{
			{"kind": "info", "title": "Le départ est à 8 h."},
			{"kind": "one", "title": "Venez-vous ?", "choices": []string{"Oui", "Non"}, "other": true, "required": true},
			{"kind": "many", "title": "Quels jours ?", "choices": []string{"Lundi", "Mardi", "Jeudi"}, "most": 2},
			{"kind": "text", "title": "Une remarque ?"},
		},
	})
	maps.Copy(a, more)
	return a
}

// says answers the outing: one of the choices of the first question, and a text.
func says(choice int, text string) args {
	given := []args{{}, {"choices": []int{choice}}, {}, {"text": text}}
	if choice == 2 {
		given[1]["text"] = "Peut-être"
	}
	return args{"id": "info-0001", "answers": given}
}

func forChild(a args, child string) args {
	a["child"] = child
	return a
}

// P14: where names are shown an answer may be given again until the end; the
// author reads the last one.
func TestNamedSurvey(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", outing(nil)))
	w.Must(by("nadia", "answer", says(0, "")))
	w.Must(by("nadia", "answer", says(2, "Sous la pluie ?")))
	a := areatest.Get[information.NamedAnswer](w, "user:garnier", "surveyAnswer", "info-0001.nadia.self")
	want := []information.Given{{}, {Choices: []int{2}, Text: "Peut-être"}, {}, {Text: "Sous la pluie ?"}}
	if diff := cmp.Diff(want, a.Given); diff != "" || a.By.Name != "Mme Benali" {
		t.Error(diff, a.By)
	}
	for _, user := range []string{"karim", "ines", "petit", "viard"} {
		if text := pulled(w, user, "surveyAnswer") + pulled(w, user, "response"); text != "" {
			t.Errorf("%s is sent %s", user, text)
		}
	}
	w.Must(by("garnier", "remind", args{"id": "info-0001"}))
	if n, k := len(w.Told("nadia", "information.reminder")), len(w.Told("karim", "information.reminder")); n != 0 || k != 1 {
		t.Errorf("reminded %d and %d times", n, k)
	}
	w.At(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	w.Want("over id", by("nadia", "answer", says(0, "")))
	w.Want("over id", by("garnier", "remind", args{"id": "info-0001"}))
}

// P14: whatever is left out, devices find lists where they look into them.
func TestNothingIsNull(t *testing.T) {
	w := newWorld(t)
	a := outing(nil)
	delete(a, "body")
	w.Must(by("garnier", "publish", a))
	w.Must(by("garnier", "publish", notice("info-0002", args{"body": []args{{}, {"runs": []args{{"text": "x"}}}}})))
	if text := pulled(w, "nadia", "information") + pulled(w, "garnier", "broadcast"); strings.Contains(text, "null") {
		t.Error(text)
	}
}

// P14: an answer for each child, by each guardian.
func TestAnswerPerChild(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", outing(args{"perChild": true, "audience": append(to("class:5b", "guardians", "students"), to("class:5a", "guardians")...)})))
	for _, child := range []string{"ines", "noe"} {
		w.Must(by("nadia", "answer", forChild(says(0, ""), child)))
	}
	w.Must(by("karim", "answer", forChild(says(1, ""), "ines")))
	w.Must(by("tom", "answer", says(1, ""))) // a pupil has no child
	w.Want("invalid child", by("karim", "answer", forChild(says(1, ""), "noe")))
	w.Want("invalid child", by("karim", "answer", says(1, "")))
	w.Want("invalid child", by("tom", "answer", forChild(says(1, ""), "tom")))
	var ids []string
	for _, r := range w.Find("user:garnier", "surveyAnswer", "") {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff([]string{"info-0001.karim.ines", "info-0001.nadia.ines", "info-0001.nadia.noe", "info-0001.tom.self"}, ids); diff != "" {
		t.Error(diff)
	}
}

// P14: who may not answer, or answers something else than what is asked.
func TestWrongAnswers(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", outing(nil)))
	w.Must(by("garnier", "publish", notice("info-0002", nil)))
	w.Want("not_found id", by("noe", "answer", says(0, "")))
	w.Want("not_found id", by("garnier", "answer", says(0, "")))
	w.Want("invalid id", by("nadia", "answer", args{"id": "info-0002", "answers": []args{}}))
	w.Must(by("garnier", "withdraw", args{"id": "info-0001"}))
	w.Want("not_found id", by("nadia", "answer", says(0, "")))
}

// shared is a case that the app's own check agrees with (survey.test.ts).
type shared struct {
	Name      string                 `json:"name"`
	Questions []information.Question `json:"questions"`
	Given     []information.Given    `json:"given"`
	Want      string                 `json:"want"` // code and field
}

// P14: what is accepted as an answer, in the words that the app is held to.
func TestAccept(t *testing.T) {
	raw, err := os.ReadFile("testdata/answers.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []shared
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			w := newWorld(t)
			w.Must(by("garnier", "publish", outing(args{"questions": c.Questions})))
			w.Want(c.Want, by("nadia", "answer", args{"id": "info-0001", "answers": c.Given}))
		})
	}
}

// written says whether a text is anywhere in the store: in records or in logs.
func written(w *areatest.World, text string) (where []string) {
	w.Helper()
	scopes, err := w.Store.Scopes(w.Context(), "")
	if err != nil {
		w.Fatal(err)
	}
	for _, scope := range scopes {
		tails, err := w.Store.Tails(w.Context(), []storage.Position{{Scope: scope}}, 1<<20)
		if err != nil {
			w.Fatal(err)
		}
		for _, e := range tails[0].Entries {
			raw, err := json.Marshal(e.Effects)
			if err != nil {
				w.Fatal(err)
			}
			for _, op := range e.Ops {
				raw = append(raw, op.Value...)
			}
			if bytes.Contains(raw, []byte(text)) {
				where = append(where, fmt.Sprintf("%s#%d", scope, e.N))
			}
		}
	}
	return where
}

// P14: an anonymous answer is with its reader alone until it is counted among
// five; then it is nowhere but in the count, which names nobody and tells
// nothing of the order.
func TestAnonymousSurvey(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", outing(args{"anonymous": true})))
	texts := map[string]string{"zoe": "SECRET-A", "ines": "SECRET-E", "nadia": "SECRET-B", "karim": "SECRET-D", "tom": "SECRET-C"}
	for i, user := range []string{"zoe", "ines", "nadia", "karim"} {
		w.Must(by(user, "answer", says(i%2, texts[user])))
		for _, scope := range written(w, texts[user]) {
			if !strings.HasPrefix(scope, "user:"+user+"#") {
				t.Errorf("%s is written in %s", texts[user], scope)
			}
		}
	}
	w.Want("already_answered id", by("zoe", "answer", says(1, "Autre")))
	for _, user := range areatest.Everybody {
		for _, typ := range []string{"surveyResult", "surveyAnswer", "sealed", "waiting"} {
			if text := pulled(w, user, typ); text != "" {
				t.Fatalf("%s is sent %s", user, text)
			}
		}
	}
	w.Must(by("tom", "answer", says(2, texts["tom"])))
	want := information.Result{Information: "info-0001", Count: 5, Questions: []information.Tally{
		{}, {Counts: []int{2, 2, 1}, Texts: []string{"Peut-être"}}, {Counts: []int{0, 0, 0}}, {Texts: []string{"SECRET-A", "SECRET-B", "SECRET-C", "SECRET-D", "SECRET-E"}},
	}}
	if diff := cmp.Diff(want, areatest.Get[information.Result](w, "user:garnier", "surveyResult", "info-0001.5")); diff != "" {
		t.Error(diff)
	}
	for _, text := range texts {
		if where := written(w, text); len(where) != 1 || !strings.HasPrefix(where[0], "user:garnier#") {
			t.Errorf("%s is written in %q", text, where)
		}
	}
	w.Must(by("malo", "answer", says(0, "SECRET-F")))
	if w.Has("user:garnier", "surveyResult", "info-0001.6") {
		t.Error("the sixth is counted alone")
	}
	w.At(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	r := areatest.Get[information.Result](w, "user:garnier", "surveyResult", "info-0001.6")
	if r.Count != 6 || len(r.Questions[3].Texts) != 6 {
		t.Errorf("at the end: %+v", r)
	}
	for _, text := range []string{"SECRET-A", "SECRET-F"} {
		if where := written(w, text); len(where) != 1 {
			t.Errorf("%s is still written in %q: two counts could be compared", text, where)
		}
	}
	if n := len(written(w, `"choices":[2]`)); n > 0 {
		t.Error("a choice is still written with who made it")
	}
}

// P14: few answers are shown at the end, and not before.
func TestFewAnonymousAnswers(t *testing.T) {
	w := newWorld(t)
	w.Must(by("garnier", "publish", outing(args{"anonymous": true})))
	w.Must(by("tom", "answer", says(0, "")))
	w.At(time.Date(2026, 11, 30, 22, 0, 0, 0, time.UTC))
	if w.Has("user:garnier", "surveyResult", "info-0001.1") {
		t.Error("counted too early")
	}
	w.At(time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC))
	if !w.Has("user:garnier", "surveyResult", "info-0001.1") || w.Has("user:tom", "sealed", "info-0001.self") {
		t.Error("not counted at the end")
	}
}

// P14: whoever answers, in whatever order, the count is the same, and everyone
// is in it once.
func TestCountKnowsNoOrder(t *testing.T) {
	people := []string{"ines", "malo", "tom", "zoe", "nadia", "karim"}
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		w.Must(by("garnier", "publish", outing(args{"anonymous": true})))
		for _, i := range random.Perm(len(people)) {
			w.Send(by(people[i], "answer", says(i%3, "texte de "+people[i])))
			if random.IntN(2) == 0 {
				w.Settle()
			}
		}
		w.At(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		got := areatest.Get[information.Result](w, "user:garnier", "surveyResult", "info-0001.6")
		want := []information.Tally{{}, {Counts: []int{2, 2, 2}, Texts: []string{"Peut-être", "Peut-être"}}, {Counts: []int{0, 0, 0}}, {Texts: []string{
			"texte de ines", "texte de karim", "texte de malo", "texte de nadia", "texte de tom", "texte de zoe",
		}}}
		if diff := cmp.Diff(want, got.Questions); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
}
