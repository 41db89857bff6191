package notify

import (
	"time"
)

// quiet is the part of the day during which nothing rings, "21:00" to "07:00",
// by the clock where the person lives. From and To equal: never.
type quiet struct {
	From string `json:"from"`
	To   string `json:"to"`
}

var usualQuiet = quiet{From: "21:00", To: "07:00"}

// clock reads "21:00" as minutes since midnight.
func clock(s string) (minutes int, ok bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil && len(s) == 5
}

func timeOfDay(s string) bool {
	_, ok := clock(s)
	return ok
}

func (q quiet) valid() bool { return timeOfDay(q.From) && timeOfDay(q.To) }

// end is when the quiet time that holds at t ends; t itself when none does.
func (q quiet) end(t time.Time) time.Time {
	from, ok1 := clock(q.From)
	to, ok2 := clock(q.To)
	now := t.Hour()*60 + t.Minute()
	switch {
	case !ok1 || !ok2 || from == to:
		return t
	case from < to && (now < from || now >= to), from > to && now < from && now >= to:
		return t
	}
	day := t.Day()
	if from > to && now >= from {
		day++ // it ends tomorrow
	}
	return time.Date(t.Year(), t.Month(), day, to/60, to%60, 0, 0, t.Location())
}

// when says when a notice written now may ring: at once, or when the quiet
// hours end; marks at their hour. What is urgent and due before noon of that
// morning does not wait.
func (s *Service) when(to reader, n Notice, now time.Time) time.Time {
	q := usualQuiet
	for _, chosen := range []*quiet{to.rules.Quiet, to.set.Quiet} {
		if chosen != nil && chosen.valid() {
			q = *chosen
		}
	}
	local := now.In(s.zone(to.user))
	ready := local
	if n.Alert == NewGrade {
		ready = next(local, to.set.gradesAt(to.rules))
	}
	end := q.end(ready)
	noon := time.Date(end.Year(), end.Month(), end.Day(), 12, 0, 0, 0, end.Location())
	if end.Equal(local) || n.Urgent && !n.Due.IsZero() && n.Due.Before(noon) {
		return time.Time{}
	}
	return end
}
