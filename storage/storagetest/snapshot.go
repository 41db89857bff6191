package storagetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strconv"
	"time"

	"preau/storage"
)

// A store need not be a storage.Snapshotter, a storage.Filler or a
// storage.Gauge; if it is, it keeps these promises.
var snapshotCases = []recordsCase{
	{"a copy answers as the store that was copied", copyAnswers},
	{"a copy goes on as a store does", copyGoesOn},
	{"a copy of a copy is the same", copyOfCopy},
	{"a copy shows one moment of a store that is written to", copyOfOneMoment},
	{"a copy loses nothing that is on its way", copyOfWhatMoves},
	{"nothing is filled over what is there", fillSpares},
	{"pieces in disorder are refused", fillOrder},
	{"a copy ends with its context, its receiver and its store", copyEnds},
	{"figures tell what waits", figuresTell},
}

func (s *store) snapshot() iter.Seq2[storage.Piece, error] {
	from, ok := s.Records.(storage.Snapshotter)
	if !ok {
		s.Skip("the store cannot be copied")
	}
	return from.Snapshot(s.Context())
}

func (s *store) fill(pieces iter.Seq2[storage.Piece, error]) error {
	to, ok := s.Records.(storage.Filler)
	if !ok {
		s.Skip("the store cannot be filled")
	}
	return to.Fill(s.Context(), pieces)
}

// another opens an empty store beside s.
func (s *store) another() *store {
	s.Helper()
	dir, err := os.MkdirTemp(s.TempDir(), "copy")
	s.must(err)
	other := &store{T: s.T, open: s.open, now: s.now, dir: dir, slow: s.slow}
	other.openAgain()
	s.Cleanup(func() { other.Close() })
	return other
}

// copied is a copy of s.
func (s *store) copied() *store {
	s.Helper()
	other := s.another()
	s.must(other.fill(s.snapshot()))
	return other
}

// aTerm writes a bit of everything that a store can hold.
func (s *store) aTerm() {
	early := s.now
	for i := range 40 {
		v := strconv.Itoa(i)
		s.commit("course:a", put("t", "last", v), put("t", v, v), step("p/d", int64(i+1)), storage.Step{Lane: "fx:b", K: int64(i + 1)}, effect("o"))
	}
	s.commit("course:a", del("t", "3"), del("t", "last"), del("t", "never"))
	s.must(s.Trim(s.Context(), "course:a", early)) // nothing is old enough
	s.commit("class:é", put("t", "1", `{"text":"<é & \"x\">"}`), storage.Effect{Kind: "later", Payload: []byte("{}"), Due: s.now.Add(time.Hour)})
	s.now = s.now.Add(24 * time.Hour)
	s.commit("class:é", put("t", "2", "2"), del("t", "1"), effect("x"))
	s.commit("old", put("t", "1", "1"), del("t", "gone"), step("p/d", 1))
	s.now = s.now.Add(24 * time.Hour)
	s.commit("old", put("t", "2", "2"), step("p/d", 2))
	s.must(s.Trim(s.Context(), "old", s.now))
	s.settle(s.claim(s.due())[0], time.Time{})
	_, err := s.Epoch(s.Context(), true)
	s.must(err)
}

func copyAnswers(s *store) {
	s.aTerm()
	c := s.copied()
	c.now = s.now
	for _, again := range []bool{false, true} {
		if again {
			c.reopen()
		}
		s.sameAnswers(c)
	}
	late := storage.Claim{Now: s.now.Add(48 * time.Hour), Lease: time.Minute, Limit: 100, Ordered: inOrder}
	same(s, "tasks", byID(c.claim(late)), byID(s.claim(late)))
}

// byID orders tasks: those whose lease ended came back later in one store.
func byID(tasks []storage.Task) []storage.Task {
	slices.SortFunc(tasks, func(a, b storage.Task) int { return cmp.Compare(a.ID, b.ID) })
	return tasks
}

// sameAnswers compares all that can be asked without changing anything.
func (s *store) sameAnswers(c *store) {
	s.Helper()
	want, err := s.Scopes(s.Context(), "")
	s.must(err)
	got, err := c.Scopes(s.Context(), "")
	s.must(err)
	same(s, "scopes", got, want)
	for _, scope := range want {
		same(s, "tail of "+scope, c.tail(scope, 0, 1000), s.tail(scope, 0, 1000))
		same(s, "end of "+scope, c.tail(scope, 1, 1000), s.tail(scope, 1, 1000))
		all := storage.Page{Scope: scope, Tombstones: true}
		same(s, "records of "+scope, sorted(c.scan(all)), sorted(s.scan(all)))
		for _, lane := range []string{"p/d", "fx:b", "none"} {
			for k := 0; k < 43; k += 43 / s.times(43) {
				same(s, "lane", c.lane(scope, lane, int64(k)), s.lane(scope, lane, int64(k)))
			}
		}
	}
	epoch, err := s.Epoch(s.Context(), false)
	s.must(err)
	theirs, err := c.Epoch(s.Context(), false)
	s.must(err)
	same(s, "epoch", theirs, epoch)
}

