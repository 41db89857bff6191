package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"preau/storage"
)

// longTail is how much of a log one reads without asking how far it was
// applied meanwhile.
const longTail = 32

// view is what the log holds above a mark. What was derived up to the mark and
// this together are the scope as of its head: a record that was read at a
// number above the mark, or was missed while it moved, is in here.
type view struct {
	head int64
	docs []entryDoc
}

// view has read look at what was derived up to a mark, and then reads the log
// from there on. When the log was trimmed past the mark that was known, it
// starts again with a newer one.
func (s *Store) view(ctx context.Context, name string, read func(mark int64) error) (*view, error) {
	sc := s.known.scope(name)
	mark, ok := sc.applied()
	for range 10 {
		if !ok {
			var err error
			if mark, err = s.mark(ctx, name); err != nil {
				return nil, err
			}
		}
		if err := read(mark); err != nil {
			return nil, err
		}
		docs, err := all[entryDoc](ctx, s.coll.log, entriesAfter(name, mark), sorted(upward))
		if err != nil {
			return nil, err
		}
		if unbroken(docs, mark) {
			v := &view{head: mark + int64(len(docs)), docs: docs}
			s.behold(name, sc, v) //nolint:contextcheck // what it sets off outlives the call
			return v, nil
		}
		ok = false
	}
	return nil, fmt.Errorf("log of %q has a hole above %d: %w", name, mark, storage.ErrCorrupt)
}

// behold remembers a head, and has a scope brought forward that is far behind.
func (s *Store) behold(name string, sc *scope, v *view) {
	sc.saw(v.head)
	if len(v.docs) > longTail {
		s.bringForward(name)
	}
}

// mark reads how far a scope was applied.
func (s *Store) mark(ctx context.Context, name string) (int64, error) {
	docs, err := all[scopeDoc](ctx, s.coll.scopes, bson.M{"_id": markKey(name)})
	if err != nil {
		return 0, err
	}
	var mark int64
	if len(docs) > 0 {
		mark = docs[0].Applied
	}
	s.known.scope(name).raise(mark)
	return mark, nil
}

// scopeDoc is the floor of a scope, or its mark.
type scopeDoc struct {
	ID      string        `bson:"_id"`
	Floor   int64         `bson:"floor"`
	Applied int64         `bson:"applied"`
	Tasks   int64         `bson:"tasks"`   // last entry with effects
	Touched bson.DateTime `bson:"touched"` // when the mark was raised, by the server's clock
}

// unbroken tells whether entries follow a number without a hole.
func unbroken(docs []entryDoc, after int64) bool {
	for i := range docs {
		if docs[i].n() != after+int64(i)+1 {
			return false
		}
	}
	return true
}

// latest is the last version of each record that the view touches.
func (v *view) latest() map[storage.Key]version {
	recs := map[storage.Key]version{}
	for i := range v.docs {
		n := v.docs[i].n()
		for at, o := range v.docs[i].entry().Ops {
			r := storage.Record{Seq: n, Type: o.Type, ID: o.ID, Value: o.Value}
			recs[storage.Key{Type: o.Type, ID: o.ID}] = version{r, at}
		}
	}
	return recs
}

// lanes is how far the view takes each lane.
func (v *view) lanes() map[string]int64 {
	lanes := map[string]int64{}
	for i := range v.docs {
		for _, st := range v.docs[i].Steps {
			lanes[st.Lane] = st.K
		}
	}
	return lanes
}

// version is a record and its place among the operations of its entry.
type version struct {
	storage.Record
	place int
}

func compare(a, b version) int {
	if a.Seq != b.Seq {
		return int(max(-1, min(1, a.Seq-b.Seq)))
	}
	return a.place - b.place
}

// inOrder sorts versions as they were committed.
func inOrder(vs []version) []version {
	slices.SortFunc(vs, compare)
	return vs
}
