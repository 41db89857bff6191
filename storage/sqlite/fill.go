package sqlite

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"preau/storage"
)

var _ storage.Filler = (*Store)(nil)

// fillPieces is how many pieces go into one transaction.
const fillPieces = 1000

// Fill implements [storage.Filler].
func (s *Store) Fill(ctx context.Context, pieces iter.Seq2[storage.Piece, error]) error {
	f := filling{store: s}
	for p, err := range storage.InOrder(pieces) {
		if err == nil {
			err = f.take(p)
		}
		if err == nil && len(f.waiting) >= fillPieces {
			err = f.flush(ctx)
		}
		if err != nil {
			return fmt.Errorf("fill: %w", err)
		}
	}
	if err := f.flush(ctx); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

// filling is a store being filled: the scope that pieces belong to now, the
// records that lived after its last entry, and what waits for a transaction.
type filling struct {
	store   *Store
	scope   *scope
	name    string
	live    map[storage.Key]int64
	waiting []func(*batch) error
}

func (f *filling) then(do func(*batch) error) { f.waiting = append(f.waiting, do) }

func (f *filling) flush(ctx context.Context) error {
	waiting := f.waiting
	f.waiting = nil
	return f.store.write.do(ctx, func(b *batch) error {
		for _, do := range waiting {
			if err := do(b); err != nil {
				return err
			}
		}
		return nil
	})
}

// take puts a piece among those that wait.
func (f *filling) take(p storage.Piece) error {
	sc := f.scope
	switch {
	case p.Scope != nil:
		return f.begin(*p.Scope)
	case p.Entry != nil:
		f.entry(*p.Entry)
	case p.Record != nil:
		v := *p.Record
		f.then(func(b *batch) error {
			return b.record(sc.id, v.Seq, millis(v.At), storage.Op{Type: v.Type, ID: v.ID, Value: v.Value})
		})
	case p.Step != nil:
		t := *p.Step
		f.then(func(b *batch) error { return b.step(sc.id, millis(t.At), t.Step) })
	case p.Task != nil:
		t := *p.Task
		f.then(func(b *batch) error { return b.taskAgain(sc.id, t) })
	default:
		f.epoch(p.Epoch)
	}
	return nil
}

func (f *filling) epoch(epoch int64) {
	f.then(func(b *batch) error {
		f.store.epoch.Store(epoch)
		return b.exec("UPDATE meta SET value = ? WHERE name = 'epoch'", epoch)
	})
}

func (f *filling) begin(x storage.Extent) error {
	if _, taken := f.store.heads.get(x.Name); taken {
		return fmt.Errorf("scope %q is there: %w", x.Name, storage.ErrConflict)
	}
	sc := &scope{head: x.Head, floor: x.Floor}
	f.scope, f.name, f.live = sc, x.Name, map[storage.Key]int64{}
	f.then(func(b *batch) error {
		if err := b.found(x.Name, sc); err != nil {
			return err
		}
		return b.exec("UPDATE scopes SET floor = ? WHERE id = ?", x.Floor, sc.id)
	})
	return nil
}

func (f *filling) entry(e storage.Entry) {
	e.Scope = f.name
	sc, past, body := f.scope, f.past(e), encode(&e)
	f.then(func(b *batch) error {
		const query = "INSERT INTO entries (scope, n, at, past, body) VALUES (?, ?, ?, ?, ?)"
		return b.exec(query, sc.id, e.N, millis(e.At), past, body)
	})
}

// past is that of batch.past, told from the entries before. What was erased
// reads as deleted and needs no chain any more.
func (f *filling) past(e storage.Entry) (past []byte) {
	for _, o := range e.Ops {
		key := storage.Key{Type: o.Type, ID: o.ID}
		past = binary.AppendVarint(past, f.live[key])
		if o.Value == nil {
			delete(f.live, key)
		} else {
			f.live[key] = e.N
		}
	}
	return past
}

// taskAgain keeps a task of a snapshot.
func (b *batch) taskAgain(scope int64, t storage.Task) error {
	const query = "INSERT INTO tasks (scope, n, idx, at, kind, payload, due, ready, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	due := millis(t.Due)
	return b.exec(query, scope, t.N, t.Index, millis(t.At), t.Kind, t.Payload, due, due, t.Tries)
}
