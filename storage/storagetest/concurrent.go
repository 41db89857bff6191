package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"preau/storage"
)

var concurrentCases = []recordsCase{
	{"of those who want a number exactly one gets it", oneWinner},
	{"an entry is seen whole or not at all", seenWhole},
	{"reading after an acknowledged append sees it", readYourWrites},
	{"nobody looks back after having looked forward", neverBack},
	{"one scope's traffic does not stop another's reads", trafficBeside},
	{"histories are linearizable", linearizable},
}

// claimNumber appends at the end until it wins a number.
func (s *store) claimNumber(scope string, by int) int64 {
	for n := s.headAny(scope) + 1; ; n = s.headAny(scope) + 1 {
		err := s.Append(s.Context(), s.entry(scope, n, put("t", "i", strconv.Itoa(by))))
		if err == nil {
			return n
		}
		if !errors.Is(err, storage.ErrConflict) {
			s.Error(err)
			return 0
		}
	}
}

// headAny is head for a goroutine.
func (s *store) headAny(scope string) int64 {
	tails, err := s.Tails(s.Context(), []storage.Position{{Scope: scope}}, 0)
	if err != nil {
		s.Error(err)
		return 0
	}
	return tails[0].Head
}

func oneWinner(s *store) {
	const writers = 8
	each := s.times(40)
	winners := make([]atomic.Int64, writers*each+1)
	s.together(writers, func(by int) {
		for range each {
			winners[s.claimNumber("s", by)].Store(int64(by) + 1)
		}
	})
	tail := s.tail("s", 0, writers*each+1)
	same(s, "entries", len(tail.Entries), writers*each)
	for _, e := range tail.Entries {
		same(s, "author", string(e.Ops[0].Value), strconv.Itoa(int(winners[e.N].Load()-1)))
	}
}

// flood appends to a scope until ctx ends: entry n sets "a" and "b" to n. A
// slow store must not grow: a few entries for each check.
func (s *store) flood(ctx context.Context, scope string, checks *atomic.Int64) {
	for n := s.headAny(scope) + 1; ctx.Err() == nil; n++ {
		for s.slow && n > 4*(checks.Load()+1) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		v := strconv.FormatInt(n, 10)
		err := s.Append(ctx, s.entry(scope, n, put("t", "a", v), put("t", "b", v), storage.Step{Lane: "l", K: n}))
		if err != nil && ctx.Err() == nil {
			s.Error(err)
			return
		}
	}
}

// beside runs check many times while floods run over scopes.
func (s *store) beside(scopes []string, check func(i int)) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.Context())
	var floods sync.WaitGroup
	var checks atomic.Int64
	for _, scope := range scopes {
		floods.Go(func() { s.flood(ctx, scope, &checks) })
	}
	for i := 0; i < s.times(300) && !s.Failed(); i++ {
		check(i)
		checks.Add(1)
	}
	cancel()
	floods.Wait()
}

func seenWhole(s *store) {
	s.beside([]string{"s"}, func(int) {
		recs, head, err := s.Scan(s.Context(), storage.Page{Scope: "s"})
		s.must(err)
		s.alike(recs, head)
		s.alike(s.find("s", manyKeys()...), s.head("s"))
		for _, e := range s.tail("s", max(0, head-5), 20).Entries {
			same(s, "values of one entry", string(e.Ops[0].Value), string(e.Ops[1].Value))
		}
	})
}

// manyKeys asks for both records of a flooded scope again and again.
func manyKeys() (keys []storage.Key) {
	for range 20 {
		keys = append(keys, storage.Key{Type: "t", ID: "b"}, storage.Key{Type: "t", ID: "a"})
	}
	return keys
}

// alike checks that records of a flooded scope are of one entry, not after
// head.
func (s *store) alike(recs []storage.Record, head int64) {
	s.Helper()
	for _, r := range recs {
		same(s, "number", r.Seq, recs[0].Seq)
		same(s, "value", string(r.Value), strconv.FormatInt(r.Seq, 10))
		if r.Seq > head {
			s.Fatalf("record at %d, head at %d", r.Seq, head)
		}
	}
}

func readYourWrites(s *store) {
	s.together(8, func(i int) {
		scope := fmt.Sprint("user:", i)
		for n := int64(1); n <= int64(s.times(30)) && !s.Failed(); n++ {
			if err := s.Append(s.Context(), s.entry(scope, n, put("t", "i", "1"), step("l", n))); err != nil {
				s.Error(err)
			}
			if err := s.sees(scope, n); err != nil {
				s.Error(err)
			}
		}
	})
}

// sees tells which way of reading does not show entry n.
func (s *store) sees(scope string, n int64) error {
	ctx := s.Context()
	tails, err := s.Tails(ctx, []storage.Position{{Scope: scope, After: n - 1}}, 1)
	if err != nil || tails[0].Head != n || len(tails[0].Entries) != 1 {
		return fmt.Errorf("tail after %d: %v %w", n, tails, err)
	}
	recs, head, err := s.Scan(ctx, storage.Page{Scope: scope})
	if err != nil || head != n || recs[0].Seq != n {
		return fmt.Errorf("scan after %d: %v %d %w", n, recs, head, err)
	}
	found, err := s.Find(ctx, scope, storage.Key{Type: "t", ID: "i"})
	if err != nil || found[0].Seq != n {
		return fmt.Errorf("find after %d: %v %w", n, found, err)
	}
	lane, err := s.Lane(ctx, scope, "l", n)
	if err != nil || lane.K != n {
		return fmt.Errorf("lane after %d: %v %w", n, lane, err)
	}
	return nil
}

func neverBack(s *store) {
	var seen int64
	look := func(how string, head int64) {
		if head < seen {
			s.Fatalf("%s shows %d after %d", how, head, seen)
		}
		seen = head
	}
	s.beside([]string{"s"}, func(int) {
		_, head, err := s.Scan(s.Context(), storage.Page{Scope: "s", Limit: 1})
		s.must(err)
		look("scan", head)
		look("tails", s.head("s"))
		look("lane", s.lane("s", "l", 1).K)
		look("tails", s.head("s"))
		if recs := s.find("s", storage.Key{Type: "t", ID: "a"}); len(recs) > 0 {
			look("find", recs[0].Seq)
		}
		look("tails", s.head("s"))
	})
}

func trafficBeside(s *store) {
	for i := range 20 {
		s.commit("calm", put("t", strconv.Itoa(i), "1"))
	}
	before := s.headAny("flood:1")
	s.beside([]string{"flood:1", "flood:2", "flood:3"}, func(int) {
		same(s, "tail", len(s.tail("calm", 10, 50).Entries), 10)
		same(s, "scan", len(s.scan(storage.Page{Scope: "calm", Down: true, Limit: 5})), 5)
		same(s, "find", len(s.find("calm", storage.Key{Type: "t"})), 20)
	})
	if s.head("flood:1") == before {
		s.Fatal("there was no traffic")
	}
}

// since is a clock for histories.
func since(start time.Time) int64 { return int64(time.Since(start)) }
