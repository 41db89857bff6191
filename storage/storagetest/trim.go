package storagetest

import (
	"time"

	"preau/storage"
)

var trimCases = []recordsCase{
	{"the newest entry always stays", newestStays},
	{"a cursor behind the log says so", cursorBehind},
	{"old tombstones go and the floor says so", floorRises},
	{"an unsettled effect survives its entry", unsettledStays},
	{"what is young stays", youngStays},
	{"trimming leaves records, lanes and other scopes alone", trimLeaves},
}

// old and young are times before and after the cut that trim makes.
func (s *store) trim(scope string) {
	s.Helper()
	s.must(s.Trim(s.Context(), scope, s.now))
	s.now = s.now.Add(time.Hour)
}

// history commits n entries before the next trim.
func (s *store) history(scope string, n int) {
	s.Helper()
	for range n {
		s.commit(scope, put("t", "i", "1"))
	}
	s.now = s.now.Add(time.Second)
}

func newestStays(s *store) {
	s.history("s", 4)
	s.trim("s")
	s.trim("s")
	tail := s.tail("s", 3, 10)
	same(s, "head", tail.Head, 4)
	same(s, "entries", len(tail.Entries), 1)
	s.reopen()
	same(s, "head after a restart", s.head("s"), 4)
	s.wantErr(s.Append(s.Context(), s.entry("s", 4)), storage.ErrConflict)
	s.must(s.Append(s.Context(), s.entry("s", 5, put("t", "i", "5"))))
}

func cursorBehind(s *store) {
	s.history("s", 4)
	s.trim("s")
	for after := range int64(3) {
		same(s, "behind", s.tail("s", after, 10), storage.Tail{Scope: "s", Head: 4})
	}
	same(s, "not behind", len(s.tail("s", 3, 10).Entries), 1)
	same(s, "caught up", len(s.tail("s", 4, 10).Entries), 0)
}

func floorRises(s *store) {
	s.commit("s", put("t", "a", "1"), put("t", "b", "1"))
	s.commit("s", del("t", "a"))
	s.history("s", 1)
	young := s.now.Add(time.Hour)
	s.trim("s")
	same(s, "floor", s.tail("s", 0, 0).Floor, 2)
	same(s, "tombstones", len(s.scan(storage.Page{Scope: "s", Tombstones: true})), 2)
	s.now = young
	s.commit("s", del("t", "b"))
	s.must(s.Trim(s.Context(), "s", young))
	same(s, "floor, the young tombstone staying", s.tail("s", 0, 0).Floor, 2)
	same(s, "tombstones", len(s.scan(storage.Page{Scope: "s", Tombstones: true})), 2)
	s.reopen()
	same(s, "floor after a restart", s.tail("s", 0, 0).Floor, 2)
	s.now = s.now.Add(time.Second)
	s.trim("s")
	same(s, "floor in the end", s.tail("s", 0, 5).Floor, 4)
}

func unsettledStays(s *store) {
	s.commit("s", effect("x"))
	s.history("s", 3)
	s.trim("s")
	same(s, "the log", s.tail("s", 0, 10), storage.Tail{Scope: "s", Head: 4})
	s.reopen()
	same(s, "what it carries", string(s.wantTasks("s#1#0")[0].Payload), "{}")
}

func youngStays(s *store) {
	s.history("s", 2)
	cut := s.now
	s.commit("s", del("t", "i"), step("l", 1))
	s.history("s", 1)
	s.must(s.Trim(s.Context(), "s", cut))
	same(s, "entries", len(s.tail("s", 2, 10).Entries), 2)
	same(s, "lane", s.lane("s", "l", 1), storage.Lane{K: 1, Result: []byte("l 1")})
}

func trimLeaves(s *store) {
	s.commit("s", put("t", "a", "1"), step("l", 1), step("l", 2), storage.Step{Lane: "fx", K: 3})
	s.history("s", 2)
	s.history("r", 3)
	s.trim("s")
	want := []storage.Record{record(1, "t", "a", "1"), record(3, "t", "i", "1")}
	same(s, "records", s.scan(storage.Page{Scope: "s"}), want)
	same(s, "lane", s.lane("s", "l", 1).K, 2)
	same(s, "old result", s.lane("s", "l", 1).Result, nil)
	s.wantErr(s.Append(s.Context(), s.entry("s", 4, step("l", 2))), storage.ErrConflict)
	same(s, "the other scope", len(s.tail("r", 0, 10).Entries), 3)
}
