package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"preau/storage"
)

// Live is the path of a database that another process may be serving: it can
// be copied, without the lock and without changing it.
type Live string

var (
	_ storage.Snapshotter = Live("")
	_ storage.Snapshotter = (*Store)(nil)
)

// Snapshot implements [storage.Snapshotter]. Until it ends the write-ahead log
// of the database only grows.
func (l Live) Snapshot(ctx context.Context) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		if err := l.snapshot(ctx, yield); err != nil && !errors.Is(err, errEnough) {
			yield(storage.Piece{}, fmt.Errorf("copy %s: %w", string(l), err))
		}
	}
}

func (l Live) snapshot(ctx context.Context, yield func(storage.Piece, error) bool) (err error) {
	running := context.WithoutCancel(ctx)
	c, err := connect(running, string(l), Options{readOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := wantNewest(running, c); err != nil {
		return err
	}
	s := snapshot{ctx: ctx, running: running, conn: c, yield: yield}
	return c.snapshot(running, s.all)
}

// wantNewest refuses a schema that only a server may bring up to date.
func wantNewest(ctx context.Context, c *conn) error {
	var version int
	if err := c.row(ctx, "PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if version != len(migrations) {
		return fmt.Errorf("it has schema %d, not this program's %d: use the program that serves it", version, len(migrations))
	}
	return nil
}

// Snapshot implements [storage.Snapshotter], on a connection of its own.
func (s *Store) Snapshot(ctx context.Context) iter.Seq2[storage.Piece, error] {
	if s.write.stopped() {
		return func(yield func(storage.Piece, error) bool) { yield(storage.Piece{}, storage.ErrClosed) }
	}
	return Live(s.path).Snapshot(ctx)
}

// errEnough says that the receiver wants no more.
var errEnough = errors.New("enough")

// snapshot is one copy being made, within a read transaction.
type snapshot struct {
	ctx, running context.Context
	conn         *conn
	yield        func(storage.Piece, error) bool
}

func (s *snapshot) give(p storage.Piece) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.yield(p, nil) {
		return errEnough
	}
	return nil
}

func (s *snapshot) all() error {
	var epoch int64
	if err := s.conn.row(s.running, "SELECT value FROM meta WHERE name = 'epoch'", nil, &epoch); err != nil {
		return err
	}
	if err := s.give(storage.Piece{Epoch: epoch}); err != nil {
		return err
	}
	ids, extents, err := s.scopes()
	if err != nil {
		return err
	}
	for i, id := range ids {
		if err := s.give(storage.Piece{Scope: &extents[i]}); err != nil {
			return err
		}
		for _, part := range []func(int64) error{s.entries, s.records, s.steps, s.tasks} {
			if err := part(id); err != nil {
				return fmt.Errorf("scope %q: %w", extents[i].Name, err)
			}
		}
	}
	return nil
}

func (s *snapshot) scopes() (ids []int64, extents []storage.Extent, err error) {
	const query = "SELECT id, name, (SELECT max(n) FROM entries WHERE scope = scopes.id), floor FROM scopes ORDER BY name"
	err = s.conn.each(s.running, query, nil, func(scan func(...any) error) (bool, error) {
		var id int64
		var x storage.Extent
		err := scan(&id, &x.Name, &x.Head, &x.Floor)
		ids, extents = append(ids, id), append(extents, x)
		return true, err
	})
	return ids, extents, err
}

// each gives a piece for every row of a query about a scope.
func (s *snapshot) each(query string, scope int64, piece func(scan func(...any) error) (storage.Piece, error)) error {
	return s.conn.each(s.running, query, []any{scope}, func(scan func(...any) error) (bool, error) {
		p, err := piece(scan)
		if err != nil {
			return false, err
		}
		return true, s.give(p)
	})
}

func (s *snapshot) entries(scope int64) error {
	const query = "SELECT n, at, body FROM entries WHERE scope = ? ORDER BY n"
	return s.each(query, scope, func(scan func(...any) error) (storage.Piece, error) {
		var e storage.Entry
		var at int64
		var body []byte
		if err := scan(&e.N, &at, &body); err != nil {
			return storage.Piece{}, err
		}
		e.At = moment(at)
		return storage.Piece{Entry: &e}, decode(body, &e)
	})
}

func (s *snapshot) records(scope int64) error {
	const query = "SELECT seq, type, id, at, value FROM records WHERE scope = ? ORDER BY type, id"
	return s.each(query, scope, func(scan func(...any) error) (storage.Piece, error) {
		var v storage.Version
		var at int64
		err := scan(&v.Seq, &v.Type, &v.ID, &at, &v.Value)
		v.At = moment(at)
		return storage.Piece{Record: &v}, err
	})
}

func (s *snapshot) steps(scope int64) error {
	const query = "SELECT lane, k, at, result FROM steps WHERE scope = ? ORDER BY lane, k"
	return s.each(query, scope, func(scan func(...any) error) (storage.Piece, error) {
		var t storage.Taken
		var at int64
		err := scan(&t.Lane, &t.K, &at, &t.Result)
		t.At = moment(at)
		return storage.Piece{Step: &t}, err
	})
}

func (s *snapshot) tasks(scope int64) error {
	const query = "SELECT n, idx, at, kind, payload, due, tries FROM tasks WHERE scope = ? ORDER BY n, idx"
	return s.each(query, scope, func(scan func(...any) error) (storage.Piece, error) {
		var t storage.Task
		var at, due int64
		err := scan(&t.N, &t.Index, &at, &t.Kind, &t.Payload, &due, &t.Tries)
		t.At, t.Due = moment(at), moment(due)
		return storage.Piece{Task: &t}, err
	})
}
