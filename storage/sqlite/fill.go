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
	for p, err := range pieces {
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
	if err := f.complete(); err != nil {
		return fmt.Errorf("fill: %w", err)
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
	last    int64
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

// take checks a piece and puts it among those that wait.
func (f *filling) take(p storage.Piece) error {
	switch {
	case p.Epoch > 0:
		f.epoch(p.Epoch)
		return nil
	case p.Scope != nil:
		return f.begin(*p.Scope)
	case f.scope == nil:
		return fmt.Errorf("a piece before its scope: %w", storage.ErrInvalid)
	}
	sc := f.scope
	switch {
	case p.Entry != nil:
		return f.entry(*p.Entry)
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
		return fmt.Errorf("an empty piece: %w", storage.ErrInvalid)
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
	if err := f.complete(); err != nil {
		return err
	}
	if x.Name <= f.name {
		return fmt.Errorf("scope %q after %q: %w", x.Name, f.name, storage.ErrInvalid)
	}
	sc := &scope{head: x.Head, floor: x.Floor}
	f.scope, f.name, f.last, f.live = sc, x.Name, 0, map[storage.Key]int64{}
	f.then(func(b *batch) error {
		if err := b.found(x.Name, sc); err != nil {
			return err
		}
		return b.exec("UPDATE scopes SET floor = ? WHERE id = ?", x.Floor, sc.id)
	})
	return nil
}

// complete refuses a scope whose newest entry is missing.
func (f *filling) complete() error {
	if f.scope != nil && f.last != f.scope.head {
		return fmt.Errorf("%q ends at %d, not at %d: %w", f.name, f.last, f.scope.head, storage.ErrInvalid)
	}
	return nil
}

func (f *filling) entry(e storage.Entry) error {
	e.Scope = f.name
	if err := e.Check(); err != nil {
		return err
	}
	if e.N > f.scope.head || f.last > 0 && e.N != f.last+1 {
		return fmt.Errorf("entry %d of %q after %d: %w", e.N, f.name, f.last, storage.ErrInvalid)
	}
	f.last = e.N
	sc, past, body := f.scope, f.past(e), encode(&e)
	f.then(func(b *batch) error {
		const query = "INSERT INTO entries (scope, n, at, past, body) VALUES (?, ?, ?, ?, ?)"
		return b.exec(query, sc.id, e.N, millis(e.At), past, body)
	})
	return nil
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
