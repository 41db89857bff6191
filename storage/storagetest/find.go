package storagetest

import "preau/storage"

var findCases = []recordsCase{
	{"keys are answered in their order, skipping what is not there", findInOrder},
	{"a type is found whole and ordered by id", findType},
}

func findInOrder(s *store) {
	s.commit("s", put("t", "a", "1"), put("t", "b", "2"), put("u", "a", "3"))
	got := s.find("s", storage.Key{Type: "u", ID: "a"}, storage.Key{Type: "t", ID: "x"},
		storage.Key{Type: "t", ID: "b"}, storage.Key{Type: "v"}, storage.Key{Type: "t", ID: "a"})
	same(s, "found", got, []storage.Record{record(1, "u", "a", "3"), record(1, "t", "b", "2"), record(1, "t", "a", "1")})
	same(s, "no keys", s.find("s"), nil)
}

func findType(s *store) {
	s.commit("s", put("t", "b", "1"), put("t", "a", "1"), put("tt", "a", "1"))
	s.commit("s", put("t", "B", "2"), put("t", "a.b", "2"), del("t", "c"))
	same(s, "found", s.find("s", storage.Key{Type: "t"}), []storage.Record{
		record(2, "t", "B", "2"), record(1, "t", "a", "1"), record(2, "t", "a.b", "2"), record(1, "t", "b", "1"),
	})
}
