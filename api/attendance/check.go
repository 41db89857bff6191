package attendance

import (
	"fmt"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxText       = 5_000 // characters
	MaxShort      = 200   // characters
	MaxFiles      = 5
	MaxReasons    = 10
	MaxSessions   = 20
	maxCodes      = 100 // reasons of a school
	maxOrder      = 999
	maxCalls      = 60
	maxVersions   = 20      // of what a roll says of one pupil
	maxLesson     = 12 * 60 // minutes
	minHalfDay    = 60      // minutes
	maxHalfDay    = 8 * 60  // minutes
	maxAway       = 120     // days of what a guardian says at once
	maxRecorded   = 366     // days of what vie scolaire writes down: an illness, an internship
	maxExempted   = 366     // days of one exemption
	rollKept      = 14      // days after which a roll is forgotten
	teacherGrace  = 3       // days in which a phone may bring a roll of its day
	earliestStart = 15 * time.Minute
)

// moment is a time of day as the school's clock shows it.
const moment = "2006-01-02T15:04"

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// checkMoment refuses what is no moment; "2026-11-24T08:00" is one.
func checkMoment(field, m string) error {
	if _, err := time.Parse(moment, m); err != nil {
		return invalid(field, "not a moment")
	}
	return nil
}

// checkSpan refuses an interval that ends before it begins, or is very long.
func checkSpan(from, to string, days int) error {
	if err := checkMoment("from", from); err != nil {
		return err
	}
	if err := checkMoment("to", to); err != nil {
		return err
	}
	switch {
	case to <= from:
		return invalid("to", "before it begins")
	case minutesBetween(from, to) > days*24*60:
		return invalid("to", "at most %d days", days)
	}
	return nil
}

// minutesBetween counts by the clock on the wall.
func minutesBetween(from, to string) int {
	a, _ := time.Parse(moment, from) // both were checked when they came in
	b, _ := time.Parse(moment, to)
	return int(b.Sub(a) / time.Minute)
}

// checkYear refuses a moment that lies more than a year away.
func checkYear(field, m string, now time.Time) error {
	t, _ := time.Parse(moment, m)
	if away := t.Sub(now); away > 366*24*time.Hour || away < -366*24*time.Hour {
		return invalid(field, "more than a year away")
	}
	return nil
}

// clock says whether s is a time of day, "08:00".
func clock(s string) bool {
	_, err := time.Parse("15:04", s)
	return err == nil && len(s) == 5
}

// local is a moment as the clock of a school shows it.
func (s *Service) local(school string, t time.Time) string {
	return t.In(s.dir.Location(school)).Format(moment)
}

// today is the date at a school at a moment.
func (s *Service) today(school string, t time.Time) directory.Date {
	return directory.DateOf(t.In(s.dir.Location(school)))
}

// ownPupil refuses who is no pupil of the school of an office.
func (s *Service) ownPupil(tx *psync.Tx, field, student string) error {
	p, known := s.dir.Person(student)
	if !known || !p.Pupil || s.dir.SchoolOf(student) != psync.ScopeID(tx.Scope()) {
		return psync.Refuse("not_found", field, "no such pupil")
	}
	return nil
}

func each(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

// checkNoteID refuses what is neither an id nor two of them with a sign between.
func checkNoteID(id string) error { return psync.CheckKey("id", id, 64+1+64) }
