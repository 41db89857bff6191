package grades

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"preau/storage"
	psync "preau/sync"
)

// Held are records of one course that a scope has, as they are stored.
type Held map[storage.Key]json.RawMessage

// HeldIn reads what a scope holds of a course, of some types.
func HeldIn(ctx context.Context, f psync.Finder, scope, course string, types ...string) (Held, error) {
	keys := make([]storage.Key, len(types))
	for i, typ := range types {
		keys[i] = storage.Key{Type: typ}
	}
	recs, err := f.Find(ctx, scope, keys...)
	if err != nil {
		return nil, err
	}
	return ofCourse(recs, course)
}

// HeldBy is HeldIn of the scope that is being committed to.
func HeldBy(ctx context.Context, tx *psync.Tx, course string, types ...string) (Held, error) {
	var all []storage.Record
	for _, typ := range types {
		recs, err := tx.List(ctx, typ)
		if err != nil {
			return nil, err
		}
		all = append(all, recs...)
	}
	return ofCourse(all, course)
}

func ofCourse(recs []storage.Record, course string) (Held, error) {
	all := Held{}
	for _, r := range recs {
		of, err := psync.Decode[struct{ Course string }](r)
		if err != nil {
			return nil, err
		}
		if of.Course == course {
			all[storage.Key{Type: r.Type, ID: r.ID}] = json.RawMessage(r.Value)
		}
	}
	return all, nil
}

// Is says whether a scope holds just these values of the course.
func (h Held) Is(wanted map[storage.Key]any) (bool, error) {
	if len(h) != len(wanted) {
		return false, nil
	}
	for key, v := range wanted {
		raw, err := encode(v)
		if err != nil {
			return false, fmt.Errorf("%s %s: %w", key.Type, key.ID, err)
		}
		if !bytes.Equal(raw, h[key]) {
			return false, nil
		}
	}
	return true, nil
}

// encode gives the bytes that the engine stores for a value.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
