package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

// Tails implements [storage.Records]. Whether there is anything new in any
// number of scopes is two queries, beside each other; only scopes that moved
// are looked into.
func (s *Store) Tails(ctx context.Context, at []storage.Position, limit int) ([]storage.Tail, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	tails := make([]storage.Tail, len(at))
	if len(at) == 0 {
		return tails, nil
	}
	if err := s.tails(ctx, at, limit, tails); err != nil {
		return nil, fmt.Errorf("tails of %d scopes: %w", len(at), err)
	}
	return tails, nil
}

func (s *Store) tails(ctx context.Context, at []storage.Position, limit int, tails []storage.Tail) error {
	scopes, there, err := s.standing(ctx, at)
	if err != nil {
		return err
	}
	var moved []int
	for i, p := range at {
		listed, ok := scopes[p.Scope]
		tails[i] = storage.Tail{Scope: p.Scope, Floor: listed.Floor}
		if !ok {
			continue // it had no entry
		}
		tails[i].Head = s.confirmed(p, there)
		if tails[i].Head == 0 || limit > 0 && tails[i].Head > p.After {
			moved = append(moved, i)
		}
	}
	return together(ctx, len(moved), func(ctx context.Context, i int) error {
		t, after := &tails[moved[i]], max(at[moved[i]].After, 0)
		return s.follow(ctx, t, after, limit, scopes[markKey(t.Scope)].Applied)
	})
}

// standing reads floors and marks, and looks whether the entry that was last
// heard of, and the one after it, are there.
func (s *Store) standing(ctx context.Context, at []storage.Position) (scopes map[string]scopeDoc, there map[string]bool, err error) {
	scopes, there = map[string]scopeDoc{}, map[string]bool{}
	var names, entries bson.A
	for _, p := range at {
		names = append(names, p.Scope, markKey(p.Scope))
		n := s.likely(p)
		entries = append(entries, entryKey(p.Scope, n), entryKey(p.Scope, n+1))
	}
	err = together(ctx, 2, func(ctx context.Context, i int) error {
		if i == 0 {
			return each(ctx, s.coll.scopes, bson.M{"_id": bson.M{"$in": names}}, func(d scopeDoc) bool {
				scopes[d.ID] = d
				return true
			})
		}
		return each(ctx, s.coll.log, bson.M{"_id": bson.M{"$in": entries}}, func(d named) bool {
			there[d.ID] = true
			return true
		}, options.Find().SetProjection(onlyName))
	})
	return scopes, there, err
}

// likely is where the head of a scope probably is.
func (s *Store) likely(p storage.Position) int64 {
	return min(max(s.known.scope(p.Scope).reached(), p.After, 0), maxN-1)
}

// confirmed is the head if it is where it was thought to be; 0: look.
func (s *Store) confirmed(p storage.Position, there map[string]bool) int64 {
	n := s.likely(p)
	if there[entryKey(p.Scope, n)] && !there[entryKey(p.Scope, n+1)] {
		return n
	}
	return 0
}

// follow reads what follows a position, and finds the head.
func (s *Store) follow(ctx context.Context, t *storage.Tail, after int64, limit int, mark int64) error {
	for again := true; again; {
		docs, behind, err := s.entries(ctx, t.Scope, after, limit)
		if err != nil {
			return err
		}
		for i := range docs {
			t.Entries = append(t.Entries, docs[i].entry())
			t.Head = max(t.Head, docs[i].n())
		}
		if len(docs) == 0 || len(docs) == limit {
			if err := s.findHead(ctx, t); err != nil {
				return err
			}
		}
		// There was nothing, and now there is something.
		again = limit > 0 && len(docs) == 0 && !behind && t.Head > after
	}
	s.known.scope(t.Scope).saw(t.Head)
	later, err := s.deletedAfter(ctx, t, mark)
	if err != nil {
		return err
	}
	blank(t.Entries, later)
	return nil
}

// entries reads at most limit entries after a number; none, and that one is
// behind, when the log begins later, or begins to while it is read.
func (s *Store) entries(ctx context.Context, scope string, after int64, limit int) (docs []entryDoc, behind bool, err error) {
	if limit <= 0 {
		return nil, false, nil
	}
	docs, err = all[entryDoc](ctx, s.coll.log, entriesAfter(scope, after), sorted(upward).SetLimit(int64(limit)))
	if err != nil || !unbroken(docs, after) {
		return nil, true, err
	}
	return docs, false, nil
}

func (s *Store) findHead(ctx context.Context, t *storage.Tail) error {
	docs, err := all[named](ctx, s.coll.log, inScope(t.Scope), sorted(downward).SetLimit(1).SetProjection(onlyName))
	if err == nil && len(docs) > 0 {
		t.Head = max(t.Head, numberOf(docs[0].ID))
	}
	return err
}

// deletedAfter finds what was deleted in entries that were not applied yet and
// lie beyond those of the tail.
func (s *Store) deletedAfter(ctx context.Context, t *storage.Tail, mark int64) (map[storage.Key]bool, error) {
	deleted := map[storage.Key]bool{}
	if len(t.Entries) == 0 {
		return deleted, nil
	}
	from := max(mark, t.Entries[len(t.Entries)-1].N)
	if from >= t.Head {
		return deleted, nil
	}
	err := each(ctx, s.coll.log, entriesAfter(t.Scope, from), func(d entryDoc) bool {
		for _, o := range d.Ops {
			if len(o.Value) == 0 {
				deleted[storage.Key{Type: o.Type, ID: o.ID}] = true
			}
		}
		return true
	}, sorted(upward))
	return deleted, err
}

// blank takes out of entries what was deleted later.
func blank(entries []storage.Entry, deleted map[storage.Key]bool) {
	for _, e := range slices.Backward(entries) {
		for i := range e.Ops {
			o := &e.Ops[i]
			key := storage.Key{Type: o.Type, ID: o.ID}
			if deleted[key] {
				o.Value = nil
			}
			deleted[key] = deleted[key] || o.Value == nil
		}
	}
}
