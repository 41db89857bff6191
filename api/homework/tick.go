package homework

import (
	"context"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// tick is a pupil's own "done" of a homework.
type tick struct {
	Homework string    `json:"homework"`
	Student  string    `json:"student"`
	Done     bool      `json:"done"`
	Shared   bool      `json:"shared"`
	At       time.Time `json:"at"`
}

type tickArgs struct {
	Homework string `json:"homework"`
	Student  string `json:"student"`
	Done     bool   `json:"done"`
	Shared   bool   `json:"shared"`
}

// tick notes that a pupil has done a homework, or not after all. The course
// learns of it only while it is shared.
func (s *Service) tick(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.TickHomework, tx.Scope()); err != nil {
		return err
	}
	var args tickArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("homework", args.Homework); err != nil {
		return err
	}
	if args.Student != tx.Actor().User {
		return psync.Refuse("forbidden", "student", "only the pupil ticks")
	}
	g, err := s.locate(ctx, tx.Actor(), args.Homework, nil)
	if err != nil {
		return err
	}
	var before tick
	seq, err := tx.Get(ctx, "tick", args.Homework, &before)
	if err != nil {
		return err
	}
	tx.Put("tick", args.Homework, tick{args.Homework, args.Student, args.Done, args.Shared, acted(tx)})
	if args.Shared || seq > 0 && before.Shared {
		tx.Effect(effectTicked, ticking{args.Homework, g.Course})
	}
	return nil
}

// ticking is the payload of effectTicked.
type ticking struct {
	Homework string `json:"homework"`
	Course   string `json:"course"`
}

// ticked shows a shared tick to the course, or takes it away.
func (s *Service) ticked(ctx context.Context, job *psync.Job) error {
	var t ticking
	if err := job.Payload(&t); err != nil {
		return err
	}
	student := psync.ScopeID(job.Source())
	now, _, err := psync.Find[tick](ctx, s.engine, job.Source(), "tick", t.Homework)
	if err != nil {
		return err
	}
	id := pair(t.Homework, student)
	return job.Commit(ctx, courseScope(t.Course), func(ctx context.Context, tx *psync.Tx) error {
		if now.Done && now.Shared {
			tx.PutIfChanged("done", id, mark{t.Homework, student, now.At})
			return nil
		}
		seq, err := tx.Get(ctx, "done", id, nil)
		if err == nil && seq > 0 {
			tx.Delete("done", id)
		}
		return err
	})
}
