package storagetest

import (
	"context"
	"time"

	"preau/storage"
)

var otherCases = []recordsCase{
	{"scopes are listed by prefix, ascending", scopesByPrefix},
	{"an epoch is raised for ever", epochRises},
	{"a watcher hears of what moved", watcherHears},
	{"a slow watcher holds nobody up", slowWatcher},
	{"a watch ends with its context, and with the store", watchEnds},
	{"a closed store says so", closedStore},
}

func scopesByPrefix(s *store) {
	for _, name := range []string{"user:2", "class:1", "user:10", "user:1", "users"} {
		s.commit(name, put("t", "i", "1"))
	}
	for prefix, want := range map[string][]string{
		"user:": {"user:1", "user:10", "user:2"},
		"":      {"class:1", "user:1", "user:10", "user:2", "users"},
		"x":     nil,
	} {
		got, err := s.Scopes(s.Context(), prefix)
		s.must(err)
		same(s, "scopes of "+prefix, got, want)
	}
}

func epochRises(s *store) {
	epoch := func(raise bool) int64 {
		n, err := s.Epoch(s.Context(), raise)
		s.must(err)
		return n
	}
	first := epoch(false)
	if first < 1 {
		s.Fatalf("the first epoch is %d", first)
	}
	same(s, "raised", epoch(true), first+1)
	same(s, "read", epoch(false), first+1)
	s.reopen()
	same(s, "after a restart", epoch(false), first+1)
}

// heard waits for a report on a scope at head or beyond.
func (s *store) heard(c <-chan storage.Moved, scope string, head int64) storage.Moved {
	s.Helper()
	patience := time.After(20 * time.Second)
	for {
		select {
		case m, ok := <-c:
			if !ok {
				s.Fatal("the watch ended")
			}
			if m.Scope == scope && m.Head >= head {
				return m
			}
		case <-patience:
			s.Fatalf("no report on %s", scope)
		}
	}
}

func watcherHears(s *store) {
	first, second := s.Watch(s.Context()), s.Watch(s.Context())
	s.commit("a", put("t", "i", "1"))
	s.commit("b", effect("x"))
	for _, c := range []<-chan storage.Moved{first, second} {
		same(s, "report", s.heard(c, "a", 1), storage.Moved{Scope: "a", Head: 1})
		same(s, "report", s.heard(c, "b", 1), storage.Moved{Scope: "b", Head: 1, Tasks: true})
	}
	same(s, "what was heard is there", s.head("b"), 1)
}

func slowWatcher(s *store) {
	c := s.Watch(s.Context())
	for range max(300, s.times(1500)) { // more than wait for a watcher
		s.commit("a", put("t", "i", "1"))
	}
	s.heard(c, "a", 1)
}

func watchEnds(s *store) {
	ctx, cancel := context.WithCancel(s.Context())
	mine, theirs := s.Watch(ctx), s.Watch(s.Context())
	cancel()
	drained(s, mine)
	s.commit("a", put("t", "i", "1"))
	s.heard(theirs, "a", 1)
	s.must(s.Close())
	drained(s, theirs)
	drained(s, s.Watch(s.Context()))
}

func drained(s *store, c <-chan storage.Moved) {
	s.Helper()
	patience := time.After(20 * time.Second)
	for {
		select {
		case _, ok := <-c:
			if !ok {
				return
			}
		case <-patience:
			s.Fatal("the watch did not end")
		}
	}
}

func closedStore(s *store) {
	s.commit("s", effect("x"))
	task := s.wantTasks("s#1#0")[0]
	s.must(s.Close())
	s.must(s.Close())
	ctx := s.Context()
	_, tails := s.Tails(ctx, []storage.Position{{Scope: "s"}}, 1)
	_, _, scan := s.Scan(ctx, storage.Page{Scope: "s"})
	_, find := s.Find(ctx, "s", storage.Key{Type: "t"})
	_, lane := s.Lane(ctx, "s", "l", 1)
	_, claim := s.Claim(ctx, s.due())
	_, scopes := s.Scopes(ctx, "")
	_, epoch := s.Epoch(ctx, false)
	for what, err := range map[string]error{
		"append": s.Append(ctx, s.entry("s", 2)), "tails": tails, "scan": scan, "find": find, "lane": lane, "claim": claim,
		"settle": s.Settle(ctx, task, time.Time{}), "trim": s.Trim(ctx, "s", s.now), "scopes": scopes, "epoch": epoch,
	} {
		s.Log(what)
		s.wantErr(err, storage.ErrClosed)
	}
}
