package attendance

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"preau/api/directory"
)

// Calendar is when a pupil has school. On a day of which the timetable has
// lessons, it decides; on any other the opening hours do.
type Calendar struct {
	Hours    Hours
	Holidays []directory.Holiday
	Lessons  map[directory.Date][][2]string // those that are held
}

// Count is what a time of absences and latenesses adds up to.
type Count struct {
	HalfDays    int     `json:"halfDays"` // begun ("brutes")
	Computed    float64 `json:"computed"` // by the minutes missed ("calculées"), to the hundredth
	Unjustified int     `json:"unjustified"`
	Minutes     int     `json:"minutes"`
	Latenesses  int     `json:"latenesses"`
	LateMinutes int     `json:"lateMinutes"`
}

// CountEvents adds up what counts. A half-day in which something was missed
// twice is one; it is justified if all of it is.
func CountEvents(absences, latenesses []Event, cal Calendar) Count {
	halves := map[half]*missedHalf{}
	for _, e := range absences {
		if e.Counts {
			cal.gather(halves, e)
		}
	}
	c := Count{}
	for _, h := range slices.SortedFunc(maps.Keys(halves), half.compare) {
		m := halves[h]
		minutes := m.minutes()
		c.HalfDays++
		c.Minutes += minutes
		c.Computed += min(1, float64(minutes)/float64(cal.Hours.HalfDay))
		if m.unjustified {
			c.Unjustified++
		}
	}
	c.Computed = math.Round(c.Computed*100) / 100
	for _, e := range latenesses {
		if e.Counts {
			c.Latenesses++
			c.LateMinutes += e.Minutes
		}
	}
	return c
}

// half is a half-day.
type half struct {
	date  string
	after bool // noon
}

func (h half) compare(o half) int {
	if c := cmp.Compare(h.date, o.date); c != 0 || h.after == o.after {
		return c
	}
	if h.after {
		return 1
	}
	return -1
}

// missedHalf is what was missed of a half-day: times of day, as minutes.
type missedHalf struct {
	times       [][2]int
	unjustified bool
}

// minutes counts each minute once.
func (m *missedHalf) minutes() int {
	slices.SortFunc(m.times, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	total, until := 0, 0
	for _, t := range m.times {
		if t[1] > until {
			total += t[1] - max(t[0], until)
			until = t[1]
		}
	}
	return total
}

// gather adds an absence to the half-days that it touches: the lessons that
// were missed, and of what was recorded whole all that the pupil would have had.
func (cal Calendar) gather(halves map[half]*missedHalf, e Event) {
	add := func(date string, after bool, from, to int) {
		if from >= to {
			return
		}
		m := halves[half{date, after}]
		if m == nil {
			m = &missedHalf{}
			halves[half{date, after}] = m
		}
		m.times = append(m.times, [2]int{from, to})
		m.unjustified = m.unjustified || !e.Justified
	}
	for _, l := range e.Lessons {
		from := minuteOf(l.From[11:])
		add(l.From[:10], from >= cal.Hours.noon(), from, minuteOf(l.To[11:]))
	}
	if !e.Recorded {
		return
	}
	for date := directory.Date(e.From[:10]); string(date) <= e.To[:10]; date = date.AddDays(1) {
		for _, part := range cal.on(date) {
			from, to := part.from, part.to
			if string(date) == e.From[:10] {
				from = max(from, minuteOf(e.From[11:]))
			}
			if string(date) == e.To[:10] {
				to = min(to, minuteOf(e.To[11:]))
			}
			add(string(date), part.after, from, to)
		}
	}
}

// noon is when the second half-day begins to be: halfway through the break.
func (hours Hours) noon() int {
	return (minuteOf(hours.Morning[1]) + minuteOf(hours.Afternoon[0])) / 2
}

type opening struct {
	after    bool
	from, to int
}

// on lists when the pupil has school on a day.
func (cal Calendar) on(date directory.Date) []opening {
	lessons, known := cal.Lessons[date]
	if !known {
		return cal.open(date)
	}
	all := make([]opening, 0, len(lessons))
	for _, l := range lessons {
		from := minuteOf(l[0])
		all = append(all, opening{from >= cal.Hours.noon(), from, minuteOf(l[1])})
	}
	return all
}

// open lists when the school is open on a day.
func (cal Calendar) open(date directory.Date) (all []opening) {
	off := slices.ContainsFunc(cal.Holidays, func(h directory.Holiday) bool { return h.Start <= date && date <= h.End })
	day, err := time.Parse(time.DateOnly, string(date))
	if err != nil || off {
		return nil
	}
	hours := cal.Hours
	if slices.Contains(hours.Mornings, day.Weekday()) {
		all = append(all, opening{false, minuteOf(hours.Morning[0]), minuteOf(hours.Morning[1])})
	}
	if slices.Contains(hours.Afternoons, day.Weekday()) {
		all = append(all, opening{true, minuteOf(hours.Afternoon[0]), minuteOf(hours.Afternoon[1])})
	}
	return all
}

// minuteOf reads "08:30" as minutes since midnight.
func minuteOf(clock string) int {
	t, _ := time.Parse("15:04", clock) // it was checked when it came in
	return t.Hour()*60 + t.Minute()
}
