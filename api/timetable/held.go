package timetable

import (
	"context"
	"slices"

	"preau/api/directory"
	"preau/storage"
)

// expected are the kinds of lessons in which a pupil has to be.
var expected = []string{Taught, Activity, Permanence}

// Held lists the times of the lessons in which a pupil has to be, from one day
// until another, both included. A day without any lesson is not named; one of
// which all are cancelled is, with none.
func (s *Service) Held(ctx context.Context, student string, from, until directory.Date) (map[directory.Date][][2]string, error) {
	w, err := s.read(ctx, s.dir.SchoolOf(student), s.ofPupil(student))
	if err != nil {
		return nil, err
	}
	days := map[directory.Date][][2]string{}
	for _, l := range Expand(w.slots, w.changes, w.calendar, from, until) {
		if !slices.Contains(expected, l.Kind) {
			continue
		}
		times := days[l.Date]
		if l.held() {
			times = append(times, [2]string{l.Start, l.End})
		}
		days[l.Date] = times
	}
	return days, nil
}

// ofPupil lists what the scopes of a pupil's class and groups hold; the
// calendar is the school's.
func (s *Service) ofPupil(student string) lister {
	scopes := []string{"school:" + s.dir.SchoolOf(student)}
	for _, c := range s.dir.AudiencesOf(student) {
		scopes = append(scopes, c.Scope())
	}
	return func(ctx context.Context, typ string) (all []storage.Record, err error) {
		for _, scope := range scopes {
			recs, err := s.engine.Find(ctx, scope, storage.Key{Type: typ})
			if err != nil {
				return nil, err
			}
			all = append(all, recs...)
		}
		return all, nil
	}
}
