package mongo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// applyAtOnce is how many entries are applied in one go.
const applyAtOnce = 32

// projector knows which scopes are being brought forward.
type projector struct {
	mu    sync.Mutex
	again map[string]bool // under way; true: something came in meanwhile
	slots chan struct{}
	all   sync.WaitGroup
}

func (p *projector) wait() { p.all.Wait() }

// enter tells whether nobody is at this scope yet.
func (p *projector) enter(scope string) (first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again == nil {
		p.again, p.slots = map[string]bool{}, make(chan struct{}, parallel)
	}
	_, under := p.again[scope]
	p.again[scope] = under
	return !under
}

// leave tells whether that was all.
func (p *projector) leave(scope string) (done bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again[scope] {
		p.again[scope] = false
		return false
	}
	delete(p.again, scope)
	return true
}

// bringForward applies in the background what was committed. A failure is no
// loss: whoever comes next does it.
func (s *Store) bringForward(scope string) {
	if !s.project.enter(scope) {
		return
	}
	s.project.all.Go(func() {
		for done := false; !done; done = s.project.leave(scope) {
			s.project.slots <- struct{}{}
			ctx, cancel := context.WithTimeout(s.behind, patience)
			if err := s.rollForward(ctx, scope); err != nil && s.behind.Err() == nil {
				s.log.WarnContext(ctx, "bring a scope forward", "scope", scope, "err", err)
			}
			cancel()
			<-s.project.slots
		}
	})
}

// rollForward applies all entries of a scope above its mark. Another process
// may be doing the same: each step is harmless when it is repeated or late.
func (s *Store) rollForward(ctx context.Context, scope string) error {
	sc := s.known.scope(scope)
	sc.forward.Lock()
	defer sc.forward.Unlock()
	_, err := s.advance(ctx, scope)
	return err
}

// advance is rollForward for whoever has the scope to itself in this process;
// it returns the mark.
func (s *Store) advance(ctx context.Context, scope string) (mark int64, err error) {
	mark, err = s.mark(ctx, scope)
	for more := true; more && err == nil; {
		var docs []entryDoc
		docs, err = all[entryDoc](ctx, s.coll.log, entriesAfter(scope, mark), sorted(upward).SetLimit(applyAtOnce))
		if err != nil || len(docs) == 0 {
			break
		}
		more = len(docs) == applyAtOnce
		if !unbroken(docs, mark) { // somebody else has done them, and trimmed
			mark, err = s.mark(ctx, scope)
			more = true
			continue
		}
		err = s.apply(ctx, scope, docs)
		mark = docs[len(docs)-1].n()
	}
	if err != nil {
		return 0, fmt.Errorf("bring %q forward: %w", scope, err)
	}
	return mark, nil
}

