package mongo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
	"preau/storage/watch"
)

const (
	pollEvery = 100 * time.Millisecond // where there is no change stream
	pollFor   = time.Minute            // until it is tried again
	lookBack  = 3 * time.Second        // of a poll: clocks of servers differ, and writes take time
)

// watchers are those who want to know which scopes moved. What this process
// commits they hear at once; what others commit, from the server.
type watchers struct {
	set     watch.Set
	mu      sync.Mutex
	told    map[string]int64 // the head that was last reported
	started bool             // to listen; or never will be
	listen  sync.WaitGroup
}

// Watch implements [storage.Records]. The first watcher has the store listen.
func (s *Store) Watch(ctx context.Context) <-chan storage.Moved {
	c := s.watch.set.Add(ctx)
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	if !s.watch.started {
		s.watch.listen.Go(s.listen)
	}
	s.watch.started = true
	return c
}

func (w *watchers) wait() { w.listen.Wait() }

// tell reports what moved, once.
func (w *watchers) tell(m storage.Moved) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.started || w.told[m.Scope] >= m.Head {
		return
	}
	if w.told == nil || len(w.told) >= maxKnown {
		w.told = map[string]int64{}
	}
	w.told[m.Scope] = m.Head
	w.set.Tell(m)
}

// mark reports a mark. Effects of entries that were reported are old news.
func (w *watchers) mark(d scopeDoc) {
	scope := scopeOf(d.ID)
	w.mu.Lock()
	tasks := d.Tasks > w.told[scope]
	w.mu.Unlock()
	w.tell(storage.Moved{Scope: scope, Head: d.Applied, Tasks: tasks})
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = true
	w.set.Close()
}

// listen follows the change stream where the server has one, and asks every
// second where it has not.
func (s *Store) listen() {
	ctx := s.behind
	for ctx.Err() == nil {
		err := s.stream(ctx)
		if ctx.Err() == nil {
			s.log.DebugContext(ctx, "no change stream: asking every second", "err", err)
			s.poll(ctx)
		}
	}
}

// change is what the stream tells of an entry.
type change struct {
	Key   named `bson:"documentKey"`
	Entry struct {
		Todo int64 `bson:"todo"`
	} `bson:"fullDocument"`
}

func (s *Store) stream(ctx context.Context) error {
	inserts := mongo.Pipeline{
		{{Key: "$match", Value: bson.M{"operationType": "insert"}}},
		{{Key: "$project", Value: bson.M{"documentKey": 1, "fullDocument.todo": 1}}},
	}
	changes, err := s.coll.log.Watch(ctx, inserts)
	if err != nil {
		return err
	}
	defer func() { _ = changes.Close(context.WithoutCancel(ctx)) }() // nothing is lost
	for changes.Next(ctx) {
		var c change
		if err := changes.Decode(&c); err != nil {
			return fmt.Errorf("decode: %w", err)
		}
		s.watch.tell(storage.Moved{Scope: scopeOf(c.Key.ID), Head: numberOf(c.Key.ID), Tasks: c.Entry.Todo != 0})
	}
	return changes.Err()
}

// poll asks for marks that were raised, for a while.
func (s *Store) poll(ctx context.Context) {
	since := bson.DateTime(0)
	newest, err := all[scopeDoc](ctx, s.coll.scopes, touchedAfter(since), sorted(bson.M{"touched": -1}).SetLimit(1))
	if err == nil && len(newest) > 0 {
		since = newest[0].Touched
	}
	for end := time.After(pollFor); ; {
		if since, err = s.pollOnce(ctx, since); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "ask which scopes moved", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-end:
			return
		case <-time.After(pollEvery):
		}
	}
}

func (s *Store) pollOnce(ctx context.Context, since bson.DateTime) (bson.DateTime, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	newest := since
	from := since - bson.DateTime(lookBack.Milliseconds())
	err := each(ctx, s.coll.scopes, touchedAfter(from), func(d scopeDoc) bool {
		newest = max(newest, d.Touched)
		s.watch.mark(d)
		return true
	})
	return newest, err
}

func touchedAfter(t bson.DateTime) bson.M { return bson.M{"touched": bson.M{"$gt": max(t, 0)}} }
