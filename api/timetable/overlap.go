package timetable

import (
	"encoding/json"
	"slices"
	"strings"

	"preau/api/directory"
	psync "preau/sync"
)

// Overlap is something that two lessons would need at one time: Field says
// which part of the new one, What is its room, person, class or group, Lesson
// the slot or lesson that has it.
type Overlap struct {
	Field  string `json:"field"`
	What   string `json:"what"`
	Name   string `json:"name"`
	Lesson string `json:"lesson"`
	Title  string `json:"title"`
	Start  string `json:"start"`
	End    string `json:"end"`
}

// refuseOverlap is the refusal that lists what a new lesson overlaps, or nil.
func refuseOverlap(found []Overlap) error {
	if len(found) == 0 {
		return nil
	}
	raw, err := json.Marshal(found)
	if err != nil {
		return err
	}
	return &psync.Refusal{Code: "overlap", Field: found[0].Field, Message: found[0].What + " is taken at that time", Current: raw}
}

// needs is who and what a lesson takes up.
type needs struct {
	rooms, people, audiences []string
}

func (s *Service) needsOf(course string, audiences []string, teachers []directory.Named, rooms []string) needs {
	return needs{rooms: rooms, people: s.heldBy(course, teachers), audiences: audiences}
}

// shared says what two lessons both need: a room, a person, a class, or a pupil
// of two groups.
func (s *Service) shared(a, b needs) (field, what string) {
	for _, room := range a.rooms {
		if slices.ContainsFunc(b.rooms, func(r string) bool { return strings.EqualFold(r, room) }) {
			return "rooms", room
		}
	}
	for _, person := range a.people {
		if slices.Contains(b.people, person) {
			return "teachers", person
		}
	}
	for _, audience := range a.audiences {
		for _, other := range b.audiences {
			if audience == other || s.samePupils(audience, other) {
				return "audiences", audience
			}
		}
	}
	return "", ""
}

// samePupils says whether somebody is in both; no pupil is in two classes.
func (s *Service) samePupils(a, b string) bool {
	if strings.HasPrefix(a, "class:") && strings.HasPrefix(b, "class:") {
		return false
	}
	return shares(s.dir.Pupils(a), s.dir.Pupils(b))
}

// nameOf is what people call a room, a person, a class or a group.
func (s *Service) nameOf(school, field, what string) string {
	switch field {
	case "teachers":
		return s.dir.Named(what).Name
	case "audiences":
		return s.dir.Contents(school).Classes[what].Name
	}
	return what
}

// slotOverlaps lists what a slot would overlap, week after week.
func (s *Service) slotOverlaps(school, id string, slot Slot, others map[string]Slot) []Overlap {
	mine := s.needsOf(slot.Course, slot.Audiences, slot.Teachers, slot.Rooms)
	var found []Overlap
	for other, o := range others {
		if other == id || !slot.coincides(o) {
			continue
		}
		if field, what := s.shared(mine, s.needsOf(o.Course, o.Audiences, o.Teachers, o.Rooms)); field != "" {
			found = append(found, Overlap{
				Field: field, What: what, Name: s.nameOf(school, field, what), Lesson: other,
				Title: s.subjectName(school, o.Subject, o.Title), Start: o.Start, End: o.End,
			})
		}
	}
	return sorted(found)
}

// coincides says whether two slots are ever at the same time.
func (s Slot) coincides(o Slot) bool {
	apart := s.Weekday != o.Weekday || s.Start >= o.End || o.Start >= s.End ||
		s.Weeks != "" && o.Weeks != "" && s.Weeks != o.Weeks ||
		s.Until != "" && s.Until < o.From || o.Until != "" && o.Until < s.From
	return !apart
}

// lessonOverlaps lists what one lesson overlaps on its day.
func (s *Service) lessonOverlaps(school string, lesson Lesson, day []Lesson) []Overlap {
	mine := s.needsOf(lesson.Course, lesson.Audiences, lesson.Teachers, lesson.Rooms)
	var found []Overlap
	for _, o := range day {
		if o.ID == lesson.ID || !o.held() || !lesson.meets(o) {
			continue
		}
		if field, what := s.shared(mine, s.needsOf(o.Course, o.Audiences, o.Teachers, o.Rooms)); field != "" {
			found = append(found, Overlap{
				Field: field, What: what, Name: s.nameOf(school, field, what), Lesson: o.ID,
				Title: s.subjectName(school, o.Subject, o.Title), Start: o.Start, End: o.End,
			})
		}
	}
	return found
}

// newOverlaps lists what the lessons that are mine would overlap on some days, and
// did not before.
func (s *Service) newOverlaps(school string, before, after week, days []directory.Date, mine func(Lesson) bool) []Overlap {
	known := map[Overlap]bool{}
	for _, o := range s.overlapsOn(school, before, days, mine) {
		known[o.of(o.lesson)] = true
	}
	var found []Overlap
	for _, o := range s.overlapsOn(school, after, days, mine) {
		if !known[o.of(o.lesson)] {
			found = append(found, o.Overlap)
		}
	}
	return sorted(found)
}

// overlapping is what one of the lessons that are looked at overlaps.
type overlapping struct {
	lesson Lesson
	Overlap
}

// of names two lessons that meet.
func (o Overlap) of(l Lesson) Overlap {
	o.Title, o.Name = l.ID, string(l.Date)+l.Start+l.End
	return o
}

func (s *Service) overlapsOn(school string, w week, days []directory.Date, mine func(Lesson) bool) []overlapping {
	var found []overlapping
	for _, day := range days {
		lessons := Expand(w.slots, w.changes, w.calendar, day, day)
		for _, l := range lessons {
			if !mine(l) || !l.held() {
				continue
			}
			for _, o := range s.lessonOverlaps(school, l, lessons) {
				found = append(found, overlapping{l, o})
			}
		}
	}
	return found
}

// irregular are the days from one on that changes of other lessons, or extra
// ones, fall on, where slots have lessons; and all days to which lessons of
// theirs were moved.
func (w week) irregular(slots map[string]bool, from directory.Date) []directory.Date {
	weekdays := map[int]bool{}
	for id := range slots {
		weekdays[w.slots[id].Weekday] = true
	}
	var days []directory.Date
	for _, c := range w.changes {
		if day := c.day(); day >= from && (slots[c.Slot] || weekdays[weekday(day)]) {
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// sorted orders what was found, and keeps a few.
func sorted(found []Overlap) []Overlap {
	slices.SortFunc(found, func(a, b Overlap) int { return strings.Compare(a.Lesson, b.Lesson) })
	return found[:min(len(found), 8)]
}
