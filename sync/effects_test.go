package sync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"preau/storage"
	psync "preau/sync"
)

// bench is an engine whose effects are under test. In a synctest bubble its
// clock is the bubble's.
type bench struct {
	t      *testing.T
	mux    *psync.Mux
	store  storage.Records
	engine *psync.Engine
	log    *lines
	began  time.Time

	mu   sync.Mutex
	done []string
}

func newBench(t *testing.T, store storage.Records) *bench {
	t.Helper()
	b := &bench{t: t, mux: psync.NewMux(), store: store, log: &lines{}, began: time.Now()}
	b.engine = b.newEngine()
	return b
}

func (b *bench) newEngine() *psync.Engine {
	return psync.New(psync.Config{
		Records: b.store, Mux: b.mux,
		Log:    slog.New(slog.NewTextHandler(b.log, nil)),
		Random: func(n int64) int64 { return n - 1 },
	})
}

// note remembers what happened, and after how many seconds.
func (b *bench) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = append(b.done, fmt.Sprintf(format, args...)+fmt.Sprintf(" %.0fs", time.Since(b.began).Seconds()))
}

func (b *bench) expect(want ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.Equal(b.done, want) {
		b.t.Errorf("got  %q\nwant %q", b.done, want)
	}
}

// emit commits effects in a scope.
func (b *bench) emit(scope, kind string, due time.Duration, payloads ...string) {
	b.t.Helper()
	_, err := b.engine.Commit(b.t.Context(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
		for _, p := range payloads {
			if due == 0 {
				tx.Effect(kind, p)
			} else {
				tx.EffectAt(kind, p, b.began.Add(due))
			}
		}
		return nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// running runs the engine for a while in the bubble's time.
func (b *bench) running(e *psync.Engine, d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	if err := e.Run(ctx); err != nil {
		b.t.Error(err)
	}
}

func payload(job *psync.Job) (text string) {
	if err := job.Payload(&text); err != nil {
		panic(err)
	}
	return text
}

func TestOrderedEffectsWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Effect("deliver", func(_ context.Context, job *psync.Job) error {
			text := payload(job)
			b.note("%s try %d", text, job.Tries())
			if text == "a1" && job.Tries() < 2 {
				return errors.New("not yet")
			}
			return nil
		})
		b.emit("course:a", "deliver", 0, "a1", "a2")
		b.emit("course:a", "deliver", 0, "a3")
		b.running(b.engine, time.Minute)
		b.expect("a1 try 0 0s", "a1 try 1 1s", "a1 try 2 3s", "a2 try 0 3s", "a3 try 0 3s")
	})
}

func TestOneScopeDoesNotHoldBackAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Effect("deliver", func(_ context.Context, job *psync.Job) error {
			if job.Source() == "course:a" {
				time.Sleep(10 * time.Second)
			}
			b.note("%s", payload(job))
			return nil
		})
		b.emit("course:a", "deliver", 0, "a1", "a2")
		b.emit("course:b", "deliver", 0, "b1", "b2")
		b.running(b.engine, time.Minute)
		b.expect("b1 0s", "b2 0s", "a1 10s", "a2 20s")
	})
}

func TestEffectsStartAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Effect("deliver", func(_ context.Context, job *psync.Job) error {
			b.note("%s", payload(job))
			return nil
		})
		go b.running(b.engine, time.Minute)
		time.Sleep(2 * time.Second)
		b.emit("course:a", "deliver", 0, "a")
		synctest.Wait()
		b.expect("a 2s")
		time.Sleep(time.Minute)
	})
}

func TestLaterEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Later("push", 20*time.Second, func(_ context.Context, job *psync.Job) error {
			text := payload(job)
			b.note("%s try %d", text, job.Tries())
			switch {
			case text == "dead":
				return errors.New("nobody there")
			case text == "gone":
				return fmt.Errorf("no such address: %w", psync.ErrDrop)
			case text == "early" && job.Tries() == 0:
				return fmt.Errorf("they sleep: %w", psync.ErrLater)
			case text == "mad" && job.Tries() == 0:
				panic("mistake of ours")
			}
			return nil
		})
		b.emit("user:a", "push", 30*time.Second, "dated")
		b.emit("user:a", "push", 0, "dead", "gone", "mad", "early")
		b.running(b.engine, 5*time.Minute)
		for _, together := range [][2]int{{0, 4}, {4, 7}, {10, 12}} { // they run side by side
			slices.Sort(b.done[together[0]:together[1]])
		}
		b.expect("dead try 0 0s", "early try 0 0s", "gone try 0 0s", "mad try 0 0s",
			"dead try 1 1s", "early try 1 1s", "mad try 1 1s", "dead try 2 3s", "dead try 3 7s", "dead try 4 15s", "dated try 0 31s", "dead try 5 31s")
		for _, want := range []string{"effect given up", "effect dropped", "mistake of ours"} {
			if !strings.Contains(b.log.String(), want) {
				t.Errorf("the log does not say %q", want)
			}
		}
		if strings.Contains(b.log.String(), "they sleep") {
			t.Error("the log tells of what was only put off")
		}
	})
}

