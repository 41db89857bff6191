package mongo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"preau/storage"
)

// TestUnavailable gives the driver's own errors their kind.
func TestUnavailable(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	stopping := mongo.CommandError{Code: 11600, Name: "InterruptedAtShutdown"}
	for name, c := range map[string]struct {
		err  error
		away bool
	}{
		"no server to be had":                {topology.ServerSelectionError{Wrapped: refused}, true},
		"a connection that failed":           {topology.ConnectionError{Wrapped: io.EOF}, true},
		"the pool has none":                  {topology.WaitQueueTimeoutError{Wrapped: context.DeadlineExceeded}, true},
		"a line cut in a command":            {mongo.CommandError{Labels: []string{"NetworkError"}, Wrapped: io.ErrUnexpectedEOF}, true},
		"connections that were all cut":      {mongo.CommandError{Labels: []string{"TransientTransactionError"}, Wrapped: io.EOF}, true},
		"no time left":                       {fmt.Errorf("insert: %w", context.DeadlineExceeded), true},
		"the driver was closed":              {mongo.ErrClientDisconnected, true},
		"a server that stops, to a write":    {mongo.CommandError{Code: 91, Labels: []string{"RetryableWriteError"}}, true},
		"a server that stops, to a read":     {stopping, true},
		"the same, wrapped":                  {fmt.Errorf("scan: %w", stopping), true},
		"a deposed primary, to a read":       {mongo.CommandError{Code: 10107}, true},
		"a cursor of the old primary":        {mongo.CommandError{Code: 43}, true},
		"no majority in time":                {mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, true},
		"several inserts, a primary deposed": {mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 189}}, true},
		"a name that is taken":               {mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: duplicate}}}, false},
		"a right that is missing":            {mongo.CommandError{Code: 13}, false},
		"the caller's own end":               {fmt.Errorf("find: %w", context.Canceled), false},
		"nothing":                            {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := unavailable(c.err)
			if errors.Is(got, storage.ErrUnavailable) != c.away {
				t.Errorf("%v became %v", c.err, got)
			}
		})
	}
}

// A server that is nowhere: every call says so, and none makes a fault of it.
func TestEveryCallSaysThatNobodyAnswers(t *testing.T) {
	s := nowhere(t)
	ctx := t.Context()
	entry := storage.Entry{Scope: "class:1", N: 1, Ops: []storage.Op{{Type: "a", ID: "b", Value: []byte("{}")}}}
	for name, call := range map[string]func() error{
		"append":      func() error { return s.Append(ctx, entry) },
		"tails":       func() error { _, err := s.Tails(ctx, []storage.Position{{Scope: "class:1"}}, 10); return err },
		"scan":        func() error { _, _, err := s.Scan(ctx, storage.Page{Scope: "class:1"}); return err },
		"find":        func() error { _, err := s.Find(ctx, "class:1", storage.Key{Type: "a"}); return err },
		"lane":        func() error { _, err := s.Lane(ctx, "class:1", "l", 1); return err },
		"claim":       func() error { _, err := s.Claim(ctx, storage.Claim{Limit: 1}); return err },
		"settle":      func() error { return s.Settle(ctx, storage.Task{Scope: "class:1", N: 1}, s.now()) },
		"trim":        func() error { return s.Trim(ctx, "class:1", s.now()) },
		"scopes":      func() error { _, err := s.Scopes(ctx, ""); return err },
		"epoch":       func() error { _, err := s.Epoch(ctx, true); return err },
		"measure":     func() error { _, err := s.Measure(ctx, s.now()); return err },
		"insert once": func() error { return s.insertOnce(ctx, s.coll.scopes, bson.M{"_id": "a"}) },
		"insert new":  func() error { _, err := insertNew(ctx, s.coll.turns, []any{bson.M{"_id": "a"}}); return err },
		"bulk":        func() error { return s.hint(ctx, []turnDoc{{ID: turnKey("a#1#0", 1)}}) },
		"mark":        func() error { return s.raiseMark(ctx, "a", []entryDoc{{ID: entryKey("a", 1)}}) },
		"tasks":       func() error { return s.insertTasks(ctx, []taskDoc{{ID: "a"}}) },
		"finish":      func() error { return s.finish(ctx, turnKey("a#1#0", 1)) },
		"remove":      func() error { return remove(ctx, s.coll.steps, []string{"a"}) },
		"moment":      func() error { _, err := s.moment(ctx); return err },
		"size":        func() error { return s.measureSize(ctx, s.now(), &storage.Measures{}) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// nowhere is a store whose server is gone.
func nowhere(t *testing.T) *Store {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	client, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + ln.Addr().String()).SetServerSelectionTimeout(20 * time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{client: client, now: time.Now, log: slog.New(slog.DiscardHandler)}
	s.use(client.Database("preau"))
	s.behind, s.stop = context.WithCancel(context.Background())
	t.Cleanup(func() { s.Close() })
	return s
}
