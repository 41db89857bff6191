package attendance

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
)

var update = flag.Bool("update", false, "rewrite testdata")

// counting is a case that the devices' own engine must agree on
// (pwa/src/attendance/count.test.ts).
type counting struct {
	Name       string              `json:"name"`
	Holidays   []directory.Holiday `json:"holidays"`
	Absences   []Event             `json:"absences"`
	Latenesses []Event             `json:"latenesses"`
	Want       Count               `json:"want"`
}

func (c counting) count() Count {
	return CountEvents(c.Absences, c.Latenesses, Calendar{Hours: UsualHours(), Holidays: c.Holidays})
}

func readCases(t *testing.T, name string) []counting {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all []counting
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The cases that a CPE would check by hand.
func TestCounting(t *testing.T) {
	for _, c := range readCases(t, "count.json") {
		t.Run(c.Name, func(t *testing.T) {
			if diff := cmp.Diff(c.Want, c.count()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Two hundred drawn cases, with what this engine says of them.
func TestCountingRandomly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var all []counting
	for i := range 200 {
		c := drawn(r, i)
		c.Want = c.count()
		all = append(all, c)
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("testdata/count-random.json", append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readCases(t, "count-random.json"), all); diff != "" {
		t.Error("run with -update: ", diff)
	}
	for _, c := range all {
		if c.Want.Computed > float64(c.Want.HalfDays) || c.Want.Unjustified > c.Want.HalfDays || c.Want.HalfDays > 0 && c.Want.Minutes == 0 {
			t.Errorf("%s adds up to %+v", c.Name, c.Want)
		}
	}
}

func drawn(r *rand.Rand, i int) counting {
	c := counting{Name: fmt.Sprint(i), Holidays: []directory.Holiday{{Name: "Noël", Start: "2026-12-19", End: "2027-01-03"}}, Absences: []Event{}, Latenesses: []Event{}}
	at := func(day, minute int) string {
		return string(directory.Date("2026-12-10").AddDays(day)) + fmt.Sprintf("T%02d:%02d", minute/60, minute%60)
	}
	for range r.IntN(5) {
		day, from := r.IntN(30), 7*60+5*r.IntN(120)
		e := Event{From: at(day, from), To: at(day+r.IntN(5), from+5+5*r.IntN(40)), Recorded: r.IntN(2) == 0, Justified: r.IntN(2) == 0, Counts: r.IntN(5) > 0}
		if !e.Recorded || r.IntN(3) == 0 {
			for h := range 1 + r.IntN(4) {
				e.Lessons = append(e.Lessons, Lesson{Course: "k", Subject: "fr", From: at(day, 8*60+h*60), To: at(day, 8*60+h*60+55), State: Absent})
			}
		}
		c.Absences = append(c.Absences, e)
	}
	for range r.IntN(3) {
		c.Latenesses = append(c.Latenesses, Event{From: at(1, 480), To: at(1, 540), Minutes: 1 + r.IntN(30), Counts: r.IntN(4) > 0})
	}
	return c
}
