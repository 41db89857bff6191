package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

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
	Stamp stamp  `bson:"stamp"`
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
	return bulk(ctx, s.coll.tasks, models)
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
		return unavailable(err)
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
		return unavailable(err)
	}
	if _, err := s.coll.turns.DeleteMany(ctx, between(task+slash, done)); err != nil {
		return unavailable(err)
	}
	return s.unpark(ctx, scopeOf(task))
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
	return unavailable(err)
}
