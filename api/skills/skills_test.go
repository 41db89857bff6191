package skills

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/api/areatest"
	"preau/api/directory"
	psync "preau/sync"
)

// P7: what is refused changes nothing, and says why.
func TestRefusals(t *testing.T) {
	w := evaluated(t)
	w.Must(inSchool("grades.period@1", args{"id": "period-closed", "name": "T1", "kind": "trimester", "start": "2026-09-01", "end": "2026-10-01", "closed": true}))
	w.Must(inSchool("grades.period@1", args{
		"id": "period-sealed", "name": "T0", "kind": "trimester", "start": "2026-10-02", "end": "2026-11-01", "seals": args{"skills": "2026-11-15"},
	}))
	w.Must(act("skills.evaluate@1", evaluation("evaluation-gone")))
	w.Must(act("skills.cancel@1", args{"id": "evaluation-gone"}))
	long := strings.Repeat("é", 2001)
	one := func(skill, coefficient string) []map[string]string {
		return []map[string]string{{"skill": skill, "coefficient": coefficient}}
	}
	for name, c := range map[string]struct {
		refusal string
		act     areatest.Act
	}{
		"no title":                 {"invalid title", act("skills.evaluate@1", evaluation("evaluation-x", "title", " "))},
		"a title of two lines":     {"invalid title", act("skills.evaluate@1", evaluation("evaluation-x", "title", "a\nb"))},
		"no day":                   {"invalid date", act("skills.evaluate@1", evaluation("evaluation-x", "date", "2026-02-30"))},
		"no competence":            {"invalid items", act("skills.evaluate@1", evaluation("evaluation-x", "items", []Item{}))},
		"unknown competence":       {"not_found items[0].skill", act("skills.evaluate@1", evaluation("evaluation-x", "items", one("socle-nothing", "1")))},
		"coefficient zero":         {"invalid items[0].coefficient", act("skills.evaluate@1", evaluation("evaluation-x", "items", one(read, "0")))},
		"coefficient below zero":   {"invalid items[0].coefficient", act("skills.evaluate@1", evaluation("evaluation-x", "items", one(read, "-1")))},
		"coefficient of 100":       {"invalid items[0].coefficient", act("skills.evaluate@1", evaluation("evaluation-x", "items", one(read, "100")))},
		"competence twice":         {"invalid items[1].skill", act("skills.evaluate@1", evaluation("evaluation-x", "items", append(one(read, "1"), one(read, "2")...)))},
		"unknown assessment":       {"not_found assessment", act("skills.evaluate@1", evaluation("evaluation-x", "assessment", "assessment-none"))},
		"unknown period":           {"not_found period", act("skills.evaluate@1", evaluation("evaluation-x", "period", "period-none"))},
		"after the last day":       {"period_closed period", act("skills.evaluate@1", evaluation("evaluation-x", "period", "period-sealed"))},
		"closed period":            {"period_closed period", act("skills.evaluate@1", evaluation("evaluation-x", "period", "period-closed"))},
		"long about":               {"too_large about", act("skills.evaluate@1", evaluation("evaluation-x", "about", long))},
		"canceled":                 {"canceled evaluation", act("skills.enter@1", cells("evaluation-gone", Cell{"ines", read, "none", ""}))},
		"unknown evaluation":       {"not_found evaluation", act("skills.enter@1", cells("evaluation-none", Cell{"ines", read, "none", ""}))},
		"no cell":                  {"invalid cells", act("skills.enter@1", cells(essay))},
		"unknown level":            {"invalid cells[0].value", act("skills.enter@1", cells(essay, Cell{"ines", read, "superb", "beyond"}))},
		"unknown code":             {"invalid cells[0].value", act("skills.enter@1", cells(essay, Cell{"ines", read, "Z", "beyond"}))},
		"competence not looked at": {"not_found cells[0].skill", act("skills.enter@1", cells(essay, Cell{"ines", agree, "none", ""}))},
		"pupil of another class":   {"not_found cells[0].student", act("skills.enter@1", cells(essay, Cell{"noe", read, "none", ""}))},
		"nobody":                   {"not_found cells[0].student", act("skills.enter@1", cells(essay, Cell{"", read, "none", ""}))},
		"cell twice":               {"invalid cells[1]", act("skills.enter@1", cells(essay, Cell{"tom", read, "none", ""}, Cell{"tom", read, "reached", ""}))},
		"long comment":             {"too_large comment", act("skills.comment@1", args{"evaluation": essay, "student": "ines", "comment": long})},
		"comment with a bell":      {"invalid comment", act("skills.comment@1", args{"evaluation": essay, "student": "ines", "comment": "a\a"})},
		"seen before the day":      {"too_early at", act("skills.publish@1", args{"id": "evaluation-late"})},
		"guardians before pupils":  {"invalid guardiansAt", act("skills.publish@1", args{"id": essay, "at": "2026-11-25T08:00:00Z", "guardiansAt": "2026-11-24T08:00:00Z"})},
		"position of five":         {"invalid value", act("skills.position@1", args{"period": "", "student": "ines", "value": 5})},
		"position of a stranger":   {"not_found student", act("skills.position@1", args{"period": "", "student": "noe", "value": 2})},
		"position in closed":       {"period_closed period", act("skills.position@1", args{"period": "period-closed", "student": "ines", "value": 2})},
		"a colleague elsewhere":    {"forbidden scope", act("skills.cancel@1", args{"id": essay}, "viard")},
		"own under a school's id":  {"invalid id", act("skills.own@1", args{"id": read, "domain": "CPD_FRA", "text": "Lire"})},
		"own in no domain":         {"invalid domain", act("skills.own@1", args{"id": "skill-own-1", "domain": "CPD_XXX", "text": "Lire"})},
		"a teacher's framework":    {"forbidden", areatest.Act{User: "garnier", Scope: "school:x", Name: "skills.skill@1", Args: args{"id": "skill-new-1", "domain": "CPD_FRA", "text": "Lire"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "before the day") {
				w.Must(act("skills.evaluate@1", evaluation("evaluation-late", "date", "2026-12-01")))
			}
			before := w.Find(french, "mastery", "")
			w.Want(c.refusal, c.act)
			if diff := cmp.Diff(before, w.Find(french, "mastery", "")); diff != "" || w.Has(french, "evaluation", "evaluation-x") {
				t.Errorf("it changed something: %s", diff)
			}
		})
	}
}

