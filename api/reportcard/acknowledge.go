package reportcard

import (
	"context"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Seen is a guardian saying that they have taken note of a card.
type Seen struct {
	Period  string          `json:"period"`
	Version int             `json:"version"`
	Student string          `json:"student,omitempty"` // in council:C only
	By      directory.Named `json:"by"`
	At      time.Time       `json:"at"`
}

type acknowledgeArgs struct {
	Period  string `json:"period"`
	Version int    `json:"version"`
}

// acknowledge notes that a guardian knows a version of a card. Who said so of
// this version, or a later one, has said it then.
func (s *Service) acknowledge(ctx context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.AcknowledgeCard, tx.Scope()); err != nil {
		return err
	}
	var args acknowledgeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckKey("period", args.Period, maxID); err != nil {
		return err
	}
	var card Card
	if _, err := tx.Get(ctx, "card", args.Period, &card); err != nil {
		return err
	}
	if args.Version < 1 || args.Version > card.Version {
		return psync.Refuse("not_found", "period", "no such card")
	}
	id := of(args.Period, tx.Actor().User)
	var before Seen
	if _, err := tx.Get(ctx, "cardseen", id, &before); err != nil || before.Version >= args.Version {
		return err
	}
	tx.Put("cardseen", id, Seen{Period: args.Period, Version: args.Version, By: s.Directory.Named(tx.Actor().User), At: acted(tx)})
	tx.Effect(effectReceipt, receipted{id, card.Class.ID})
	return nil
}

// receipted is the payload of effectReceipt.
type receipted struct {
	ID    string `json:"id"`
	Class string `json:"class"`
}

// receipt carries an acknowledgement to the council.
func (s *Service) receipt(ctx context.Context, job *psync.Job) error {
	var r receipted
	if err := job.Payload(&r); err != nil {
		return err
	}
	seen, there, err := psync.Find[Seen](ctx, s.engine, job.Source(), "cardseen", r.ID)
	if err != nil || !there {
		return err
	}
	seen.Student = psync.ScopeID(job.Source())
	return job.Commit(ctx, councilScope(r.Class), func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("cardseen", of(seen.Period, seen.Student, seen.By.ID), seen)
		return nil
	})
}
