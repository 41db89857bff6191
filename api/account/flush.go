package account

import (
	"context"
	"time"

	psync "preau/sync"
)

// Flush writes down which devices were seen and how many passwords were
// wrong since the last time. What fails is tried again with the next.
func (s *Service) Flush(ctx context.Context) {
	for who, at := range s.seen.take() {
		if err := s.writeSeen(ctx, who[0], who[1], at); err != nil {
			s.seen.note(who[0], who[1], at)
			s.log.WarnContext(ctx, "date of use not written", "user", who[0], "error", err)
		}
	}
	for _, u := range s.guard.fresh() {
		if err := s.writeFailures(ctx, u); err != nil {
			s.log.WarnContext(ctx, "failures not written", "user", u.user, "error", err)
		}
	}
}

func (s *Service) writeSeen(ctx context.Context, user, id string, at time.Time) error {
	return s.commit(ctx, psync.Actor{}, user, func(ctx context.Context, tx *psync.Tx) error {
		var d device
		seq, err := tx.Get(ctx, kindDevice, id, &d)
		if err != nil || seq == 0 || !d.Ended.IsZero() {
			return err
		}
		if at.After(d.LastSeen) || d.ahead(tx.Now()) {
			d.LastSeen = at.UTC()
		}
		if d.ghost() && tx.Now().Sub(d.Replaced) > time.Minute {
			d.Replaced = time.Time{}
		}
		d.Fresh = false
		tx.PutIfChanged(kindDevice, id, d)
		return nil
	})
}

func (s *Service) writeFailures(ctx context.Context, u unwritten) error {
	err := s.commit(ctx, psync.Actor{}, u.user, func(ctx context.Context, tx *psync.Tx) error {
		var f failures
		if _, err := tx.Get(ctx, kindFailures, day, &f); err != nil {
			return err
		}
		if f.Day != u.Day {
			f = failures{Day: u.Day}
		}
		f.N, f.Last = f.N+u.N, u.Last.UTC()
		tx.Put(kindFailures, day, f)
		return nil
	})
	if err == nil {
		s.guard.written(u)
	}
	return err
}