// P7: the framework of a school.
func TestSettings(t *testing.T) {
	w := newWorld(t)
	with := func(change func(*Settings)) areatest.Act {
		s := Shipped().Settings
		change(&s)
		return inSchool("skills.settings@1", s)
	}
	for refusal, change := range map[string]func(*Settings){
		"invalid mode":              func(s *Settings) { s.Mode = "luck" },
		"invalid levels":            func(s *Settings) { s.Levels = s.Levels[:3] }, // something may have the fourth
		"invalid domains":           func(s *Settings) { s.Domains = s.Domains[1:] },
		"invalid levels[1].points":  func(s *Settings) { s.Levels[1].Points = 10 },
		"invalid levels[2].points":  func(s *Settings) { s.Levels[2].Points = 51 },
		"invalid levels[0].hue":     func(s *Settings) { s.Levels[0].Hue = 360 },
		"invalid levels[0].label":   func(s *Settings) { s.Levels[0].Label = "" },
		"invalid levels[3].short":   func(s *Settings) { s.Levels[3].Short = "na" },
		"invalid levels[0].id":      func(s *Settings) { s.Levels[0].ID = "A" }, // a code
		"too_large domains[0].name": func(s *Settings) { s.Domains[0].Name = strings.Repeat("a", 81) },
		"invalid domains[1].id":     func(s *Settings) { s.Domains[1].ID = s.Domains[0].ID },
		"invalid only[0]":           func(s *Settings) { s.Only = []string{"class:nowhere"} },
		"invalid only[1]":           func(s *Settings) { s.Only = []string{"class:5b", "class:5b"} },
		"too_large levels":          func(s *Settings) { s.Levels = append(s.Levels, make([]Level, 5)...) },
	} {
		w.Want(refusal, with(change))
	}
	if w.Has("school:x", "skills", "skills") {
		t.Fatal("a refused setting was kept")
	}
	w.Must(with(func(s *Settings) {
		s.Levels[1].Aside = true
		s.Levels = append(s.Levels, Level{ID: "fairly", Label: "Assez bien", Short: "AB", Hue: 100, Points: 33})
		s.Only = []string{"class:5b", "subject:fr"}
	}))
	w.Must(act("skills.evaluate@1", evaluation(essay)))
	w.Must(act("skills.enter@1", cells(essay, Cell{"ines", read, "fairly", ""})))
	w.Want("invalid cells[0].value", act("skills.enter@1", cells(essay, Cell{"ines", tell, "partly", ""})))
}

