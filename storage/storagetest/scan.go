package storagetest

import (
	"fmt"
	"math/rand/v2"

	"preau/storage"
)

var scanCases = []recordsCase{
	{"a scan gives each record once, at its last number", scanGivesLatest},
	{"a deleted record is a tombstone without content", tombstones},
	{"what is deleted leaves the log as well", deletedLeavesLog},
	{"pages never split a number, up or down", pagesNeverSplit},
	{"bounds are exclusive", boundsAreExclusive},
	{"an empty scope is empty", emptyScope},
}

func scanGivesLatest(s *store) {
	s.commit("s", put("t", "a", "1"), put("t", "b", "1"))
	s.commit("s", put("t", "a", "2"))
	s.commit("s", put("t", "a", "3"))
	want := []storage.Record{record(1, "t", "b", "1"), record(3, "t", "a", "3")}
	recs, head, err := s.Scan(s.Context(), storage.Page{Scope: "s"})
	s.must(err)
	same(s, "records", recs, want)
	same(s, "head", head, 3)
	same(s, "one at least", s.scan(storage.Page{Scope: "s", Limit: 1}), want[:1])
	same(s, "newest first", s.scan(storage.Page{Scope: "s", Limit: 1, Down: true}), want[1:])
}

func tombstones(s *store) {
	s.commit("s", put("t", "a", "1"), put("t", "b", "1"))
	s.commit("s", del("t", "a"), del("t", "never"))
	gone := []storage.Record{{Seq: 2, Type: "t", ID: "a"}, {Seq: 2, Type: "t", ID: "never"}}
	same(s, "live", s.scan(storage.Page{Scope: "s"}), []storage.Record{record(1, "t", "b", "1")})
	same(s, "with tombstones", s.scan(storage.Page{Scope: "s", After: 1, Tombstones: true}), gone)
	same(s, "found", s.find("s", storage.Key{Type: "t"}, storage.Key{Type: "t", ID: "a"}), []storage.Record{record(1, "t", "b", "1")})
	s.commit("s", put("t", "a", "3"))
	same(s, "alive again", s.find("s", storage.Key{Type: "t", ID: "a"}), []storage.Record{record(3, "t", "a", "3")})
}

func deletedLeavesLog(s *store) {
	s.commit("s", put("u", "a", "1"), put("t", "a", `"first life"`))
	s.commit("s", del("t", "a"))
	s.commit("s", put("t", "a", `"second life"`), put("t", "ab", "1"))
	s.commit("s", put("t", "a", `"second life, later"`), step("a", 1))
	s.commit("r", put("t", "a", `"elsewhere"`))
	s.commit("s", del("t", "a"))
	s.reopen()
	same(s, "elsewhere", string(s.tail("r", 0, 9).Entries[0].Ops[0].Value), `"elsewhere"`)
	want := [][]storage.Op{
		{put("u", "a", "1"), del("t", "a")}, {del("t", "a")}, {del("t", "a"), put("t", "ab", "1")}, {del("t", "a")}, {del("t", "a")},
	}
	for i, e := range s.tail("s", 0, 9).Entries {
		same(s, "operations", e.Ops, want[i])
	}
	same(s, "step", s.tail("s", 3, 1).Entries[0].Steps, []storage.Step{step("a", 1)})
}

// pagesNeverSplit reads a random scope in pages of every size, both ways.
func pagesNeverSplit(s *store) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var ops []any
		for _, n := range random.Perm(60)[:1+random.IntN(6)] {
			id := fmt.Sprint(n)
			op := put("t", id, "1")
			if random.IntN(4) == 0 {
				op = del("t", id)
			}
			ops = append(ops, op)
		}
		s.commit("s", ops...)
	}
	for limit := 1; limit < 50; limit += 30 / s.times(10) {
		for _, tombs := range []bool{false, true} {
			s.pages(storage.Page{Scope: "s", Limit: limit, Tombstones: tombs})
			s.pages(storage.Page{Scope: "s", Limit: limit, Tombstones: tombs, Down: true})
		}
	}
}

// pages compares a scope read page by page with the same read at once.
func (s *store) pages(p storage.Page) {
	s.Helper()
	whole := p
	whole.Limit = 0
	var got []storage.Record
	for range 100 {
		page := s.scan(p)
		if len(page) == 0 {
			break
		}
		if len(page) < p.Limit && len(got)+len(page) < len(s.scan(whole)) {
			s.Fatalf("a page of %d records, %d asked", len(page), p.Limit)
		}
		got = append(got, page...)
		if p.After = page[len(page)-1].Seq; p.Down {
			p.After, p.Before = 0, p.After
		}
	}
	if all := s.scan(whole); len(got) != len(all) {
		s.Fatalf("pages of %d gave %d records of %d", p.Limit, len(got), len(all))
	}
	same(s, "pages", seqs(got), seqs(s.scan(whole)))
}

func seqs(recs []storage.Record) (seqs []int64) {
	for _, r := range recs {
		seqs = append(seqs, r.Seq)
	}
	return seqs
}

func boundsAreExclusive(s *store) {
	for i := range 5 {
		s.commit("s", put("t", fmt.Sprint(i), "1"))
	}
	same(s, "up", seqs(s.scan(storage.Page{Scope: "s", After: 1, Before: 5})), []int64{2, 3, 4})
	same(s, "down", seqs(s.scan(storage.Page{Scope: "s", After: 1, Before: 5, Down: true})), []int64{4, 3, 2})
	same(s, "nothing after the head", seqs(s.scan(storage.Page{Scope: "s", After: 5})), nil)
	same(s, "nothing before the first", seqs(s.scan(storage.Page{Scope: "s", Before: 1})), nil)
}

func emptyScope(s *store) {
	recs, head, err := s.Scan(s.Context(), storage.Page{Scope: "nobody", Limit: 5, Tombstones: true})
	s.must(err)
	same(s, "records", recs, nil)
	same(s, "head", head, 0)
	same(s, "found", s.find("nobody", storage.Key{Type: "t"}), nil)
	same(s, "lane", s.lane("nobody", "l", 1), storage.Lane{})
	same(s, "tail", s.tail("nobody", 0, 5), storage.Tail{Scope: "nobody"})
	s.must(s.Trim(s.Context(), "nobody", s.now))
}
