package grades_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
	"time"

	"preau/api/areatest"
	"preau/api/grades"
)

const school = "school:x"

func newSchool(t *testing.T) (*areatest.World, *grades.Gradebook) {
	t.Helper()
	var book *grades.Gradebook
	w := areatest.New(t, func(w *areatest.World) areatest.Area {
		book = grades.New(grades.Config{Directory: w.Dir, Files: w.Files, Notices: w.Notices, Log: w.Log, Now: w.Now})
		return areatest.Of(book)
	})
	return w, book
}

func setPeriod(user, id string, more areatest.Args) areatest.Act {
	args := areatest.Args{"id": id, "name": "Trimestre 1", "kind": "trimester", "start": "2026-09-01", "end": "2026-11-30"}
	maps.Copy(args, more)
	return areatest.Act{User: user, Scope: school, Name: "grades.period@1", Args: args}
}

type (
	args     = areatest.Args
	councils = map[string]grades.Council
)

// Each class has its own periods, councils and last days (B.7); what makes no
// sense is refused and changes nothing.
func TestPeriods(t *testing.T) {
	w, book := newSchool(t)
	w.Must(setPeriod("roussel", "first-of-all", args{
		"councils": councils{"class:5b": {Date: "2026-12-03", Start: "17:00", End: "18:00"}, "class:5a": {Date: "2026-11-27"}},
		"seals":    args{"grades": "2026-11-28", "appraisals": "2026-12-02"},
	}))
	second := args{"start": "2026-12-01", "end": "2027-03-12"}
	w.Must(setPeriod("roussel", "second-of-5b", args{"start": "2026-12-01", "end": "2027-03-12", "audiences": []string{"class:5b"}}))
	for want, more := range map[string]args{
		"invalid kind":              {"kind": "week"},
		"invalid name":              {"name": "  "},
		"invalid start":             {"start": "2026-02-30"},
		"invalid end":               {"end": "2028-03-12"},
		"overlaps start":            {"start": "2027-03-12", "end": "2027-06-30"},
		"mixed_periods kind":        {"kind": "semester", "start": "2027-04-01", "end": "2027-06-30"},
		"invalid audiences[0]":      {"audiences": []string{"class:9z"}},
		"invalid audiences[1]":      {"audiences": []string{"class:5a", "class:5a"}},
		"invalid councils":          {"councils": councils{"group:latin": {Date: "2026-12-03"}}},
		"invalid councils.class:5a": {"councils": councils{"class:5a": {Date: "2027-12-03"}}},
		"invalid councils.class:5b": {"councils": councils{"class:5b": {Date: "2027-01-08", Start: "18:00", End: "17:00"}}},
		"invalid seals.skills":      {"seals": args{"skills": "2026-08-01"}},
		"invalid seals.grades":      {"seals": args{"grades": "demain"}},
		"invalid colour":            {"colour": "red"},
	} {
		a := maps.Clone(second)
		maps.Copy(a, more)
		w.Want(want, setPeriod("roussel", "another-one", a))
	}
	w.Want("invalid councils", setPeriod("roussel", "second-of-5a", args{"start": "2026-12-01", "end": "2027-03-12", "audiences": []string{"class:5a"}, "councils": councils{"class:5b": {Date: "2027-01-08"}}}))
	w.Want("invalid id", setPeriod("roussel", "x", second))
	for _, user := range []string{"garnier", "viard", "nadia", "ines"} {
		w.Want("forbidden", setPeriod(user, "another-one", second))
	}
	if w.Has(school, "period", "another-one") {
		t.Error("a refused period is there")
	}
	w.Must(setPeriod("roussel", "second-of-5a", args{"start": "2026-12-01", "end": "2027-01-31", "audiences": []string{"class:5a"}}))
	w.Must(setPeriod("roussel", "the-whole-year", args{"kind": "year", "start": "2026-09-01", "end": "2027-07-03"}))
	ours, err := book.PeriodsOf(t.Context(), "x", "class:5a")
	if err != nil || len(ours) != 3 || ours["first-of-all"].Councils["class:5a"].Date != "2026-11-27" {
		t.Errorf("5e A has %+v, %v", ours, err)
	}
}

// After the last day for marks none is entered, until the direction gives
// another day.
func TestSealedGrades(t *testing.T) {
	w, _ := newSchool(t)
	seal := func(day string) { w.Must(setPeriod("roussel", "first-of-all", args{"seals": args{"grades": day}})) }
	test := func(id string) areatest.Act {
		return areatest.Act{User: "garnier", Scope: "course:fr5b", Name: "grades.assess@1", Args: args{
			"id": id, "title": "Dictée", "date": "2026-11-20", "type": "test", "coefficient": "1", "outOf": "20",
			"period": "first-of-all", "papers": []string{}, "corrections": []string{},
		}}
	}
	seal("2026-11-24")
	w.At(time.Date(2026, 11, 24, 22, 59, 0, 0, time.UTC)) // 23:59 in Paris
	w.Must(test("assessment-1"))
	w.After(2 * time.Minute)
	w.Want("period_closed period", test("assessment-2"))
	seal("2026-11-25")
	w.Must(test("assessment-2"))
}

// Whoever changes one rule of marks leaves the others as they are.
func TestRulesOneByOne(t *testing.T) {
	w, _ := newSchool(t)
	rule := func(a args) { w.Must(areatest.Act{User: "roussel", Scope: school, Name: "grades.policy@1", Args: a}) }
	rule(args{"extremes": true, "hour": "18:00"})
	rule(args{"average": false})
	want := grades.Policy{Extremes: true, General: true, Hour: "18:00", Window: 10}
	if got := areatest.Get[grades.Policy](w, school, "grades", "grades"); got != want {
		t.Errorf("the rules are %+v, want %+v", got, want)
	}
}

// A period in which nobody is marked can be taken out again; one with marks
// stays.
func TestDroppedPeriod(t *testing.T) {
	w, _ := newSchool(t)
	drop := func(user string) areatest.Act {
		return areatest.Act{User: user, Scope: school, Name: "grades.unperiod@1", Args: args{"id": "first-of-all"}}
	}
	w.Must(drop("roussel")) // it is not there: nothing to do
	w.Must(setPeriod("roussel", "first-of-all", nil))
	w.Want("forbidden", drop("garnier"))
	w.Must(inFrench("assess", dictation(args{"period": "first-of-all"})))
	w.Want("period_used id", drop("roussel"))
	w.Must(inFrench("amend", args{"id": "assessment-1", "period": ""}))
	w.Must(drop("roussel"))
	if w.Has(school, "period", "first-of-all") {
		t.Error("the period is there")
	}
	w.Want("not_found period", inFrench("amend", args{"id": "assessment-1", "period": "first-of-all"}))
}

// The device refuses what the server refuses: both are held to these cases.
func TestPeriodsAsOnTheDevice(t *testing.T) {
	raw, err := os.ReadFile("testdata/periods.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string
		Period args
		Others map[string]args
		Want   string
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			w, _ := newSchool(t)
			for id, other := range c.Others {
				w.Must(setPeriod("roussel", id, other))
			}
			w.Want(c.Want, setPeriod("roussel", "the-new-one", c.Period))
		})
	}
}
