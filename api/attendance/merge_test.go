package attendance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/api/directory"
)

// someRoll draws a copy of one roll, as some device may have left it.
func someRoll(t *rapid.T) Roll {
	r := Roll{Course: "fr5b", Date: "2026-11-23", Start: "08:00", End: rapid.SampledFrom([]string{"09:00", "10:00"}).Draw(t, "end"), Calls: map[string][]Call{}}
	who := func() directory.Named {
		return directory.Named{ID: rapid.SampledFrom([]string{"garnier", "petit", "viard"}).Draw(t, "by")}
	}
	r.By, r.At = who(), int64(rapid.IntRange(1, 3).Draw(t, "at"))
	for range rapid.IntRange(0, 6).Draw(t, "calls") {
		student := rapid.SampledFrom([]string{"ines", "malo"}).Draw(t, "student")
		c := Call{State: rapid.SampledFrom(states).Draw(t, "state"), By: who(), At: int64(rapid.IntRange(1, 5).Draw(t, "when"))}
		if rapid.Bool().Draw(t, "saw") {
			c.Seen = []int64{int64(rapid.IntRange(1, 5).Draw(t, "seen"))}
		}
		r.Calls[student] = mergeCalls(r.Calls[student], []Call{c})
	}
	return r
}

// Copies of a roll merge to the same in any order, however often each comes.
func TestMergingKnowsNoOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		copies := []Roll{someRoll(t), someRoll(t), someRoll(t)}
		var want Roll
		for _, r := range copies {
			want = merge(want, r)
		}
		order := rapid.Permutation(append(copies, copies...)).Draw(t, "order")
		var got Roll
		for _, r := range order {
			got = merge(got, r)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
		for student, calls := range got.Calls {
			for _, r := range copies {
				for _, c := range r.Calls[student] {
					if !slices.ContainsFunc(calls, func(d Call) bool { return d.compare(c) == 0 }) {
						t.Fatalf("%+v of %s was lost", c, student)
					}
				}
			}
		}
	})
}

// What a pupil missed depends on what the rolls say, not on the order of the
// lessons; every missed lesson lies in one absence, no seen one does, and the
// absences of a day do not touch.
func TestJoining(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lessons []Lesson
		for day := 23; day < 25; day++ {
			for h := 8; h < 17; h++ {
				if rapid.IntRange(0, 3).Draw(t, "roll") > 0 {
					from := fmt.Sprintf("2026-11-%dT%02d:00", day, h)
					to := fmt.Sprintf("2026-11-%dT%02d:00", day, h+1)
					lessons = append(lessons, Lesson{From: from, To: to, State: rapid.SampledFrom(states).Draw(t, "state")})
				}
			}
		}
		want := stretches(slices.Clone(lessons))
		mixed := rapid.Permutation(slices.Clone(lessons)).Draw(t, "order")
		if got := stretches(mixed); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for _, l := range lessons {
			in := len(overlapping(want, l.From, l.To))
			if l.State == Absent && in != 1 || l.State != Absent && l.State != Exempted && in != 0 {
				t.Fatalf("%+v lies in %d of %+v", l, in, want)
			}
		}
		for a, e := range want {
			if e.From[:10] != e.To[:10] {
				t.Fatalf("%+v goes over midnight", e)
			}
			for b, f := range want {
				if a != b && meets(e.From, e.To, f.From, f.To) {
					t.Fatalf("%+v meets %+v", e, f)
				}
			}
		}
	})
}

// Two people take rolls of a morning offline; whichever comes first, the
// pupils' records and the rolls end the same, and guardians were told once of
// each absence.
func TestRollsInAnyOrder(t *testing.T) {
	deeds := func(w *world) []deed {
		at := func(minute int) time.Time { return monday.Add(time.Duration(minute-60) * time.Minute) }
		return []deed{
			{User: "garnier", Scope: french, Name: "attendance.roll@1", At: at(1), Args: roll(args{"start": "08:00", "end": "09:00"}, call("ines", Absent))},
			{User: "petit", Scope: maths, Name: "attendance.roll@1", At: at(2), Args: roll(args{"start": "09:00", "end": "10:00"}, call("ines", Absent), call("malo", Late, 12))},
			{User: "viard", Scope: office, Name: "attendance.correct@1", At: at(3), Args: roll(args{"course": "ma5b", "start": "09:00", "end": "10:00"}, call("malo", Absent), call("ines", Absent))},
			{User: "garnier", Scope: french, Name: "attendance.roll@1", At: at(4), Args: roll(nil, call("ines", Present), call("malo", Absent))},
		}
	}
	var want map[string]any
	for seed := range uint64(12) {
		w := newWorld(t)
		all := deeds(w)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, d := range all {
			w.Must(d)
		}
		got := w.picture()
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("order %d:\n%+v\nfirst:\n%+v", seed, got, want)
		}
	}
}

// picture is all that the pupils and both sides of the rolls hold, but for
// what was told on the way.
func (w *world) picture() map[string]any {
	p := map[string]any{
		"absences of ines": all[Event](w, "student:ines", kindAbsence), "absences of malo": all[Event](w, "student:malo", kindAbsence),
		"lateness": all[Event](w, "student:malo", kindLateness), "office": all[Roll](w, office, "roll"),
		"french": all[Roll](w, french, "roll"), "maths": all[Roll](w, maths, "roll"), "filed": all[filed](w, office, kindAbsence),
	}
	for _, student := range []string{"ines", "malo"} {
		for id, day := range all[Called](w, "student:"+student, "called") {
			p[student+id] = day.Lessons
		}
	}
	return maps.Clone(p)
}
