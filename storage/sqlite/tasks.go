package sqlite

import (
	"context"
	"fmt"
	"time"

	"preau/storage"
)

// Claim implements [storage.Records].
//
// A task is ready at its due time, or when the lease on it ends. One of an
// ordered kind that is ready before its turn is parked: no later claim looks
// at it until the one before it is settled.
func (s *Store) Claim(ctx context.Context, c storage.Claim) (tasks []storage.Task, err error) {
	err = s.write.do(ctx, func(b *batch) error {
		tasks, err = b.claim(c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	return tasks, nil
}

func (b *batch) claim(c storage.Claim) (out []storage.Task, err error) {
	for len(out) < c.Limit {
		want := c.Limit - len(out)
		rows, err := b.ready(c.Now, want)
		if err != nil {
			return nil, err
		}
		for _, t := range rows {
			mine, err := b.lease(t, c)
			if err != nil {
				return nil, err
			}
			if mine {
				out = append(out, t.Task)
			}
		}
		if len(rows) < want {
			break
		}
	}
	return out, nil
}

// task is a storage.Task and where it lies.
type task struct {
	storage.Task
	row, scope int64
}

func (b *batch) ready(now time.Time, limit int) (rows []task, err error) {
	const query = `SELECT t.id, t.scope, s.name, n, idx, at, kind, payload, due, tries
		FROM tasks t JOIN scopes s ON s.id = t.scope
		WHERE NOT parked AND ready <= ? ORDER BY ready, t.id LIMIT ?`
	err = b.conn.each(b.ctx, query, []any{millis(now), limit}, func(scan func(...any) error) (bool, error) {
		var t task
		var at, due int64
		err := scan(&t.row, &t.scope, &t.Scope, &t.N, &t.Index, &at, &t.Kind, &t.Payload, &due, &t.Tries)
		t.At, t.Due = moment(at), moment(due)
		t.ID = fmt.Sprintf("%s#%d#%d", t.Scope, t.N, t.Index)
		rows = append(rows, t)
		return true, err
	})
	return rows, err
}

// lease takes a task, or parks it when it is not its turn.
func (b *batch) lease(t task, c storage.Claim) (mine bool, err error) {
	if c.Ordered != nil && c.Ordered(t.Kind) {
		waits, err := b.waits(t, c.Ordered)
		if err != nil {
			return false, err
		}
		if waits {
			return false, b.exec("UPDATE tasks SET parked = 1, lease = 0 WHERE id = ?", t.row)
		}
	}
	until := millis(c.Now.Add(max(c.Lease, time.Millisecond)))
	return true, b.exec("UPDATE tasks SET lease = 1, ready = ?, tries = tries + 1 WHERE id = ?", until, t.row)
}

// waits tells whether an older task of an ordered kind is not settled.
func (b *batch) waits(t task, ordered func(string) bool) (waits bool, err error) {
	const query = "SELECT kind FROM tasks WHERE scope = ? AND (n, idx) < (?, ?) ORDER BY n, idx"
	err = b.conn.each(b.ctx, query, []any{t.scope, t.N, t.Index}, func(scan func(...any) error) (bool, error) {
		var kind string
		err := scan(&kind)
		waits = err == nil && ordered(kind)
		return !waits, err
	})
	return waits, err
}

// Settle implements [storage.Records]. The number of the attempt is the token
// of the lease.
func (s *Store) Settle(ctx context.Context, t storage.Task, next time.Time) error {
	sc, ok := s.heads.get(t.Scope)
	if !ok {
		return nil
	}
	err := s.write.do(ctx, func(b *batch) error {
		if next.IsZero() {
			return b.finish(sc.id, t)
		}
		return b.postpone(sc.id, t, next)
	})
	if err != nil {
		return fmt.Errorf("settle %s: %w", t.ID, err)
	}
	return nil
}

func (b *batch) postpone(scope int64, t storage.Task, next time.Time) error {
	const query = `UPDATE tasks SET lease = 0, ready = ?
		WHERE scope = ? AND n = ? AND idx = ? AND tries = ? AND lease`
	return b.exec(query, millis(next), scope, t.N, t.Index, t.Tries+1)
}

// finish ends a task for ever and lets the next parked one of its scope come
// forward; that one is parked again if it is still not its turn.
func (b *batch) finish(scope int64, t storage.Task) error {
	const end = "DELETE FROM tasks WHERE scope = ? AND n = ? AND idx = ? AND tries = ? AND lease"
	n, err := b.conn.change(b.ctx, end, scope, t.N, t.Index, t.Tries+1)
	if err != nil || n == 0 {
		return err
	}
	const next = `UPDATE tasks SET parked = 0 WHERE id =
		(SELECT id FROM tasks WHERE scope = ? AND parked ORDER BY n, idx LIMIT 1)`
	return b.exec(next, scope)
}
