package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"preau/storage"
)

// Tails implements [storage.Records]. Nothing new is answered from memory.
func (s *Store) Tails(ctx context.Context, at []storage.Position, limit int) ([]storage.Tail, error) {
	if s.write.stopped() {
		return nil, storage.ErrClosed
	}
	tails := make([]storage.Tail, len(at))
	if news := s.heads.fill(at, tails); !news || limit <= 0 {
		return tails, nil
	}
	err := s.reading(ctx, func(ctx context.Context, c *conn) error {
		for i := range tails {
			if err := s.entries(ctx, c, &tails[i], at[i].After, limit); err != nil {
				return err
			}
		}
		return nil
	})
	return tails, err
}

// entries reads what follows a position, up to the tail's head: nothing when
// the log begins later.
func (s *Store) entries(ctx context.Context, c *conn, t *storage.Tail, after int64, limit int) error {
	after = max(after, 0)
	if t.Head <= after {
		return nil
	}
	sc, _ := s.heads.get(t.Scope)
	const query = "SELECT n, at, body FROM entries WHERE scope = ? AND n > ? AND n <= ? ORDER BY n LIMIT ?"
	return c.each(ctx, query, []any{sc.id, after, t.Head, limit}, func(scan func(...any) error) (bool, error) {
		e := storage.Entry{Scope: t.Scope}
		var at int64
		var body []byte
		if err := scan(&e.N, &at, &body); err != nil {
			return false, err
		}
		if len(t.Entries) == 0 && e.N != after+1 {
			return false, nil
		}
		e.At = moment(at)
		err := decode(body, &e)
		t.Entries = append(t.Entries, e)
		return true, err
	})
}

// Scan implements [storage.Records].
func (s *Store) Scan(ctx context.Context, p storage.Page) (recs []storage.Record, head int64, err error) {
	if p.Before <= 0 {
		p.Before = math.MaxInt64
	}
	err = s.reading(ctx, func(ctx context.Context, c *conn) error {
		sc, ok := s.heads.get(p.Scope)
		if !ok {
			return nil
		}
		recs, head, err = scan(ctx, c, sc.id, p)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("scan %q: %w", p.Scope, err)
	}
	s.heads.saw(p.Scope, head)
	return recs, head, nil
}

// scan runs one statement, which is one snapshot: it always gives a row with
// the head, and with a record if there is one.
func scan(ctx context.Context, c *conn, scope int64, p storage.Page) (recs []storage.Record, head int64, err error) {
	args := []any{scope, p.After, p.Before}
	err = c.each(ctx, scanQuery(p), args, func(scan func(...any) error) (bool, error) {
		var r storage.Record
		var seq sql.NullInt64
		var typ, id sql.NullString
		if err := scan(&head, &seq, &typ, &id, &r.Value); err != nil || !seq.Valid {
			return false, err
		}
		if full := p.Limit > 0 && len(recs) >= p.Limit; full && recs[len(recs)-1].Seq != seq.Int64 {
			return false, nil
		}
		r.Seq, r.Type, r.ID = seq.Int64, typ.String, id.String
		recs = append(recs, r)
		return true, nil
	})
	return recs, head, err
}

// scanQuery picks one of four statements.
func scanQuery(p storage.Page) string {
	const all = `SELECT (SELECT max(n) FROM entries WHERE scope = ?1), r.seq, r.type, r.id, r.value
		FROM (SELECT 1) LEFT JOIN records r ON r.scope = ?1 AND r.seq > ?2 AND r.seq < ?3`
	const live, up, down = " AND r.value IS NOT NULL", " ORDER BY r.seq", " ORDER BY r.seq DESC"
	switch {
	case p.Tombstones && p.Down:
		return all + down
	case p.Tombstones:
		return all + up
	case p.Down:
		return all + live + down
	default:
		return all + live + up
	}
}

// Find implements [storage.Records].
func (s *Store) Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error) {
	var recs []storage.Record
	err := s.reading(ctx, func(ctx context.Context, c *conn) (err error) {
		sc, ok := s.heads.get(scope)
		if !ok {
			return nil
		}
		if len(keys) > 1 { // one moment for all
			return c.snapshot(ctx, func() (err error) {
				recs, err = find(ctx, c, sc.id, keys)
				return err
			})
		}
		recs, err = find(ctx, c, sc.id, keys)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find in %q: %w", scope, err)
	}
	s.heads.saw(scope, newest(recs))
	return recs, nil
}

func find(ctx context.Context, c *conn, scope int64, keys []storage.Key) (recs []storage.Record, err error) {
	const one = "SELECT seq, type, id, value FROM records WHERE scope = ? AND type = ? AND id = ? AND value IS NOT NULL"
	const all = "SELECT seq, type, id, value FROM records WHERE scope = ? AND type = ? AND value IS NOT NULL ORDER BY id"
	for _, k := range keys {
		query, args := one, []any{scope, k.Type, k.ID}
		if k.ID == "" {
			query, args = all, args[:2]
		}
		err := c.each(ctx, query, args, func(scan func(...any) error) (bool, error) {
			var r storage.Record
			err := scan(&r.Seq, &r.Type, &r.ID, &r.Value)
			recs = append(recs, r)
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return recs, nil
}

func newest(recs []storage.Record) (seq int64) {
	for _, r := range recs {
		seq = max(seq, r.Seq)
	}
	return seq
}

// Lane implements [storage.Records].
func (s *Store) Lane(ctx context.Context, scope, lane string, k int64) (l storage.Lane, err error) {
	const query = `SELECT (SELECT max(n) FROM entries WHERE scope = ?1),
		ifnull((SELECT max(k) FROM steps WHERE scope = ?1 AND lane = ?2), 0),
		(SELECT result FROM steps WHERE scope = ?1 AND lane = ?2 AND k = ?3)`
	var head int64
	err = s.reading(ctx, func(ctx context.Context, c *conn) error {
		sc, ok := s.heads.get(scope)
		if !ok {
			return nil
		}
		return c.row(ctx, query, []any{sc.id, lane, k}, &head, &l.K, &l.Result)
	})
	if err != nil {
		return storage.Lane{}, fmt.Errorf("lane %q of %q: %w", lane, scope, err)
	}
	s.heads.saw(scope, head)
	return l, nil
}

// reading lends a connection to f. A context that ends while waiting for one
// ends the wait; a read that has begun is let finish.
func (s *Store) reading(ctx context.Context, f func(context.Context, *conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c := <-s.read:
		defer func() { s.read <- c }()
		return f(context.WithoutCancel(ctx), c)
	case <-ctx.Done():
		return ctx.Err()
	case <-s.write.quit:
		return storage.ErrClosed
	}
}

// Scopes implements [storage.Records].
func (s *Store) Scopes(_ context.Context, prefix string) ([]string, error) {
	if s.write.stopped() {
		return nil, storage.ErrClosed
	}
	return s.heads.names(prefix), nil
}
