package mongo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
)

// Trim implements [storage.Records]. Each of its steps may be the last one if
// the process dies, and is done by the next Trim then.
func (s *Store) Trim(ctx context.Context, scope string, before time.Time) error {
	over, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer over()
	ctx, cancel := context.WithTimeout(ctx, 10*patience) // or it holds others up
	defer cancel()
	sc := s.known.scope(scope)
	sc.forward.Lock()
	defer sc.forward.Unlock()
	if err := s.trim(ctx, scope, millis(before)); err != nil {
		return fmt.Errorf("trim %q: %w", scope, err)
	}
	return nil
}

func (s *Store) trim(ctx context.Context, scope string, before int64) error {
	mark, err := s.advance(ctx, scope)
	if err != nil || mark == 0 {
		return err
	}
	for _, part := range []func(context.Context, string, int64) error{
		s.trimTombstones, s.trimSteps, s.trimTurns,
	} {
		if err := part(ctx, scope, before); err != nil {
			return err
		}
	}
	return s.trimLog(ctx, scope, before, mark)
}

// trimTombstones raises the floor over the tombstones that are to go, and lets
// them go when a majority knows it. One that came to life meanwhile stays.
func (s *Store) trimTombstones(ctx context.Context, scope string, before int64) error {
	old := bson.M{"gone": bson.M{"$gte": goneKey(scope, 0), "$lt": goneKey(scope, before)}}
	docs, err := all[recordDoc](ctx, s.coll.records, old)
	if err != nil || len(docs) == 0 {
		return err
	}
	var floor int64
	for i := range docs {
		floor = max(floor, docs[i].Seq)
	}
	if _, err := s.coll.scopes.UpdateOne(ctx, bson.M{"_id": scope}, bson.M{"$max": bson.M{"floor": floor}}); err != nil {
		return unavailable(err)
	}
	old["q"] = bson.M{"$lte": floor}
	_, err = s.coll.records.DeleteMany(ctx, old)
	return unavailable(err)
}

// trimSteps forgets old steps, but of each lane that gave results the last.
func (s *Store) trimSteps(ctx context.Context, scope string, before int64) error {
	var old []string
	var earlier stepDoc
	drop := func(d stepDoc, isLast bool) {
		if d.ID != "" && d.At < before && (d.Result == nil || !isLast) {
			old = append(old, d.ID)
		}
	}
	err := each(ctx, s.coll.steps, inScope(scope), func(d stepDoc) bool {
		drop(earlier, laneOf(earlier.ID) != laneOf(d.ID))
		earlier = d
		return true
	}, sorted(upward))
	if err != nil {
		return err
	}
	drop(earlier, true)
	return remove(ctx, s.coll.steps, old)
}

// laneOf is the _id of a step without its number.
func laneOf(step string) string { return step[:strings.LastIndex(step, sep)+1] }

// trimTurns forgets tasks that were settled, and are old.
func (s *Store) trimTurns(ctx context.Context, scope string, before int64) error {
	var old []string
	err := each(ctx, s.coll.turns, inScope(scope), func(d turnDoc) bool {
		if d.Done && d.At < before {
			old = append(old, d.ID)
		}
		return true
	}, sorted(upward))
	if err != nil {
		return err
	}
	return remove(ctx, s.coll.turns, old)
}

// remove deletes documents by name.
func remove(ctx context.Context, c *mongo.Collection, ids []string) error {
	for len(ids) > 0 {
		n := min(len(ids), 1000)
		if _, err := c.DeleteMany(ctx, bson.M{"_id": bson.M{"$in": ids[:n]}}); err != nil {
			return unavailable(err)
		}
		ids = ids[n:]
	}
	return nil
}

// trimLog deletes from the beginning what is old and was applied.
func (s *Store) trimLog(ctx context.Context, scope string, before, mark int64) error {
	var keep string
	applied := between(scope+hash, entryKey(scope, mark+1))
	err := each(ctx, s.coll.log, applied, func(d entryDoc) bool {
		keep = d.ID
		return d.At < before
	}, sorted(upward).SetProjection(bson.M{"at": 1}))
	if err != nil || keep == "" {
		return err
	}
	_, err = s.coll.log.DeleteMany(ctx, between(scope+hash, keep))
	return unavailable(err)
}

// Scopes implements [storage.Records].
func (s *Store) Scopes(ctx context.Context, prefix string) ([]string, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	listed, err := s.scopes(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("list scopes: %w", err)
	}
	return listed, nil
}

func (s *Store) scopes(ctx context.Context, prefix string) ([]string, error) {
	var listed []string
	marked := map[string]bool{}
	err := each(ctx, s.coll.scopes, bson.M{"_id": bson.M{"$gte": prefix}}, func(d scopeDoc) bool {
		if name, isMark := strings.CutSuffix(d.ID, hash); isMark {
			marked[name] = true
		} else if strings.HasPrefix(d.ID, prefix) {
			listed = append(listed, d.ID)
		}
		return strings.HasPrefix(d.ID, prefix)
	}, sorted(upward))
	if err != nil {
		return nil, err
	}
	return s.begun(ctx, listed, marked)
}

// begun leaves out scopes that were listed, and then got no entry.
func (s *Store) begun(ctx context.Context, listed []string, marked map[string]bool) (names []string, err error) {
	for _, name := range listed {
		t := storage.Tail{Scope: name}
		if !marked[name] {
			if err := s.findHead(ctx, &t); err != nil {
				return nil, err
			}
		}
		if marked[name] || t.Head > 0 {
			names = append(names, name)
		}
	}
	return names, nil
}

// Epoch implements [storage.Records]. Each epoch is a document: of those who
// raise it at the same time each gets one of its own.
func (s *Store) Epoch(ctx context.Context, raise bool) (epoch int64, err error) {
	over, err := s.begin(ctx)
	if err != nil {
		return 0, err
	}
	defer over()
	for {
		if epoch, err = s.reached(ctx, "epoch"); err != nil || !raise {
			break
		}
		epoch++
		_, err = s.coll.meta.InsertOne(ctx, bson.M{"_id": metaKey("epoch", epoch)})
		if !mongo.IsDuplicateKeyError(err) {
			err = unavailable(err)
			break
		}
	}
	if err != nil {
		return 0, fmt.Errorf("epoch: %w", err)
	}
	return epoch, nil
}

// reached is the highest number under a name of the collection meta.
func (s *Store) reached(ctx context.Context, name string) (int64, error) {
	d, found, err := last[named](ctx, s.coll.meta, between(name+hash, name+past))
	if err != nil || !found {
		return 0, err
	}
	return numberOf(d.ID), nil
}
