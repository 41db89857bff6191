package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/storage"
)

// Tx is what a Rule sees and does: the scope at its head, and the writes and
// effects that become one commit when the rule returns nil. It is used by one
// goroutine and not kept beyond the rule.
type Tx struct {
	ctx   context.Context
	view  *view
	act   action
	seq   int64
	now   time.Time
	kinds map[string]effectRule

	writes  overlay
	effects []storage.Effect
	answer  []byte
	fault   error // the first mistake of the rule's author
}

// Actor is the person who acts; zero when the server itself does.
func (tx *Tx) Actor() Actor { return tx.act.actor }

// Scope is the scope that this commit goes to.
func (tx *Tx) Scope() string { return tx.view.scope }

// At is when the person acted by the device's clock, in Unix milliseconds.
func (tx *Tx) At() int64 { return tx.act.at }

// Base is the seq of the record that the person saw; 0 when not said.
func (tx *Tx) Base() int64 { return tx.act.base }

// Now is the server's time, the same during the whole rule.
func (tx *Tx) Now() time.Time { return tx.now }

// Seq is the number that this commit gets. Several mutations of one group
// share it.
func (tx *Tx) Seq() int64 { return tx.seq }

// Args decodes the arguments strictly: a wrong type, an unknown field, a
// repeated one, a control character or anything behind the value is a Refusal
// "invalid" that names the field.
func (tx *Tx) Args(into any) error { return decodeArgs(tx.act.args, into) }

// CheckBase refuses with "conflict", showing what is there now, when the
// record has moved (it is at seq) since the person saw it (at Base). A record
// that only this device has moved since is no conflict: its person saw that.
func (tx *Tx) CheckBase(seq int64, current any) error {
	if tx.act.base == 0 || seq <= tx.act.base {
		return nil
	}
	mine, err := tx.view.writtenBy(tx.ctx, seq, tx.act.lane)
	if err != nil || mine {
		return err
	}
	raw, err := canonical(current)
	if err != nil {
		return err
	}
	return &Refusal{Code: "conflict", Message: fmt.Sprintf("moved to %d since %d", seq, tx.act.base), Current: raw}
}

// Get reads a record into a value (nil: not wanted) and returns its seq; 0
// when it is absent or deleted. It sees this Tx's own writes, at Seq.
func (tx *Tx) Get(ctx context.Context, typ, id string, into any) (seq int64, err error) {
	rec, err := tx.record(ctx, storage.Key{Type: typ, ID: id})
	if err != nil || rec.Value == nil {
		return 0, err
	}
	if into != nil {
		err = json.Unmarshal(rec.Value, into)
	}
	if err != nil {
		return 0, fmt.Errorf("read %s %s of %s: %w", typ, id, tx.Scope(), err)
	}
	return rec.Seq, nil
}

// List reads the live records of a type, by id. It sees this Tx's own writes.
func (tx *Tx) List(ctx context.Context, typ string) ([]storage.Record, error) {
	recs, err := tx.view.list(ctx, typ)
	if err != nil {
		return nil, err
	}
	return tx.writes.cover(recs, typ, tx.seq), nil
}

// Put writes a record. Types that begin with '_' belong to the engine.
func (tx *Tx) Put(typ, id string, v any) {
	if raw, ok := tx.encode(typ, id, v); ok {
		tx.writes.set(storage.Op{Type: typ, ID: id, Value: raw})
	}
}

// PutIfChanged writes a record unless it already holds exactly this value.
func (tx *Tx) PutIfChanged(typ, id string, v any) {
	raw, ok := tx.encode(typ, id, v)
	if !ok {
		return
	}
	rec, err := tx.record(tx.ctx, storage.Key{Type: typ, ID: id})
	if err != nil {
		tx.fail(err)
	} else if !bytes.Equal(rec.Value, raw) {
		tx.writes.set(storage.Op{Type: typ, ID: id, Value: raw})
	}
}

