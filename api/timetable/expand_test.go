package timetable

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/api/directory"
)

var update = flag.Bool("update", false, "write testdata anew")

// example is a timetable and what it comes to, as expand.ts reads it too.
type example struct {
	Slots    map[string]Slot   `json:"slots"`
	Changes  map[string]Change `json:"changes"`
	Calendar Calendar          `json:"calendar"`
	From     directory.Date    `json:"from"`
	Until    directory.Date    `json:"until"`
	Lessons  []Lesson          `json:"lessons"`
}

// The shared examples, drawn at random once, are what Expand makes of them (P3).
func TestExpandAgreesWithTheDevices(t *testing.T) {
	const path = "testdata/expand.json"
	if *update {
		var all []example
		for i := range 40 {
			e := draw(rand.New(rand.NewPCG(uint64(i), 3)))
			e.Lessons = Expand(e.Slots, e.Changes, e.Calendar, e.From, e.Until)
			all = append(all, e)
		}
		raw, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(raw, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	hidden, moved := 0, 0
	for i, e := range all {
		got := Expand(e.Slots, e.Changes, e.Calendar, e.From, e.Until)
		if diff := cmp.Diff(e.Lessons, got); diff != "" {
			t.Errorf("example %d: %s", i, diff)
		}
		for _, l := range got {
			if l.Instead != "" {
				hidden++
			}
			if l.Was != nil && l.Was.Place != nil {
				moved++
			}
		}
	}
	if hidden < 4 || moved < 30 {
		t.Errorf("the examples have %d lessons in place of others and %d that moved: too few to show anything", hidden, moved)
	}
}

// draw makes a timetable of a few crowded days around a change of the clocks,
// holidays and a new year.
func draw(r *rand.Rand) example {
	e := example{Slots: map[string]Slot{}, Changes: map[string]Change{}}
	start := []directory.Date{"2026-10-19", "2026-12-14", "2027-03-22", "2026-11-23"}[r.IntN(4)]
	e.From, e.Until = start, start.AddDays(10+r.IntN(11))
	if r.IntN(3) > 0 {
		e.Calendar.WeeksA = []directory.Date{start, start.AddDays(14)}
	}
	e.Calendar.Holidays = []directory.Holiday{{Name: "H", Start: start.AddDays(r.IntN(20)), End: start.AddDays(20)}}
	for i := range 6 + r.IntN(8) {
		e.Slots[fmt.Sprintf("slot-%04d", i)] = drawSlot(r, start)
	}
	for id := range 14 {
		if r.IntN(4) == 0 {
			slot := drawSlot(r, start)
			slot.Weekday, slot.Weeks, slot.From, slot.Until = 0, "", "", ""
			e.Changes[fmt.Sprintf("extra-%03d", id)] = Change{Date: start.AddDays(r.IntN(20)), Extra: &slot, Cancelled: r.IntN(5) == 0}
			continue
		}
		slot := fmt.Sprintf("slot-%04d", r.IntN(len(e.Slots)+1)) // one that is not there, too
		c := drawChange(r, start, max(1, e.Slots[slot].Weekday))
		c.Slot = slot
		e.Changes[lessonID(slot, c.Date)] = c
	}
	return e
}

var hoursOfDay = []string{"08:00", "08:55", "09:50", "10:45"}

func drawSlot(r *rand.Rand, start directory.Date) Slot {
	at := r.IntN(len(hoursOfDay) - 1)
	s := Slot{
		Subject: "fr", Kind: []string{Taught, Taught, Permanence, Activity}[r.IntN(4)], Audiences: []string{[]string{"class:5b", "class:5b", "class:5b", "group:la"}[r.IntN(4)]},
		Weekday: 1 + r.IntN(5), Start: hoursOfDay[at], End: hoursOfDay[at+1], Weeks: []string{"", "", "A", "B"}[r.IntN(4)],
	}
	if r.IntN(2) == 0 {
		s.Rooms = []string{"B12"}
	}
	if r.IntN(3) == 0 {
		s.Teachers, s.Title = []directory.Named{{ID: "garnier", Name: "Mme Garnier"}}, "Aide"
	}
	if r.IntN(4) == 0 {
		s.From = start.AddDays(r.IntN(8))
	}
	if r.IntN(4) == 0 {
		s.Until = start.AddDays(r.IntN(20))
	}
	return s
}

func drawChange(r *rand.Rand, start directory.Date, day int) Change {
	c := Change{Date: start.AddDays(day - 1 + 7*r.IntN(3)), Cancelled: r.IntN(3) == 0, Absent: r.IntN(4) == 0}
	if r.IntN(2) == 0 {
		at := r.IntN(len(hoursOfDay) - 1)
		c.To = &Place{Date: start.AddDays(r.IntN(20)), Start: hoursOfDay[at], End: hoursOfDay[at+1]}
	}
	if r.IntN(4) == 0 {
		c.Rooms = []string{"CDI"}
	}
	if r.IntN(4) == 0 {
		c.Teachers, c.Subject = []directory.Named{{ID: "petit", Name: "M. Petit"}}, "ma"
	}
	if r.IntN(3) == 0 {
		c.Note = "À savoir"
	}
	return c
}

// Whatever the timetable: days and hours are in order, ids are told once for
// what is held, nothing is held in the holidays but by a change, and a slot
// keeps its hour on the clock when the clocks change.
func TestExpandProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)))
		lessons := Expand(e.Slots, e.Changes, e.Calendar, e.From, e.Until)
		if !slices.IsSortedFunc(lessons, cmpTimes) {
			t.Fatal("out of order")
		}
		seen := map[string]bool{}
		for _, l := range lessons {
			if !within(l.Date, e.From, e.Until) || l.End <= l.Start {
				t.Fatalf("out of bounds: %+v", l)
			}
			regular := !l.Extra && (l.Was == nil || l.Was.Place == nil)
			if regular && e.Calendar.Free(l.Date) {
				t.Fatalf("in the holidays: %+v", l)
			}
			if regular && l.Start != e.Slots[l.Slot].Start {
				t.Fatalf("at another hour: %+v", l)
			}
			if !l.Gone && seen[l.ID] {
				t.Fatalf("twice: %+v", l)
			}
			seen[l.ID] = seen[l.ID] || !l.Gone
		}
		wholeIsItsDays(t, e, lessons)
	})
}

