package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/storage"
)

// homework is a record of the usual size.
var homework = []byte(`{"title":"` + strings.Repeat("x", 1000) + `"}`)

// perSecond reports how often something was done, beside the time of a round.
func perSecond(b *testing.B, what string, times int) {
	b.Helper()
	b.ReportMetric(float64(times)*float64(b.N)/b.Elapsed().Seconds(), what+"/s")
}

// BenchmarkAppend has writers commit entries of one record, each to a scope of
// its own, with fsync; below, the same disk under plain SQLite.
func BenchmarkAppend(b *testing.B) {
	const each = 8
	for _, writers := range []int{1, 16, 128} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "preau.db"), Options{})
			heads := make([]int64, writers)
			for b.Loop() {
				var all sync.WaitGroup
				for w := range writers {
					all.Go(func() {
						for range each {
							heads[w]++
							appendHomework(b, s, fmt.Sprint("student:", w), heads[w])
						}
					})
				}
				all.Wait()
			}
			perSecond(b, "commits", writers*each)
		})
	}
	for _, rows := range []int{1, 256} {
		b.Run(fmt.Sprintf("plain/rows=%d", rows), func(b *testing.B) { benchmarkPlain(b, rows) })
	}
}

func appendHomework(b *testing.B, s *Store, scope string, n int64) {
	b.Helper()
	e := storage.Entry{
		Scope: scope, N: n, At: time.UnixMilli(n),
		Ops: []storage.Op{{Type: "homework", ID: fmt.Sprint(n % 1000), Value: homework}},
	}
	if err := s.Append(context.Background(), e); err != nil {
		b.Error(err)
	}
}

// benchmarkPlain inserts rows by the transaction into one table of one index,
// which is the least SQLite can do.
func benchmarkPlain(b *testing.B, rows int) {
	b.Helper()
	db, err := sql.Open("sqlite", dsn(filepath.Join(b.TempDir(), "plain.db"), Options{}))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE log (scope INTEGER, n INTEGER, body BLOB, UNIQUE (scope, n))"); err != nil {
		b.Fatal(err)
	}
	n := 0
	for b.Loop() {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for range rows {
			n++
			if _, err := tx.Exec("INSERT INTO log VALUES (?, ?, ?)", n%128, n, homework); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, "rows", rows)
}

// BenchmarkNothingNew asks for twelve scopes in which nothing happened.
func BenchmarkNothingNew(b *testing.B) {
	s := open(b, Memory, Options{})
	at := positions(b, s, 12)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Tails(context.Background(), at, 100); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/12, "ns/position")
}

// BenchmarkTail reads the ten entries that one scope has more than the cursor.
func BenchmarkTail(b *testing.B) {
	s := open(b, Memory, Options{})
	fill(b, s, "class:1", 1000)
	head := headOf(b, s, "class:1")
	for b.Loop() {
		tails, err := s.Tails(context.Background(), []storage.Position{{Scope: "class:1", After: head - 10}}, 100)
		if err != nil || len(tails[0].Entries) != 10 {
			b.Fatal(tails, err)
		}
	}
}

// BenchmarkScan reads ten changed records of a small and of a large scope, by
// turns, and reports how much longer the large one takes.
func BenchmarkScan(b *testing.B) {
	s := open(b, Memory, Options{})
	sizes := []int{1000, 100_000}
	pages := make([]storage.Page, len(sizes))
	for i, size := range sizes {
		scope := fmt.Sprint("size:", size)
		fill(b, s, scope, size)
		pages[i] = storage.Page{Scope: scope, After: headOf(b, s, scope) - 10, Limit: 10, Tombstones: true}
	}
	var took [2]time.Duration
	for b.Loop() {
		for i, p := range pages {
			start := time.Now()
			recs, _, err := s.Scan(context.Background(), p)
			took[i] += time.Since(start)
			if err != nil || len(recs) != 10 {
				b.Fatal(len(recs), err)
			}
		}
	}
	b.ReportMetric(float64(took[0].Nanoseconds())/float64(b.N), "ns/scan-1k")
	b.ReportMetric(float64(took[1].Nanoseconds())/float64(b.N), "ns/scan-100k")
	b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
}

// BenchmarkFind reads one record of a large scope by its key.
func BenchmarkFind(b *testing.B) {
	s := open(b, Memory, Options{})
	fill(b, s, "class:1", 20_000)
	for b.Loop() {
		key := storage.Key{Type: "homework", ID: fmt.Sprint(rand.IntN(20_000))}
		if recs, err := s.Find(context.Background(), "class:1", key); err != nil || len(recs) != 1 {
			b.Fatal(recs, err)
		}
	}
}

// fill puts records into a scope, and then changes ten of them one by one.
func fill(b *testing.B, s *Store, scope string, records int) {
	b.Helper()
	var n int64
	commit := func(ops ...storage.Op) {
		n++
		if err := s.Append(context.Background(), storage.Entry{Scope: scope, N: n, Ops: ops}); err != nil {
			b.Fatal(err)
		}
	}
	for at := 0; at < records; {
		var ops []storage.Op
		for ; at < records && len(ops) < 500; at++ {
			ops = append(ops, storage.Op{Type: "homework", ID: fmt.Sprint(at), Value: homework})
		}
		commit(ops...)
	}
	for i := range 10 {
		commit(storage.Op{Type: "homework", ID: fmt.Sprint(i * records / 10), Value: homework})
	}
}

func headOf(b *testing.B, s *Store, scope string) int64 {
	b.Helper()
	tails, err := s.Tails(context.Background(), []storage.Position{{Scope: scope}}, 0)
	if err != nil {
		b.Fatal(err)
	}
	return tails[0].Head
}

// BenchmarkDelete deletes a record as old as a log of 5,000 entries, all of
// which are searched for its content.
func BenchmarkDelete(b *testing.B) {
	s := open(b, Memory, Options{})
	n := int64(0)
	commit := func(op storage.Op) {
		n++
		if err := s.Append(context.Background(), storage.Entry{Scope: "s", N: n, Ops: []storage.Op{op}}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range 5000 {
		commit(storage.Op{Type: "homework", ID: fmt.Sprintf("h%08d", i), Value: homework})
	}
	for i := 0; b.Loop(); i++ {
		commit(storage.Op{Type: "homework", ID: fmt.Sprintf("h%08d", i%5000)})
	}
}
