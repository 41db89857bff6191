package sqlite

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
)

// FuzzDecode looks for a body that brings decode down, or that means one thing
// to it and another to encode.
func FuzzDecode(f *testing.F) {
	f.Add(encode(&storage.Entry{
		Ops:   []storage.Op{{Type: "t", ID: "i", Value: []byte("{}")}, {Type: "t", ID: "j"}},
		Steps: []storage.Step{{Lane: "l", K: 3, Result: []byte("r")}, {Lane: "m", K: -1}},
	}))
	f.Add([]byte{})
	f.Add(seal([]byte{bodyVersion, 0xff, 0xff, 0xff, 0xff, 0x0f, 1}))
	f.Fuzz(func(t *testing.T, body []byte) {
		var e, again storage.Entry
		if len(body) >= 4 {
			body = seal(body[:len(body)-4])
		}
		if err := decode(body, &e); err != nil {
			if !errors.Is(err, storage.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if err := decode(encode(&e), &again); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(e, again); d != "" {
			t.Fatal(d)
		}
	})
}
