package sync_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	psync "preau/sync"
)

// live is a person's live connection in a synctest bubble.
type live struct {
	t     *testing.T
	pokes <-chan map[string]int64
	leave context.CancelFunc
}

func (w *world) live(t *testing.T, user string) *live {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	return &live{t, w.engine.Hub().Subscribe(ctx, actor(user)), cancel}
}

// expect is what the connection has been told by now; nil: nothing.
func (l *live) expect(when string, want map[string]int64) {
	l.t.Helper()
	synctest.Wait()
	var got map[string]int64
	select {
	case got = <-l.pokes:
	default:
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("%s: -want +got\n%s", when, diff)
	}
}

func TestPokes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newMemory())
		w.access.grant("p", "user:p", "class:5b")
		w.access.grant("q", "user:q")
		p, q := w.live(t, "p"), w.live(t, "q")
		defer q.leave()
		p.expect("at first", nil)

		w.put("user:p", "notice", "n", 1)
		p.expect("own scope", map[string]int64{"user:p": 1})

		w.engine.Hear("user:p", 1)
		p.expect("the same from the store", nil)

		w.put("class:5b", "note", "n", 1)
		w.put("class:5b", "note", "n", 2)
		p.expect("shared scope, at once", nil)
		time.Sleep(time.Second)
		p.expect("shared scope, later", map[string]int64{"class:5b": 2})

		w.put("class:5b", "note", "n", 3)
		w.put("user:p", "notice", "n", 4)
		w.put("user:p", "notice", "n", 5)
		p.expect("merged", map[string]int64{"class:5b": 3, "user:p": 3})
		time.Sleep(2 * time.Second)
		p.expect("once only", nil)

		q.expect("another person", nil)
		p.leave()
		synctest.Wait()
		if _, open := <-p.pokes; open {
			t.Error("a connection that left is told more")
		}
		w.put("user:p", "notice", "n", 6)
	})
}

func TestPokesOfScopesThatComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newMemory())
		w.access.grant("p", "user:p", "class:5b")
		p := w.live(t, "p")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.engine.Run(ctx) }()

		w.access.grant("p", "user:p", "class:4a")
		time.Sleep(3 * time.Second)
		p.expect("came and went", map[string]int64{"class:5b": 0, "class:4a": 0})
		w.put("class:5b", "note", "n", 1)
		w.put("class:4a", "note", "n", 1)
		time.Sleep(2 * time.Second)
		p.expect("of the new one only", map[string]int64{"class:4a": 1})

		w.engine.Hub().Kick("p")
		p.expect("kicked", map[string]int64{})
		w.engine.Hub().Kick("q")
		p.expect("somebody else kicked", nil)

		p.leave()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestPokesOfScopesOnDemand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newMemory())
		w.access.grant("p", "user:p")
		w.access.open("p", "student:s1")
		p := w.live(t, "p")
		moved := func(when string, want map[string]int64) {
			t.Helper()
			w.put("student:s1", "mark", "m", when)
			time.Sleep(2 * time.Second)
			p.expect(when, want)
		}
		d := newDevice(actor("p"))
		ask := func() { d.take(w.sync(d.actor, d.request(0))) }
		moved("never named", nil)
		ask()
		moved("not named", nil)
		d.cursors["student:s1"] = psync.Cursor{}
		ask()
		moved("named", map[string]int64{"student:s1": 3})
		ask()
		ask()
		moved("named again, from memory", map[string]int64{"student:s1": 4})
		delete(d.cursors, "student:s1")
		ask()
		moved("let go", nil)
		p.leave()
	})
}

func TestSlowConnectionLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newMemory())
		w.access.grant("p", "user:p", "class:5b")
		p := w.live(t, "p")
		defer p.leave()
		for range 50 {
			w.put("user:p", "notice", "n", 1)
			w.put("class:5b", "note", "n", 1)
			time.Sleep(2 * time.Second)
		}
		p.expect("at last", map[string]int64{"user:p": 50, "class:5b": 50})
		p.expect("after that", nil)
	})
}
