package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"preau/storage"
)

// Append implements [storage.Records].
func (s *Store) Append(ctx context.Context, e storage.Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	body := encode(&e)
	return s.write.do(ctx, func(b *batch) error { return b.append(&e, body) })
}

// batch is one write transaction and what it will change in memory.
type batch struct {
	ctx     context.Context
	conn    *conn
	store   *Store
	touched map[string]*scope
	moved   []storage.Moved
}

func (b *batch) exec(query string, args ...any) error { return b.conn.exec(b.ctx, query, args...) }

// append commits an entry, or changes nothing and returns ErrConflict.
func (b *batch) append(e *storage.Entry, body []byte) error {
	sc := b.scope(e.Scope)
	if e.N != sc.head+1 {
		return fmt.Errorf("entry %d of %q, which is at %d: %w", e.N, e.Scope, sc.head, storage.ErrConflict)
	}
	for _, st := range e.Steps {
		if err := b.advances(sc.id, e.Scope, st); err != nil {
			return err
		}
	}
	if err := b.enter(e, sc, body); err != nil {
		return fmt.Errorf("append entry %d of %q: %w", e.N, e.Scope, err)
	}
	sc.head = e.N
	b.moved = append(b.moved, storage.Moved{Scope: e.Scope, Head: e.N, Tasks: len(e.Effects) > 0})
	return nil
}

// scope gives the scope as this transaction sees it; id 0: not yet made.
func (b *batch) scope(name string) *scope {
	if sc := b.touched[name]; sc != nil {
		return sc
	}
	sc, ok := b.store.heads.get(name)
	if ok {
		b.touched[name] = &sc
	}
	return &sc
}

// advances refuses a step that its lane has taken already.
func (b *batch) advances(scope int64, name string, st storage.Step) error {
	const query = "SELECT k FROM steps WHERE scope = ? AND lane = ? ORDER BY k DESC LIMIT 1"
	var k int64
	err := b.conn.row(b.ctx, query, []any{scope, st.Lane}, &k)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if st.K <= k {
		return fmt.Errorf("lane %q of %q is at %d: %w", st.Lane, name, k, storage.ErrConflict)
	}
	return nil
}

// enter writes the entry and all that is derived from it.
func (b *batch) enter(e *storage.Entry, sc *scope, body []byte) error {
	if sc.id == 0 {
		if err := b.found(e.Scope, sc); err != nil {
			return err
		}
	}
	at := millis(e.At)
	past, err := b.past(sc.id, e.Ops)
	if err != nil {
		return err
	}
	const query = "INSERT INTO entries (scope, n, at, past, body) VALUES (?, ?, ?, ?, ?)"
	if err := b.exec(query, sc.id, e.N, at, past, body); err != nil {
		return err
	}
	for _, o := range e.Ops {
		if err := b.record(sc.id, e.N, at, o); err != nil {
			return err
		}
	}
	for _, st := range e.Steps {
		if err := b.step(sc.id, at, st); err != nil {
			return err
		}
	}
	for i, f := range e.Effects {
		if err := b.task(sc.id, e.N, at, i, f); err != nil {
			return err
		}
	}
	return nil
}

// found begins a scope.
func (b *batch) found(name string, sc *scope) error {
	const query = "INSERT INTO scopes (name) VALUES (?) RETURNING id"
	if err := b.conn.row(b.ctx, query, []any{name}, &sc.id); err != nil {
		return err
	}
	b.touched[name] = sc
	return nil
}

func (b *batch) record(scope, n, at int64, o storage.Op) error {
	const query = `INSERT INTO records (scope, type, id, seq, at, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (scope, type, id) DO UPDATE SET seq = ?4, at = ?5, value = ?6`
	return b.exec(query, scope, o.Type, o.ID, n, at, o.Value)
}

// step takes a step of a lane; one without a result is forgotten at the next.
func (b *batch) step(scope, at int64, st storage.Step) error {
	const last = "DELETE FROM steps WHERE scope = ? AND lane = ? AND result IS NULL"
	if st.Result == nil {
		if err := b.exec(last, scope, st.Lane); err != nil {
			return err
		}
	}
	const query = "INSERT INTO steps (scope, lane, k, at, result) VALUES (?, ?, ?, ?, ?)"
	return b.exec(query, scope, st.Lane, st.K, at, st.Result)
}

func (b *batch) task(scope, n, at int64, i int, f storage.Effect) error {
	const query = "INSERT INTO tasks (scope, n, idx, at, kind, payload, due, ready) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	due := millis(f.Due)
	return b.exec(query, scope, n, i, at, f.Kind, f.Payload, due, due)
}
