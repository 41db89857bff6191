package attendance

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"preau/api/directory"
)

// Hours are when a school is open: two half-days, the second one not on each
// day.
type Hours struct {
	Morning    [2]string      `json:"morning"`
	Afternoon  [2]string      `json:"afternoon"`
	Days       []time.Weekday `json:"days"`       // with school
	Afternoons []time.Weekday `json:"afternoons"` // with school after noon
	HalfDay    int            `json:"halfDay"`    // minutes that are a whole half-day
}

// UsualHours are those of a collège.
func UsualHours() Hours {
	return Hours{
		Morning: [2]string{"08:00", "12:00"}, Afternoon: [2]string{"13:30", "17:30"}, HalfDay: 240,
		Days:       []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday},
		Afternoons: []time.Weekday{time.Monday, time.Tuesday, time.Thursday, time.Friday},
	}
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
func CountEvents(absences, latenesses []Event, hours Hours, holidays []directory.Holiday) Count {
	halves := map[half]*missedHalf{}
	for _, e := range absences {
		if e.Counts {
			hours.gather(halves, e, holidays)
		}
	}
	c := Count{}
	for _, h := range slices.SortedFunc(maps.Keys(halves), half.compare) {
		m := halves[h]
		minutes := m.minutes()
		c.HalfDays++
		c.Minutes += minutes
		c.Computed += min(1, float64(minutes)/float64(hours.HalfDay))
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
// were missed, or the opening hours of what was recorded whole.
func (hours Hours) gather(halves map[half]*missedHalf, e Event, holidays []directory.Holiday) {
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
		add(l.From[:10], from >= hours.noon(), from, minuteOf(l.To[11:]))
	}
	if !e.Recorded {
		return
	}
	for date := directory.Date(e.From[:10]); string(date) <= e.To[:10]; date = date.AddDays(1) {
		for _, part := range hours.on(date, holidays) {
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

// on lists when the school is open on a day.
func (hours Hours) on(date directory.Date, holidays []directory.Holiday) []opening {
	off := slices.ContainsFunc(holidays, func(h directory.Holiday) bool { return h.Start <= date && date <= h.End })
	day, err := time.Parse(time.DateOnly, string(date))
	if err != nil || off || !slices.Contains(hours.Days, day.Weekday()) {
		return nil
	}
	open := []opening{{false, minuteOf(hours.Morning[0]), minuteOf(hours.Morning[1])}}
	if slices.Contains(hours.Afternoons, day.Weekday()) {
		open = append(open, opening{true, minuteOf(hours.Afternoon[0]), minuteOf(hours.Afternoon[1])})
	}
	return open
}

// minuteOf reads "08:30" as minutes since midnight.
func minuteOf(clock string) int {
	t, _ := time.Parse("15:04", clock) // it was checked when it came in
	return t.Hour()*60 + t.Minute()
}
