package storagetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"preau/storage"
)

var taskCases = []recordsCase{
	{"a task carries what its effect said", taskCarries},
	{"tasks come by due time, then as committed, and not before", tasksInOrder},
	{"a leased task is nobody else's until the lease ends", leaseHolds},
	{"a late settle of a lost lease is harmless", lateSettle},
	{"a settled task never comes back", settledForEver},
	{"a task put off is due again then", putOff},
	{"of ordered kinds a scope hands out only the oldest", orderedKinds},
	{"an ordered task put off holds back those behind it", orderedHoldsBack},
	{"other scopes and kinds do not wait for an ordered one", othersDoNotWait},
	{"a long queue is carried out in order", longQueue},
	{"tasks survive a restart", tasksSurvive},
	{"many claimers get each task once", claimedOnce},
}

// due is a claim that gets everything due at s.now.
func (s *store) due() storage.Claim {
	return storage.Claim{Now: s.now, Lease: time.Minute, Limit: 100, Ordered: inOrder}
}

// inOrder says that kinds beginning with "o" are ordered.
func inOrder(kind string) bool { return strings.HasPrefix(kind, "o") }

func (s *store) claim(c storage.Claim) []storage.Task {
	s.Helper()
	tasks, err := s.Claim(s.Context(), c)
	s.must(err)
	return tasks
}

// wantTasks claims what is due and compares the ids.
func (s *store) wantTasks(want ...string) []storage.Task {
	s.Helper()
	tasks := s.claim(s.due())
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.ID)
	}
	same(s, "tasks", ids, want)
	return tasks
}

func (s *store) settle(t storage.Task, next time.Time) {
	s.Helper()
	s.must(s.Settle(s.Context(), t, next))
}

func effect(kind string) storage.Effect { return storage.Effect{Kind: kind, Payload: []byte(`{}`)} }

func taskCarries(s *store) {
	e := s.fullEntry(1)
	s.must(s.Append(s.Context(), e))
	want := storage.Task{
		ID: "class:5B9#1#0", Scope: e.Scope, N: 1, At: e.At,
		Kind: "homework.publish", Payload: []byte(`{"a":1}`),
	}
	same(s, "task", s.claim(s.due()), []storage.Task{want})
	s.now = s.now.Add(2 * time.Minute)
	want.Tries = 1
	same(s, "tried again", s.claim(s.due()), []storage.Task{want})
}

func tasksInOrder(s *store) {
	later := func(d time.Duration) storage.Effect {
		return storage.Effect{Kind: "x", Due: s.now.Add(d)}
	}
	s.commit("b", later(2*time.Second), later(time.Second), later(time.Hour))
	s.commit("a", effect("x"), later(time.Second))
	s.wantTasks("a#1#0")
	s.now = s.now.Add(2 * time.Second)
	s.wantTasks("b#1#1", "a#1#1", "b#1#0")
	c := s.due()
	c.Now, c.Limit = s.now.Add(time.Hour), 2
	same(s, "limit", len(s.claim(c)), 2)
}

func leaseHolds(s *store) {
	s.commit("s", effect("x"))
	s.wantTasks("s#1#0")
	s.now = s.now.Add(59 * time.Second)
	s.wantTasks()
	s.now = s.now.Add(2 * time.Second)
	s.wantTasks("s#1#0")
}

func lateSettle(s *store) {
	s.commit("s", effect("x"))
	lost := s.wantTasks("s#1#0")[0]
	s.now = s.now.Add(2 * time.Minute)
	mine := s.wantTasks("s#1#0")[0]
	s.settle(lost, time.Time{})
	s.settle(lost, s.now)
	s.wantTasks()
	s.settle(mine, s.now)
	s.settle(mine, time.Time{}) // the lease is over
	s.wantTasks("s#1#0")
}

func settledForEver(s *store) {
	s.commit("s", effect("x"), effect("x"))
	tasks := s.wantTasks("s#1#0", "s#1#1")
	s.settle(tasks[0], time.Time{})
	s.settle(tasks[0], time.Time{})
	s.settle(tasks[0], s.now)
	s.reopen()
	s.now = s.now.Add(time.Hour)
	s.wantTasks("s#1#1")
	s.settle(storage.Task{ID: "nobody#1#0", Scope: "nobody", N: 1}, time.Time{})
}