// An effect that cannot be read is dropped at its first attempt: it holds
// nothing back.
func TestUnreadableEffectsAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Effect("number", func(_ context.Context, job *psync.Job) error {
			var n int
			b.note("try %d", job.Tries())
			return job.Payload(&n)
		})
		b.emit("user:a", "number", 0, "text", "text")
		b.running(b.engine, time.Minute)
		b.expect("try 0 0s", "try 0 0s")
		if !strings.Contains(b.log.String(), "effect dropped") {
			t.Error("the log does not say so")
		}
	})
}

// TestJobCommitsOnce holds that an effect whose attempt failed after it had
// committed does not commit again, whoever tries next.
func TestJobCommitsOnce(t *testing.T) {
	for _, kind := range []string{"ordered", "later"} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, newMemory())
			deliver := func(ctx context.Context, job *psync.Job) error {
				for _, target := range []string{"class:5b", "class:4a"} {
					if err := job.Commit(ctx, target, count); err != nil {
						return err
					}
					if job.Tries() == 0 {
						return errors.New("killed between two commits")
					}
				}
				return nil
			}
			b.mux.Effect("ordered", deliver)
			b.mux.Later("later", time.Hour, deliver)
			b.emit("course:a", kind, 0, "1", "2")
			b.running(b.engine, time.Minute)
			for _, target := range []string{"class:5b", "class:4a"} {
				if n := b.counted(target); n != 2 {
					t.Errorf("%s: counted %d in %s", kind, n, target)
				}
			}
		})
	}
}

// count adds one to a counter: doing it twice shows.
func count(ctx context.Context, tx *psync.Tx) error {
	var n int
	if _, err := tx.Get(ctx, "count", "c", &n); err != nil {
		return err
	}
	tx.Put("count", "c", n+1)
	return nil
}

func (b *bench) counted(scope string) int {
	b.t.Helper()
	recs, err := b.engine.Find(b.t.Context(), scope, storage.Key{Type: "count", ID: "c"})
	if err != nil || len(recs) == 0 {
		b.t.Fatalf("find: %v %v", recs, err)
	}
	var n int
	if _, err := fmt.Sscan(string(recs[0].Value), &n); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// TestStoppedEngineLeavesItsEffects holds that what one process could not
// finish, the next does.
func TestStoppedEngineLeavesItsEffects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newMemory())
		b.mux.Effect("deliver", func(ctx context.Context, job *psync.Job) error {
			b.note("%s", payload(job))
			select {
			case <-time.After(10 * time.Second):
				return job.Commit(ctx, "class:5b", count)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		b.emit("course:a", "deliver", 0, "a1", "a2")
		b.running(b.engine, 15*time.Second)
		b.running(b.newEngine(), time.Minute)
		b.expect("a1 0s", "a2 10s", "a2 15s")
		if n := b.counted("class:5b"); n != 2 {
			t.Errorf("counted %d", n)
		}
	})
}

// TestTwoEnginesShareTheWork holds that two processes on one store carry out
// everything, in order, exactly once.
func TestTwoEnginesShareTheWork(t *testing.T) {
	store := newStore(t)
	b := newBench(t, store)
	var mu sync.Mutex
	var order []string
	b.mux.Effect("deliver", func(ctx context.Context, job *psync.Job) error {
		mu.Lock()
		order = append(order, payload(job))
		mu.Unlock()
		return job.Commit(ctx, "class:5b", count)
	})
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprint("a", i))
	}
	b.emit("course:a", "deliver", 0, want...)
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	for _, e := range []*psync.Engine{b.engine, b.newEngine()} {
		both.Go(func() {
			if err := e.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for b.tries(&mu, &order) < len(want) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	both.Wait()
	if !slices.Equal(order, want) {
		t.Errorf("order %v", order)
	}
	if n := b.counted("class:5b"); n != len(want) {
		t.Errorf("counted %d", n)
	}
}

func (b *bench) tries(mu *sync.Mutex, order *[]string) int {
	mu.Lock()
	defer mu.Unlock()
	return len(*order)
}

func TestDrain(t *testing.T) {
	b := newBench(t, newStore(t))
	b.mux.Effect("first", func(ctx context.Context, job *psync.Job) error {
		b.note("first")
		return job.Commit(ctx, "class:5b", func(_ context.Context, tx *psync.Tx) error {
			tx.Effect("second", 1)
			return nil
		})
	})
	b.mux.Effect("second", func(context.Context, *psync.Job) error {
		b.note("second")
		return nil
	})
	b.emit("course:a", "first", 0, "x")
	b.emit("course:a", "second", time.Hour, "not yet")
	if err := b.engine.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.expect("first 0s", "second 0s")
}

func TestEffectOfAMutation(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "course:k1", "class:k1")
	w.push(actor("p"), mutation("course:k1", 1, "homework.give@1", fields{"id": "h", "title": "Fables"}))
	psync.Settle(t.Context(), w.engine)
	d := newDevice(actor("p"))
	w.catchUp(d, 0)
	if got := d.live("class:k1")["homework h"].value; got != `{"title":"Fables"}` {
		t.Errorf("published %q", got)
	}
	if _, there := d.live("class:k1")["_lane d_p"]; there {
		t.Error("the effect shows in the lanes of devices")
	}
}
