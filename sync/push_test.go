package sync_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
	psync "preau/sync"
)

// push sends mutations alone and returns their results.
func (w *world) push(a psync.Actor, ms ...psync.Mutation) []reResult {
	w.t.Helper()
	return w.sync(a, psync.Request{Mutations: ms}).Results
}

func TestFaultOfARuleHoldsBackItsLaneOnly(t *testing.T) {
	for _, name := range []string{"note.fault@1", "note.panic@1"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, newStore(t))
			w.access.grant("p", "class:5b", "class:4a")
			got := w.push(actor("p"),
				mutation("class:5b", 1, name, fields{}),
				mutation("class:5b", 2, "note.append@1", fields{"id": "n", "text": "a"}),
				mutation("class:4a", 1, "note.append@1", fields{"id": "n", "text": "b"}))
			if got[0].Wait == 0 || got[1].Wait != got[0].Wait || !got[2].OK {
				t.Errorf("results %+v", got)
			}
			if !strings.Contains(w.log.String(), "of ours") {
				t.Errorf("log says %q", w.log)
			}
			if heads := w.heads("class:5b", "class:4a"); heads[0] != 0 || heads[1] != 1 {
				t.Errorf("heads are %v", heads)
			}
		})
	}
}

func (w *world) heads(scopes ...string) (heads []int64) {
	w.t.Helper()
	for _, scope := range scopes {
		tails, err := w.records.Tails(w.t.Context(), []storage.Position{{Scope: scope}}, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		heads = append(heads, tails[0].Head)
	}
	return heads
}

func TestForbiddenScopeIsLeftAlone(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	w.put("class:6c", "note", "n", []string{"secret"})
	res := w.sync(actor("p"), psync.Request{
		Cursors:   map[string]psync.Cursor{"class:6c": {Epoch: 1}},
		Mutations: []psync.Mutation{mutation("class:6c", 1, "note.append@1", fields{"id": "n", "text": "a"})},
	})
	if r := res.Results[0]; r.Error == nil || r.Error.Code != "forbidden" {
		t.Errorf("result %+v", r)
	}
	if s := res.Scopes["class:6c"]; s.Gone != "revoked" || len(s.Records) > 0 {
		t.Errorf("scope %+v", s)
	}
	if heads := w.heads("class:6c"); heads[0] != 1 {
		t.Errorf("the scope moved to %d", heads[0])
	}
	w.push(actor("p"), mutation("class:7d", 1, "note.append@1", fields{"id": "n", "text": "a"}))
	if scopes, _ := w.records.Scopes(t.Context(), "class:7d"); len(scopes) > 0 {
		t.Errorf("made %v", scopes)
	}
}

// TestWithoutAccess holds that nobody may do anything by default.
func TestWithoutAccess(t *testing.T) {
	store := newStore(t)
	e := psync.New(psync.Config{Records: store, Mux: school()})
	res, err := e.Sync(t.Context(), actor("p"), &psync.Request{
		V: 1, Schema: 1, Device: "d_p", Cursors: map[string]psync.Cursor{},
		Mutations: []psync.Mutation{mutation("class:5b", 1, "note.append@1", fields{"id": "n", "text": "a"})},
	})
	if err != nil || !strings.Contains(string(res.JSON()), `"forbidden"`) || strings.Contains(string(res.JSON()), `"scopes"`) {
		t.Errorf("answer %s, %v", res.JSON(), err)
	}
}

func TestLane(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	note := func(k int64, text string) psync.Mutation {
		return mutation("class:5b", k, "note.append@1", fields{"id": "n", "text": text})
	}
	for _, step := range []struct {
		name string
		send []psync.Mutation
		want string
	}{
		{"first", []psync.Mutation{note(1, "a")}, "ok 1"},
		{"again", []psync.Mutation{note(1, "a")}, "ok 1 duplicate"},
		{"with another text", []psync.Mutation{note(1, "b")}, "ok 1 duplicate"},
		{"gap", []psync.Mutation{note(3, "c")}, "gap 2"},
		{"twice in one request", []psync.Mutation{note(2, "b"), note(2, "b"), note(3, "c")}, "ok 2, ok 2 duplicate, ok 2"},
		{"refused", []psync.Mutation{note(4, ""), note(5, "d")}, "invalid, ok 3"},
		{"refused again", []psync.Mutation{note(4, "")}, "invalid duplicate"},
	} {
		if got := inWords(w.push(actor("p"), step.send...)); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
	other := psync.Actor{School: "x1", User: "p", Device: "d_other"}
	if got := inWords(w.push(other, note(1, "e"))); got != "ok 4" {
		t.Errorf("another device: %s", got)
	}
}

func inWords(results []reResult) string {
	var words []string
	for _, r := range results {
		word := ""
		switch {
		case r.Gap > 0:
			word = fmt.Sprint("gap ", r.Gap)
		case r.Error != nil:
			word = r.Error.Code
		case r.OK:
			word = fmt.Sprint("ok ", r.Seq)
		}
		if r.Duplicate {
			word += " duplicate"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func TestBase(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "course:k1")
	w.access.grant("q", "course:k1")
	w.put("course:k1", "homework", "h", homework{"Fables"})
	edit := func(k, base int64, title string) psync.Mutation {
		m := mutation("course:k1", k, "homework.edit@1", fields{"id": "h", "title": title})
		m.Base = base
		return m
	}
	for _, step := range []struct {
		name string
		who  string
		edit psync.Mutation
		want string
	}{
		{"on what was seen", "p", edit(1, 1, "A"), "ok 2"},
		{"a second time, offline", "p", edit(2, 1, "B"), "ok 3"},
		{"by another who saw the first", "q", edit(1, 1, "C"), "conflict"},
		{"by another who saw the last", "q", edit(2, 3, "D"), "ok 5"},
		{"on what the other has changed", "p", edit(3, 3, "E"), "conflict"},
		{"without base", "p", edit(4, 0, "F"), "ok 7"},
	} {
		if got := inWords(w.push(actor(step.who), step.edit)); got != step.want {
			t.Errorf("%s: %s, want %s", step.name, got, step.want)
		}
	}
}

func TestUnknownOutcome(t *testing.T) {
	for _, c := range []struct {
		before, after int
		want          string
	}{
		{before: 1, want: "ok 1"},
		{after: 1, want: "ok 1 duplicate"},
		{before: 1, after: 1, want: "unavailable, then ok 1 duplicate"},
		{before: 2, want: "unavailable, then ok 1"},
	} {
		store := newFlaky(newStore(t))
		w := newWorld(t, store)
		w.access.grant("p", "class:5b")
		store.before, store.after = c.before, c.after
		if got := w.insist(mutation("class:5b", 1, "note.append@1", fields{"id": "n", "text": "a"})); got != c.want {
			t.Errorf("failing %d before, %d after: %s, want %s", c.before, c.after, got, c.want)
		}
		if n := store.head("class:5b"); n != 1 {
			t.Errorf("failing %d before, %d after: %d commits", c.before, c.after, n)
		}
	}
}

// insist sends a mutation until it is answered.
func (w *world) insist(m psync.Mutation) (said string) {
	for range 3 {
		res, err := w.try(actor("p"), psync.Request{Mutations: []psync.Mutation{m}})
		if err == nil {
			return said + inWords(res.Results)
		}
		said += "unavailable, then "
	}
	return said
}

// TestServerCommitIsNotRepeated holds that what has no lane is never tried
// twice: it would be done twice.
func TestServerCommitIsNotRepeated(t *testing.T) {
	store := newFlaky(newStore(t))
	w := newWorld(t, store)
	store.after = 1
	_, err := w.engine.Commit(t.Context(), psync.Actor{}, "class:5b", func(_ context.Context, tx *psync.Tx) error {
		tx.Put("note", "n", 1)
		return nil
	})
	if err == nil || store.head("class:5b") != 1 {
		t.Errorf("error %v, %d commits", err, store.head("class:5b"))
	}
}

func TestWaitingMutationsShareACommit(t *testing.T) {
	store := &gated{Records: newStore(t), open: make(chan struct{})}
	w := newWorld(t, store)
	const writers = 65
	var all sync.WaitGroup
	for i := range writers {
		user := fmt.Sprint("u", i)
		w.access.grant(user, "class:5b")
		all.Go(func() {
			res, err := w.try(actor(user), psync.Request{Mutations: []psync.Mutation{
				mutation("class:5b", 1, "note.append@1", fields{"id": "n", "text": user}),
			}})
			if err != nil || !res.Results[0].OK {
				t.Errorf("%s: %v %v", user, res, err)
			}
		})
	}
	store.waitFor(1)
	for w.engine.Waiting("class:5b") < writers-1 {
		continue
	}
	close(store.open)
	all.Wait()
	tails, err := store.Tails(t.Context(), []storage.Position{{Scope: "class:5b"}}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int
	for _, e := range tails[0].Entries {
		sizes = append(sizes, len(e.Steps))
	}
	if diff := cmp.Diff([]int{1, 32, 32}, sizes); diff != "" {
		t.Errorf("steps per commit: %s", diff)
	}
}

// gated holds every append back until it is opened.
type gated struct {
	storage.Records
	open chan struct{}

	mu      sync.Mutex
	waiting int
}

func (g *gated) Append(ctx context.Context, e storage.Entry) error {
	g.mu.Lock()
	g.waiting++
	g.mu.Unlock()
	<-g.open
	return g.Records.Append(ctx, e)
}

func (g *gated) waitFor(n int) {
	for {
		g.mu.Lock()
		there := g.waiting >= n
		g.mu.Unlock()
		if there {
			return
		}
	}
}

func TestTooMuchForOneCommit(t *testing.T) {
	w := newWorld(t, newStore(t))
	for name, write := range map[string]func(tx *psync.Tx){
		"records": func(tx *psync.Tx) {
			for i := range storage.MaxOps {
				tx.Put("note", fmt.Sprint(i), i)
			}
		},
		"bytes": func(tx *psync.Tx) { tx.Put("note", "n", strings.Repeat("a", storage.MaxEntryBytes)) },
	} {
		_, err := w.engine.Commit(t.Context(), psync.Actor{}, "class:5b", func(_ context.Context, tx *psync.Tx) error {
			write(tx)
			return nil
		})
		if err == nil || !strings.HasPrefix(err.Error(), "too_large") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if heads := w.heads("class:5b"); heads[0] != 0 {
		t.Errorf("committed %d", heads[0])
	}
}

// TestLargeMutationsDoNotShare holds that a group never grows beyond what an
// entry holds.
func TestLargeMutationsDoNotShare(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.access.grant("p", "class:5b")
	var ms []psync.Mutation
	for k := range int64(8) {
		text := strings.Repeat("a", 200<<10)
		ms = append(ms, mutation("class:5b", k+1, "note.append@1", fields{"id": fmt.Sprint("n", k), "text": text}))
	}
	if got := inWords(w.push(actor("p"), ms...)); got != "ok 1, ok 1, ok 1, ok 1, ok 2, ok 2, ok 2, ok 2" {
		t.Errorf("results: %s", got)
	}
}

func TestTx(t *testing.T) {
	w := newWorld(t, newStore(t))
	w.put("class:5b", "note", "a", "old")
	w.put("class:5b", "note", "b", "old")
	seq, err := w.engine.Commit(t.Context(), actor("p"), "class:5b", func(ctx context.Context, tx *psync.Tx) error {
		tx.Put("note", "c", "new")
		tx.Delete("note", "a")
		tx.PutIfChanged("note", "b", "old")
		var c string
		seqC, _ := tx.Get(ctx, "note", "c", &c)
		seqA, _ := tx.Get(ctx, "note", "a", nil)
		seqB, _ := tx.Get(ctx, "note", "b", nil)
		recs, err := tx.List(ctx, "note")
		got := fmt.Sprintln(tx.Seq(), tx.Actor().User, tx.Scope(), c, seqA, seqB, seqC, len(recs), recs[0].ID, recs[1].ID)
		if want := "3 p class:5b new 0 2 3 2 b c\n"; got != want {
			t.Errorf("the rule sees %s", got)
		}
		return err
	})
	if err != nil || seq != 3 {
		t.Errorf("commit %d, %v", seq, err)
	}
	seq, err = w.engine.Commit(t.Context(), actor("p"), "class:5b", func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("note", "b", "old")
		return nil
	})
	if err != nil || seq != 3 {
		t.Errorf("a commit of nothing is %d, %v", seq, err)
	}
}

func TestMistakesOfARule(t *testing.T) {
	w := newWorld(t, newStore(t))
	for name, write := range map[string]func(tx *psync.Tx){
		"a value that is no JSON":   func(tx *psync.Tx) { tx.Put("note", "n", func() {}) },
		"a type of the engine":      func(tx *psync.Tx) { tx.Put("_lane", "d_p", 9) },
		"an id with a blank":        func(tx *psync.Tx) { tx.Delete("note", "a b") },
		"an effect of no kind":      func(tx *psync.Tx) { tx.Effect("nobody.knows", 1) },
		"an answer that is no JSON": func(tx *psync.Tx) { tx.Answer(make(chan int)) },
	} {
		_, err := w.engine.Commit(t.Context(), psync.Actor{}, "class:5b", func(_ context.Context, tx *psync.Tx) error {
			tx.Put("note", "x", 1)
			write(tx)
			return nil
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if heads := w.heads("class:5b"); heads[0] != 0 {
		t.Errorf("committed %d", heads[0])
	}
}