// P7: what is put aside stays where it was, and is evaluated no more.
func TestSkills(t *testing.T) {
	w := evaluated(t)
	w.Must(inSchool("skills.skill@1", args{"id": read, "domain": "CPD_FRA", "text": "Lire", "about": "francais", "aside": true}))
	w.Want("not_found items[0].skill", act("skills.evaluate@1", evaluation("evaluation-2")))
	w.Must(act("skills.amend@1", evaluation(essay, "title", "Souvenirs")))
	w.Must(act("skills.own@1", args{"id": "skill-own-1", "domain": "CPD_FRA", "text": "Tenir un carnet"}))
	w.Must(act("skills.evaluate@1", evaluation("evaluation-3", "items", []Item{{"skill-own-1", 100}})))
	elsewhere := act("skills.evaluate@1", evaluation("evaluation-4", "items", []Item{{"skill-own-1", 100}}))
	elsewhere.Scope = "course:fr5a"
	w.Want("not_found items[0].skill", elsewhere)
	if got := w.Sees("skill", "Tenir un carnet"); !slices.Equal(got, []string{"garnier", "petit"}) {
		t.Errorf("a course's own competence is read by %v", got)
	}
}

// P7: a phone comes out of the tunnel with a competence, and an evaluation of
// it, in one request.
func TestOwnSkillAndItsEvaluationTogether(t *testing.T) {
	w := newWorld(t)
	own, _ := json.Marshal(args{"id": "skill-own-1", "domain": "CPD_FRA", "text": "Tenir un carnet"})
	looked, _ := json.Marshal(evaluation(essay, "items", []Item{{"skill-own-1", 100}}))
	who := areatest.Person("garnier")
	res, err := w.Engine.Sync(t.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Mutations: []psync.Mutation{
		{Scope: french, K: 1, Name: "skills.own@1", Args: own, At: w.Now().UnixMilli()},
		{Scope: french, K: 2, Name: "skills.evaluate@1", Args: looked, At: w.Now().UnixMilli()},
	}})
	if err != nil || !w.Has(french, "evaluation", essay) {
		t.Fatalf("%v, %s", err, res.JSON())
	}
}

// P7: nothing is sent before its moment, and the guardians' may be later.
func TestWhoSeesLevels(t *testing.T) {
	w := evaluated(t)
	sees := func(want ...string) {
		t.Helper()
		if got := w.Sees("outcome", "Raconter"); !slices.Equal(got, want) {
			t.Errorf("at %s seen by %v, want %v", w.Now(), got, want)
		}
	}
	sees()
	w.Must(act("skills.publish@1", args{"id": essay, "at": "2026-11-24T08:00:00Z", "guardiansAt": "2026-11-25T08:00:00Z"}))
	sees()
	w.At(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	sees("ines", "malo")
	w.At(time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC))
	both := []string{"ines", "karim", "malo", "nadia"}
	got := w.Sees("outcome", "Raconter")
	for _, who := range both {
		if !slices.Contains(got, who) {
			t.Errorf("%s does not see it", who)
		}
	}
	if slices.Contains(got, "lucie") || slices.Contains(got, "noe") || slices.Contains(got, "zoe") {
		t.Errorf("seen by %v", got)
	}
	want := Outcome{
		Course: "fr5b", Subject: "fr", Title: "Raconter un souvenir", Date: "2026-11-20",
		Teacher: w.Dir.Named("garnier"), At: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC),
		Shown: []Shown{
			{read, "CPD_FRA", "Lire et comprendre un texte littéraire", "beyond"},
			{tell, "CPD_FRA", "Raconter et décrire par écrit", "reached"},
		},
	}
	if diff := cmp.Diff(want, areatest.Get[Outcome](w.World, "student:ines", "outcome", essay)); diff != "" {
		t.Error(diff)
	}
	w.Must(act("skills.hide@1", args{"id": essay}))
	sees()
	w.Must(act("skills.publish@1", args{"id": essay}))
	w.Must(act("skills.cancel@1", args{"id": essay}))
	sees()
	w.Must(act("skills.restore@1", args{"id": essay}))
	if got := w.Sees("outcome", "Raconter"); len(got) == 0 {
		t.Error("restored, and nobody sees it")
	}
}

