package agenda

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxTitle  = 120 // characters
	MaxPlace  = 120
	MaxText   = 5000
	MaxFiles  = 10
	MaxTimes  = 60  // of every week
	MaxEvents = 500 // of a scope
	maxSpan   = 60  // days
	maxAway   = 400
)

type putArgs struct {
	ID     string            `json:"id"`
	Title  string            `json:"title"`
	Start  string            `json:"start"`
	End    string            `json:"end"`
	Until  directory.Date    `json:"until"`
	Except []directory.Date  `json:"except"`
	Place  string            `json:"place"`
	Text   string            `json:"text"`
	Link   string            `json:"link"`
	Lesson string            `json:"lesson"`
	Files  []attachment.File `json:"files"`
}

func invalid(field, format string, args ...any) error {
	return psync.Refuse("invalid", field, format, args...)
}

// newEvent makes and checks an event out of what a person sent.
func (s *Service) newEvent(tx *psync.Tx, a putArgs) (Event, error) {
	now := tx.Now().UTC().Truncate(time.Second)
	e := Event{
		Title: strings.TrimSpace(a.Title), Start: a.Start, End: a.End, Until: a.Until, Except: a.Except,
		Place: strings.TrimSpace(a.Place), Text: strings.TrimSpace(a.Text), Link: a.Link, Lesson: a.Lesson,
		By: s.dir.Named(tx.Actor().User), Made: now, At: now,
	}
	var err error
	if e.Files, err = attachment.Declared("files", a.Files, MaxFiles); err != nil {
		return e, err
	}
	for _, err := range []error{
		psync.CheckID("id", a.ID), e.checkTexts(), e.checkTime(s.dir.Today(tx.Actor().School)),
		checkLesson(e.Lesson, tx.Scope()),
	} {
		if err != nil {
			return e, err
		}
	}
	return e, e.checkWeeks()
}

func (e Event) checkTexts() error {
	if e.Title == "" {
		return invalid("title", "an event has a name")
	}
	if e.Link != "" && HostOf(e.Link) == "" {
		return invalid("link", "not an https address of a name on the network")
	}
	for _, err := range []error{
		psync.CheckText("title", e.Title, MaxTitle), psync.CheckText("place", e.Place, MaxPlace),
		psync.CheckText("text", e.Text, MaxText),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func (e Event) checkTime(today directory.Date) error {
	switch {
	case !moment(e.Start):
		return invalid("start", "not a moment")
	case !moment(e.End) || len(e.End) != len(e.Start):
		return invalid("end", "not a moment of the same kind")
	case e.End < e.Start || e.End == e.Start && !e.whole():
		return invalid("end", "ends before it begins")
	case between(dayOf(e.Start), dayOf(e.End)) > maxSpan:
		return invalid("end", "longer than %d days", maxSpan)
	case dayOf(e.Start) < today.AddDays(-maxAway) || dayOf(e.Start) > today.AddDays(maxAway):
		return invalid("start", "not a day of about this year")
	case max(dayOf(e.End), e.Until) < today.AddDays(-keepDays):
		return invalid("end", "over and forgotten")
	}
	return nil
}

// checkWeeks refuses weeks that are none; the days were checked before.
func (e Event) checkWeeks() error {
	first := dayOf(e.Start)
	switch {
	case e.Until == "" && len(e.Except) > 0:
		return invalid("except", "it is not of every week")
	case e.Until == "":
		return nil
	case !e.Until.Valid() || e.Until < first:
		return invalid("until", "not a day after the first")
	case between(first, e.Until)/7 >= MaxTimes:
		return psync.Refuse("too_large", "until", "at most %d times", MaxTimes)
	case dayOf(e.End).AddDays(-6) > first:
		return invalid("end", "meets the next week")
	}
	for i, day := range e.Except {
		if !e.begins(day) || slices.Contains(e.Except[:i], day) {
			return invalid(fmt.Sprintf("except[%d]", i), "not a day of it, once")
		}
	}
	if len(e.days()) == 0 {
		return invalid("except", "nothing is left")
	}
	return nil
}

// begins says whether an event of every week would begin on a day.
func (e Event) begins(day directory.Date) bool {
	first := dayOf(e.Start)
	return day.Valid() && first <= day && day <= e.Until && between(first, day)%7 == 0
}

// checkLesson refuses what is not the id of a lesson (see package timetable),
// or one in a scope that has no lessons.
func checkLesson(id, scope string) error {
	if id == "" {
		return nil
	}
	kind, of, _ := strings.Cut(scope, ":")
	if kind != "class" && kind != "group" || strings.Contains(of, "/") {
		return invalid("lesson", "only a class or group has lessons")
	}
	slot, day, regular := strings.Cut(id, ".")
	if regular && !directory.Date(day).Valid() {
		return invalid("lesson", "not the id of a lesson")
	}
	return psync.CheckID("lesson", slot)
}

// moment reads "2026-11-24T08:00" or "2026-11-24".
func moment(s string) bool {
	day, clock, timed := strings.Cut(s, "T")
	_, err := time.Parse("15:04", clock)
	return directory.Date(day).Valid() && (!timed || err == nil && len(clock) == 5)
}
