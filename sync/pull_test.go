package sync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
	psync "preau/sync"
)

func TestFirstSyncNamesEveryScope(t *testing.T) {
	w := newWorld(t, newStore(t))
	scopes := []string{"user:p", "class:5b", "class:4a", "school:x"}
	w.access.grant("p", scopes...)
	for _, scope := range scopes {
		for i := range 20 {
			w.put(scope, "homework", fmt.Sprint("h", i), strings.Repeat("lire ", 100))
		}
	}
	d := newDevice(actor("p"))
	res := w.sync(d.actor, d.request(0))
	if got := slices.Sorted(maps.Keys(res.Scopes)); !slices.Equal(got, slices.Sorted(slices.Values(scopes))) {
		t.Fatalf("named %v", got)
	}
	requests := w.catchUp(d, 4096)
	for _, scope := range scopes {
		if n := len(d.live(scope)); n != 20 {
			t.Errorf("%d records of %s", n, scope)
		}
	}
	if requests > 16 {
		t.Errorf("took %d requests", requests)
	}
}

// catchUp asks until nothing is left, and tells how often.
func (w *world) catchUp(d *device, budget int) (requests int) {
	w.t.Helper()
	for requests = 1; requests < 1000; requests++ {
		d.take(w.sync(d.actor, d.request(budget)))
		if len(d.more) == 0 {
			return requests
		}
	}
	w.t.Fatal("never catches up")
	return 0
}

// TestBudget holds that an answer is never much larger than was asked for.
func TestBudget(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b", "class:4a", "class:6c")
	fill := func() {
		for _, scope := range []string{"class:5b", "class:4a", "class:6c"} {
			for i := range 60 {
				w.put(scope, "homework", fmt.Sprint("h", i), strings.Repeat("lire ", 100))
			}
		}
	}
	d := newDevice(actor("p"))
	for _, phase := range []string{"first sync", "catch-up"} {
		fill()
		for range 40 {
			req := d.request(8192)
			req.V, req.Schema = 1, 2
			res, err := w.engine.Sync(t.Context(), d.actor, &req)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(res.JSON()); n > 8192+1200 {
				t.Errorf("%s: an answer of %d bytes", phase, n)
			}
			d.take(w.sync(d.actor, d.request(8192)))
		}
		if len(d.more) > 0 || len(d.live("class:6c")) != 60 {
			t.Errorf("%s: %d records, more %v", phase, len(d.live("class:6c")), d.more)
		}
	}
}

