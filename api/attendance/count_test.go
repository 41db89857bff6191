package attendance

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/api/directory"
)

var update = flag.Bool("update", false, "rewrite testdata")

// counting is a case that the devices' own engine must agree on
// (pwa/src/attendance/count.test.ts).
type counting struct {
	Name       string                         `json:"name"`
	Hours      *Hours                         `json:"hours,omitempty"` // none: the usual ones
	Holidays   []directory.Holiday            `json:"holidays"`
	Lessons    map[directory.Date][][2]string `json:"lessons,omitempty"`
	Absences   []Event                        `json:"absences"`
	Latenesses []Event                        `json:"latenesses"`
	Want       Count                          `json:"want"`
}

func (c counting) count() Count {
	hours := UsualHours()
	if c.Hours != nil {
		hours = *c.Hours
	}
	return CountEvents(c.Absences, c.Latenesses, Calendar{Hours: hours, Holidays: c.Holidays, Lessons: c.Lessons})
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
	date := func(day int) directory.Date { return directory.Date("2026-12-10").AddDays(day) }
	clock := func(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }
	at := func(day, minute int) string { return string(date(day)) + "T" + clock(minute) }
	if i%3 == 1 {
		c.Hours = drawnHours(r, clock)
	}
	if i%4 == 1 {
		c.Lessons = map[directory.Date][][2]string{}
		for day := range 34 {
			for from := 8 * 60; from < 17*60 && r.IntN(3) > 0; from += 60 {
				c.Lessons[date(day)] = append(c.Lessons[date(day)], [2]string{clock(from), clock(from + 55)})
			}
			if r.IntN(5) == 0 {
				c.Lessons[date(day)] = [][2]string{}
			}
		}
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

func drawnHours(r *rand.Rand, clock func(int) string) *Hours {
	days := func() []time.Weekday {
		all := []time.Weekday{}
		for day := range time.Weekday(7) {
			if r.IntN(4) > 0 {
				all = append(all, day)
			}
		}
		return all
	}
	open, noon := 7*60+15*r.IntN(8), 12*60+15*r.IntN(4)
	return &Hours{
		Morning: [2]string{clock(open), clock(noon)}, Afternoon: [2]string{clock(noon + 15*r.IntN(7)), clock(16*60 + 15*r.IntN(9))},
		Mornings: days(), Afternoons: days(), HalfDay: 150 + 30*r.IntN(5),
	}
}

// An absence of any length adds up to what its parts do, wherever a period ends
// in it, and is no more than the school is open.
func TestPartsOfAnAbsence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := directory.Date("2026-09-01").AddDays(rapid.IntRange(0, 200).Draw(t, "first"))
		days := rapid.IntRange(0, maxRecorded).Draw(t, "days")
		last := first.AddDays(days)
		e := Event{
			From: string(first) + rapid.SampledFrom([]string{"T08:00", "T10:15", "T13:30"}).Draw(t, "from"),
			To:   string(last) + rapid.SampledFrom([]string{"T14:00", "T17:30", "T23:00"}).Draw(t, "to"), Recorded: true, Counts: true,
		}
		cal := Calendar{Hours: UsualHours(), Holidays: []directory.Holiday{{Start: "2026-12-19", End: "2027-01-03"}}}
		if rapid.Bool().Draw(t, "timetable") {
			cal.Lessons = map[directory.Date][][2]string{}
			for day := range days + 1 {
				if day%5 < 3 {
					cal.Lessons[first.AddDays(day)] = [][2]string{{"08:00", "08:55"}, {"16:00", "17:00"}}[:day%3]
				}
			}
		}
		until := first.AddDays(rapid.IntRange(-1, days+1).Draw(t, "until"))
		whole := CountEvents([]Event{e}, nil, cal)
		var parts Count
		for _, of := range [][2]directory.Date{{"2026-01-01", until}, {until.AddDays(1), "2029-01-01"}} {
			if part, some := e.within(of[0], of[1]); some {
				c := CountEvents([]Event{part}, nil, cal)
				parts.HalfDays, parts.Minutes, parts.Unjustified = parts.HalfDays+c.HalfDays, parts.Minutes+c.Minutes, parts.Unjustified+c.Unjustified
			}
		}
		if parts.HalfDays != whole.HalfDays || parts.Minutes != whole.Minutes || parts.Unjustified != whole.Unjustified {
			t.Fatalf("%+v, its parts %+v", whole, parts)
		}
		if whole.HalfDays > 2*(days+1) {
			t.Fatalf("%d half-days in %d days", whole.HalfDays, days+1)
		}
	})
}
