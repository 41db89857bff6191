package attendance

import (
	"context"
	"fmt"
	"math"
	"slices"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Totals are what a report card says of a pupil's presence in a period, the
// half-days being those begun. What does not count is left out.
type Totals struct {
	Lates               int     `json:"lates"`
	HalfDaysJustified   int     `json:"halfDaysJustified"`
	HalfDaysUnjustified int     `json:"halfDaysUnjustified"`
	HoursMissed         float64 `json:"hoursMissed"` // to the hundredth
}

// Totals counts what a pupil missed from one day until another, both included,
// as it stands now. An absence that goes beyond counts for its part.
func (s *Service) Totals(ctx context.Context, student string, from, until directory.Date) (Totals, error) {
	absences, err := s.eventsIn(ctx, student, kindAbsence, from, until)
	if err != nil {
		return Totals{}, fmt.Errorf("totals of %s: %w", student, err)
	}
	latenesses, err := s.eventsIn(ctx, student, kindLateness, from, until)
	if err != nil {
		return Totals{}, fmt.Errorf("totals of %s: %w", student, err)
	}
	cal, err := s.calendarOf(ctx, student, from, until)
	if err != nil {
		return Totals{}, fmt.Errorf("totals of %s: %w", student, err)
	}
	c := CountEvents(absences, latenesses, cal)
	return Totals{
		Lates: c.Latenesses, HalfDaysJustified: c.HalfDays - c.Unjustified, HalfDaysUnjustified: c.Unjustified,
		HoursMissed: math.Round(float64(c.Minutes)/60*100) / 100,
	}, nil
}

// eventsIn reads the part of a pupil's absences or latenesses that lies in a
// period.
func (s *Service) eventsIn(ctx context.Context, student, kind string, from, until directory.Date) ([]Event, error) {
	recs, err := s.engine.Find(ctx, studentScope(student), storage.Key{Type: kind})
	if err != nil {
		return nil, err
	}
	var all []Event
	for _, r := range recs {
		e, err := psync.Decode[Event](r)
		if err != nil {
			return nil, err
		}
		if part, some := e.within(from, until); some {
			all = append(all, part)
		}
	}
	return all, nil
}

// within is the part of an event that lies in a period, if any does.
func (e Event) within(from, until directory.Date) (part Event, some bool) {
	begin, end := string(from)+"T00:00", string(until)+"T23:59"
	e.From, e.To = max(e.From, begin), min(e.To, end)
	e.Lessons = slices.DeleteFunc(slices.Clone(e.Lessons), func(l Lesson) bool { return l.From < begin || l.From > end })
	return e, e.From < e.To
}
