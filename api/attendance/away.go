package attendance

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Away is when a pupil will not be in class, from today on, as their teachers
// read it: never why.
type Away struct {
	Times []AwayTime `json:"times"`
}

// AwayTime is one such time; Subject limits an exemption.
type AwayTime struct {
	Kind    string `json:"kind"`
	From    string `json:"from"`
	To      string `json:"to"`
	Subject string `json:"subject,omitempty"`
}

// announced is the kind of what a guardian said beforehand.
const announced = "announced"

// expect tells the teachers of a pupil when the pupil is away: those of a
// class in the scope of its team, those of groups in their courses.
func (s *Service) expect(ctx context.Context, job *psync.Job) error {
	student := psync.ScopeID(job.Source())
	times, err := s.timesAway(ctx, job.Source(), string(s.today(s.dir.SchoolOf(student), s.now())))
	if err != nil {
		return err
	}
	for _, c := range s.dir.AudiencesOf(student) {
		for _, scope := range s.teamsOf(c) {
			if err := job.Commit(ctx, scope, putAway(student, times)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) teamsOf(c directory.Class) []string {
	if c.Kind == directory.KindClass {
		return []string{c.Scope() + "/staff"}
	}
	var all []string
	for _, course := range s.dir.CoursesOf(c.Scope()) {
		all = append(all, courseScope(course.ID))
	}
	return all
}

func putAway(student string, times []AwayTime) psync.Rule {
	return func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, "away", student, nil)
		switch {
		case err != nil:
			return err
		case len(times) > 0:
			tx.PutIfChanged("away", student, Away{times})
		case seq > 0:
			tx.Delete("away", student)
		}
		return nil
	}
}

// timesAway gathers what is known of a pupil from a day on.
func (s *Service) timesAway(ctx context.Context, scope, today string) ([]AwayTime, error) {
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: kindAbsence}, storage.Key{Type: kindJustification}, storage.Key{Type: kindExemption})
	if err != nil {
		return nil, err
	}
	var all []AwayTime
	for _, r := range recs {
		t, holds, err := timeAway(r)
		if err != nil {
			return nil, err
		}
		if holds && t.To >= today {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b AwayTime) int {
		return cmp.Or(strings.Compare(a.From, b.From), strings.Compare(a.To, b.To), strings.Compare(a.Kind, b.Kind))
	})
	return all, nil
}

// timeAway reads one record of a pupil as a time away, if it is one.
func timeAway(r storage.Record) (t AwayTime, holds bool, err error) {
	switch r.Type {
	case kindAbsence:
		e, err := psync.Decode[Event](r)
		return AwayTime{Kind: kindAbsence, From: e.From, To: e.To}, true, err
	case kindJustification:
		j, err := psync.Decode[Justification](r)
		return AwayTime{Kind: announced, From: j.From, To: j.To}, j.Before && j.State != StateRefused && j.Kind == kindAbsence, err
	default:
		n, err := psync.Decode[Note](r)
		return AwayTime{Kind: kindExemption, From: n.From, To: n.To, Subject: n.Subject}, true, err
	}
}
