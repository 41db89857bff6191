// Package transfertest holds what is always true of the transfers of a server
// at rest, whatever happened to it.
package transfertest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"preau/storage"
)

// What is read of records; package transfer says what they are.
type (
	sent struct {
		Files, Arrived int
		Size, Bytes    int64
	}
	part struct {
		Size  int64
		State string
	}
	link struct{ Owner, ID string }
	room struct{ Bytes int64 }
)

// Audit lists what is not as it must be once all effects were carried out and
// the bytes of what has ended were swept:
//
//   - the room that schools count is the sum of their transfers;
//   - a transfer has as many parts and bytes as it says, and its link leads to it;
//   - a part that is there has its bytes, and no part that was refused has any;
//   - no bytes, parts or links are there for nothing.
func Audit(ctx context.Context, records storage.Records, blobs storage.Blobs) ([]string, error) {
	a := audit{ctx: ctx, records: records, bytes: map[string]int64{}, open: map[string]bool{}}
	err := blobs.List(ctx, "transfers/", func(b storage.Blob) bool {
		a.bytes[b.Key] = b.Size
		return true
	})
	for _, look := range []func() error{a.transfers, a.rooms, a.links, a.parts} {
		if err == nil {
			err = look()
		}
	}
	for key, size := range a.bytes {
		a.say("%d bytes at %s belong to nothing", size, key)
	}
	return a.wrong, err
}

type audit struct {
	ctx     context.Context
	records storage.Records
	bytes   map[string]int64 // by key; those that belong to something are taken out
	open    map[string]bool  // scopes of transfers
	sum     int64
	wrong   []string
}

func (a *audit) say(format string, args ...any) {
	a.wrong = append(a.wrong, fmt.Sprintf(format, args...))
}

// each reads the live records of a type in all scopes that begin so.
func each[T any](a *audit, prefix, typ string, do func(scope, id string, v T) error) error {
	scopes, err := a.records.Scopes(a.ctx, prefix)
	for _, scope := range scopes {
		recs, err := a.records.Find(a.ctx, scope, storage.Key{Type: typ})
		if err != nil {
			return err
		}
		for _, r := range recs {
			var v T
			if err := json.Unmarshal(r.Value, &v); err != nil {
				return fmt.Errorf("%s %s in %s: %w", typ, r.ID, scope, err)
			}
			if err := do(scope, r.ID, v); err != nil {
				return err
			}
		}
	}
	return err
}

func (a *audit) transfers() error {
	return each(a, "user:", "transfer", func(_, id string, t sent) error {
		a.sum += t.Size
		a.open["transfer:"+id] = true
		return a.transfer(id, t)
	})
}

func (a *audit) transfer(id string, t sent) error {
	parts, err := a.partsOf("transfer:" + id)
	if err != nil {
		return err
	}
	var size, bytes int64
	arrived := 0
	for n, p := range parts {
		size += p.Size
		if p.State != "waiting" {
			arrived, bytes = arrived+1, bytes+p.Size
		}
		a.part(id, n, p)
	}
	if len(parts) != t.Files || size != t.Size {
		a.say("transfer %s says %d files of %d bytes, and has %d of %d", id, t.Files, t.Size, len(parts), size)
	}
	if arrived != t.Arrived || bytes != t.Bytes {
		a.say("of transfer %s arrived %d files of %d bytes, and it says %d of %d", id, arrived, bytes, t.Arrived, t.Bytes)
	}
	return nil
}

func (a *audit) partsOf(scope string) (map[string]part, error) {
	all := map[string]part{}
	err := each(a, scope, "part", func(in, id string, p part) error {
		if in == scope {
			all[id] = p
		}
		return nil
	})
	return all, err
}

// part holds that the bytes of a part are there, or are not. Those of one that
// waits may be: its node was killed before it could say so.
func (a *audit) part(id, n string, p part) {
	key := "transfers/" + hex.EncodeToString([]byte(id)) + "/" + n
	size, stored := a.bytes[key]
	delete(a.bytes, key)
	gone := p.State == "infected" || p.State == "unsafe"
	there := p.State == "ready" || p.State == "checking"
	switch {
	case stored && (gone || size != p.Size):
		a.say("part %s of %s is %s and has %d bytes", n, id, p.State, size)
	case there && !stored && p.Size > 0:
		a.say("part %s of %s is %s and has no bytes", n, id, p.State)
	}
}

func (a *audit) rooms() error {
	var taken int64
	err := each(a, "transfers:", "room", func(_, _ string, r room) error {
		taken += r.Bytes
		return nil
	})
	if taken != a.sum {
		a.say("the schools count %d bytes, their transfers are %d", taken, a.sum)
	}
	return err
}

// links holds that each link leads to a transfer, or nowhere any more.
func (a *audit) links() error {
	return each(a, "link:", "link", func(scope, _ string, l link) error {
		if l.Owner != "" && !a.open["transfer:"+l.ID] {
			a.say("%s leads to %s of %s, which is not there", strings.TrimSuffix(scope, ":"), l.ID, l.Owner)
		}
		return nil
	})
}

// parts holds that nothing is left of what has ended.
func (a *audit) parts() error {
	return each(a, "transfer:", "part", func(scope, id string, _ part) error {
		if !a.open[scope] {
			a.say("part %s in %s is of nothing", id, scope)
		}
		return nil
	})
}
