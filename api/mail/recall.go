package mail

import (
	"context"
	"slices"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// recall takes a message of the actor back from everybody.
func (s *Service) recall(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		Message string `json:"message"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := psync.CheckID("message", args.Message); err != nil {
		return err
	}
	p, there, err := postIn(ctx, tx, args.Message)
	if err != nil || p.Recalled {
		return err
	}
	if !there {
		return psync.Refuse("not_found", "message", "no such message of yours")
	}
	return s.withdraw(ctx, tx, args.Message, p)
}

// keepWithdrawn is how long the server keeps the text of a message that was
// taken back: until then whoever got it may still report it.
const keepWithdrawn = 30 * 24 * time.Hour

// withdraw takes a message out of all mailboxes, in a commit to the scope of
// its author, and its text out of the messages that pass it on.
func (s *Service) withdraw(ctx context.Context, tx *psync.Tx, id string, p post) error {
	p.Recalled = true
	if p.Large {
		tx.Effect(effectMailing, delivery{ID: id})
	}
	if !p.Due.IsZero() {
		return s.unsend(ctx, tx, id, p)
	}
	for some := range slices.Chunk(p.scopes(), shownAtOnce) {
		attachment.Release(tx, s.reference(id, p, some))
	}
	attachment.Refer(tx, s.reference(id, p, p.home()))
	tx.EffectAt(effectErase, delivery{ID: id}, tx.Now().Add(keepWithdrawn))
	if err := withdrawQuotes(ctx, tx, id, p.Moderated); err != nil {
		return err
	}
	return s.retell(ctx, tx, id, p)
}

// unsend takes back a message that nobody got yet, nor will.
func (s *Service) unsend(ctx context.Context, tx *psync.Tx, id string, p post) error {
	p = movePost(tx, id, s.emptied(tx, id, p))
	if err := s.retell(ctx, tx, id, p); err != nil {
		return err
	}
	return s.need(ctx, tx, id, -p.readers(), -len(p.Outside))
}

// erase takes the text of a message that was taken back from the server too.
// Evidence has its own.
func (s *Service) erase(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	return s.repost(ctx, job, authorOf(job.Source()), d.ID, func(_ context.Context, tx *psync.Tx, p post) error {
		if !p.Recalled || p.Erased {
			return nil
		}
		if p.Moderated {
			p.Subject = ""
		}
		movePost(tx, d.ID, s.emptied(tx, d.ID, p))
		return nil
	})
}
