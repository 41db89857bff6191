package sync

import (
	"context"
	"fmt"
	"slices"

	"preau/storage"
)

// outgoing makes of stored records what devices get: hidden ones lose their
// type, and take no room; joined ones are completed.
func (e *Engine) outgoing(ctx context.Context, scope string, recs []storage.Record) ([]storage.Record, error) {
	joined := map[string][]int{}
	for i, r := range recs {
		if _, special := e.mux.joins[r.Type]; special {
			joined[r.Type] = append(joined[r.Type], i)
		}
	}
	if len(joined) == 0 {
		return recs, nil
	}
	recs = slices.Clone(recs)
	for typ, at := range joined {
		if err := e.join(ctx, scope, typ, recs, at); err != nil {
			return nil, fmt.Errorf("join %s of %s: %w", typ, scope, err)
		}
	}
	return recs, nil
}

// join completes the records of one type, or hides them.
func (e *Engine) join(ctx context.Context, scope, typ string, recs []storage.Record, at []int) error {
	if e.mux.hides(typ) {
		for _, i := range at {
			recs[i].Type = ""
		}
		return nil
	}
	at = slices.DeleteFunc(at, func(i int) bool { return recs[i].Value == nil })
	stored := make([]storage.Record, len(at))
	for n, i := range at {
		stored[n] = recs[i]
	}
	if len(stored) == 0 {
		return nil
	}
	values, err := e.mux.joins[typ](ctx, scope, stored)
	if err == nil && len(values) != len(stored) {
		err = fmt.Errorf("%d values for %d records", len(values), len(stored))
	}
	if err != nil {
		return err
	}
	for n, i := range at {
		recs[i].Value = values[n]
	}
	return nil
}

// outgoingEntries is outgoing for the operations of entries.
func (e *Engine) outgoingEntries(ctx context.Context, scope string, entries []storage.Entry) ([]storage.Entry, error) {
	if len(e.mux.joins) == 0 {
		return entries, nil
	}
	var recs []storage.Record
	for _, entry := range entries {
		for _, op := range entry.Ops {
			recs = append(recs, storage.Record{Type: op.Type, ID: op.ID, Value: op.Value})
		}
	}
	sent, err := e.outgoing(ctx, scope, recs)
	if err != nil || len(recs) == 0 || &sent[0] == &recs[0] {
		return entries, err
	}
	entries = slices.Clone(entries)
	for i := range entries {
		ops := make([]storage.Op, len(entries[i].Ops))
		for j := range ops {
			ops[j], sent = storage.Op{Type: sent[0].Type, ID: sent[0].ID, Value: sent[0].Value}, sent[1:]
		}
		entries[i].Ops = ops
	}
	return entries, nil
}
