package skills

import (
	"context"

	"preau/api/directory"
	psync "preau/sync"
)

type evaluateArgs struct {
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	Date       directory.Date `json:"date"`
	Period     string         `json:"period"`
	About      string         `json:"about"`
	Items      []Item         `json:"items"`
	Assessment string         `json:"assessment"`
}

// laidOver are the arguments over an evaluation.
func (a evaluateArgs) laidOver(e Evaluation) Evaluation {
	e.Title, e.Date, e.Period, e.About, e.Items, e.Assessment = a.Title, a.Date, a.Period, a.About, a.Items, a.Assessment
	return e
}

// evaluate opens an evaluation. Nobody but the teachers sees it until it is
// published. Opening the same one again changes nothing.
func (s *Service) evaluate(ctx context.Context, tx *psync.Tx) error {
	var args evaluateArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	e := args.laidOver(Evaluation{Teacher: s.dir.Named(tx.Actor().User)})
	if err := s.check(ctx, tx, course, e, nil); err != nil {
		return err
	}
	if there, err := tx.Get(ctx, "evaluation", args.ID, nil); there > 0 || err != nil {
		return err
	}
	tx.Put("evaluation", args.ID, e)
	return nil
}

// amend replaces what an evaluation says. It is refused with "conflict" when
// somebody else changed it since the teacher saw it.
func (s *Service) amend(ctx context.Context, tx *psync.Tx) error {
	var args evaluateArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	before, seq, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, before.Period); err != nil {
		return err
	}
	after := args.laidOver(before)
	after.EditedAt = acted(tx)
	if err := s.check(ctx, tx, course, after, before.Items); err != nil {
		return err
	}
	if err := s.checkPublished(after, course); err != nil {
		return err
	}
	tx.Put("evaluation", args.ID, after)
	carryOn(tx, before)
	return nil
}

// check refuses an evaluation that its course or its period cannot take.
func (s *Service) check(ctx context.Context, tx *psync.Tx, c directory.Course, e Evaluation, before []Item) error {
	f, err := s.frameworkFor(ctx, tx, c.School)
	if err != nil {
		return err
	}
	if err := e.check(f, before); err != nil {
		return err
	}
	if err := s.marks.CheckLevelsOpen(ctx, c, e.Period); err != nil {
		return err
	}
	if e.Assessment == "" {
		return nil
	}
	if err := psync.CheckID("assessment", e.Assessment); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, "assessment", e.Assessment, nil)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", "assessment", "no such assessment in this course")
	}
	return err
}

// checkPublished refuses a day after the one from which it is seen.
func (s *Service) checkPublished(e Evaluation, c directory.Course) error {
	if !e.PublishAt.IsZero() && directory.DateOf(e.PublishAt.In(s.dir.Location(c.School))) < e.Date {
		return psync.Refuse("too_early", "date", "it is seen before that day")
	}
	return nil
}

// current reads an evaluation of this course; field names the argument that
// holds its id. A canceled one is refused as such.
func current(ctx context.Context, tx *psync.Tx, field, id string) (Evaluation, int64, error) {
	e, seq, err := stored(ctx, tx, field, id)
	if err == nil && e.Canceled {
		err = psync.Refuse("canceled", field, "the evaluation was canceled")
	}
	return e, seq, err
}

func stored(ctx context.Context, tx *psync.Tx, field, id string) (e Evaluation, seq int64, err error) {
	if err := psync.CheckID(field, id); err != nil {
		return e, 0, err
	}
	seq, err = tx.Get(ctx, "evaluation", id, &e)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", field, "no such evaluation")
	}
	return e, seq, err
}

type evaluationArgs struct {
	ID string `json:"id"`
}

// cancel takes an evaluation away from everybody. It can be restored.
func (s *Service) cancel(ctx context.Context, tx *psync.Tx) error {
	return s.setCanceled(ctx, tx, true)
}

// restore brings a canceled evaluation back.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	return s.setCanceled(ctx, tx, false)
}

func (s *Service) setCanceled(ctx context.Context, tx *psync.Tx, canceled bool) error {
	var args evaluationArgs
	course, err := s.begin(tx, &args)
	if err != nil {
		return err
	}
	e, _, err := stored(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := s.marks.CheckLevelsOpen(ctx, course, e.Period); err != nil {
		return err
	}
	e.Canceled = canceled
	tx.PutIfChanged("evaluation", args.ID, e)
	carryOn(tx, e)
	return nil
}

// carryOn lets the readers of an evaluation that is published, or was, have
// what changed. What is to be published later has its own date.
func carryOn(tx *psync.Tx, e Evaluation) {
	if !e.PublishAt.IsZero() {
		tx.Effect(effectCarry, struct{}{})
	}
}
