package transfer

import (
	"context"
	"fmt"

	"preau/storage"
	psync "preau/sync"
)

// Files begins the keys of all files of transfers. A backup leaves them out:
// they are there for a while, and as large as all the rest.
const Files = "transfers/"

// Store is what [Service.Begin] asks of the records.
type Store interface {
	Epoch(ctx context.Context, raise bool) (int64, error)
	Scopes(ctx context.Context, prefix string) ([]string, error)
}

// Begin comes before anything is served. It ends what was opened before the
// records were restored from a backup: the files are not there, and nobody knows
// which of the links had been closed since.
func (s *Service) Begin(ctx context.Context, store Store) (err error) {
	if s.epoch, err = store.Epoch(ctx, false); err != nil {
		return err
	}
	rooms, err := store.Scopes(ctx, roomScope(""))
	if err != nil {
		return err
	}
	restored := false
	for _, scope := range rooms {
		r, _, err := psync.Find[roomTaken](ctx, s.engine, scope, kindRoom, kindRoom)
		if err != nil {
			return err
		}
		restored = restored || r.Epoch != 0 && r.Epoch != s.epoch
	}
	if restored {
		if err := s.endAll(ctx, store); err != nil {
			return fmt.Errorf("end the transfers of before the restore: %w", err)
		}
	}
	for _, scope := range rooms {
		if err := s.restamp(ctx, scope); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) endAll(ctx context.Context, store Store) error {
	people, err := store.Scopes(ctx, "user:")
	if err != nil {
		return err
	}
	for _, scope := range people {
		recs, err := s.engine.Find(ctx, scope, storage.Key{Type: kindTransfer})
		if err != nil {
			return err
		}
		for _, r := range recs {
			if err := s.endOne(ctx, scope, r.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) endOne(ctx context.Context, scope, id string) error {
	_, err := s.engine.Commit(ctx, psync.Actor{}, scope, func(ctx context.Context, tx *psync.Tx) error {
		var t Transfer
		seq, err := tx.Get(ctx, kindTransfer, id, &t)
		if err == nil && seq > 0 {
			end(tx, id, t)
		}
		return err
	})
	return err
}

// restamp notes that all transfers of a school are of this epoch.
func (s *Service) restamp(ctx context.Context, scope string) error {
	_, err := s.engine.Commit(ctx, psync.Actor{}, scope, func(ctx context.Context, tx *psync.Tx) error {
		var r roomTaken
		_, err := tx.Get(ctx, kindRoom, kindRoom, &r)
		r.Epoch = s.epoch
		tx.PutIfChanged(kindRoom, kindRoom, r)
		return err
	})
	return err
}
