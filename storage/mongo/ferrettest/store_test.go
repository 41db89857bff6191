package ferrettest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
	"preau/storage/mongo"
)

func openStore(t *testing.T, address string) *mongo.Store {
	t.Helper()
	s, err := mongo.Open(t.Context(), address, mongo.Options{Monitor: monitor()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func entry(n int64) storage.Entry {
	return storage.Entry{Scope: "s", N: n, Ops: []storage.Op{{Type: "t", ID: "i", Value: []byte("1")}}}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	address := database(t.TempDir())
	openStore(t, address).Close()
	name := nameOf(address)
	if _, err := client(t).Database(name).Collection("meta").InsertOne(t.Context(), bson.M{"_id": "schema#000000000099"}); err != nil {
		t.Fatal(err)
	}
	s, err := mongo.Open(t.Context(), address, mongo.Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "newer than this program's 1") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line on the newer schema", err)
	}
}

// TestLostAnswer cuts the connection when an entry was stored and its answer
// is on the way: the append must find that the entry is its own.
func TestLostAnswer(t *testing.T) {
	dir := t.TempDir()
	openStore(t, database(dir)).Close() // so that only the entry is inserted later
	p := newProxy(t, server(t))
	s := openStore(t, strings.Replace(database(dir), server(t), p.Addr().String(), 1))
	for n := int64(1); n <= 3; n++ {
		p.cut.Store(n > 1)
		if err := s.Append(t.Context(), entry(n)); err != nil {
			t.Errorf("entry %d, which was stored: %v", n, err)
		}
		if p.cut.Load() {
			t.Error("no answer was cut off")
		}
	}
	if err := s.Append(t.Context(), entry(3)); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("again: %v, want a conflict", err)
	}
	tails, err := s.Tails(t.Context(), []storage.Position{{Scope: "s"}}, 9)
	if err != nil || tails[0].Head != 3 || len(tails[0].Entries) != 3 {
		t.Errorf("%+v, %v; want three entries", tails, err)
	}
}

// TestSilentServer has calls end that have no end themselves, on a server that
// greets and does not answer.
func TestSilentServer(t *testing.T) {
	t.Parallel() // it takes as long as patience lasts
	dir := t.TempDir()
	p := newProxy(t, server(t))
	s := openStore(t, strings.Replace(database(dir), server(t), p.Addr().String(), 1))
	if err := s.Append(t.Context(), entry(1)); err != nil {
		t.Fatal(err)
	}
	p.shy.Store(true)
	defer p.shy.Store(false)
	var all sync.WaitGroup
	for name, call := range map[string]func(ctx context.Context) error{
		"tails": func(ctx context.Context) error {
			_, err := s.Tails(ctx, []storage.Position{{Scope: "s"}}, 9)
			return err
		},
		"scan": func(ctx context.Context) error {
			_, _, err := s.Scan(ctx, storage.Page{Scope: "s"})
			return err
		},
		"claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, storage.Claim{Now: time.Now(), Lease: time.Minute, Limit: 1})
			return err
		},
		"append": func(ctx context.Context) error { return s.Append(ctx, entry(2)) },
	} {
		all.Go(func() {
			ended := make(chan error, 1)
			go func() { ended <- call(context.Background()) }()
			select {
			case err := <-ended:
				if err == nil {
					t.Errorf("%s: no error", name)
				}
			case <-time.After(2 * time.Minute):
				t.Errorf("%s does not end", name)
			}
		})
	}
	all.Wait()
}

func server(t *testing.T) string {
	t.Helper()
	if real {
		t.Skip("needs a server of one address")
	}
	return strings.Trim(strings.TrimPrefix(uri, "mongodb://"), "/")
}

// proxy stands between a store and its server.
type proxy struct {
	net.Listener
	to  string
	cut atomic.Bool // lose the answer to the next entry
	shy atomic.Bool // pass on the driver's greetings only
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{Listener: l, to: to}
	go p.serve()
	return p
}

func (p *proxy) serve() {
	for {
		c, err := p.Accept()
		if err != nil {
			return
		}
		go p.pass(c)
	}
}

