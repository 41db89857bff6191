package timetable

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"

	"preau/api/directory"
	psync "preau/sync"
)

// A pupil's whole term comes in one answer: a week of lessons with what became
// of forty of them, and 120 pieces of work. `-v` prints the figures of DESIGN.
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
	_, err := w.engine.Commit(t.Context(), psync.Actor{}, "class:5b", func(_ context.Context, tx *psync.Tx) error {
		for i := range 120 {
			tx.Put("homework", fmt.Sprintf("0192f3a1-%04d-7000-8000-00000000000c", i), map[string]any{
				"course": "fr5b", "subject": "fr", "title": fmt.Sprintf("Exercices %d à %d", i, i+3), "text": fmt.Sprintf("Page %d, en détaillant les calculs. Apporter le cahier d'exercices.", i),
				"given": monday.Add(time.Duration(i) * time.Hour), "due": monday.Add(time.Duration(i) * 24 * time.Hour), "return": "paper", "late": "accept", "attachments": []any{}, "teacher": directory.Named{ID: "garnier", Name: "Mme Garnier"},
			})
		}
		return nil
	})
	must(t, err)
	res, err := w.engine.Sync(t.Context(), psync.Actor{School: "x", User: "ines", Device: "d_ines"}, &psync.Request{V: 1, Schema: 1, Device: "d_ines", Cursors: map[string]psync.Cursor{}, Budget: 1 << 20})
	must(t, err)
	var packed bytes.Buffer
	out := brotli.NewWriterLevel(&packed, 5)
	_, err = out.Write(res.JSON())
	must(t, err)
	must(t, out.Close())
	lessons := w.lessonsOf(t, "class:5b", "2026-09-01", "2027-02-12")
	t.Logf("%d lessons of %d slots, 120 pieces of work: %d bytes, %d in Brotli", lessons, len(all), len(res.JSON()), packed.Len())
	if strings.Count(string(res.JSON()), `"homework",`) != 120 || lessons < 550 || packed.Len() > 16<<10 {
		t.Errorf("%d lessons in %d bytes", lessons, packed.Len())
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
