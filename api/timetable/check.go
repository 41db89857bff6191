package timetable

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxSlots = 60 // of one action
	maxList  = 12 // rooms, teachers, audiences
	maxTitle = 120
	maxRoom  = 40
	maxNote  = 500
	maxDays  = 60 // of an absence
	maxAway  = 300
)

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// clock reads "08:05".
func clock(s string) bool {
	_, err := time.Parse("15:04", s)
	return err == nil && len(s) == 5
}

func checkTimes(at, start, end string) error {
	switch {
	case !clock(start):
		return invalid(at+"start", "not a time of day")
	case !clock(end):
		return invalid(at+"end", "not a time of day")
	case end <= start:
		return invalid(at+"end", "ends before it begins")
	}
	return nil
}

// check refuses a slot that makes no sense in a school, and completes it: a
// course says subject and audience, the directory says names.
func (s *Service) check(school, at string, slot Slot) (Slot, error) {
	known := s.dir.Contents(school)
	if slot.Course != "" {
		course, ok := known.Courses[slot.Course]
		if !ok {
			return slot, psync.Refuse("not_found", at+"course", "no such course")
		}
		slot.Subject = course.Subject
		if len(slot.Audiences) == 0 {
			slot.Audiences = []string{course.Audience}
		}
	}
	teachers, err := s.colleagues(school, at+"teachers", slot.Teachers)
	slot.Teachers = teachers
	return slot, psync.First(err, checkKind(at, slot), checkTimes(at, slot.Start, slot.End), checkRooms(at, slot.Rooms),
		checkAudiences(at, slot.Audiences, known), checkSubject(at, slot.Subject, known), checkSpan(at, slot))
}

func checkKind(at string, slot Slot) error {
	if err := psync.OneOf(at+"kind", slot.Kind, Taught, Activity, Permanence, Detention, Council); err != nil {
		return err
	}
	if slot.Subject == "" && strings.TrimSpace(slot.Title) == "" && slot.Kind != Permanence {
		return invalid(at+"title", "a subject or a title")
	}
	return psync.CheckText(at+"title", slot.Title, maxTitle)
}

func checkSpan(at string, slot Slot) error {
	switch {
	case slot.Weeks != "" && slot.Weeks != "A" && slot.Weeks != "B":
		return invalid(at+"weeks", "A, B or nothing")
	case slot.From != "" && !slot.From.Valid():
		return invalid(at+"from", "not a day")
	case slot.Until != "" && !slot.Until.Valid():
		return invalid(at+"until", "not a day")
	case slot.Until != "" && slot.Until < slot.From:
		return invalid(at+"until", "ends before it begins")
	}
	return nil
}

func checkRooms(at string, rooms []string) error {
	if len(rooms) > maxList {
		return psync.Refuse("too_large", at+"rooms", "at most %d", maxList)
	}
	for i, room := range rooms {
		if room != strings.TrimSpace(room) || room == "" || len([]rune(room)) > maxRoom || slices.Contains(rooms[:i], room) {
			return invalid(fmt.Sprintf("%srooms[%d]", at, i), "a room has a name of at most %d characters, once", maxRoom)
		}
	}
	return nil
}

func checkAudiences(at string, audiences []string, known directory.Contents) error {
	if len(audiences) == 0 || len(audiences) > maxList {
		return invalid(at+"audiences", "1 to %d classes or groups", maxList)
	}
	for i, a := range audiences {
		field := fmt.Sprintf("%saudiences[%d]", at, i)
		if _, ok := known.Classes[a]; !ok {
			return psync.Refuse("not_found", field, "no such class or group")
		}
		if slices.Contains(audiences[:i], a) {
			return invalid(field, "named twice")
		}
	}
	return nil
}

func checkSubject(at, subject string, known directory.Contents) error {
	if _, ok := known.Subjects[subject]; !ok && subject != "" {
		return psync.Refuse("not_found", at+"subject", "no such subject")
	}
	return nil
}

// colleagues refuses whoever does not work in the school, and names the others.
func (s *Service) colleagues(school, field string, people []directory.Named) ([]directory.Named, error) {
	if len(people) > maxList {
		return nil, psync.Refuse("too_large", field, "at most %d", maxList)
	}
	var all []directory.Named
	for i, p := range people {
		at := fmt.Sprintf("%s[%d]", field, i)
		if s.dir.SchoolOf(p.ID) != school || !works(s.dir.Roles(p.ID)) {
			return nil, psync.Refuse("not_found", at, "nobody who works here")
		}
		if slices.ContainsFunc(all, func(n directory.Named) bool { return n.ID == p.ID }) {
			return nil, invalid(at, "named twice")
		}
		all = append(all, s.dir.Named(p.ID))
	}
	return all, nil
}

func works(roles []directory.Role) bool {
	return slices.ContainsFunc(roles, func(r directory.Role) bool {
		return r != directory.RoleStudent && r != directory.RoleGuardian
	})
}

// checkDay refuses what is no day, or one far away.
func (s *Service) checkDay(school, field string, day directory.Date) error {
	today := s.dir.Today(school)
	if !day.Valid() || day < today.AddDays(-maxAway) || day > today.AddDays(maxAway) {
		return invalid(field, "not a day of about this year")
	}
	return nil
}