// sorted orders records of equal number.
func sorted(recs []storage.Record) []storage.Record {
	slices.SortFunc(recs, func(a, b storage.Record) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	return recs
}

// copyGoesOn does to a copy what was done to the store: numbers, lanes,
// erasing and trimming hold.
func copyGoesOn(s *store) {
	s.aTerm()
	c := s.copied()
	c.now = s.now.Add(time.Hour)
	s.wantErr(c.Append(c.Context(), c.entry("course:a", 41, put("t", "i", "1"))), storage.ErrConflict)
	s.wantErr(c.Append(c.Context(), c.entry("course:a", 42, step("p/d", 40))), storage.ErrConflict)
	c.commit("course:a", del("t", "7"), step("p/d", 41))
	for _, e := range c.tail("course:a", 0, 1000).Entries {
		for _, o := range e.Ops {
			if o.ID == "7" && o.Value != nil {
				s.Fatalf("entry %d still holds what was deleted in the copy", e.N)
			}
		}
	}
	s.must(c.Trim(c.Context(), "course:a", s.now))
	tail := c.tail("course:a", 0, 1000)
	same(s, "floor", tail.Floor, 41)
	same(s, "what is left", len(tail.Entries), 0)
	same(s, "head", tail.Head, 42)
	same(s, "lane", c.lane("course:a", "p/d", 41).K, 41)
}

func copyOfCopy(s *store) {
	s.aTerm()
	c := s.copied()
	same(s, "pieces", c.pieces(), s.pieces())
}

func (s *store) pieces() (all []storage.Piece) {
	s.Helper()
	for p, err := range s.snapshot() {
		s.must(err)
		all = append(all, p)
	}
	return all
}

// copyOfOneMoment copies while two scopes are written in turn, a before b: b
// never is ahead, and every scope is whole.
func copyOfOneMoment(s *store) {
	s.snapshot() // skips where there is none
	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	written := make(chan error, 1)
	s.commit("a", put("t", "n", "1"))
	s.commit("b", put("t", "n", "1"))
	go func() { written <- s.writeInTurn(ctx) }()
	seen := map[int64]bool{}
	for i := 0; i < 5000 && len(seen) < 5; i++ {
		seen[s.copyWhole()] = true
	}
	stop()
	if err := <-written; err != nil && !errors.Is(err, context.Canceled) {
		s.Fatal(err)
	}
	if len(seen) < 2 {
		s.Fatal("nobody wrote meanwhile")
	}
}

// copyWhole checks one copy, and tells how far a was.
func (s *store) copyWhole() int64 {
	s.Helper()
	heads := map[string]int64{}
	var x storage.Extent
	for p, err := range s.snapshot() {
		s.must(err)
		switch {
		case p.Scope != nil:
			x = *p.Scope
			heads[x.Name] = x.Head
		case p.Entry != nil && p.Entry.N > x.Head, p.Record != nil && p.Record.Seq != x.Head:
			s.Fatalf("%s at %d holds %+v", x.Name, x.Head, p)
		}
	}
	if heads["b"] > heads["a"] || heads["a"] > heads["b"]+1 {
		s.Fatalf("torn: %v", heads)
	}
	return heads["a"]
}

func (s *store) writeInTurn(ctx context.Context) error {
	for n := int64(2); ; n++ {
		for _, scope := range []string{"a", "b"} {
			if err := s.Append(ctx, s.entry(scope, n, put("t", "n", strconv.FormatInt(n, 10)))); err != nil {
				return err
			}
		}
	}
}

// copyOfWhatMoves copies while things move from scope a to b, each by an
// effect that is settled: a copy has each thing in a or in b, and the task
// unless it is in b.
func copyOfWhatMoves(s *store) {
	s.snapshot() // skips where there is none
	ctx, stop := context.WithCancel(s.Context())
	defer stop()
	moved := make(chan error, 1)
	leave := make(chan struct{}, movesPerCopy)
	go func() { moved <- s.move(ctx, leave) }()
	heads := map[int64]bool{}
	for n := 0; n < s.times(60) || len(heads) < 2; n++ { // a slow disk moves nothing during many copies
		for len(leave) < movesPerCopy {
			leave <- struct{}{}
		}
		heads[s.copyMoving()] = true
		if len(moved) > 0 {
			break
		}
	}
	stop()
	if err := <-moved; err != nil && !errors.Is(err, context.Canceled) {
		s.Fatal(err)
	}
}

// movesPerCopy is how many things move at most while one copy is made: each
// copy reads all that ever moved.
const movesPerCopy = 10

// move moves one thing after the other, as it is given leave.
func (s *store) move(ctx context.Context, leave <-chan struct{}) error {
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-leave:
		}
		thing := put("t", strconv.FormatInt(n, 10), "1")
		if err := s.Append(ctx, s.entry("a", 2*n-1, thing, effect("move"))); err != nil {
			return err
		}
		tasks, err := s.Claim(ctx, storage.Claim{Now: s.now, Lease: time.Minute, Limit: 1})
		if err == nil && len(tasks) != 1 {
			err = fmt.Errorf("%d tasks", len(tasks))
		}
		if err == nil {
			err = s.Append(ctx, s.entry("b", n, thing, storage.Step{Lane: "fx:a", K: n}))
		}
		if err == nil {
			err = s.Settle(ctx, tasks[0], time.Time{})
		}
		if err == nil {
			err = s.Append(ctx, s.entry("a", 2*n, del("t", thing.ID)))
		}
		if err != nil {
			return err
		}
	}
}