func TestCatchUpBeyondTheLog(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	for i := range 40 {
		w.put("class:5b", "homework", fmt.Sprint("h", i), strings.Repeat("lire ", 100))
	}
	d := newDevice(actor("p"))
	w.catchUp(d, 65536)
	for i := range 300 {
		w.put("class:5b", "homework", fmt.Sprint("h", i%35), fmt.Sprint(i))
	}
	w.clock.pass(time.Hour)
	if err := w.records.Trim(t.Context(), "class:5b", w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.catchUp(d, 4096)
	if v := d.live("class:5b")["homework h34"]; v.seq != 320 || len(d.live("class:5b")) != 40 {
		t.Errorf("h34 at %v of %d", v, len(d.live("class:5b")))
	}
}

func TestBehindAfterAPush(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b", "class:4a")
	res := w.sync(actor("p"), psync.Request{
		Mutations: []psync.Mutation{mutation("class:5b", 1, "note.append@1", fields{"id": "n", "text": "a"})},
		Cursors:   map[string]psync.Cursor{"class:4a": {Epoch: 1, Hi: 9}},
	})
	if len(res.Results) != 1 || !res.Results[0].OK || !slices.Equal(res.More, []string{"class:4a"}) {
		t.Errorf("answer %+v", res)
	}
	_, err := w.try(actor("p"), psync.Request{Cursors: map[string]psync.Cursor{"class:4a": {Epoch: 1, Hi: 9}}})
	if failure, ok := errors.AsType[*psync.RequestError](err); !ok || failure.Code != psync.Behind || failure.RetryAfter == 0 {
		t.Errorf("error %v", err)
	}
}

func TestDigest(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	w.put("class:5b", "homework", "h", "a")
	ask := func(sum string) *reply {
		return w.sync(actor("p"), psync.Request{
			Cursors: map[string]psync.Cursor{"class:5b": {Epoch: 1, Hi: 1}},
			Digest:  map[string]string{"class:5b": sum},
		})
	}
	right := fmt.Sprintf("%08x", psync.Hash32("homework", "h", 1))
	if res := ask(right); res != nil {
		t.Errorf("the right digest is answered %+v", res)
	}
	if res := ask("00000000"); res.Scopes["class:5b"].Reset != "digest" {
		t.Errorf("a wrong digest is answered %+v", res)
	}
	if res := ask("00000000"); res != nil {
		t.Errorf("a second one on the same day is answered %+v", res)
	}
	w.clock.pass(25 * time.Hour)
	if res := ask("00000000"); res == nil {
		t.Error("a third one on the next day is not answered")
	}
	if n := w.engine.Mismatches(); n != 3 {
		t.Errorf("counted %d", n)
	}
}

func TestUpgradeRequired(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	send := func(cursors map[string]psync.Cursor) error {
		_, err := w.engine.Sync(t.Context(), actor("p"), &psync.Request{
			V: 1, Schema: 1, Device: "d_p", Cursors: cursors,
			Mutations: []psync.Mutation{mutation("class:5b", 1, "note.append@1", fields{"id": "n", "text": "a"})},
		})
		return err
	}
	err := send(map[string]psync.Cursor{})
	if failure, ok := errors.AsType[*psync.RequestError](err); !ok || failure.Code != psync.UpgradeRequired {
		t.Errorf("with cursors: %v", err)
	}
	if heads := w.heads("class:5b"); heads[0] != 0 {
		t.Error("something was changed")
	}
	if err := send(nil); err != nil {
		t.Errorf("without cursors: %v", err)
	}
}

// TestReadersShareOneFold holds that a change is read once, however many ask.
func TestReadersShareOneFold(t *testing.T) {
	store := &counted{Records: newStore(t)}
	w := newWorld(t, store)
	w.put("class:5b", "homework", "h1", "a")
	w.put("class:5b", "homework", "h2", "b")
	var first *reply
	for i := range 20 {
		user := fmt.Sprint("u", i)
		w.access.grant(user, "class:5b")
		res := w.sync(actor(user), psync.Request{Cursors: map[string]psync.Cursor{"class:5b": {Epoch: 1, Hi: 1}}})
		if first == nil {
			first = res
		}
		if diff := cmp.Diff(first, res); diff != "" {
			t.Fatalf("reader %d: %s", i, diff)
		}
	}
	if n := store.reads.Load(); n != 1 {
		t.Errorf("read %d times", n)
	}
}

// TestNothingNewReadsNothing holds that only heads are looked at.
func TestNothingNewReadsNothing(t *testing.T) {
	store := &counted{Records: newStore(t)}
	w := newWorld(t, store)
	w.access.grant("p", "class:5b", "class:4a")
	w.put("class:5b", "homework", "h1", "a")
	cursors := map[string]psync.Cursor{"class:5b": {Epoch: 1, Hi: 1}, "class:4a": {Epoch: 1}}
	if res := w.sync(actor("p"), psync.Request{Cursors: cursors}); res != nil {
		t.Errorf("answer %+v", res)
	}
	if n := store.reads.Load(); n != 0 {
		t.Errorf("read %d times", n)
	}
}

// TestAskingAgain holds that a request that was answered with nothing is
// answered with something as soon as there is something.
func TestAskingAgain(t *testing.T) {
	for name, change := range map[string]func(w *world){
		"a commit":       func(w *world) { w.put("class:5b", "homework", "h", 2) },
		"a scope gained": func(w *world) { w.access.grant("p", "class:5b", "class:4a") },
		"a scope lost":   func(w *world) { w.access.grant("p") },
		"demand no more": func(w *world) { w.access.grant("p", "class:5b", "class:4a") },
		"another scope":  func(w *world) { w.access.grant("p", "class:4a") },
		"a deletion":     func(w *world) { w.commit("class:5b", func(tx *psync.Tx) { tx.Delete("homework", "h") }) },
		"a new epoch": func(w *world) {
			if _, err := w.records.Epoch(w.t.Context(), true); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newStore(t))
			w.access.grant("p", "class:5b")
			w.access.open("p", "class:4a")
			w.put("class:5b", "homework", "h", 1)
			ask := func() *reply {
				return w.sync(actor("p"), psync.Request{Cursors: map[string]psync.Cursor{"class:5b": {Epoch: 1, Hi: 1}}})
			}
			for range 3 {
				if res := ask(); res != nil {
					t.Fatalf("before: %+v", res)
				}
			}
			if change(w); ask() == nil {
				t.Error("after: nothing")
			}
		})
	}
}

