package document

import (
	"context"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// many are the arguments of acts about documents.
type many struct {
	IDs []string `json:"ids"`
}

// binned is the payload of effectPurge: what was thrown away, and when.
type binned struct {
	IDs []string  `json:"ids"`
	At  time.Time `json:"at"`
}

// remove throws documents away. They lie in the bin for a while, and take up
// room until they have left it.
func (s *Service) remove(ctx context.Context, tx *psync.Tx) error {
	var args many
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	gone := binned{At: tx.Now().UTC().Truncate(time.Second)}
	err := eachDocument(ctx, tx, args.IDs, func(id string, d *Document) bool {
		fresh := d.Binned.IsZero()
		if fresh {
			gone.IDs, d.Binned = append(gone.IDs, id), gone.At
		}
		return fresh
	})
	if err == nil && len(gone.IDs) > 0 {
		tx.EffectAt(effectPurge, gone, gone.At.Add(KeepBinned))
	}
	return err
}

// restore takes documents out of the bin.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	var args many
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	return eachDocument(ctx, tx, args.IDs, func(_ string, d *Document) bool {
		was := !d.Binned.IsZero()
		d.Binned = time.Time{}
		return was
	})
}

// purge deletes for ever what is in the bin. What is gone already is no error.
func (s *Service) purge(ctx context.Context, tx *psync.Tx) error {
	var args many
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if len(args.IDs) == 0 || len(args.IDs) > maxAtOnce {
		return psync.Refuse("invalid", "ids", "1 to %d documents", maxAtOnce)
	}
	return s.drop(ctx, tx, args.IDs, func(d Document) bool { return !d.Binned.IsZero() })
}

// purgeBinned deletes what has lain in the bin since it was thrown away.
func (s *Service) purgeBinned(ctx context.Context, job *psync.Job) error {
	var gone binned
	if err := job.Payload(&gone); err != nil {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		return s.drop(ctx, tx, gone.IDs, func(d Document) bool { return d.Binned.Equal(gone.At) })
	})
}

// drop deletes documents of a scope, and lets go of their files.
func (s *Service) drop(ctx context.Context, tx *psync.Tx, ids []string, which func(Document) bool) error {
	for _, id := range distinct(ids) {
		if psync.CheckID("ids", id) != nil {
			return psync.Refuse("invalid", "ids", "not an id")
		}
		var d Document
		seq, err := tx.Get(ctx, kindDocument, id, &d)
		if err != nil {
			return err
		}
		if seq > 0 && which(d) {
			tx.Delete(kindDocument, id)
			attachment.Release(tx, s.reference(tx.Scope(), id, d))
		}
	}
	return nil
}
