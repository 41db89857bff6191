package mongo

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

// recordDoc is the latest version of a record as of the mark, or later.
type recordDoc struct {
	ID    string `bson:"_id"`
	Scope string `bson:"s"`
	Seq   int64  `bson:"q"`
	Place int64  `bson:"i"` // among the operations of its entry
	At    int64  `bson:"at"`
	Value []byte `bson:"v,omitempty"`
	Gone  string `bson:"gone,omitempty"` // goneKey of a tombstone
}

func (d *recordDoc) version() version {
	typ, id, _ := strings.Cut(d.ID[len(d.Scope)+len(hash):], sep)
	r := storage.Record{Seq: d.Seq, Type: typ, ID: id}
	if len(d.Value) > 0 {
		r.Value = d.Value
	}
	return version{r, int(d.Place)}
}

// Scan implements [storage.Records].
func (s *Store) Scan(ctx context.Context, p storage.Page) (recs []storage.Record, head int64, err error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer over()
	if p.Before <= 0 {
		p.Before = math.MaxInt64
	}
	for spare := 0; ; spare = 2*spare + 16 {
		recs, head, enough, err := s.scan(ctx, p, spare)
		if err != nil {
			return nil, 0, fmt.Errorf("scan %q: %w", p.Scope, err)
		}
		if enough {
			return recs, head, nil
		}
	}
}

// scan reads a page, with some to spare: not enough when more of them than
// that moved on.
func (s *Store) scan(ctx context.Context, p storage.Page, spare int) (recs []storage.Record, head int64, enough bool, err error) {
	var still []version
	var cut bool
	v, err := s.view(ctx, p.Scope, func(mark int64) (err error) {
		still, cut, err = s.scanApplied(ctx, p, mark, spare)
		return err
	})
	if err != nil {
		return nil, 0, false, err
	}
	latest := v.latest()
	still = slices.DeleteFunc(still, func(r version) bool { _, moved := latest[storage.Key{Type: r.Type, ID: r.ID}]; return moved })
	moved := inOrder(slices.Collect(maps.Values(latest)))
	moved = slices.DeleteFunc(moved, func(r version) bool {
		return r.Seq <= p.After || r.Seq >= p.Before || r.Value == nil && !p.Tombstones
	})
	recs = firstOf(p, join(p, still, moved, cut))
	return recs, v.head, !cut || len(recs) >= p.Limit, nil
}

// join puts the records that stayed and those that moved, which have the
// higher numbers, one after the other in the order of the page.
func join(p storage.Page, still, moved []version, cut bool) []version {
	switch {
	case p.Down:
		slices.Reverse(moved)
		return append(moved, still...)
	case cut:
		return still
	default:
		return append(still, moved...)
	}
}

// firstOf takes as many as the page asks for, without splitting a number.
func firstOf(p storage.Page, vs []version) (recs []storage.Record) {
	for i, v := range vs {
		if p.Limit > 0 && i >= p.Limit && v.Seq != vs[i-1].Seq {
			break
		}
		recs = append(recs, v.Record)
	}
	return recs
}

// scanApplied reads records up to a mark; cut says that there are more.
func (s *Store) scanApplied(ctx context.Context, p storage.Page, mark int64, spare int) (vs []version, cut bool, err error) {
	filter := bson.M{"s": p.Scope, "q": bson.M{"$gt": p.After, "$lte": min(mark, p.Before-1)}}
	if !p.Tombstones {
		filter["gone"] = bson.M{"$exists": false}
	}
	way := 1
	if p.Down {
		way = -1
	}
	opts := sorted(bson.D{{Key: "s", Value: way}, {Key: "q", Value: way}})
	if p.Limit > 0 {
		opts.SetBatchSize(int32(min(p.Limit+spare+8, 1000)))
	}
	err = each(ctx, s.coll.records, filter, func(d recordDoc) bool {
		full := p.Limit > 0 && len(vs) >= p.Limit+spare
		if cut = full && vs[len(vs)-1].Seq != d.Seq; !cut {
			vs = append(vs, d.version())
		}
		return !cut
	}, opts)
	slices.SortStableFunc(vs, func(a, b version) int { return way * compare(a, b) })
	return vs, cut, err
}