// copyMoving checks one copy, and tells how far a was.
func (s *store) copyMoving() (head int64) {
	s.Helper()
	var scope string
	tasks, live, lane := map[int64]bool{}, map[string]map[string]bool{"a": {}, "b": {}}, int64(0)
	for p, err := range s.snapshot() {
		s.must(err)
		switch {
		case p.Scope != nil:
			scope = p.Scope.Name
			if scope == "a" {
				head = p.Scope.Head
			}
		case p.Record != nil:
			live[scope][p.Record.ID] = p.Record.Value != nil
		case p.Task != nil:
			tasks[p.Task.N] = true
		case p.Step != nil:
			lane = max(lane, p.Step.K)
		}
	}
	same(s, "last step and records of b", lane, int64(len(live["b"])))
	for n := int64(1); 2*n-1 <= head; n++ {
		id := strconv.FormatInt(n, 10)
		if !live["a"][id] && !live["b"][id] || !tasks[2*n-1] && !live["b"][id] || lane > n && tasks[2*n-1] {
			s.Fatalf("of %d: in a %t, in b %t, task %t; a is at %d, b at %d", n, live["a"][id], live["b"][id], tasks[2*n-1], head, lane)
		}
	}
	return head
}

func fillSpares(s *store) {
	s.aTerm()
	c := s.another()
	c.commit("old", put("t", "mine", "1"))
	s.wantErr(c.fill(s.snapshot()), storage.ErrConflict)
	same(s, "what was there", c.scan(storage.Page{Scope: "old"}), []storage.Record{record(1, "t", "mine", "1")})
	d := s.another()
	d.commit("mark", put("t", "mine", "1"))
	s.must(d.fill(s.snapshot()))
	same(s, "beside", d.scan(storage.Page{Scope: "mark"}), []storage.Record{record(1, "t", "mine", "1")})
	same(s, "filled", d.head("course:a"), 41)
}

func fillOrder(s *store) {
	scope := storage.Piece{Scope: &storage.Extent{Name: "s", Head: 2}}
	entry := func(n int64) storage.Piece { return storage.Piece{Entry: &storage.Entry{N: n}} }
	for name, pieces := range map[string][]storage.Piece{
		"nothing said":          {{}},
		"an entry of no scope":  {entry(1)},
		"a gap":                 {scope, entry(1), entry(3)},
		"too far":               {scope, entry(3)},
		"the newest is missing": {scope, entry(1)},
		"twice":                 {scope, entry(1), entry(1), entry(2)},
		"a scope twice":         {scope, entry(1), entry(2), scope, entry(1), entry(2)},
		"a bad name":            {{Scope: &storage.Extent{Name: "a#b", Head: 1}}, entry(1)},
	} {
		s.Log(name)
		s.wantErr(s.another().fill(sequence(nil, pieces...)), storage.ErrInvalid)
	}
	broken := errors.New("broken off")
	s.wantErr(s.another().fill(sequence(broken, scope, entry(1), entry(2))), broken)
}

// sequence gives pieces, and then an error if there is one.
func sequence(end error, pieces ...storage.Piece) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		for _, p := range pieces {
			if !yield(p, nil) {
				return
			}
		}
		if end != nil {
			yield(storage.Piece{}, end)
		}
	}
}

func copyEnds(s *store) {
	s.aTerm()
	for range s.snapshot() {
		break
	}
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	var last error
	for _, err := range s.Records.(storage.Snapshotter).Snapshot(ctx) {
		last = err
		cancel()
	}
	s.wantErr(last, context.Canceled)
	s.must(s.Close())
	for _, err := range s.snapshot() {
		last = err
	}
	s.wantErr(last, storage.ErrClosed)
}

func figuresTell(s *store) {
	g, ok := s.Records.(storage.Gauge)
	if !ok {
		s.Skip("the store has no figures")
	}
	measure := func(now time.Time) storage.Measures {
		s.Helper()
		m, err := g.Measure(s.Context(), now)
		s.must(err)
		if m.Bytes <= 0 {
			s.Fatalf("%d bytes", m.Bytes)
		}
		m.Bytes = 0
		return m
	}
	same(s, "empty", measure(s.now), storage.Measures{})
	s.commit("a", effect("o"), effect("o"))
	s.commit("b", storage.Effect{Kind: "x", Due: s.now.Add(time.Hour)})
	same(s, "now", measure(s.now), storage.Measures{Scopes: 2, Tasks: 3, Due: 2, Oldest: s.now})
	same(s, "claimed", fmt.Sprint(len(s.claim(s.due())), measure(s.now).Due), "1 2")
	same(s, "later", measure(s.now.Add(2*time.Hour)), storage.Measures{Scopes: 2, Tasks: 3, Due: 3, Oldest: s.now})
}
