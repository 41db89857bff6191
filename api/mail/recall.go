package mail

import (
	"context"
	"slices"

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
	var p post
	seq, err := tx.Get(ctx, "post", args.Message, &p)
	if err != nil || p.Recalled {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "message", "no such message of yours")
	}
	return s.withdraw(ctx, tx, args.Message, p)
}

// withdraw takes a message out of all mailboxes, in a commit to the scope of
// its author. The server keeps its text: whoever got it may still report it.
func (s *Service) withdraw(ctx context.Context, tx *psync.Tx, id string, p post) error {
	p.Recalled = true
	for some := range slices.Chunk(p.scopes(), shownAtOnce) {
		attachment.Release(tx, s.reference(id, p, some))
	}
	if p.Due.IsZero() {
		attachment.Refer(tx, s.reference(id, p, p.scopes()[:1]))
	} else {
		p.Body, p.Files, p.Quotes = Body{}, nil, nil // nobody ever got it
	}
	if p.Large {
		tx.Effect(effectMailing, delivery{ID: id})
	}
	return s.retell(ctx, tx, id, p)
}
