package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

// Claim implements [storage.Records].
func (s *Store) Claim(ctx context.Context, c storage.Claim) ([]storage.Task, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	s.claiming.Lock()
	defer s.claiming.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.makeTasks(ctx); err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	tasks, err := s.claim(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	return tasks, nil
}

// makeTasks brings scopes forward whose effects are not all tasks yet.
func (s *Store) makeTasks(ctx context.Context) error {
	docs, err := all[named](ctx, s.coll.log, bson.M{"todo": bson.M{"$gt": 0}}, options.Find().SetProjection(onlyName))
	if err != nil {
		return err
	}
	last := map[string]int64{}
	var scopes []string
	for _, d := range docs {
		scope := scopeOf(d.ID)
		if _, met := last[scope]; !met {
			scopes = append(scopes, scope)
		}
		last[scope] = max(last[scope], numberOf(d.ID))
	}
	return together(ctx, len(scopes), func(ctx context.Context, i int) error {
		return s.rollForward(ctx, scopes[i])
	})
}

// claim leases due tasks, round by round: some of those found may be
// somebody else's, or wait for their turn.
func (s *Store) claim(ctx context.Context, c storage.Claim) (tasks []storage.Task, err error) {
	for len(tasks) < c.Limit {
		r := round{store: s, claim: c, want: c.Limit - len(tasks), oldest: map[string]string{}}
		if err := r.choose(ctx); err != nil {
			return nil, err
		}
		won, err := r.lease(ctx)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, won...)
		if !r.more {
			break
		}
	}
	return tasks, nil
}

// round is one attempt at a number of tasks.
type round struct {
	store  *Store
	claim  storage.Claim
	want   int
	chosen []taskDoc
	wait   []taskDoc         // it is not their turn
	oldest map[string]string // ordered task of a scope
	more   bool              // there may be others
}

// maxRound is how many due tasks are looked at in one round.
const maxRound = 1000

func (r *round) choose(ctx context.Context) error {
	due := bson.M{"ready": bson.M{"$lte": millis(r.claim.Now)}}
	order := sorted(bson.D{{Key: "ready", Value: 1}, {Key: "born", Value: 1}})
	docs, err := all[taskDoc](ctx, r.store.coll.tasks, due, order.SetLimit(int64(min(r.want, maxRound))))
	if err != nil {
		return err
	}
	r.more = len(docs) == min(r.want, maxRound)
	for i := range docs {
		waits, err := r.waits(ctx, &docs[i])
		if err != nil {
			return err
		}
		if waits {
			r.wait = append(r.wait, docs[i])
		} else {
			r.chosen = append(r.chosen, docs[i])
		}
	}
	return r.park(ctx)
}

// waits tells whether an older task of an ordered kind is not settled.
func (r *round) waits(ctx context.Context, d *taskDoc) (bool, error) {
	if r.claim.Ordered == nil || !r.claim.Ordered(d.Kind) {
		return false, nil
	}
	scope := scopeOf(d.ID)
	if _, ok := r.oldest[scope]; !ok {
		oldest, err := r.store.oldest(ctx, scope, r.claim.Ordered)
		if err != nil {
			return false, err
		}
		r.oldest[scope] = oldest
	}
	return r.oldest[scope] < d.ID, nil
}

// oldest finds the first task of an ordered kind; "" if there is none.
func (s *Store) oldest(ctx context.Context, scope string, ordered func(string) bool) (id string, err error) {
	err = each(ctx, s.coll.tasks, inScope(scope), func(d taskDoc) bool {
		if ordered(d.Kind) {
			id = d.ID
		}
		return id == ""
	}, sorted(upward).SetProjection(bson.M{"kind": 1}).SetBatchSize(20))
	return id, err
}

// parkTime is how long a task that waits for its turn is left alone, unless
// the one before it wakes it.
const parkTime = time.Minute

// park puts tasks aside whose turn it is not, so that the next round finds
// others. Those that they wait for may be settled at this moment, by somebody
// who did not see them parked: so it looks once more.
func (r *round) park(ctx context.Context) error {
	if len(r.wait) == 0 {
		return nil
	}
	waiting, before := bson.A{}, bson.A{}
	for i := range r.wait {
		waiting = append(waiting, r.wait[i].ID)
	}
	for _, id := range r.oldest {
		before = append(before, id)
	}
	now := millis(r.claim.Now)
	aside := bson.M{"$set": bson.M{"parked": true, "ready": now + parkTime.Milliseconds()}}
	still := bson.M{"_id": bson.M{"$in": waiting}, "ready": bson.M{"$lte": now}}
	if _, err := r.store.coll.tasks.UpdateMany(ctx, still, aside); err != nil {
		return unavailable(err)
	}
	there, err := all[named](ctx, r.store.coll.tasks, bson.M{"_id": bson.M{"$in": before}}, options.Find().SetProjection(onlyName))
	if err != nil {
		return err
	}
	return r.wake(ctx, there)
}

// wake wakes the next of scopes whose oldest is no longer there.
func (r *round) wake(ctx context.Context, there []named) error {
	for _, d := range there {
		delete(r.oldest, scopeOf(d.ID))
	}
	for scope, id := range r.oldest {
		if id == "" {
			continue
		}
		if err := r.store.unpark(ctx, scope); err != nil {
			return err
		}
		r.more = true
	}
	return nil
}

// lease takes the next turn of the chosen tasks.
func (r *round) lease(ctx context.Context) (won []storage.Task, err error) {
	ctx, cancel := finishing(ctx) // or they are leased to nobody
	defer cancel()
	until := millis(r.claim.Now.Add(max(r.claim.Lease, time.Millisecond)))
	turns := make([]turnDoc, len(r.chosen))
	for i, d := range r.chosen {
		turns[i] = turnDoc{ID: turnKey(d.ID, d.Turn+1), At: d.At, Tries: d.Tries + 1, Claim: true, Ready: until}
	}
	taken, err := insertNew(ctx, r.store.coll.turns, anys(turns))
	if err != nil {
		return nil, err
	}
	var hints []turnDoc
	for i := range turns {
		if !taken[i] {
			won = append(won, r.chosen[i].task())
			hints = append(hints, turns[i])
		}
	}
	if err := r.store.hint(ctx, hints); err != nil {
		return nil, err
	}
	for i := range taken {
		if err := r.store.correct(ctx, r.chosen[i].ID); err != nil {
			return nil, err
		}
		r.more = true
	}
	return won, nil
}
