package attendance

import (
	"context"

	"preau/api/directory"
	psync "preau/sync"
)

// Acknowledgement is a guardian saying that they know. To have read is not to
// have said so.
type Acknowledgement struct {
	Type    string          `json:"type"`
	Of      string          `json:"of"`
	Student string          `json:"student,omitempty"` // in office:X only
	By      directory.Named `json:"by"`
	At      int64           `json:"at"`
}

type acknowledgeArgs struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// acknowledge notes that a guardian knows of something. Who did so before has
// done it then.
func (s *Service) acknowledge(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.JustifyAbsence, tx.Scope()); err != nil {
		return err
	}
	var args acknowledgeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, args.Type, args.ID, nil)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "id", "no such record")
	}
	id := args.ID + "." + tx.Actor().User
	if seq, err := tx.Get(ctx, "acknowledgement", id, nil); seq > 0 || err != nil {
		return err
	}
	tx.Put("acknowledgement", id, Acknowledgement{Type: args.Type, Of: args.ID, By: s.dir.Named(tx.Actor().User), At: acted(tx).UnixMilli()})
	tx.Effect(effectReceipt, ref{"acknowledgement", id})
	return nil
}

func (a acknowledgeArgs) check() error {
	if err := checkNoteID(a.ID); err != nil {
		return err
	}
	return psync.OneOf("type", a.Type, kindAbsence, kindLateness, kindObservation, kindPunishment, kindExemption, kindExit, kindInfirmary, kindIncident)
}

// receipt carries an acknowledgement to the office.
func (s *Service) receipt(ctx context.Context, job *psync.Job) error {
	var r ref
	if err := job.Payload(&r); err != nil {
		return err
	}
	a, ok, err := psync.Find[Acknowledgement](ctx, s.engine, job.Source(), r.Type, r.ID)
	if err != nil || !ok {
		return err
	}
	a.Student = psync.ScopeID(job.Source())
	return job.Commit(ctx, officeScope(s.dir.SchoolOf(a.Student)), func(ctx context.Context, tx *psync.Tx) error {
		tx.PutIfChanged(r.Type, of(a.Student, r.ID), a)
		return s.keepForYear(ctx, tx)
	})
}
