// Package mongo keeps the records of many schools in one MongoDB database,
// for any number of processes.
//
// It asks one thing of the server: that of those who insert a document under
// one _id exactly one succeeds. An entry is one such document, inserted once
// its predecessor was seen as durable, so that the numbers of a scope have no
// gaps. Everything else is derived from the log and may lag behind it: whoever
// commits brings it forward (project.go), and whoever reads folds what is
// missing over it (view.go). What a task goes through is a log as well, of its
// turns (tasks.go). Transactions, change streams, TTL and partial indexes are
// not needed; a change stream is used where there is one.
//
// The collections, and what their documents are named (§ is a control
// character, which no name contains; # is in no scope's name):
//
//	log      scope#000000000042           an entry: ops, steps, effects, stamp; keys: records it put;
//	                                      todo: its effects are not tasks yet
//	records  scope#type§id                latest version of a record: s scope, q number, v value;
//	                                      gone: a tombstone, and since when
//	steps    scope#lane§k                 an action of a lane: at, r result
//	tasks    scope#000000000042#003       an effect not yet settled: ready, born, and its last turn
//	turns    scope#000000000042#003/0001  a turn of a task: claimed until, put off to, or done; stamp
//	scopes   scope                        floor of a scope
//	         scope#                       its mark: applied up to where, and when it moved
//	meta     schema#1, epoch#7            what was reached; the highest counts
//
// Marks and what is kept in memory are hints: never wrong, but maybe old. All
// writes are acknowledged by a majority of the servers, on disk; all reads see
// only what a majority has, on the primary.
package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
)

const (
	// patience is how long one command, or one append with all it looks up,
	// may take. The cut of a Trim lies further back than this.
	patience = 30 * time.Second
	// reach is how long Open waits for a server.
	reach = 10 * time.Second
	// parallel is how many commands one call, and all projecting, have under
	// way at a time.
	parallel = 8
)

// Options change how a store is opened. The zero value is right for a school.
type Options struct {
	Log     *slog.Logger          // nil: nothing is logged
	Now     func() time.Time      // nil: the clock
	Reach   time.Duration         // how long to wait for a server; 0: ten seconds
	Monitor *event.CommandMonitor // hears of every command; nil: nobody
	Made    bool                  // the database must be there: nothing is made, else ErrNotFound
}

// Store is a [storage.Records] in a MongoDB database. Several, in any
// processes, may be open on one database.
type Store struct {
	client *mongo.Client
	coll   collections
	now    func() time.Time
	log    *slog.Logger
	known  known

	life     sync.RWMutex // held for reading by every call, for writing to close
	closed   bool
	behind   context.Context // of what goes on in the background
	stop     context.CancelFunc
	project  projector
	watch    watchers
	claiming sync.Mutex // one claim at a time
}

var _ storage.Records = (*Store)(nil)

// Open connects to the database that the URI names ("preau" if it names
// none), making what is missing there.
func Open(ctx context.Context, uri string, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the one place
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.behind, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := s.connect(ctx, uri, o); err != nil {
		s.stop()
		return nil, fmt.Errorf("open records: %w", err)
	}
	return s, nil
}

// Close ends all work and disconnects. What was acknowledged stays; what comes
// later gets ErrClosed.
func (s *Store) Close() error {
	s.life.Lock()
	first := !s.closed
	s.closed = true
	s.life.Unlock()
	if !first {
		return nil
	}
	s.watch.close()
	giveUp := time.AfterFunc(reach, s.stop) // the log has it all
	s.project.wait()
	giveUp.Stop()
	s.stop()
	s.watch.wait()
	return s.disconnect(context.Background())
}

func (s *Store) disconnect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reach)
	defer cancel()
	return s.client.Disconnect(ctx)
}

// begin lets a call in, which says when it is over.
func (s *Store) begin(ctx context.Context) (over func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return nil, storage.ErrClosed
	}
	return s.life.RUnlock, nil
}

// finishing is a context for what must not be left half done.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), patience)
}
