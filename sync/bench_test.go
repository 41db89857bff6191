package sync_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// BenchmarkNothingNew is the request that most devices send most of the time:
// twelve scopes, nothing to say.
func BenchmarkNothingNew(b *testing.B) {
	w := newWorld(b, newStore(b))
	req := psync.Request{V: 1, Schema: 2, Device: "d_p", Cursors: map[string]psync.Cursor{}}
	for i := range 12 {
		scope := fmt.Sprintf("class:c%08d", i)
		w.access.add("p", scope)
		for n := range i {
			w.put(scope, "homework", "h", n)
		}
		req.Cursors[scope] = psync.Cursor{Epoch: 1, Hi: int64(i)}
	}
	body, err := json.Marshal(req)
	if err != nil {
		b.Fatal(err)
	}
	a, ctx := actor("p"), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		res, err := w.engine.Answer(ctx, a, body)
		if err != nil || !res.Empty() {
			b.Fatal(res, err)
		}
	}
}

// BenchmarkTenChanges pulls ten changes into a small and into a large mailbox:
// the cost must follow the changes, not the size. The ratio says so.
func BenchmarkTenChanges(b *testing.B) {
	small, large := mailbox(b, 1_000), mailbox(b, 100_000)
	var spent [2]time.Duration
	for b.Loop() {
		for i, pull := range []func(){small, large} {
			start := time.Now()
			pull()
			spent[i] += time.Since(start)
		}
	}
	b.ReportMetric(float64(spent[0].Nanoseconds())/float64(b.N), "ns/1k")
	b.ReportMetric(float64(spent[1].Nanoseconds())/float64(b.N), "ns/100k")
	b.ReportMetric(float64(spent[1])/float64(spent[0]), "ratio")
}

// mailbox fills a scope that one person reads, so that no fold is shared, and
// returns a pull of its last ten changes.
func mailbox(b *testing.B, size int) (pull func()) {
	b.Helper()
	w := newWorld(b, newStore(b))
	w.access.grant("p", "user:p")
	text := strings.Repeat("Bonjour, ", 40)
	for from := 0; from < size-10; from += 500 {
		w.commit("user:p", func(tx *psync.Tx) {
			for i := from; i < min(from+500, size-10); i++ {
				tx.Put("message", fmt.Sprintf("m%06d", i), fields{"text": text, "n": i})
			}
		})
	}
	hi := w.heads("user:p")[0]
	for i := range 10 {
		w.put("user:p", "message", fmt.Sprintf("n%06d", i), fields{"text": text, "n": i})
	}
	ctx, a := b.Context(), actor("p")
	return func() {
		res, err := w.engine.Sync(ctx, a, &psync.Request{
			V: 1, Schema: 2, Device: "d_p", Cursors: map[string]psync.Cursor{"user:p": {Epoch: 1, Hi: hi}},
		})
		if err != nil || len(res.JSON()) < 3000 {
			b.Fatal(res, err)
		}
	}
}

// BenchmarkReaders has readers of one class pull the same change: one fold.
func BenchmarkReaders(b *testing.B) {
	w := newWorld(b, newStore(b))
	w.access.grant("p", "class:5b")
	w.put("class:5b", "homework", "h", "a")
	w.put("class:5b", "homework", "h", strings.Repeat("lire ", 80))
	ctx, a := b.Context(), actor("p")
	req := &psync.Request{V: 1, Schema: 2, Device: "d_p", Cursors: map[string]psync.Cursor{"class:5b": {Epoch: 1, Hi: 1}}}
	b.ReportAllocs()
	for b.Loop() {
		if res, err := w.engine.Sync(ctx, a, req); err != nil || res.Empty() {
			b.Fatal(res, err)
		}
	}
}

// BenchmarkCommits is how many mutations a second reach the disk, from so many
// devices at a time, in one scope and each in its own.
func BenchmarkCommits(b *testing.B) {
	for _, writers := range []int{1, 16, 128} {
		for _, shared := range []bool{true, false} {
			name := fmt.Sprintf("%d/own", writers)
			if shared {
				name = fmt.Sprintf("%d/shared", writers)
			}
			b.Run(name, func(b *testing.B) { commits(b, writers, shared) })
		}
	}
}

func commits(b *testing.B, writers int, shared bool) {
	b.Helper()
	w := newWorld(b, onDisk(b))
	var left atomic.Int64
	var all sync.WaitGroup
	left.Store(int64(b.N))
	b.ResetTimer()
	for i := range writers {
		a, scope := actor(fmt.Sprint("u", i)), "class:5b"
		if !shared {
			scope = fmt.Sprint("class:c", i)
		}
		w.access.grant(a.User, scope)
		all.Go(func() {
			for k := int64(1); left.Add(-1) >= 0; k++ {
				m := mutation(scope, k, "note.append@1", fields{"id": fmt.Sprint("n", i, "-", k), "text": "a"})
				if res, err := w.try(a, psync.Request{Mutations: []psync.Mutation{m}}); err != nil || !res.Results[0].OK {
					b.Error(res, err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// onDisk opens a store that really writes.
func onDisk(b *testing.B) storage.Records {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "preau.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

// BenchmarkKick is what one commit to an account costs while so many others
// hold live connections.
func BenchmarkKick(b *testing.B) {
	for _, others := range []int{10, 10_000} {
		b.Run(fmt.Sprint(others), func(b *testing.B) {
			w := newWorld(b, newMemory())
			hub := w.engine.Hub()
			for i := range others {
				hub.Subscribe(b.Context(), actor(fmt.Sprint("p", i)))
			}
			for b.Loop() {
				hub.Kick("q")
			}
		})
	}
}
