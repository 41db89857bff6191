package agenda

import (
	"slices"
	"strings"
	"time"

	"preau/api/directory"
)

// Occurrence is one time at which an event is.
type Occurrence struct {
	Start     string `json:"start"`
	End       string `json:"end"`
	Cancelled bool   `json:"cancelled,omitempty"`
}

// Day is the day on which it begins.
func (o Occurrence) Day() directory.Date { return dayOf(o.Start) }

// Last is the day on which it ends.
func (o Occurrence) Last() directory.Date { return dayOf(o.End) }

// Occurrences lists the times of an event that touch the days from one until
// another, both included. A cancelled time is gone once its last day is before
// today.
func (e Event) Occurrences(from, until, today directory.Date) []Occurrence {
	var all []Occurrence
	for _, day := range e.days() {
		o := e.on(day)
		over := o.Cancelled && o.Last() < today
		if o.Day() <= until && from <= o.Last() && !over {
			all = append(all, o)
		}
	}
	return all
}

// days lists the days on which an event begins.
func (e Event) days() []directory.Date {
	var all []directory.Date
	first := dayOf(e.Start)
	for day := first; day == first || day <= e.Until; day = day.AddDays(7) {
		if !slices.Contains(e.Except, day) {
			all = append(all, day)
		}
	}
	return all
}

// on is the time of an event that begins on one of its days.
func (e Event) on(day directory.Date) Occurrence {
	shift := between(dayOf(e.Start), day)
	return Occurrence{
		Start: string(day) + clockOf(e.Start), End: string(dayOf(e.End).AddDays(shift)) + clockOf(e.End),
		Cancelled: e.Cancelled || slices.Contains(e.Off, day),
	}
}

// last is the last day of an event.
func (e Event) last() directory.Date {
	days := e.days()
	return e.on(days[len(days)-1]).Last()
}

// whole says whether an event takes whole days.
func (e Event) whole() bool { return !strings.Contains(e.Start, "T") }

// dayOf is the day of a moment, clockOf the rest of it: "T08:00", or nothing.
func dayOf(moment string) directory.Date { return directory.Date(moment[:10]) }
func clockOf(moment string) string       { return moment[10:] }

func between(a, b directory.Date) int {
	from, _ := time.Parse(time.DateOnly, string(a))
	to, _ := time.Parse(time.DateOnly, string(b))
	return int(to.Sub(from).Hours() / 24)
}
