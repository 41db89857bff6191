package timetable

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
)

// Lesson is one lesson on one day. Was holds what a change put something else
// in place of. A lesson that is Gone was moved away from here, to To.
type Lesson struct {
	ID        string            `json:"id"`
	Slot      string            `json:"slot,omitempty"`
	Date      directory.Date    `json:"date"`
	Start     string            `json:"start"`
	End       string            `json:"end"`
	Kind      string            `json:"kind"`
	Course    string            `json:"course,omitempty"`
	Subject   string            `json:"subject,omitempty"`
	Title     string            `json:"title,omitempty"`
	Audiences []string          `json:"audiences,omitempty"`
	Teachers  []directory.Named `json:"teachers,omitempty"`
	Rooms     []string          `json:"rooms,omitempty"`
	Cancelled bool              `json:"cancelled,omitempty"`
	Absent    bool              `json:"absent,omitempty"`
	Extra     bool              `json:"extra,omitempty"`
	Gone      bool              `json:"gone,omitempty"`
	To        *Place            `json:"to,omitempty"`
	Was       *Was              `json:"was,omitempty"`
	Instead   string            `json:"instead,omitempty"` // the lesson that this one is held in place of
	Note      string            `json:"note,omitempty"`
}

// Was is what a lesson was before it was changed.
type Was struct {
	Place    *Place            `json:"place,omitempty"`
	Rooms    []string          `json:"rooms,omitempty"`
	Teachers []directory.Named `json:"teachers,omitempty"`
	Subject  string            `json:"subject,omitempty"`
}

// held says whether a lesson takes place, there and then.
func (l Lesson) held() bool { return !l.Cancelled && !l.Gone }

// Expand lists the lessons from one day until another, both included, by day
// and hour. It depends on its arguments alone.
func Expand(slots map[string]Slot, changes map[string]Change, cal Calendar, from, until directory.Date) []Lesson {
	lessons := regular(slots, changes, cal, from, until)
	for id, c := range changes {
		switch slot, known := slots[c.Slot]; {
		case c.Extra != nil && within(c.Date, from, until):
			lessons = append(lessons, c.extra(id))
		case known && c.To != nil && within(c.To.Date, from, until) && c.Date.Valid() && slot.holds(c.Date, cal):
			lessons = append(lessons, slot.on(c.Slot, c.Date).changed(c))
		}
	}
	slices.SortFunc(lessons, inOrder)
	return superimpose(lessons)
}

// inOrder orders lessons by time; one that was moved within its own time comes
// before what it left.
func inOrder(a, b Lesson) int {
	left := func(l Lesson) int {
		if l.Gone {
			return 1
		}
		return 0
	}
	return cmp.Or(
		strings.Compare(string(a.Date), string(b.Date)), strings.Compare(a.Start, b.Start),
		strings.Compare(a.End, b.End), strings.Compare(a.ID, b.ID), left(a)-left(b),
	)
}

// regular lists the lessons that stay on their day.
func regular(slots map[string]Slot, changes map[string]Change, cal Calendar, from, until directory.Date) []Lesson {
	byDay := map[int][]string{}
	for id, slot := range slots {
		byDay[slot.Weekday] = append(byDay[slot.Weekday], id)
	}
	var all []Lesson
	for day := from; day <= until; day = day.AddDays(1) {
		for _, id := range byDay[weekday(day)] {
			if slot := slots[id]; slot.holds(day, cal) {
				all = append(all, slot.on(id, day).stays(changes[lessonID(id, day)]))
			}
		}
	}
	return all
}

func lessonID(slot string, day directory.Date) string { return slot + "." + string(day) }

func within(day, from, until directory.Date) bool { return from <= day && day <= until }

func weekday(day directory.Date) int {
	t, _ := time.Parse(time.DateOnly, string(day))
	return (int(t.Weekday())+6)%7 + 1
}

