package timetable

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
)

// P6: when a pupil has to be in school: lessons that are held, those of their
// groups too, and no detention; a day of which all is cancelled is known.
func TestHeld(t *testing.T) {
	w := newWorld(t)
	w.do("timetable.slot@1", slots(
		french(),
		with(french(), args{"id": "slot-latin0", "course": "la5", "weekday": 4, "start": "08:00", "end": "09:00", "rooms": []string{}}),
		with(french(), args{"id": "slot-other0", "course": "fr5a", "weekday": 5}),
		args{"id": "slot-detent", "kind": "detention", "title": "Retenue", "audiences": []string{"class:5b"}, "weekday": 3, "start": "14:00", "end": "15:00"},
	))
	w.do("timetable.change@1", args{"slot": "slot-french", "date": "2026-12-01", "cancelled": true})
	got, err := w.table.Held(t.Context(), "ines", "2026-11-23", "2026-12-06")
	must(t, err)
	want := map[directory.Date][][2]string{
		"2026-11-24": {{"10:05", "11:00"}}, "2026-11-26": {{"08:00", "09:00"}}, "2026-12-01": nil, "2026-12-03": {{"08:00", "09:00"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got, err = w.table.Held(t.Context(), "nobody", "2026-11-23", "2026-12-06"); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}