// apply derives everything from entries, and then raises the mark.
func (s *Store) apply(ctx context.Context, scope string, docs []entryDoc) error {
	for _, part := range []func(context.Context, string, []entryDoc) error{
		s.applyEffects, s.erase, s.applyRecords, s.applySteps, s.raiseMark,
	} {
		if err := part(ctx, scope, docs); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) raiseMark(ctx context.Context, scope string, docs []entryDoc) error {
	var tasks int64
	for i := range docs {
		if len(docs[i].Effects) > 0 {
			tasks = docs[i].n()
		}
	}
	mark := docs[len(docs)-1].n()
	change := bson.M{"$max": bson.M{"applied": mark, "tasks": tasks}, "$currentDate": bson.M{"touched": true}}
	for {
		_, err := s.coll.scopes.UpdateOne(ctx, bson.M{"_id": markKey(scope)}, change, options.UpdateOne().SetUpsert(true))
		if err == nil {
			s.known.scope(scope).raise(mark)
		}
		if !mongo.IsDuplicateKeyError(err) { // else it was made at this moment
			return unavailable(err)
		}
	}
}

// applyRecords brings records to their last version in these entries.
func (s *Store) applyRecords(ctx context.Context, scope string, docs []entryDoc) error {
	return s.writeRecords(ctx, lastRecords(scope, docs))
}

// lastRecords are the last versions of the records that entries touch.
func lastRecords(scope string, docs []entryDoc) (recs []recordDoc) {
	at := map[string]int{}
	for i := range docs {
		for place, o := range docs[i].Ops {
			r := newRecord(scope, &docs[i], place, o)
			if j, ok := at[r.ID]; ok {
				recs[j] = r
				continue
			}
			at[r.ID] = len(recs)
			recs = append(recs, r)
		}
	}
	return recs
}

func newRecord(scope string, e *entryDoc, place int, o opDoc) recordDoc {
	r := recordDoc{ID: recordKey(scope, o.Type, o.ID), Scope: scope, Seq: e.n(), Place: int64(place), At: e.At, Value: o.Value}
	if len(o.Value) == 0 {
		r.Gone = goneKey(scope, e.At)
	}
	return r
}

// goneKey orders the tombstones of a scope by their age.
func goneKey(scope string, at int64) string { return fmt.Sprintf("%s#%015d", scope, max(at, 0)) }

// writeRecords inserts what is new, and replaces the rest where it is older.
func (s *Store) writeRecords(ctx context.Context, recs []recordDoc) error {
	taken, err := insertNew(ctx, s.coll.records, anys(recs))
	if err != nil || len(taken) == 0 {
		return err
	}
	var replace []mongo.WriteModel
	for i := range taken {
		older := bson.M{"_id": recs[i].ID, "q": bson.M{"$lt": recs[i].Seq}}
		replace = append(replace, mongo.NewReplaceOneModel().SetFilter(older).SetReplacement(&recs[i]))
	}
	return bulk(ctx, s.coll.records, replace)
}

func anys[V any](vs []V) []any {
	out := make([]any, len(vs))
	for i := range vs {
		out[i] = &vs[i]
	}
	return out
}

// applySteps keeps what lanes have done; a step without a result is forgotten
// at the next such.
func (s *Store) applySteps(ctx context.Context, scope string, docs []entryDoc) error {
	steps, mute := lastSteps(scope, docs)
	var forget []mongo.WriteModel
	for lane, d := range mute {
		earlier := between(laneKey(scope, lane), d.ID)
		earlier["r"] = nil
		forget = append(forget, mongo.NewDeleteManyModel().SetFilter(earlier))
	}
	if _, err := insertNew(ctx, s.coll.steps, anys(steps)); err != nil || len(forget) == 0 {
		return err
	}
	return bulk(ctx, s.coll.steps, forget)
}

// lastSteps are the steps that entries take, of those without a result the
// last of each lane, which are in mute as well.
func lastSteps(scope string, docs []entryDoc) (steps []stepDoc, mute map[string]stepDoc) {
	mute = map[string]stepDoc{}
	for i := range docs {
		for _, st := range docs[i].Steps {
			d := stepDoc{ID: stepKey(scope, st.Lane, st.K), At: docs[i].At, Result: st.Result}
			if st.Result == nil {
				mute[st.Lane] = d
				continue
			}
			steps = append(steps, d)
		}
	}
	return slices.AppendSeq(steps, maps.Values(mute)), mute
}

// erase takes what these entries delete out of all entries before them.
func (s *Store) erase(ctx context.Context, scope string, docs []entryDoc) error {
	deleted := map[string]int64{}
	for i := range docs {
		for _, o := range docs[i].Ops {
			if len(o.Value) == 0 {
				deleted[recordKey(scope, o.Type, o.ID)] = docs[i].n()
			}
		}
	}
	if len(deleted) == 0 {
		return nil
	}
	keys := bson.A{}
	for k := range deleted {
		keys = append(keys, k)
	}
	puts, err := all[entryDoc](ctx, s.coll.log, bson.M{"keys": bson.M{"$in": keys}})
	if err != nil {
		return err
	}
	return together(ctx, len(puts), func(ctx context.Context, i int) error {
		return s.eraseFrom(ctx, scope, &puts[i], deleted)
	})
}

// eraseFrom takes out of one entry what was deleted after it.
func (s *Store) eraseFrom(ctx context.Context, scope string, e *entryDoc, deleted map[string]int64) error {
	values, keys := bson.M{}, bson.A{}
	for i, o := range e.Ops {
		key := recordKey(scope, o.Type, o.ID)
		if len(o.Value) > 0 && e.n() < deleted[key] {
			values[fmt.Sprintf("ops.%d.v", i)] = ""
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	change := bson.M{"$unset": values, "$pullAll": bson.M{"keys": keys}}
	if _, err := s.coll.log.UpdateOne(ctx, bson.M{"_id": e.ID}, change); err != nil {
		return fmt.Errorf("erase from %s: %w", e.ID, unavailable(err))
	}
	return nil
}

// applyEffects makes tasks of effects, in their order, and then says so in the
// entry, so that nobody makes them again.
func (s *Store) applyEffects(ctx context.Context, scope string, docs []entryDoc) error {
	var tasks []taskDoc
	for i := range docs {
		if docs[i].Todo != 0 {
			tasks = append(tasks, newTasks(scope, &docs[i])...)
		}
	}
	if len(tasks) == 0 {
		return nil
	}
	if err := s.insertTasks(ctx, tasks); err != nil {
		return err
	}
	done := between(entryKey(scope, docs[0].n()-1), entryKey(scope, docs[len(docs)-1].n()+1))
	_, err := s.coll.log.UpdateMany(ctx, done, bson.M{"$unset": bson.M{"todo": ""}})
	return unavailable(err)
}

// insertTasks inserts in order, so that none is seen before an older one, and
// goes on behind those that are there.
func (s *Store) insertTasks(ctx context.Context, tasks []taskDoc) error {
	for len(tasks) > 0 {
		_, err := s.coll.tasks.InsertMany(ctx, anys(tasks))
		at, taken := firstTaken(err)
		if !taken {
			return unavailable(err)
		}
		tasks = tasks[at+1:]
	}
	return nil
}
