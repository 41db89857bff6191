// Package storagetest holds what every implementation of the storage ports
// must keep: each promise is a case of [Records] or [Blobs]. A fault found in
// one implementation becomes a case for all.
package storagetest

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"preau/storage"
)

// OpenRecords opens the store that lies in dir, an existing directory that is
// empty at first. Opened again, it holds what it held.
type OpenRecords func(ctx context.Context, dir string) (storage.Records, error)

// Trait is what a store says of itself.
type Trait int

// Slow stores take as long for every read as they are large: the cases that
// repeat something do it less often.
const Slow Trait = 1

// Records runs all cases, each on a store of its own. The test that calls it
// is also run as a child process, to be killed.
func Records(t *testing.T, open OpenRecords, traits ...Trait) {
	t.Helper()
	for _, part := range [][]recordsCase{
		appendCases, tailsCases, scanCases, findCases, laneCases, taskCases, trimCases, otherCases,
		concurrentCases, snapshotCases, killCases,
	} {
		for _, c := range part {
			t.Run(c.promise, func(t *testing.T) { c.check(openStore(t, open, traits)) })
		}
	}
}

// recordsCase is one promise and what would break it.
type recordsCase struct {
	promise string
	check   func(*store)
}

// store is the store under test, with what makes cases short.
type store struct {
	*testing.T
	storage.Records
	open OpenRecords
	dir  string
	slow bool
	now  time.Time // of the entries that commit makes
}

var day = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func openStore(t *testing.T, open OpenRecords, traits []Trait) *store {
	t.Helper()
	s := &store{T: t, open: open, now: day, dir: t.TempDir(), slow: slices.Contains(traits, Slow)}
	if child := childDir(); child != "" {
		s.dir = child
	}
	s.openAgain()
	t.Cleanup(func() { s.Close() })
	return s
}

// times is how often to repeat something.
func (s *store) times(n int) int {
	if s.slow {
		return max(1, n/10)
	}
	return n
}

func (s *store) openAgain() {
	s.Helper()
	r, err := s.open(context.WithoutCancel(s.Context()), s.dir)
	s.must(err)
	s.Records = r
}

// reopen closes the store and opens it again, as a restart does.
func (s *store) reopen() {
	s.Helper()
	s.must(s.Close())
	s.openAgain()
}

func (s *store) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *store) wantErr(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got error %v, want %v", err, want)
	}
}

// same compares, taking nil and empty for the same.
func same[V any](s *store, what string, got, want V) {
	s.Helper()
	if reflect.DeepEqual(got, want) {
		return // cmp is slow on large entries
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		s.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// entry makes an entry of operations, steps and effects.
func (s *store) entry(scope string, n int64, parts ...any) storage.Entry {
	e := storage.Entry{Scope: scope, N: n, At: s.now}
	for _, p := range parts {
		switch p := p.(type) {
		case storage.Op:
			e.Ops = append(e.Ops, p)
		case storage.Step:
			e.Steps = append(e.Steps, p)
		case storage.Effect:
			e.Effects = append(e.Effects, p)
		}
	}
	return e
}

// commit appends an entry at the scope's end.
func (s *store) commit(scope string, parts ...any) storage.Entry {
	s.Helper()
	e := s.entry(scope, s.head(scope)+1, parts...)
	s.must(s.Append(s.Context(), e))
	return e
}

func (s *store) head(scope string) int64 { s.Helper(); return s.tail(scope, 0, 0).Head }

func (s *store) tail(scope string, after int64, limit int) storage.Tail {
	s.Helper()
	tails, err := s.Tails(s.Context(), []storage.Position{{Scope: scope, After: after}}, limit)
	s.must(err)
	if len(tails) != 1 {
		s.Fatalf("%d tails for one position", len(tails))
	}
	return tails[0]
}

func (s *store) scan(p storage.Page) []storage.Record {
	s.Helper()
	recs, _, err := s.Scan(s.Context(), p)
	s.must(err)
	return recs
}

func (s *store) find(scope string, keys ...storage.Key) []storage.Record {
	s.Helper()
	recs, err := s.Find(s.Context(), scope, keys...)
	s.must(err)
	return recs
}

func (s *store) lane(scope, lane string, k int64) storage.Lane {
	s.Helper()
	l, err := s.Lane(s.Context(), scope, lane, k)
	s.must(err)
	return l
}

func put(typ, id, value string) storage.Op {
	return storage.Op{Type: typ, ID: id, Value: []byte(value)}
}

func del(typ, id string) storage.Op { return storage.Op{Type: typ, ID: id} }

func record(seq int64, typ, id, value string) storage.Record {
	return storage.Record{Seq: seq, Type: typ, ID: id, Value: []byte(value)}
}
