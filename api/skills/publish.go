package skills

import (
	"context"
	"time"

	"preau/api/grades"
	psync "preau/sync"
)

type publishArgs struct {
	ID string `json:"id"`
	grades.Wish
}

// publish sets from when an evaluation is seen. What pupils see already stays
// seen since when it is.
func (s *Service) publish(ctx context.Context, tx *psync.Tx) error {
	var args publishArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	e, _, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, e.Period); err != nil {
		return err
	}
	policy, err := s.marks.PolicyOf(ctx, course.School)
	if err != nil {
		return err
	}
	e.PublishAt, e.GuardiansAt, err = args.Moments(e.Date, e.PublishAt, tx.Now(), policy, s.dir.Location(course.School))
	if err != nil {
		return err
	}
	tx.PutIfChanged("evaluation", args.ID, e)
	schedule(tx, e)
	return nil
}

// schedule carries what is due now, and on the dates to come.
func schedule(tx *psync.Tx, e Evaluation) {
	tx.Effect(effectCarry, struct{}{})
	if e.PublishAt.After(tx.Now()) {
		tx.EffectAt(effectAppear, struct{}{}, e.PublishAt)
	}
	if e.GuardiansAt.After(tx.Now()) && !e.GuardiansAt.Equal(e.PublishAt) {
		tx.EffectAt(effectAppear, struct{}{}, e.GuardiansAt)
	}
}

// hide takes a publication back: what was seen is seen no more.
func (s *Service) hide(ctx context.Context, tx *psync.Tx) error {
	var args evaluationArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	e, _, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, e.Period); err != nil {
		return err
	}
	if e.PublishAt.IsZero() {
		return nil
	}
	e.PublishAt, e.GuardiansAt = time.Time{}, time.Time{}
	tx.Put("evaluation", args.ID, e)
	tx.Effect(effectCarry, struct{}{})
	return nil
}

// appear asks, on a date of a publication, for what is seen from then on to
// be carried in its turn.
func (s *Service) appear(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(effectCarry, struct{}{})
		return nil
	})
}
