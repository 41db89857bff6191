package storage

import (
	"fmt"
	"iter"
)

// InOrder passes the pieces of a snapshot on for a [Filler], and ends with
// ErrInvalid at the first that is out of order or breaks the rules of the port.
func InOrder(pieces iter.Seq2[Piece, error]) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		var o order
		for p, err := range pieces {
			if err == nil {
				err = o.check(p)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
		if err := o.complete(); err != nil {
			yield(Piece{}, err)
		}
	}
}

// order is what pieces so far make of the next.
type order struct {
	scope Extent
	last  int64 // entry
}

func (o *order) check(p Piece) error {
	switch {
	case p.Epoch > 0:
		return nil
	case p.Scope != nil:
		return o.begin(*p.Scope)
	case o.scope.Name == "":
		return fmt.Errorf("a piece before its scope: %w", ErrInvalid)
	case p.Entry != nil:
		return o.entry(*p.Entry)
	case p.Record != nil, p.Step != nil, p.Task != nil:
		return nil
	}
	return fmt.Errorf("an empty piece: %w", ErrInvalid)
}

func (o *order) begin(x Extent) error {
	if err := o.complete(); err != nil {
		return err
	}
	if x.Name <= o.scope.Name {
		return fmt.Errorf("scope %q after %q: %w", x.Name, o.scope.Name, ErrInvalid)
	}
	o.scope, o.last = x, 0
	return nil
}

// complete refuses a scope whose newest entry is missing.
func (o *order) complete() error {
	if o.last != o.scope.Head {
		return fmt.Errorf("%q ends at %d, not at %d: %w", o.scope.Name, o.last, o.scope.Head, ErrInvalid)
	}
	return nil
}

func (o *order) entry(e Entry) error {
	e.Scope = o.scope.Name
	if err := e.Check(); err != nil {
		return err
	}
	if e.N > o.scope.Head || o.last > 0 && e.N != o.last+1 {
		return fmt.Errorf("entry %d of %q after %d: %w", e.N, o.scope.Name, o.last, ErrInvalid)
	}
	o.last = e.N
	return nil
}
