package storagetest

import (
	"preau/storage"
)

var tailsCases = []recordsCase{
	{"positions are answered in their order", positionsInOrder},
	{"entries follow the position, as many as asked", entriesFollow},
	{"with limit 0 there are heads only", headsOnly},
	{"a cursor ahead of the log sees the true head", cursorAhead},
	{"foreign scopes never appear", foreignScopes},
}

func positionsInOrder(s *store) {
	for range 3 {
		s.commit("user:1", put("t", "i", "1"))
	}
	s.commit("user:2", put("t", "i", "1"))
	at := []storage.Position{{Scope: "user:2", After: 1}, {Scope: "nobody"}, {Scope: "user:1", After: 1}, {Scope: "user:1", After: 2}}
	tails, err := s.Tails(s.Context(), at, 5)
	s.must(err)
	var got [][2]int64
	for i, t := range tails {
		same(s, "scope", t.Scope, at[i].Scope)
		got = append(got, [2]int64{t.Head, int64(len(t.Entries))})
	}
	same(s, "heads and lengths", got, [][2]int64{{1, 0}, {0, 0}, {3, 2}, {3, 1}})
	none, err := s.Tails(s.Context(), nil, 5)
	s.must(err)
	same(s, "no positions", len(none), 0)
}

func entriesFollow(s *store) {
	var all []storage.Entry
	for range 7 {
		all = append(all, s.commit("s", put("t", "i", "1")))
	}
	for after := range 8 {
		for limit := 1; limit < 9; limit++ {
			want := all[after:min(after+limit, 7)]
			same(s, "entries", s.tail("s", int64(after), limit).Entries, want)
		}
	}
}

func headsOnly(s *store) {
	s.commit("s", put("t", "i", "1"))
	same(s, "tail", s.tail("s", 0, 0), storage.Tail{Scope: "s", Head: 1})
}

func cursorAhead(s *store) {
	s.commit("s", put("t", "i", "1"))
	same(s, "tail", s.tail("s", 5, 10), storage.Tail{Scope: "s", Head: 1})
}

// foreignScopes uses names that a careless key would mix up.
func foreignScopes(s *store) {
	scopes := []string{"s", "s:", "s:1", "s:1/staff", "s:11", "S:1", "s%", "s_1", "s|t", "s|t|i", "é", "e\u0301"}
	for i, name := range scopes {
		for range i + 1 {
			s.commit(name, put("t", "i", `"`+name+`"`), put("t|i", name, `"`+name+`"`),
				storage.Step{Lane: "l", K: s.head(name) + 1, Result: []byte(name)})
		}
	}
	for i, name := range scopes {
		s.onlyOwn(name, int64(i+1))
	}
}

func (s *store) onlyOwn(name string, head int64) {
	s.Helper()
	value := `"` + name + `"`
	both := []storage.Record{record(head, "t", "i", value), record(head, "t|i", name, value)}
	same(s, "scan of "+name, s.scan(storage.Page{Scope: name}), both)
	same(s, "scan down of "+name, len(s.scan(storage.Page{Scope: name, Down: true})), 2)
	same(s, "find in "+name, s.find(name, storage.Key{Type: "t"}), both[:1])
	same(s, "lane of "+name, s.lane(name, "l", head), storage.Lane{K: head, Result: []byte(name)})
	same(s, "lane of "+name+", too far", s.lane(name, "l", head+1), storage.Lane{K: head})
	tail := s.tail(name, 0, 100)
	same(s, "head of "+name, tail.Head, head)
	for _, e := range tail.Entries {
		same(s, "entry of "+name, string(e.Ops[0].Value), value)
	}
}