// pass passes messages on, each way, until the answer that is to be lost.
func (p *proxy) pass(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer far.Close()
	var lose atomic.Bool
	go copyWith(far, near, func(b []byte) bool {
		for p.shy.Load() && !bytes.Contains(b, []byte("hello")) {
			time.Sleep(10 * time.Millisecond)
		}
		if bytes.Contains(b, []byte("insert\x00\x04\x00\x00\x00log\x00")) && p.cut.CompareAndSwap(true, false) {
			lose.Store(true)
		}
		return true
	})
	copyWith(near, far, func([]byte) bool { return !lose.Load() })
}

func copyWith(to io.WriteCloser, from io.Reader, pass func([]byte) bool) {
	defer to.Close()
	b := make([]byte, 1<<16)
	for {
		n, err := from.Read(b)
		if err != nil || !pass(b[:n]) {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// TestOtherNodeIsHeard has a store report what another one committed.
func TestOtherNodeIsHeard(t *testing.T) {
	dir := t.TempDir()
	here, there := openStore(t, database(dir)), openStore(t, database(dir))
	moved := here.Watch(t.Context())
	for n := int64(1); n <= 2; n++ {
		e := entry(n)
		if n == 2 {
			e.Effects = []storage.Effect{{Kind: "x"}}
		}
		if err := there.Append(context.Background(), e); err != nil {
			t.Fatal(err)
		}
		select {
		case m := <-moved:
			if want := (storage.Moved{Scope: "s", Head: n, Tasks: n == 2}); m != want {
				t.Errorf("heard %+v, want %+v", m, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("nothing was heard")
		}
	}
}

// TestNothingNewIsTwoCommands counts what a store sends for many scopes in
// which nothing happened: the scopes, and the ends of their logs.
func TestNothingNewIsTwoCommands(t *testing.T) {
	var sent atomic.Int64
	o := mongo.Options{Monitor: &event.CommandMonitor{Started: func(context.Context, *event.CommandStartedEvent) { sent.Add(1) }}}
	address := database(t.TempDir())
	s, err := mongo.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	var at []storage.Position
	for i := range 12 {
		e := entry(1)
		e.Scope = fmt.Sprint("class:", i)
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		at = append(at, storage.Position{Scope: e.Scope, After: 1})
	}
	s.Close()                                                     // which lets it finish
	if s, err = mongo.Open(t.Context(), address, o); err != nil { // it knows nothing
		t.Fatal(err)
	}
	before := sent.Load()
	tails, err := s.Tails(t.Context(), at, 100)
	if err != nil || tails[11].Head != 1 {
		t.Fatal(tails, err)
	}
	if n := sent.Load() - before; n != 2 {
		t.Errorf("%d commands, want 2", n)
	}
}

// TestTrimForgetsSettledTasks looks at what is left of a task: its last turn,
// and nothing after the trim.
func TestTrimForgetsSettledTasks(t *testing.T) {
	address := database(t.TempDir())
	s := openStore(t, address)
	now := time.UnixMilli(1_000_000)
	e := entry(1)
	e.At, e.Effects = now, []storage.Effect{{Kind: "x"}}
	tasks, err := []storage.Task(nil), s.Append(t.Context(), e)
	if err == nil {
		tasks, err = s.Claim(t.Context(), storage.Claim{Now: now, Lease: time.Minute, Limit: 9})
	}
	if err != nil || len(tasks) != 1 {
		t.Fatal(tasks, err)
	}
	if err := s.Settle(t.Context(), tasks[0], time.Time{}); err != nil {
		t.Fatal(err)
	}
	name := nameOf(address)
	db := client(t).Database(name)
	trimTo(t, s, db, now, 1)
	trimTo(t, s, db, now.Add(time.Second), 0)
}

func trimTo(t *testing.T, s *mongo.Store, db *driver.Database, cut time.Time, want int64) {
	t.Helper()
	if err := s.Trim(t.Context(), "s", cut); err != nil {
		t.Fatal(err)
	}
	for collection, want := range map[string]int64{"tasks": 0, "turns": want} {
		n, err := db.Collection(collection).CountDocuments(t.Context(), bson.M{})
		if err != nil || n != want {
			t.Errorf("%d %s, %v; want %d", n, collection, err, want)
		}
	}
}