func cmpTimes(a, b Lesson) int {
	x, y := string(a.Date)+a.Start+a.End, string(b.Date)+b.Start+b.End
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// wholeIsItsDays: looking at each day alone gives the same.
func wholeIsItsDays(t *rapid.T, e example, whole []Lesson) {
	days := []Lesson{}
	for day := e.From; day <= e.Until; day = day.AddDays(1) {
		days = append(days, Expand(e.Slots, e.Changes, e.Calendar, day, day)...)
	}
	if diff := cmp.Diff(whole, days); diff != "" {
		t.Fatal(diff)
	}
}

// FuzzExpand looks for values that a record must never hold and that would
// still not be the end of the program.
func FuzzExpand(f *testing.F) {
	f.Add(uint64(1), "2026-11-24", "08:00", 3)
	f.Add(uint64(2), "2026-02-30", "8h", -1)
	f.Add(uint64(3), "", "", 9)
	f.Fuzz(func(_ *testing.T, seed uint64, day, at string, weekday int) {
		e := draw(rand.New(rand.NewPCG(seed, 2)))
		e.Slots["slot-odd"] = Slot{Weekday: weekday, Start: at, End: at, From: directory.Date(day)}
		e.Changes["slot-odd."+day] = Change{Slot: "slot-odd", Date: directory.Date(day), To: &Place{Date: directory.Date(day), Start: at, End: day}}
		e.Changes[at] = Change{Date: directory.Date(day), Extra: &Slot{Start: at}}
		Expand(e.Slots, e.Changes, e.Calendar, e.From, e.Until)
	})
}

// Two lessons of one quirk each (B.1): what is cancelled and replaced is one
// line; a letter follows the weeks of school, not those of the year.
func TestQuirks(t *testing.T) {
	slots := map[string]Slot{"slot-maths": {Subject: "ma", Kind: Taught, Audiences: []string{"class:5b"}, Weekday: 2, Start: "10:00", End: "11:00"}}
	changes := map[string]Change{
		"slot-maths.2026-11-24": {Slot: "slot-maths", Date: "2026-11-24", Cancelled: true},
		"extra-001":             {Date: "2026-11-24", Extra: &Slot{Subject: "fr", Kind: Taught, Audiences: []string{"class:5b"}, Start: "10:00", End: "10:55"}},
	}
	got := Expand(slots, changes, Calendar{}, "2026-11-24", "2026-11-24")
	if len(got) != 1 || got[0].Subject != "fr" || got[0].Instead != "slot-maths.2026-11-24" {
		t.Errorf("%+v", got)
	}
	cal := Calendar{WeeksA: []directory.Date{"2026-11-23"}}
	for day, want := range map[directory.Date]string{"2026-11-23": "A", "2026-11-29": "A", "2026-11-30": "B"} {
		if letter := cal.Letter(day); letter != want {
			t.Errorf("%s is in a %s week", day, letter)
		}
	}
}

// BenchmarkWeek is what a rule and a feed cost: a class with a full week, for a
// term.
func BenchmarkTerm(b *testing.B) {
	slots := map[string]Slot{}
	for i := range 28 {
		slots[fmt.Sprintf("slot-%04d", i)] = Slot{Kind: Taught, Audiences: []string{"class:5b"}, Weekday: 1 + i%5, Start: fmt.Sprintf("%02d:00", 8+i/5), End: fmt.Sprintf("%02d:55", 8+i/5)}
	}
	for b.Loop() {
		if n := len(Expand(slots, nil, Calendar{}, "2026-09-01", "2026-12-18")); n < 400 {
			b.Fatal(n)
		}
	}
}
