package timetable

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
	psync "preau/sync"
)

// A pupil's whole term comes in one answer: a week of lessons with what became
// of forty of them, 120 pieces of work, and 90 marks in twelve courses. `-v`
// prints the figures of DESIGN.
func TestFirstSyncOfATerm(t *testing.T) {
	w := newWorld(t)
	var all []args
	for i := range 28 {
		at := 8 + i/5
		all = append(all, args{
			"id": fmt.Sprintf("0192f3a0-%04d-7000-8000-00000000000b", i), "course": "fr5b", "kind": "lesson", "weekday": 1 + i%5,
			"start": fmt.Sprintf("%02d:00", at), "end": fmt.Sprintf("%02d:55", at), "rooms": []string{fmt.Sprint(100 + i)},
		})
	}
	w.do("timetable.slot@1", slots(all...))
	for i := range 40 {
		slot, day := all[i%5], directory.Date("2026-11-23").AddDays(i%5+7*(i/5))
		if !(Calendar{Holidays: []directory.Holiday{{Start: "2026-12-19", End: "2027-01-03"}}}).Free(day) {
			w.do("timetable.change@1", args{"slot": slot["id"], "date": day, "cancelled": true, "note": fmt.Sprintf("Sortie %d", i)})
		}
	}
	_, err := w.Engine.Commit(t.Context(), psync.Actor{}, "class:5b", func(_ context.Context, tx *psync.Tx) error {
		for i := range 120 {
			tx.Put("homework", fmt.Sprintf("0192f3a1-%04d-7000-8000-00000000000c", i), map[string]any{
				"course": "fr5b", "subject": "fr", "title": fmt.Sprintf("Exercices %d à %d", i, i+3), "text": fmt.Sprintf("Page %d, en détaillant les calculs. Apporter le cahier d'exercices.", i),
				"given": monday.Add(time.Duration(i) * time.Hour), "due": monday.Add(time.Duration(i) * 24 * time.Hour), "return": "paper", "late": "accept", "attachments": []any{}, "teacher": directory.Named{ID: "garnier", Name: "Mme Garnier"},
			})
		}
		return nil
	})
	must(t, err)
	_, err = w.Engine.Commit(t.Context(), psync.Actor{}, "student:ines", func(_ context.Context, tx *psync.Tx) error {
		for i := range 90 {
			tx.Put("grade", fmt.Sprintf("0192f3a2-%04d-7000-8000-00000000000d", i), markOf(i))
		}
		for i := range courses {
			tx.Put("standing", fmt.Sprintf("c%dx5b.t1", i), grades.Standing{
				Course: fmt.Sprintf("c%dx5b", i), Subject: fmt.Sprint("s", i), Period: "t1", Service: grades.DefaultService(),
				Figures: &grades.Figures{Count: 25, Average: decimal(1150 + 10*i)}, At: monday,
			})
		}
		return nil
	})
	must(t, err)
	res, err := w.Engine.Sync(t.Context(), psync.Actor{School: "x", User: "ines", Device: "d_ines"}, &psync.Request{V: 1, Schema: 1, Device: "d_ines", Cursors: map[string]psync.Cursor{}, Budget: 1 << 20})
	must(t, err)
	var packed bytes.Buffer
	out := brotli.NewWriterLevel(&packed, 5)
	_, err = out.Write(res.JSON())
	must(t, err)
	must(t, out.Close())
	lessons := w.lessonsOf(t, "class:5b", "2026-09-01", "2027-02-12")
	t.Logf("%d lessons of %d slots, 120 pieces of work, 90 marks: %d bytes, %d in Brotli", lessons, len(all), len(res.JSON()), packed.Len())
	sent := string(res.JSON())
	if strings.Count(sent, `"homework",`) != 120 || strings.Count(sent, `"grade",`) != 90 || lessons < 550 || packed.Len() > 24<<10 {
		t.Errorf("%d lessons in %d bytes", lessons, packed.Len())
	}
}

// courses are how many a pupil has marks in.
const courses = 12

func decimal(hundredths int) average.Value {
	return average.Value(average.Decimal(hundredths).String())
}

// markOf is a mark as its pupil reads it; the same ones every time, and no two
// alike.
func markOf(i int) grades.Grade {
	day := directory.Date("2026-09-07").AddDays(i)
	return grades.Grade{
		Course: fmt.Sprintf("c%dx5b", i%courses), Subject: fmt.Sprint("s", i%courses),
		Outline: grades.Outline{
			Title: fmt.Sprintf("Contrôle %d : fractions et proportions", i), Date: day, Period: "t1", Type: "test", Coefficient: 100, OutOf: 2000,
			Papers: []attachment.File{}, Corrections: []attachment.File{}, Teacher: directory.Named{ID: "petit", Name: "M. Petit"},
		},
		Value: decimal(100 * (6 + i*7%15)), Comment: "Des progrès, continuez.", At: monday.Add(time.Duration(i) * time.Hour),
		Figures: &grades.Figures{Count: 25, Average: decimal(1000 + i*37%500)},
	}
}

// lessonsOf counts the lessons that a device makes of what it got.
func (w *world) lessonsOf(t *testing.T, scope string, from, until directory.Date) int {
	t.Helper()
	found, err := w.table.read(t.Context(), "x", w.table.stored("x"))
	must(t, err)
	n := 0
	for _, l := range Expand(found.slots, found.changes, found.calendar, from, until) {
		if shares(l.Audiences, []string{scope}) {
			n++
		}
	}
	return n
}