// P7: alerts say the subject and never a level; a day is one line; a slip is
// none.
func TestAlerts(t *testing.T) {
	w := published(t)
	want := map[string][]string{
		"ines": {"Compétences évaluées : Français"}, "karim": {"Compétences évaluées : Français"},
		"nadia": {"Inès – compétences évaluées : Français"}, "zoe": {},
	}
	for user, titles := range want {
		if diff := cmp.Diff(titles, w.Told(user, "skills.")); diff != "" {
			t.Errorf("%s: %s", user, diff)
		}
	}
	w.Must(act("skills.evaluate@1", evaluation("evaluation-2", "title", "Dictée")))
	w.Must(act("skills.enter@1", cells("evaluation-2", Cell{"ines", read, "none", ""})))
	w.Must(act("skills.publish@1", args{"id": "evaluation-2"}))
	w.Must(act("skills.enter@1", cells("evaluation-2", Cell{"ines", read, "reached", "none"}))) // a slip
	w.After(15 * time.Minute)
	if got := w.Told("ines", "skills."); !slices.Equal(got, []string{"2 nouvelles évaluations de compétences"}) {
		t.Errorf("two evaluations of one day: %q", got)
	}
	w.Must(act("skills.enter@1", cells("evaluation-2", Cell{"ines", read, "beyond", "reached"})))
	w.After(15 * time.Minute)
	if got := w.Told("ines", "skills.changed"); !slices.Equal(got, []string{"Compétences modifiées : Français"}) {
		t.Errorf("changed later: %q", got)
	}
}

// P7: two teachers at one grid, both without a network.
func TestTwoTeachers(t *testing.T) {
	w := evaluated(t)
	w.Must(act("skills.enter@1", cells(essay, Cell{"ines", tell, "beyond", ""}, Cell{"tom", read, "partly", ""}), "petit"))
	a := areatest.Get[Mastery](w.World, french, "mastery", essay+".ines")
	if a.Values[tell] != "reached" || len(a.Rivals[tell]) != 1 || a.Rivals[tell][0].By.ID != "petit" {
		t.Fatalf("both are kept: %+v", a)
	}
	if b := areatest.Get[Mastery](w.World, french, "mastery", essay+".tom"); b.Values[read] != "partly" || b.Hands[read].ID != "petit" {
		t.Errorf("the other cell is written: %+v", b)
	}
	w.Must(act("skills.enter@1", cells(essay, Cell{"ines", tell, "beyond", "reached"})))
	if a = areatest.Get[Mastery](w.World, french, "mastery", essay+".ines"); a.Values[tell] != "beyond" || len(a.Rivals) != 0 {
		t.Errorf("somebody decided: %+v", a)
	}
}

// mergeCase is shared with the device (pwa/src/skills).
type mergeCase struct {
	Name    string
	Before  Mastery
	Cells   []Cell
	By      directory.Named
	Teacher directory.Named
	After   Mastery
	Beside  bool
}

// P7: the device guesses what the server decides.
func TestMergeAgreesWithDevices(t *testing.T) {
	raw, err := os.ReadFile("testdata/merge.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []mergeCase
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		got, beside := merge(c.Before, c.Cells, c.Teacher, c.By)
		asJSON := func(a Mastery) string { raw, _ := json.Marshal(a); return string(raw) }
		if diff := cmp.Diff(asJSON(c.After), asJSON(got)); diff != "" || beside != c.Beside {
			t.Errorf("%s: beside %t, %s", c.Name, beside, diff)
		}
	}
}

// P7: whatever two teachers write without seeing each other, nothing that
// somebody wrote is lost without a word.
func TestMergeLosesNothing(t *testing.T) {
	values := []string{"", "none", "partly", "reached", "beyond", "A"}
	rapid.Check(t, func(t *rapid.T) {
		teacher, other := directory.Named{ID: "t"}, directory.Named{ID: "o"}
		seen := rapid.SampledFrom(values).Draw(t, "seen")
		a := Mastery{Values: map[string]string{}}
		if seen != "" {
			a.Values[read] = seen
		}
		first, second := rapid.SampledFrom(values).Draw(t, "first"), rapid.SampledFrom(values).Draw(t, "second")
		a, _ = merge(a, []Cell{{"s", read, first, seen}}, teacher, teacher)
		a, beside := merge(a, []Cell{{"s", read, second, seen}}, teacher, other)
		kept := a.Values[read] == second || slices.ContainsFunc(a.Rivals[read], func(r Rival) bool { return r.Value == second })
		if !kept || beside != (a.Values[read] != second) {
			t.Fatalf("saw %q, wrote %q and %q: %+v", seen, first, second, a)
		}
	})
}