// Monday is the first day of the week of a day.
func Monday(day directory.Date) directory.Date { return day.AddDays(1 - weekday(day)) }

// Letter is "A" or "B", or empty where all weeks are alike.
func (c Calendar) Letter(day directory.Date) string {
	switch {
	case len(c.WeeksA) == 0:
		return ""
	case slices.Contains(c.WeeksA, Monday(day)):
		return "A"
	default:
		return "B"
	}
}

// Free says whether a day lies in the holidays.
func (c Calendar) Free(day directory.Date) bool {
	return slices.ContainsFunc(c.Holidays, func(h directory.Holiday) bool { return within(day, h.Start, h.End) })
}

// holds says whether a slot makes a lesson on a day.
func (s Slot) holds(day directory.Date, cal Calendar) bool {
	letter := cal.Letter(day)
	switch {
	case weekday(day) != s.Weekday, s.From != "" && day < s.From, s.Until != "" && day > s.Until:
		return false
	case s.Weeks != "" && letter != "" && s.Weeks != letter:
		return false
	}
	return !cal.Free(day)
}

// on is the lesson of a slot on a day, before any change.
func (s Slot) on(id string, day directory.Date) Lesson {
	return Lesson{
		ID: lessonID(id, day), Slot: id, Date: day, Start: s.Start, End: s.End, Kind: s.Kind, Course: s.Course,
		Subject: s.Subject, Title: s.Title, Audiences: s.Audiences, Teachers: s.Teachers, Rooms: s.Rooms,
	}
}

// stays is a lesson with what a change makes of it on its own day: one that was
// moved is gone from there.
func (l Lesson) stays(c Change) Lesson {
	if c.To == nil {
		return l.changed(c)
	}
	l.Gone, l.To, l.Note = true, c.To, c.Note
	return l
}

// changed is a lesson with all that a change makes of it.
func (l Lesson) changed(c Change) Lesson {
	var was Was
	if c.To != nil {
		was.Place = &Place{l.Date, l.Start, l.End}
		l.Date, l.Start, l.End = c.To.Date, c.To.Start, c.To.End
	}
	if len(c.Rooms) > 0 {
		was.Rooms, l.Rooms = l.Rooms, c.Rooms
	}
	if len(c.Teachers) > 0 {
		was.Teachers, l.Teachers = l.Teachers, c.Teachers
	}
	if c.Subject != "" {
		was.Subject, l.Subject, l.Title = l.Subject, c.Subject, ""
	}
	l.Cancelled, l.Absent, l.Note = c.Cancelled, c.Absent, c.Note
	if was.Place != nil || was.Rooms != nil || was.Teachers != nil || was.Subject != "" {
		l.Was = &was
	}
	return l
}

// extra is the lesson that a change adds.
func (c Change) extra(id string) Lesson {
	l := c.Extra.on("", c.Date)
	l.ID, l.Extra = id, true
	return l.changed(c)
}

// superimpose leaves out what is not held where something else is held for the
// same people at that time, by a change: one lesson is shown, which says in
// place of which it is.
func superimpose(lessons []Lesson) []Lesson {
	hidden := map[int]bool{}
	for i, l := range lessons {
		if !l.held() || !l.Extra && (l.Was == nil || l.Was.Place == nil) {
			continue
		}
		for j, other := range lessons {
			if !other.held() && !hidden[j] && l.meets(other) && shares(l.Audiences, other.Audiences) {
				hidden[j] = true
				if other.ID != l.ID {
					lessons[i].Instead = cmp.Or(lessons[i].Instead, other.ID)
				}
			}
		}
	}
	kept := []Lesson{}
	for i, l := range lessons {
		if !hidden[i] {
			kept = append(kept, l)
		}
	}
	return kept
}

// meets says whether two lessons are at the same time, in part at least.
func (l Lesson) meets(other Lesson) bool {
	return l.Date == other.Date && l.Start < other.End && other.Start < l.End
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(v string) bool { return slices.Contains(b, v) })
}
