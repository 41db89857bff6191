package sqlite

import (
	"context"
	"fmt"
	"time"

	"preau/storage"
)

// Trim implements [storage.Records].
func (s *Store) Trim(ctx context.Context, scope string, before time.Time) error {
	sc, ok := s.heads.get(scope)
	if !ok {
		return nil
	}
	err := s.write.do(ctx, func(b *batch) error { return b.trim(scope, sc.id, millis(before)) })
	if err != nil {
		return fmt.Errorf("trim %q: %w", scope, err)
	}
	return nil
}

func (b *batch) trim(name string, scope, before int64) error {
	if err := b.raiseFloor(name, scope, before); err != nil {
		return err
	}
	const entries = `DELETE FROM entries WHERE scope = ?1 AND n < coalesce(
		(SELECT n FROM entries WHERE scope = ?1 AND at >= ?2 ORDER BY n LIMIT 1),
		(SELECT max(n) FROM entries WHERE scope = ?1))`
	const tombstones = "DELETE FROM records WHERE scope = ? AND value IS NULL AND at < ?"
	const steps = `DELETE FROM steps WHERE scope = ?1 AND at < ?2 AND (result IS NULL
		OR k < (SELECT max(k) FROM steps l WHERE l.scope = ?1 AND l.lane = steps.lane))`
	for _, query := range []string{entries, tombstones, steps} {
		if err := b.exec(query, scope, before); err != nil {
			return err
		}
	}
	return nil
}

// raiseFloor forgets the deletions whose tombstones go: in memory at once, so
// that whoever does not find one any more finds the floor raised.
func (b *batch) raiseFloor(name string, scope, before int64) error {
	const query = `UPDATE scopes SET floor = max(floor, ifnull(
		(SELECT max(seq) FROM records WHERE scope = ?1 AND value IS NULL AND at < ?2), 0))
		WHERE id = ?1 RETURNING floor`
	var floor int64
	if err := b.conn.row(b.ctx, query, []any{scope, before}, &floor); err != nil {
		return err
	}
	b.store.heads.raiseFloor(name, floor)
	return nil
}

// Epoch implements [storage.Records].
func (s *Store) Epoch(ctx context.Context, raise bool) (epoch int64, err error) {
	if s.write.stopped() {
		return 0, storage.ErrClosed
	}
	if !raise {
		return s.epoch.Load(), nil
	}
	const query = "UPDATE meta SET value = value + 1 WHERE name = 'epoch' RETURNING value"
	err = s.write.do(ctx, func(b *batch) error { return b.conn.row(b.ctx, query, nil, &epoch) })
	if err != nil {
		return 0, fmt.Errorf("raise epoch: %w", err)
	}
	s.epoch.Store(epoch)
	return epoch, nil
}
