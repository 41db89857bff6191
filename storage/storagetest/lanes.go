package storagetest

import (
	"fmt"

	"preau/storage"
)

var laneCases = []recordsCase{
	{"a lane tells how far it has come and what it answered", laneAnswers},
	{"lanes hold across a restart", lanesHold},
	{"a step is taken once, whoever asks", stepIsTakenOnce},
	{"a lane without results remembers the last step", laneWithoutResults},
}

func step(lane string, k int64) storage.Step {
	return storage.Step{Lane: lane, K: k, Result: fmt.Appendf(nil, "%s %d", lane, k)}
}

func laneAnswers(s *store) {
	s.commit("s", step("a", 1), step("b", 1), step("a", 2))
	s.commit("s", step("a", 5))
	same(s, "first", s.lane("s", "a", 1), storage.Lane{K: 5, Result: []byte("a 1")})
	same(s, "last", s.lane("s", "a", 5), storage.Lane{K: 5, Result: []byte("a 5")})
	same(s, "left out", s.lane("s", "a", 4), storage.Lane{K: 5})
	same(s, "to come", s.lane("s", "a", 6), storage.Lane{K: 5})
	same(s, "the other lane", s.lane("s", "b", 1), storage.Lane{K: 1, Result: []byte("b 1")})
	same(s, "no lane", s.lane("s", "c", 1), storage.Lane{})
	same(s, "the same lane elsewhere", s.lane("r", "a", 1), storage.Lane{})
}

func lanesHold(s *store) {
	s.commit("s", step("a", 1), step("a", 2), storage.Step{Lane: "fx:r", K: 7})
	s.reopen()
	same(s, "lane", s.lane("s", "a", 1), storage.Lane{K: 2, Result: []byte("a 1")})
	same(s, "lane without results", s.lane("s", "fx:r", 7), storage.Lane{K: 7})
	s.wantErr(s.Append(s.Context(), s.entry("s", 2, step("a", 2))), storage.ErrConflict)
}

func stepIsTakenOnce(s *store) {
	s.commit("s", step("a", 3), storage.Step{Lane: "fx", K: 8})
	for _, again := range []storage.Step{step("a", 3), step("a", 2), {Lane: "fx", K: 8}, {Lane: "fx", K: 1}} {
		s.wantErr(s.Append(s.Context(), s.entry("s", 2, put("t", "i", "1"), step("new", 1), again)), storage.ErrConflict)
	}
	same(s, "head", s.head("s"), 1)
	same(s, "records", s.scan(storage.Page{Scope: "s"}), nil)
	same(s, "the lane beside", s.lane("s", "new", 1), storage.Lane{})
}

func laneWithoutResults(s *store) {
	for k := range int64(5) {
		s.commit("s", storage.Step{Lane: "fx:r", K: 10*k + 1})
	}
	same(s, "lane", s.lane("s", "fx:r", 1), storage.Lane{K: 41})
}
