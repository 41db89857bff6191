package sync

import (
	"context"
	"encoding/json"
	"fmt"

	"preau/storage"
)

// Finder reads records of a scope as they are by now; an [Engine] is one.
type Finder interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Find reads one record of a scope; ok says whether it is there.
func Find[T any](ctx context.Context, f Finder, scope, typ, id string) (v T, ok bool, err error) {
	recs, err := f.Find(ctx, scope, storage.Key{Type: typ, ID: id})
	if err != nil || len(recs) == 0 {
		return v, false, err
	}
	v, err = Decode[T](recs[0])
	return v, err == nil, err
}

// Decode reads the value of a record.
func Decode[T any](r storage.Record) (v T, err error) {
	if err := json.Unmarshal(r.Value, &v); err != nil {
		return v, fmt.Errorf("%s %s: %w", r.Type, r.ID, err)
	}
	return v, nil
}