// TestOnDemand follows a device that opens a scope and lets it go again.
func TestOnDemand(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "user:p")
	w.access.open("p", "student:s1")
	w.access.open("p", "student:s2")
	w.put("student:s1", "mark", "m1", 1)
	d := newDevice(actor("p"))
	ask := func(when string, want map[string]string) {
		t.Helper()
		got := map[string]string{}
		if res := w.sync(d.actor, d.request(0)); res != nil {
			for scope, s := range res.Scopes {
				got[scope] = s.Gone + s.Reset
				if s.Gone == "" {
					got[scope] += fmt.Sprint(s.Title, s.Cursor, len(s.Records))
				}
			}
			d.take(res)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", when, diff)
		}
	}
	nothing := map[string]string{}
	ask("first", map[string]string{"user:p": "[1 0 0] 0"})
	ask("then", nothing)
	d.cursors["student:s1"] = psync.Cursor{}
	ask("opened", map[string]string{"student:s1": "Inès Benali[1 1 0] 1"})
	ask("open", nothing)
	ask("open, from memory", nothing)
	w.put("student:s1", "mark", "m2", 2)
	w.put("student:s2", "mark", "m1", 1)
	ask("moved", map[string]string{"student:s1": "[1 2 0] 1"})
	held := d.cursors["student:s1"]
	delete(d.cursors, "student:s1")
	ask("let go", nothing)
	w.put("student:s1", "mark", "m3", 3)
	ask("moved unseen", nothing)
	d.cursors["student:s1"] = held
	ask("taken up", map[string]string{"student:s1": "[1 3 0] 1"})
	w.access.remove("p", "student:s1")
	ask("lost", map[string]string{"student:s1": "revoked"})
	d.cursors["student:s1"] = psync.Cursor{}
	ask("opened by a stranger", map[string]string{"student:s1": "revoked"})
}

// TestNaughtCursor holds that [0,0,0] begins any scope as if it were not held.
func TestNaughtCursor(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	w.put("class:5b", "homework", "h", 1)
	res := w.sync(actor("p"), psync.Request{Cursors: map[string]psync.Cursor{"class:5b": {}}})
	if s := res.Scopes["class:5b"]; s.Title != "5e B" || s.Reset != "" || len(s.Records) != 1 {
		t.Errorf("%+v", s)
	}
}

// TestAskingInAnothersWords holds that a request says nothing about who asks.
func TestAskingInAnothersWords(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	w.access.grant("q", "class:5b")
	req := psync.Request{Device: "d_p", Cursors: map[string]psync.Cursor{"class:5b": {Epoch: 1}}}
	for range 2 {
		if _, err := w.try(actor("p"), req); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.try(actor("q"), req)
	if failure, ok := errors.AsType[*psync.RequestError](err); !ok || failure.Code != psync.UnknownDevice {
		t.Errorf("error %v", err)
	}
}

// counted counts the reads that are more than a look at heads.
type counted struct {
	storage.Records
	reads atomic.Int64
}

func (c *counted) Tails(ctx context.Context, at []storage.Position, limit int) ([]storage.Tail, error) {
	if limit > 0 {
		c.reads.Add(1)
	}
	return c.Records.Tails(ctx, at, limit)
}

func (c *counted) Scan(ctx context.Context, p storage.Page) ([]storage.Record, int64, error) {
	c.reads.Add(1)
	return c.Records.Scan(ctx, p)
}

func TestFoldCacheStaysSmall(t *testing.T) {
	const limit = 1 << 16
	if bytes := psync.FoldCacheAfter(limit, 1000, 1<<10); bytes > limit || bytes < limit/2 {
		t.Errorf("holds %d bytes of %d", bytes, limit)
	}
	if bytes := psync.FoldCacheAfter(limit, 1, limit); bytes != 0 {
		t.Errorf("keeps a fold of %d bytes", bytes)
	}
}
