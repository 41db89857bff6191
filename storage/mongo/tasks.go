package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
)

// What a task goes through is a log of turns: claimed until, put off to, done.
// Turn n+1 is inserted by whoever saw turn n as the last, so of two claims, or
// of a claim and a settling that came late, one wins. The task itself repeats
// its last turn, as a hint by which due tasks are found: when the hint is old
// the next turn is taken already, and the hint is corrected. It is deleted
// once it is done; its last turn stays until it is trimmed, lest a process
// that was slow make the task again.

// taskDoc is a task not settled.
type taskDoc struct {
	ID      string `bson:"_id"`
	At      int64  `bson:"at"`
	Born    int64  `bson:"born"` // orders tasks of any scopes as they were committed
	Kind    string `bson:"kind"`
	Payload []byte `bson:"p"`
	Due     int64  `bson:"due"`
	Ready   int64  `bson:"ready"` // when to look at it
	Parked  bool   `bson:"parked,omitempty"`
	Turn    int64  `bson:"turn"` // last turn heard of
	Tries   int64  `bson:"tries"`
}

// turnDoc is a turn of a task.
type turnDoc struct {
	ID    string `bson:"_id"`
	At    int64  `bson:"at"`    // of the entry
	Tries int64  `bson:"tries"` // claims up to here
	Claim bool   `bson:"claim,omitempty"`
	Ready int64  `bson:"ready"` // when the lease ends, or when it is due again
	Done  bool   `bson:"done,omitempty"`
}

func newTasks(scope string, e *entryDoc) (tasks []taskDoc) {
	for i, f := range e.Effects {
		tasks = append(tasks, taskDoc{
			ID: taskKey(scope, e.n(), i), At: e.At, Born: e.Born + int64(i),
			Kind: f.Kind, Payload: f.Payload, Due: f.Due, Ready: f.Due,
		})
	}
	return tasks
}

func (d *taskDoc) task() storage.Task {
	var n int64
	var index int
	scope := scopeOf(d.ID)
	_, _ = fmt.Sscanf(d.ID[len(scope):], "#%d#%d", &n, &index) // as taskKey wrote it
	return storage.Task{
		ID: fmt.Sprintf("%s#%d#%d", scope, n, index), Scope: scope, N: n, Index: index, At: moment(d.At),
		Kind: d.Kind, Payload: d.Payload, Due: moment(d.Due), Tries: int(d.Tries),
	}
}

// firstTaken tells which of documents inserted in order was there already.
func firstTaken(err error) (at int, taken bool) {
	var many mongo.BulkWriteException
	if !errors.As(err, &many) || len(many.WriteErrors) != 1 || !many.WriteErrors[0].HasErrorCode(duplicate) {
		return 0, false
	}
	return many.WriteErrors[0].Index, true
}

// Claim implements [storage.Records].
func (s *Store) Claim(ctx context.Context, c storage.Claim) ([]storage.Task, error) {
	over, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer over()
	s.claiming.Lock()
	defer s.claiming.Unlock()
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
		return err
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

// unpark lets the first parked task of a scope be found again.
func (s *Store) unpark(ctx context.Context, scope string) error {
	parked := inScope(scope)
	parked["parked"] = true
	docs, err := all[taskDoc](ctx, s.coll.tasks, parked, sorted(upward).SetLimit(1))
	if err != nil || len(docs) == 0 {
		return err
	}
	change := bson.M{"$set": bson.M{"ready": docs[0].Due}, "$unset": bson.M{"parked": ""}}
	_, err = s.coll.tasks.UpdateOne(ctx, bson.M{"_id": docs[0].ID, "parked": true}, change)
	return err
}

// lease takes the next turn of the chosen tasks.
func (r *round) lease(ctx context.Context) (won []storage.Task, err error) {
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

// taskOf is the _id of the task that a turn belongs to.
func taskOf(turn string) string { return turn[:len(turn)-len("/000000000000")] }

// hint has tasks repeat turns.
func (s *Store) hint(ctx context.Context, turns []turnDoc) error {
	if len(turns) == 0 {
		return nil
	}
	var models []mongo.WriteModel
	for _, t := range turns {
		n := numberOf(t.ID)
		older := bson.M{"_id": taskOf(t.ID), "turn": bson.M{"$lt": n}}
		now := bson.M{"$set": bson.M{"turn": n, "tries": t.Tries, "ready": t.Ready}, "$unset": bson.M{"parked": ""}}
		models = append(models, mongo.NewUpdateOneModel().SetFilter(older).SetUpdate(now))
	}
	_, err := s.coll.tasks.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
	return err
}

// correct brings a task whose hint was old to its last turn.
func (s *Store) correct(ctx context.Context, task string) error {
	t, found, err := last[turnDoc](ctx, s.coll.turns, turnsOf(task))
	switch {
	case err != nil || !found:
		return err
	case t.Done:
		return s.finish(ctx, t.ID)
	default:
		return s.hint(ctx, []turnDoc{t})
	}
}

// Settle implements [storage.Records]. The number of the attempt is the token
// of the lease.
func (s *Store) Settle(ctx context.Context, t storage.Task, next time.Time) error {
	over, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer over()
	ctx, cancel := finishing(ctx)
	defer cancel()
	if err := s.settle(ctx, taskKey(t.Scope, t.N, t.Index), int64(t.Tries)+1, next); err != nil {
		return fmt.Errorf("settle %s: %w", t.ID, err)
	}
	return nil
}

func (s *Store) settle(ctx context.Context, task string, try int64, next time.Time) error {
	claim, found, err := last[turnDoc](ctx, s.coll.turns, turnsOf(task))
	if err != nil || !found || !claim.Claim || claim.Tries != try {
		return err
	}
	turn := turnDoc{
		ID: turnKey(task, numberOf(claim.ID)+1), At: claim.At, Tries: try,
		Ready: millis(next), Done: next.IsZero(),
	}
	if _, err := s.coll.turns.InsertOne(ctx, turn); err != nil {
		if mongo.IsDuplicateKeyError(err) {
			return nil // the lease was lost
		}
		return err
	}
	if turn.Done {
		return s.finish(ctx, turn.ID)
	}
	return s.hint(ctx, []turnDoc{turn})
}

// finish clears away a task whose last turn says that it is done, and wakes
// the next of its scope.
func (s *Store) finish(ctx context.Context, done string) error {
	task := taskOf(done)
	if _, err := s.coll.tasks.DeleteOne(ctx, bson.M{"_id": task}); err != nil {
		return err
	}
	if _, err := s.coll.turns.DeleteMany(ctx, between(task+slash, done)); err != nil {
		return err
	}
	return s.unpark(ctx, scopeOf(task))
}
