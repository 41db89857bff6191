package sync_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	psync "preau/sync"
)

// jumps are what clocks do: an hour back, a day on, years either way.
var jumps = []time.Duration{-time.Hour, 24 * time.Hour, -48 * time.Hour, 3 * 365 * 24 * time.Hour, -4 * 365 * 24 * time.Hour, time.Minute}

// TestOrderSurvivesClockJumps moves the server's clock between commits, and
// gives every device a clock of its own.
func TestOrderSurvivesClockJumps(t *testing.T) {
	w := newWorld(t, newStore(t))
	ines := actor("ines")
	w.access.grant("ines", "class:5b")
	var held psync.Cursor
	for k := int64(1); k <= 30; k++ {
		m := mutation("class:5b", k, "note.append@1", fields{"id": fmt.Sprint("n", k), "text": "x"})
		m.At = w.clock.Now().Add(-jumps[k%6] * 7).UnixMilli()
		req := psync.Request{Mutations: []psync.Mutation{m, m}, Cursors: map[string]psync.Cursor{"class:5b": held}}
		r := w.sync(ines, req)
		if a, b := r.Results[0], r.Results[1]; !a.OK || a.Seq != k || a.Duplicate || !b.OK || !b.Duplicate || b.Seq != k {
			t.Fatalf("action %d: %+v, repeated %+v", k, a, b)
		}
		s := r.Scopes["class:5b"]
		if s.Reset != "" || s.Gone != "" || len(s.Records) != 2 {
			t.Fatalf("after action %d came %+v", k, s)
		}
		held = psync.Cursor{Epoch: s.Cursor[0], Hi: s.Cursor[1], Lo: s.Cursor[2]}
		w.clock.pass(jumps[k%6])
	}
}

// TestNoEffectTwiceWhenTheClockJumps lets a day pass at once while an effect
// is being carried out: its lease seems to be over.
func TestNoEffectTwiceWhenTheClockJumps(t *testing.T) {
	c := &clock{now: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)}
	var began atomic.Int32
	hold, others := make(chan struct{}), make(chan string, 10)
	mux := psync.NewMux()
	mux.Effect("slow", func(context.Context, *psync.Job) error {
		began.Add(1)
		<-hold
		return nil
	})
	mux.Effect("quick", func(_ context.Context, j *psync.Job) error {
		others <- j.Source()
		return nil
	})
	e := psync.New(psync.Config{Records: newStore(t), Mux: mux, Now: c.Now})
	emit := func(scope, kind string) {
		_, err := e.Commit(t.Context(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
			tx.Effect(kind, 1)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- e.Run(ctx) }()
	emit("user:a", "slow")
	for i, jump := range append([]time.Duration{0}, jumps...) {
		c.pass(jump)
		scope := fmt.Sprint("user:b", i)
		emit(scope, "quick")
		if got := <-others; got != scope {
			t.Errorf("effect of %s, want %s", got, scope)
		}
	}
	close(hold)
	c.pass(10 * 365 * 24 * time.Hour)
	if err := e.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop()
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if n := began.Load(); n != 1 {
		t.Errorf("the effect was begun %d times, want 1", n)
	}
}
