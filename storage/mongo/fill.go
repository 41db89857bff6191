package mongo

import (
	"context"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

var _ storage.Filler = (*Store)(nil)

// How much is sent at a time.
const (
	fillPieces = 1000
	fillBytes  = 4 << 20
)

// Fill implements [storage.Filler].
func (s *Store) Fill(ctx context.Context, pieces iter.Seq2[storage.Piece, error]) error {
	over, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer over()
	if err := s.fill(ctx, pieces); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

func (s *Store) fill(ctx context.Context, pieces iter.Seq2[storage.Piece, error]) error {
	f := filling{store: s, there: map[string]bool{}, waiting: map[*mongo.Collection][]any{}}
	if err := whole(ctx, s.coll.scopes, func(d named) error {
		f.there[scopeOf(d.ID)] = true
		return nil
	}); err != nil {
		return err
	}
	for p, err := range storage.InOrder(pieces) {
		if err == nil {
			err = f.take(ctx, p)
		}
		if err == nil && (f.pieces >= fillPieces || f.bytes >= fillBytes) {
			err = f.flush(ctx)
		}
		if err != nil {
			return err
		}
	}
	f.end()
	return f.flush(ctx)
}

// filling is a store being filled: the scope that pieces belong to, and what
// waits to be sent.
type filling struct {
	store         *Store
	there         map[string]bool // scopes that were there before
	scope         *storage.Extent
	waiting       map[*mongo.Collection][]any
	pieces, bytes int
}

func (f *filling) put(c *mongo.Collection, doc any, bytes int) {
	f.waiting[c] = append(f.waiting[c], doc)
	f.pieces++
	f.bytes += bytes
}

func (f *filling) flush(ctx context.Context) error {
	for c, docs := range f.waiting {
		if _, err := c.InsertMany(ctx, docs, options.InsertMany().SetOrdered(false)); err != nil {
			return fmt.Errorf("into %s: %w", c.Name(), unavailable(err))
		}
	}
	clear(f.waiting)
	f.pieces, f.bytes = 0, 0
	return nil
}

func (f *filling) take(ctx context.Context, p storage.Piece) error {
	coll := &f.store.coll
	switch {
	case p.Scope != nil:
		return f.begin(*p.Scope)
	case p.Entry != nil:
		e := *p.Entry
		e.Scope = f.scope.Name
		size := 0
		for _, o := range e.Ops {
			size += len(o.Value)
		}
		f.put(coll.log, encode(&e, f.store.now()), size)
	case p.Record != nil:
		f.put(coll.records, f.record(p.Record), len(p.Record.Value))
	case p.Step != nil:
		t := p.Step
		f.put(coll.steps, stepDoc{ID: stepKey(f.scope.Name, t.Lane, t.K), At: millis(t.At), Result: t.Result}, len(t.Result))
	case p.Task != nil:
		f.put(coll.tasks, f.task(p.Task), len(p.Task.Payload))
	default:
		return f.store.insertOnce(ctx, coll.meta, bson.M{"_id": metaKey("epoch", p.Epoch)})
	}
	return nil
}

func (f *filling) begin(x storage.Extent) error {
	if f.there[x.Name] {
		return fmt.Errorf("scope %q is there: %w", x.Name, storage.ErrConflict)
	}
	f.end()
	f.scope = &x
	f.put(f.store.coll.scopes, bson.M{"_id": x.Name, "floor": x.Floor}, 0)
	return nil
}

// end marks a scope of which all has come.
func (f *filling) end() {
	if f.scope == nil {
		return
	}
	now := bson.NewDateTimeFromTime(f.store.now())
	f.put(f.store.coll.scopes, scopeDoc{ID: markKey(f.scope.Name), Applied: f.scope.Head, Touched: now}, 0)
}

func (f *filling) record(v *storage.Version) recordDoc {
	r := recordDoc{
		ID: recordKey(f.scope.Name, v.Type, v.ID), Scope: f.scope.Name, Seq: v.Seq, At: millis(v.At), Value: v.Value,
	}
	if v.Value == nil {
		r.Gone = goneKey(f.scope.Name, r.At)
	}
	return r
}

// task keeps a task as one that was never claimed here.
func (f *filling) task(t *storage.Task) taskDoc {
	at, due := millis(t.At), millis(t.Due)
	return taskDoc{
		ID: taskKey(f.scope.Name, t.N, t.Index), At: at, Born: t.At.UnixNano() + int64(t.Index),
		Kind: t.Kind, Payload: t.Payload, Due: due, Ready: due, Tries: int64(t.Tries),
	}
}