// Find implements [storage.Records].
func (s *Store) Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	var found map[storage.Key]version
	v, err := s.view(ctx, scope, func(int64) (err error) {
		found, err = s.findApplied(ctx, scope, keys)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find in %q: %w", scope, err)
	}
	maps.Copy(found, v.latest())
	maps.DeleteFunc(found, func(_ storage.Key, r version) bool { return r.Value == nil })
	var recs []storage.Record
	for _, k := range keys {
		recs = append(recs, pick(found, k)...)
	}
	return recs, nil
}

// pick takes one record, or those of a type by their id.
func pick(found map[storage.Key]version, k storage.Key) (recs []storage.Record) {
	if k.ID != "" {
		if v, ok := found[k]; ok {
			recs = append(recs, v.Record)
		}
		return recs
	}
	for key, v := range found {
		if key.Type == k.Type {
			recs = append(recs, v.Record)
		}
	}
	slices.SortFunc(recs, func(a, b storage.Record) int { return strings.Compare(a.ID, b.ID) })
	return recs
}

// findApplied reads what keys name, all single ones in one query.
func (s *Store) findApplied(ctx context.Context, scope string, keys []storage.Key) (map[storage.Key]version, error) {
	ids := bson.A{}
	var filters []bson.M
	for _, k := range keys {
		if k.ID != "" {
			ids = append(ids, recordKey(scope, k.Type, k.ID))
		} else {
			filters = append(filters, ofType(scope, k.Type))
		}
	}
	if len(ids) > 0 {
		filters = append(filters, bson.M{"_id": bson.M{"$in": ids}})
	}
	found := map[storage.Key]version{}
	for _, f := range filters {
		docs, err := all[recordDoc](ctx, s.coll.records, f)
		if err != nil {
			return nil, err
		}
		for i := range docs {
			v := docs[i].version()
			found[storage.Key{Type: v.Type, ID: v.ID}] = v
		}
	}
	return found, nil
}

// stepDoc is an action of a lane that was carried out.
type stepDoc struct {
	ID     string `bson:"_id"`
	At     int64  `bson:"at"`
	Result []byte `bson:"r"`
}

// Lane implements [storage.Records].
func (s *Store) Lane(ctx context.Context, scope, lane string, k int64) (l storage.Lane, err error) {
	over, err := s.begin(ctx)
	if err != nil {
		return l, err
	}
	defer over()
	v, err := s.view(ctx, scope, func(int64) (err error) {
		l, err = s.laneApplied(ctx, scope, lane, k)
		return err
	})
	if err != nil {
		return storage.Lane{}, fmt.Errorf("lane %q of %q: %w", lane, scope, err)
	}
	for i := range v.docs {
		for _, st := range v.docs[i].Steps {
			if st.Lane == lane {
				l.K = max(l.K, st.K)
			}
			if st.Lane == lane && st.K == k {
				l.Result = st.Result
			}
		}
	}
	return l, nil
}

func (s *Store) laneApplied(ctx context.Context, scope, lane string, k int64) (l storage.Lane, err error) {
	newest, found, err := last[stepDoc](ctx, s.coll.steps, ofLane(scope, lane))
	if err != nil || !found {
		return l, err
	}
	l.K = numberOf(newest.ID)
	if k == l.K {
		l.Result = newest.Result
	}
	if k >= l.K || k < 1 {
		return l, nil
	}
	docs, err := all[stepDoc](ctx, s.coll.steps, bson.M{"_id": stepKey(scope, lane, k)}, options.Find().SetLimit(1))
	if err == nil && len(docs) > 0 {
		l.Result = docs[0].Result
	}
	return l, err
}
