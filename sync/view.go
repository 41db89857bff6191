package sync

import (
	"context"
	"slices"

	"preau/storage"
)

// view is a scope as the next commit finds it: the records of the store, and
// over them what the group being assembled has already written. The store may
// move on in the meantime: the append then fails and a fresh view is taken.
type view struct {
	records storage.Records
	scope   string
	head    int64
	written overlay
}

func (v *view) record(ctx context.Context, key storage.Key) (storage.Record, error) {
	if op, own := v.written.get(key); own {
		return storage.Record{Seq: v.head + 1, Type: op.Type, ID: op.ID, Value: op.Value}, nil
	}
	recs, err := v.records.Find(ctx, v.scope, key)
	if err != nil || len(recs) == 0 {
		return storage.Record{}, err
	}
	return recs[0], nil
}

func (v *view) list(ctx context.Context, typ string) ([]storage.Record, error) {
	recs, err := v.records.Find(ctx, v.scope, storage.Key{Type: typ})
	if err != nil {
		return nil, err
	}
	return v.written.cover(recs, typ, v.head+1), nil
}

// writtenBy tells whether commit seq was made by a lane alone.
func (v *view) writtenBy(ctx context.Context, seq int64, lane string) (bool, error) {
	if seq > v.head || lane == "" {
		return false, nil
	}
	tails, err := v.records.Tails(ctx, []storage.Position{{Scope: v.scope, After: seq - 1}}, 1)
	if err != nil || len(tails[0].Entries) == 0 {
		return false, err
	}
	steps := tails[0].Entries[0].Steps
	foreign := func(s storage.Step) bool { return s.Lane != lane }
	return len(steps) > 0 && !slices.ContainsFunc(steps, foreign), nil
}