func putOff(s *store) {
	s.commit("s", effect("x"))
	t := s.wantTasks("s#1#0")[0]
	s.settle(t, s.now.Add(10*time.Second))
	s.now = s.now.Add(9 * time.Second)
	s.wantTasks()
	s.now = s.now.Add(time.Second)
	same(s, "tries", s.wantTasks("s#1#0")[0].Tries, 1)
}

func orderedKinds(s *store) {
	s.commit("s", effect("o1"), effect("o2"))
	s.commit("s", effect("o1"))
	first := s.wantTasks("s#1#0")
	s.wantTasks()
	s.settle(first[0], time.Time{})
	second := s.wantTasks("s#1#1")
	s.settle(second[0], time.Time{})
	third := s.wantTasks("s#2#0")
	s.settle(third[0], time.Time{})
	s.commit("s", effect("o3"))
	s.wantTasks("s#3#0")
}

func orderedHoldsBack(s *store) {
	s.commit("s", storage.Effect{Kind: "o", Due: s.now.Add(time.Minute)}, effect("o"))
	s.wantTasks()
	s.now = s.now.Add(time.Minute)
	first := s.wantTasks("s#1#0")
	s.settle(first[0], s.now.Add(time.Hour))
	s.wantTasks()
	s.now = s.now.Add(time.Hour)
	first = s.wantTasks("s#1#0")
	s.settle(first[0], time.Time{})
	s.wantTasks("s#1#1")
}

func othersDoNotWait(s *store) {
	s.commit("s", effect("o"), effect("o"), effect("x"))
	s.commit("s", effect("x"))
	s.commit("r", effect("o"))
	s.wantTasks("s#1#0", "s#1#2", "s#2#0", "r#1#0")
}

func longQueue(s *store) {
	for range 30 {
		s.commit("s", effect("o"), effect("x"), effect("o"))
	}
	c := s.due()
	c.Limit = 7
	last, count := "", 0
	for tasks := s.claim(c); len(tasks) > 0; tasks = s.claim(c) {
		for _, t := range tasks {
			if at := fmt.Sprintf("%03d %d", t.N, t.Index); t.Kind == "o" && at <= last {
				s.Fatalf("%s after %s", at, last)
			} else if t.Kind == "o" {
				last = at
			}
			s.settle(t, time.Time{})
			count++
		}
	}
	same(s, "tasks", count, 90)
}

func tasksSurvive(s *store) {
	s.commit("s", effect("o"), effect("o"), effect("x"))
	lost := s.wantTasks("s#1#0", "s#1#2")
	s.reopen()
	s.now = s.now.Add(time.Hour)
	again := s.wantTasks("s#1#0", "s#1#2")
	s.settle(lost[0], time.Time{})
	s.wantTasks()
	s.settle(again[0], time.Time{})
	s.wantTasks("s#1#1")
}

func claimedOnce(s *store) {
	const scopes, each = 5, 20
	for i := range scopes * each {
		s.commit(fmt.Sprint("s", i%scopes), effect("x"))
	}
	var mu sync.Mutex
	got := map[string]int{}
	s.together(8, func(int) {
		c := s.due()
		c.Limit = 3
		for tasks := s.claimAny(c); len(tasks) > 0; tasks = s.claimAny(c) {
			mu.Lock()
			for _, t := range tasks {
				got[t.ID]++
			}
			mu.Unlock()
		}
	})
	same(s, "different tasks", len(got), scopes*each)
	for id, n := range got {
		same(s, "claims of "+id, n, 1)
	}
}

// claimAny is claim for a goroutine.
func (s *store) claimAny(c storage.Claim) []storage.Task {
	tasks, err := s.Claim(s.Context(), c)
	if err != nil {
		s.Error(err)
	}
	return tasks
}

// together runs f in n goroutines and waits for them.
func (s *store) together(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
	if s.Failed() {
		s.FailNow()
	}
}
