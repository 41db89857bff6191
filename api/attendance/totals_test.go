package attendance

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
)

// P6, P8: what the report card of a trimester says of a pupil.
func TestTotals(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent), call("malo", Late, 10))
	w.take("petit", maths, args{"start": "09:00", "end": "10:00"}, call("ines", Absent))
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(args{
		"from": "2026-11-26T13:30", "to": "2026-12-01T12:00", "excuse": "",
	})})
	for name, c := range map[string]struct {
		student     string
		from, until directory.Date
		want        Totals
	}{
		"all":                      {"ines", "2026-11-01", "2026-12-18", Totals{HalfDaysJustified: 6, HalfDaysUnjustified: 1, HoursMissed: 26}},
		"until within the illness": {"ines", "2026-11-01", "2026-11-27", Totals{HalfDaysJustified: 3, HalfDaysUnjustified: 1, HoursMissed: 14}},
		"from its last day":        {"ines", "2026-12-01", "2026-12-18", Totals{HalfDaysJustified: 1, HoursMissed: 4}},
		"before":                   {"ines", "2026-09-01", "2026-11-22", Totals{}},
		"late":                     {"malo", "2026-11-23", "2026-11-23", Totals{Lates: 1}},
		"nobody":                   {"nobody", "2026-11-23", "2026-11-23", Totals{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.attendance.Totals(t.Context(), c.student, c.from, c.until)
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

// What does not count, and what is no absence after all, is left out.
func TestTotalsLeaveOut(t *testing.T) {
	w := newWorld(t)
	w.take("garnier", french, nil, call("ines", Absent), call("malo", Absent))
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"reason": "outing", "excuse": ""})})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.settle@1", Args: ruling(args{"id": "ruling-2", "student": "malo", "void": true, "excuse": ""})})
	for _, student := range []string{"ines", "malo"} {
		if got, err := w.attendance.Totals(t.Context(), student, "2026-11-01", "2026-12-18"); err != nil || got != (Totals{}) {
			t.Errorf("%s: %+v, %v", student, got, err)
		}
	}
}

// A long illness is one absence; by the school's own hours and its holidays.
func TestTotalsByTheHoursOfTheSchool(t *testing.T) {
	w := newWorld(t)
	w.Must(deed{User: "roussel", Scope: "school:x", Name: "attendance.hours@1", Args: hours(nil)})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(args{
		"from": "2026-11-23T08:30", "to": "2027-02-28T17:00", "excuse": "",
	})})
	if events := all[Event](w, "student:ines", kindAbsence); len(events) != 1 {
		t.Errorf("%+v", events)
	}
	got, err := w.attendance.Totals(t.Context(), "ines", "2026-09-01", "2027-07-05")
	// 14 weeks of 6 mornings and 4 afternoons, less two of holidays and the Saturday before them.
	if want := (Totals{HalfDaysJustified: 12*10 - 1, HoursMissed: 12*(6*4+4*3) - 4}); err != nil || got != want {
		t.Errorf("%+v, want %+v, %v", got, want, err)
	}
}

// lessons is a timetable of two lessons on the Monday.
type lessons struct{}

func (lessons) Held(_ context.Context, student string, _, _ directory.Date) (map[directory.Date][][2]string, error) {
	if student != "ines" {
		return nil, nil
	}
	return map[directory.Date][][2]string{"2026-11-23": {{"08:00", "09:00"}, {"15:00", "16:30"}}}, nil
}

// Where the timetable knows the day, its lessons are what was missed.
func TestTotalsByTheTimetable(t *testing.T) {
	w := newWorld(t)
	w.attendance.lessons = lessons{}
	for id, student := range map[string]string{"ruling-1": "ines", "ruling-2": "malo"} {
		w.Must(deed{User: "viard", Scope: office, Name: "attendance.record@1", Args: ruling(args{
			"id": id, "student": student, "from": "2026-11-23T08:00", "to": "2026-11-24T12:00", "excuse": "",
		})})
	}
	for student, want := range map[string]Totals{
		"ines": {HalfDaysJustified: 3, HoursMissed: 2.5 + 4}, "malo": {HalfDaysJustified: 3, HoursMissed: 8 + 4},
	} {
		if got, err := w.attendance.Totals(t.Context(), student, "2026-11-01", "2026-12-18"); err != nil || got != want {
			t.Errorf("%s: %+v, want %+v, %v", student, got, want, err)
		}
	}
}
