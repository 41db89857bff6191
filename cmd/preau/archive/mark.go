package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"preau/storage"
)

// The mark of a restore under way.
const (
	markScope = "server:restore"
	markType  = "restore"
	markID    = "restore"
)

// Unfinished returns ErrUnfinished for a store into which a restore was begun
// and did not end. Nobody may serve such a store.
func Unfinished(ctx context.Context, records storage.Records) error {
	recs, err := records.Find(ctx, markScope, storage.Key{Type: markType, ID: markID})
	if err != nil {
		return fmt.Errorf("look for an unfinished restore: %w", err)
	}
	if len(recs) > 0 {
		return ErrUnfinished
	}
	return nil
}

// Mark tells whether a scope is the one of the mark: a live record in it is the
// mark itself.
func Mark(scope string) bool { return scope == markScope }

func setMark(ctx context.Context, records storage.Records, now time.Time) error {
	value, err := json.Marshal(map[string]string{"at": now.UTC().Format(time.RFC3339)})
	if err != nil {
		return err
	}
	return records.Append(ctx, storage.Entry{
		Scope: markScope, N: 1, At: now, Ops: []storage.Op{{Type: markType, ID: markID, Value: value}},
	})
}

func clearMark(ctx context.Context, records storage.Records, now time.Time) error {
	return records.Append(ctx, storage.Entry{
		Scope: markScope, N: 2, At: now, Ops: []storage.Op{{Type: markType, ID: markID}},
	})
}

// withoutMark leaves the scope of the mark out of a snapshot: it tells of the
// store, not of what it holds. Where the mark is set the snapshot ends with set,
// unless that is nil.
func withoutMark(pieces iter.Seq2[storage.Piece, error], set error) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		inMark := false
		for p, err := range pieces {
			if p.Scope != nil {
				inMark = p.Scope.Name == markScope
			}
			if inMark && err == nil {
				if p.Record == nil || p.Record.Value == nil || set == nil {
					continue
				}
				err = set
			}
			if !yield(p, err) {
				return
			}
		}
	}
}