// Delete leaves a tombstone in place of a record, whether it exists or not.
func (tx *Tx) Delete(typ, id string) {
	if tx.named(typ, id) {
		tx.writes.set(storage.Op{Type: typ, ID: id})
	}
}

// Effect says what must follow this commit, as soon as it is durable.
func (tx *Tx) Effect(kind string, payload any) { tx.EffectAt(kind, payload, time.Time{}) }

// EffectAt is Effect, not before a date.
func (tx *Tx) EffectAt(kind string, payload any, due time.Time) {
	raw, err := canonical(payload)
	if _, known := tx.kinds[kind]; !known {
		err = fmt.Errorf("effect kind %q is not registered", kind)
	}
	if err != nil {
		tx.fail(err)
		return
	}
	tx.effects = append(tx.effects, storage.Effect{Kind: kind, Payload: raw, Due: due})
}

// Answer sets what the device receives as the value of the result.
func (tx *Tx) Answer(v any) {
	raw, err := canonical(v)
	if err != nil {
		tx.fail(err)
		return
	}
	tx.answer = raw
}

func (tx *Tx) record(ctx context.Context, key storage.Key) (storage.Record, error) {
	if op, own := tx.writes.get(key); own {
		return storage.Record{Seq: tx.seq, Type: op.Type, ID: op.ID, Value: op.Value}, nil
	}
	return tx.view.record(ctx, key)
}

func (tx *Tx) encode(typ, id string, v any) ([]byte, bool) {
	raw, err := canonical(v)
	if err != nil {
		tx.fail(err)
	}
	return raw, err == nil && tx.named(typ, id)
}

func (tx *Tx) named(typ, id string) bool {
	ok := validRecordName(typ) && validRecordName(id) && !strings.HasPrefix(typ, "_")
	if !ok {
		tx.fail(fmt.Errorf("record %q %q is badly named", typ, id))
	}
	return ok
}

func (tx *Tx) fail(err error) {
	if tx.fault == nil {
		tx.fault = err
	}
}

// run carries out the rule. A mistake of its author and a panic are errors
// like any other; nothing of the Tx is used then.
func (tx *Tx) run(rule Rule) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
	}()
	if err := rule(tx.ctx, tx); err != nil {
		return err
	}
	return tx.fault
}

// writesNothing tells whether the commit would be empty.
func (tx *Tx) writesNothing() bool { return len(tx.writes.ops) == 0 && len(tx.effects) == 0 }

// overlay is a set of writes, the last one of each record, in the order in
// which the records were first written.
type overlay struct {
	ops   []storage.Op
	index map[storage.Key]int
}

func (o *overlay) set(op storage.Op) {
	key := storage.Key{Type: op.Type, ID: op.ID}
	if i, known := o.index[key]; known {
		o.ops[i] = op
		return
	}
	if o.index == nil {
		o.index = map[storage.Key]int{}
	}
	o.index[key] = len(o.ops)
	o.ops = append(o.ops, op)
}

func (o *overlay) get(key storage.Key) (storage.Op, bool) {
	i, known := o.index[key]
	if !known {
		return storage.Op{}, false
	}
	return o.ops[i], true
}

// cover lays the writes of a type over the records read, ordered by id.
func (o *overlay) cover(recs []storage.Record, typ string, seq int64) []storage.Record {
	if len(o.ops) == 0 {
		return recs
	}
	out := slices.DeleteFunc(slices.Clone(recs), func(r storage.Record) bool {
		_, own := o.get(storage.Key{Type: typ, ID: r.ID})
		return own
	})
	for _, op := range o.ops {
		if op.Type == typ && op.Value != nil {
			out = append(out, storage.Record{Seq: seq, Type: typ, ID: op.ID, Value: op.Value})
		}
	}
	slices.SortFunc(out, func(a, b storage.Record) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// errNotRun marks an action that a group had no room for.
var errNotRun = errors.New("not run")
