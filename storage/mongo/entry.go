package mongo

import (
	"crypto/rand"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"preau/storage"
)

// entryDoc is an entry as it lies in the log.
type entryDoc struct {
	ID      string      `bson:"_id"`
	At      int64       `bson:"at"`
	Born    int64       `bson:"born"` // when it was appended, by that process's clock
	By      []byte      `bson:"by"`   // random: tells one's own entry from another's
	Stamp   stamp       `bson:"stamp"`
	Ops     []opDoc     `bson:"ops,omitempty"`
	Keys    []string    `bson:"keys,omitempty"` // records that it puts
	Steps   []stepPart  `bson:"steps,omitempty"`
	Effects []effectDoc `bson:"effects,omitempty"`
	Todo    int64       `bson:"todo,omitempty"` // Born, until its effects are tasks
}

// stamp is given by the server as a document is inserted, which is sent with
// an empty one: of two documents the one that was acknowledged before the other
// was sent has the lower. Some servers that are not MongoDB leave it empty.
type stamp = bson.Timestamp

type opDoc struct {
	Type  string `bson:"t"`
	ID    string `bson:"i"`
	Value []byte `bson:"v,omitempty"` // absent: a deletion
}

type stepPart struct {
	Lane   string `bson:"l"`
	K      int64  `bson:"k"`
	Result []byte `bson:"r"` // null: none
}

type effectDoc struct {
	Kind    string `bson:"k"`
	Payload []byte `bson:"p"`
	Due     int64  `bson:"d"`
}

func encode(e *storage.Entry, now time.Time) *entryDoc {
	by := make([]byte, 12)
	_, _ = rand.Read(by) // never fails
	d := &entryDoc{ID: entryKey(e.Scope, e.N), At: millis(e.At), Born: now.UnixNano(), By: by}
	for _, o := range e.Ops {
		d.Ops = append(d.Ops, opDoc{o.Type, o.ID, o.Value})
		if o.Value != nil {
			d.Keys = append(d.Keys, recordKey(e.Scope, o.Type, o.ID))
		}
	}
	for _, s := range e.Steps {
		d.Steps = append(d.Steps, stepPart(s))
	}
	for _, f := range e.Effects {
		d.Effects = append(d.Effects, effectDoc{f.Kind, f.Payload, millis(f.Due)})
		d.Todo = d.Born
	}
	return d
}

// entry is what the port shows of a document: all but the effects.
func (d *entryDoc) entry() storage.Entry {
	e := storage.Entry{Scope: scopeOf(d.ID), N: d.n(), At: moment(d.At)}
	for _, o := range d.Ops {
		op := storage.Op{Type: o.Type, ID: o.ID}
		if len(o.Value) > 0 {
			op.Value = o.Value
		}
		e.Ops = append(e.Ops, op)
	}
	for _, s := range d.Steps {
		e.Steps = append(e.Steps, storage.Step(s))
	}
	return e
}

func (d *entryDoc) n() int64 { return numberOf(d.ID) }

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
