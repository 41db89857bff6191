package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

// maxBehind is how many entries of a scope may wait to be applied before an
// Append does it first.
const maxBehind = 256

// Append implements [storage.Records]. Once it has begun it does not end with
// ctx, so that its outcome is known; only a server that does not answer makes
// it unknown, and then a later look at the scope tells.
func (s *Store) Append(ctx context.Context, e storage.Entry) error {
	if err := e.Check(); err != nil {
		return err
	}
	if e.N > maxN {
		return fmt.Errorf("entry %d of %q: %w", e.N, e.Scope, storage.ErrConflict)
	}
	over, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer over()
	ctx, cancel := finishing(ctx)
	defer cancel()
	if err := s.append(ctx, &e); err != nil {
		return fmt.Errorf("append entry %d of %q: %w", e.N, e.Scope, err)
	}
	s.watch.tell(storage.Moved{Scope: e.Scope, Head: e.N, Tasks: len(e.Effects) > 0})
	s.bringForward(e.Scope) //nolint:contextcheck // which outlives the call
	return nil
}

func (s *Store) append(ctx context.Context, e *storage.Entry) error {
	now, sc := s.now(), s.known.scope(e.Scope)
	sure, err := sc.allows(e, now)
	if !sure {
		err = s.mayFollow(ctx, e)
	}
	if err != nil {
		return err
	}
	if mark, ok := sc.applied(); ok && e.N-mark > maxBehind {
		if err := s.rollForward(ctx, e.Scope); err != nil {
			return err
		}
	}
	if err := s.insert(ctx, e, now); err != nil {
		return err
	}
	sc.committed(e, now)
	return nil
}

// mayFollow checks, in the database, that an entry is the next of its scope
// and above its lanes. All of that is as of its predecessor, so it still holds
// if the entry gets its number.
func (s *Store) mayFollow(ctx context.Context, e *storage.Entry) error {
	above := map[string]int64{} // what each lane must be below
	for _, st := range e.Steps {
		if _, ok := above[st.Lane]; !ok {
			above[st.Lane] = st.K
		}
	}
	var taken []named
	v, err := s.view(ctx, e.Scope, func(int64) (err error) {
		taken, err = s.stepsFrom(ctx, e.Scope, above)
		return err
	})
	switch {
	case err != nil:
		return err
	case v.head != e.N-1:
		return fmt.Errorf("the scope is at %d: %w", v.head, storage.ErrConflict)
	case len(taken) > 0:
		return fmt.Errorf("step %q was taken: %w", taken[0].ID, storage.ErrConflict)
	}
	for lane, k := range v.lanes() {
		if want, ok := above[lane]; ok && want <= k {
			return laneTaken(lane, k)
		}
	}
	return nil
}

// stepsFrom looks for a step, applied already, that is not below what is asked
// of its lane.
func (s *Store) stepsFrom(ctx context.Context, scope string, lanes map[string]int64) ([]named, error) {
	if len(lanes) == 0 {
		return nil, nil
	}
	ranges := make(bson.A, 0, len(lanes))
	for lane, k := range lanes {
		ranges = append(ranges, between(stepKey(scope, lane, k-1), scope+hash+lane+pastSep))
	}
	return all[named](ctx, s.coll.steps, bson.M{"$or": ranges}, options.Find().SetProjection(onlyName).SetLimit(1))
}

// insert is the one step that decides. The scope is listed before its first
// entry.
func (s *Store) insert(ctx context.Context, e *storage.Entry, now time.Time) error {
	if e.N == 1 {
		if err := s.insertOnce(ctx, s.coll.scopes, bson.M{"_id": e.Scope, "floor": int64(0)}); err != nil {
			return err
		}
	}
	doc := encode(e, now)
	_, err := s.coll.log.InsertOne(ctx, doc)
	if err == nil {
		return nil
	}
	return s.outcome(ctx, doc, err)
}

// outcome finds out who has the number after an insert that failed: the
// driver may have sent it twice, and the answer to the first got lost.
func (s *Store) outcome(ctx context.Context, doc *entryDoc, failed error) error {
	for {
		var there entryDoc
		err := s.coll.log.FindOne(ctx, bson.M{"_id": doc.ID}).Decode(&there)
		switch {
		case err == nil && bytes.Equal(there.By, doc.By):
			return nil
		case err == nil:
			return storage.ErrConflict
		case !errors.Is(err, mongo.ErrNoDocuments):
			return fmt.Errorf("outcome not known: %w, after %w", unavailable(err), failed)
		case !mongo.IsDuplicateKeyError(failed):
			return fmt.Errorf("outcome not known: %w", unavailable(failed))
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil { // until a majority has it
			return fmt.Errorf("taken, not known by whom: %w", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