// P7: where a pupil stands, for report cards.
func TestPositioning(t *testing.T) {
	w := evaluated(t)
	stands := func(student string, want int, byHand bool) {
		t.Helper()
		got, hand, err := w.skills.Positioning(t.Context(), student, "fr5b", "")
		if err != nil || got != want || hand != byHand {
			t.Errorf("%s stands at %d (by hand %t, %v), want %d, %t", student, got, hand, err, want, byHand)
		}
	}
	stands("ines", 0, false) // what she cannot see does not count
	w.Must(act("skills.publish@1", args{"id": essay}))
	stands("ines", 3, false) // 50 and 40: 45 is not above 45
	stands("malo", 1, false) // 10; absence is no level
	stands("zoe", 0, false)
	w.Must(act("skills.position@1", args{"period": "", "student": "ines", "value": 4}))
	stands("ines", 4, true)
	if got := areatest.Get[Stand](w.World, "student:ines", "position", "fr5b."); got.Value != 4 || got.By.ID != "garnier" {
		t.Errorf("the family reads %+v", got)
	}
	base := w.Find(french, "position", ".ines")[0].Seq
	w.Must(act("skills.position@1", args{"period": "", "student": "ines", "value": 2}))
	late := act("skills.position@1", args{"period": "", "student": "ines", "value": 1}, "petit")
	late.Base = base
	w.Want("conflict", late)
	w.Must(act("skills.position@1", args{"period": "", "student": "ines", "value": 0}))
	stands("ines", 3, false)
	if w.Has("student:ines", "position", "fr5b.") {
		t.Error("left to the levels, and the family still reads the hand")
	}
	if _, _, err := w.skills.Positioning(t.Context(), "ines", "nowhere", ""); err == nil {
		t.Error("an unknown course stands somewhere")
	}
}

// P7: at random moments each scope holds what its dates say, and no more.
func TestPublicationIsNeverEarly(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := evaluated(t)
		for range 4 {
			switch rapid.IntRange(0, 3).Draw(r, "act") {
			case 0, 1:
				at := w.Now().Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "at")) * time.Hour).UTC()
				then := at.Add(time.Duration(rapid.IntRange(0, 2).Draw(r, "then")) * time.Hour)
				w.Do(act("skills.publish@1", args{"id": essay, "at": at.Format(time.RFC3339), "guardiansAt": then.Format(time.RFC3339)}))
			case 2:
				w.Must(act("skills.hide@1", args{"id": essay}))
			case 3:
				w.After(time.Hour)
			}
			e := areatest.Get[Evaluation](w.World, french, "evaluation", essay)
			past := func(at time.Time) bool { return !at.IsZero() && !at.After(w.Now()) }
			shared, own := w.Has("student:ines", "outcome", essay), w.Has("user:ines", "outcome", essay)
			if shared != past(e.GuardiansAt) || (shared || own) != past(e.PublishAt) {
				r.Fatalf("at %s, of %s and %s: shared %t, own %t", w.Now(), e.PublishAt, e.GuardiansAt, shared, own)
			}
		}
	})
}

// P7: whatever a device sends as settings or cells, it is answered.
func FuzzArgs(f *testing.F) {
	f.Add("skills.enter@1", `{"evaluation":"evaluation-1","cells":[{"student":"ines","skill":"socle-fra-1","value":"none","was":"beyond"}]}`)
	f.Add("skills.evaluate@1", `{"id":"evaluation-9","title":"T","date":"2026-11-20","items":[{"skill":"socle-fra-1","coefficient":"1"}]}`)
	f.Add("skills.position@1", `{"period":"","student":"ines","value":3}`)
	f.Add("skills.own@1", `{"id":"skill-own-9","domain":"CPD_FRA","text":"T"}`)
	f.Fuzz(func(t *testing.T, name, raw string) {
		if !json.Valid([]byte(raw)) || !slices.Contains([]string{"skills.enter@1", "skills.evaluate@1", "skills.position@1", "skills.own@1"}, name) {
			return
		}
		evaluated(t).Do(areatest.Act{User: "garnier", Scope: french, Name: name, Args: json.RawMessage(raw)})
	})
}

func TestShippedFrameworkIsSound(t *testing.T) {
	f := Shipped()
	w := newWorld(t)
	if err := f.check(w.Dir); err != nil {
		t.Error(err)
	}
	for id, k := range f.Skills {
		if err := k.check(f.Settings); err != nil || psync.CheckID("id", id) != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	for id := range strings.FieldsSeq("CPD_FRA CPD_ETR CPD_SCI CPD_ART MET_APP FRM_CIT SYS_NAT REP_MND") {
		if !slices.ContainsFunc(f.Domains, func(d Domain) bool { return d.ID == id }) {
			t.Errorf("the socle has no %s", id)
		}
	}
	if len(f.Skills) > 100 {
		t.Error(fmt.Sprint(len(f.Skills), " competences are too many to begin with"))
	}
}
