package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// node is a directory with its engine on a store.
type node struct {
	*Directory
	engine  *psync.Engine
	records storage.Records
}

func openNode(tb testing.TB, records storage.Records, c *clock) *node {
	tb.Helper()
	log := slog.New(slog.DiscardHandler)
	d := New(Config{Records: records, Log: log, Now: c.now})
	mux := psync.NewMux()
	d.Register(mux)
	e := psync.New(psync.Config{Records: records, Mux: mux, Access: d, Log: log, Now: c.now})
	d.Bind(e)
	if err := d.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return &node{d, e, records}
}

func openStore(tb testing.TB) storage.Records {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// school makes a node that holds the small collège, projected.
func school(tb testing.TB, c *clock) *node {
	tb.Helper()
	n := openNode(tb, openStore(tb), c)
	n.apply(tb, collard()...)
	return n
}

func (n *node) apply(tb testing.TB, puts ...Put) {
	tb.Helper()
	if err := n.Apply(tb.Context(), psync.Actor{}, "collard", puts); err != nil {
		tb.Fatal(err)
	}
	n.settle(tb)
}

func (n *node) settle(tb testing.TB) {
	tb.Helper()
	if err := n.engine.Drain(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// dump is every public record, "scope type id" → value.
func (n *node) dump(tb testing.TB) map[string]string {
	tb.Helper()
	scopes, err := n.records.Scopes(tb.Context(), "")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]string{}
	for _, scope := range scopes {
		recs, _, err := n.records.Scan(tb.Context(), storage.Page{Scope: scope})
		if err != nil {
			tb.Fatal(err)
		}
		for _, r := range recs {
			if !strings.HasPrefix(scope, scopePrefix) && r.Value != nil && r.Type[0] != '_' {
				all[scope+" "+r.Type+" "+r.ID] = string(r.Value)
			}
		}
	}
	return all
}

// heads is the number of the last commit of every scope but the directory's.
func (n *node) heads(tb testing.TB) map[string]int64 {
	tb.Helper()
	scopes, err := n.records.Scopes(tb.Context(), "")
	if err != nil {
		tb.Fatal(err)
	}
	all := map[string]int64{}
	for _, scope := range scopes {
		tails, err := n.records.Tails(tb.Context(), []storage.Position{{Scope: scope}}, 0)
		if err != nil {
			tb.Fatal(err)
		}
		if !strings.HasPrefix(scope, scopePrefix) {
			all[scope] = tails[0].Head
		}
	}
	return all
}

func TestPublicRecordsFollowTheDirectory(t *testing.T) {
	n := school(t, &clock{today})
	want := map[string]string{
		"school:collard school collard": `{"name":"Collège Joseph-Collard","timezone":"Europe/Paris","year":{"start":"","end":""},"holidays":[]}`,
		"class:5b class 5b":             `{"name":"5e B","level":"5e","kind":"class"}`,
		"class:5b/staff class 5b":       `{"name":"5e B","level":"5e","kind":"class","main":["garnier"]}`,
		"class:5b course c1":            `{"subject":"fr","audience":"class:5b","teachers":[{"id":"garnier","name":"Mme Garnier"},{"id":"petit","name":"M. Petit"}]}`,
		"course:c1 course c1":           `{"subject":"fr","audience":"class:5b","title":"Français · 5e B","teachers":[{"id":"garnier","name":"Mme Garnier"},{"id":"petit","name":"M. Petit"}]}`,
		"course:c2 roster ines":         `{"first":"Inès","last":"Benali","class":"5e B"}`,
		"student:ines student ines":     `{"first":"Inès","last":"Benali","class":{"id":"5b","name":"5e B"},"groups":[{"id":"lat","name":"Latin 5e"}]}`,
		"user:nadia user nadia":         `{"first":"Nadia","last":"Benali","name":"Nadia Benali","roles":["guardian"],"school":"collard","children":[{"id":"ines","first":"Inès","last":"Benali","class":"5e B"},{"id":"sami","first":"Sami","last":"Benali","class":"4e A"}]}`,
		"user:garnier user garnier":     `{"first":"Claire","last":"Garnier","name":"Claire Garnier","roles":["teacher"],"school":"collard","courses":["c1","c2"]}`,
		"user:lucie user lucie":         `{"first":"Lucie","last":"Moreau","name":"Lucie Moreau","roles":[],"school":"collard"}`,
	}
	all := n.dump(t)
	for key, value := range want {
		if diff := cmp.Diff(value, all[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func TestProjectionForgetsWhatIsNoLongerSo(t *testing.T) {
	n := school(t, &clock{today})
	n.apply(t,
		Put{"e1", Enrollment{Student: "ines", Audience: "class:5b", Span: until("2026-11-23")}},
		Put{"e9", Enrollment{Student: "ines", Audience: "class:4a", Span: from("2026-11-23")}},
		Put{"c1", CourseRecord{Subject: "fr", Audience: "class:5b", Span: until("2026-11-23")}})
	all := n.dump(t)
	for _, key := range []string{"course:c1 roster ines", "class:5b course c1"} {
		if v, ok := all[key]; ok {
			t.Errorf("%s is still %s", key, v)
		}
	}
	if got := all["student:ines student ines"]; !strings.Contains(got, `"4e A"`) {
		t.Errorf("the pupil is not in the new class: %s", got)
	}
}

func TestWhoLeftIsShownNoMore(t *testing.T) {
	n := school(t, &clock{today})
	n.apply(t,
		Put{"garnier", Person{First: "Claire", Last: "Garnier", Civility: "Mme", Span: until("2026-11-23")}},
		Put{"ines", Person{First: "Inès", Last: "Benali", Pupil: true, Span: until("2026-11-23")}})
	all := n.dump(t)
	if got, want := all["class:5b course c1"], `{"subject":"fr","audience":"class:5b","teachers":[{"id":"petit","name":"M. Petit"}]}`; got != want {
		t.Errorf("the course is %s", got)
	}
	if got, ok := all["course:c1 roster ines"]; ok {
		t.Errorf("the roster holds %s", got)
	}
	if got := all["user:nadia user nadia"]; strings.Contains(got, "ines") {
		t.Errorf("the guardian has %s", got)
	}
}

func TestProjectionChangesNothingWhenNothingChanged(t *testing.T) {
	n := school(t, &clock{today})
	before := n.heads(t)
	_, err := n.engine.Commit(t.Context(), psync.Actor{}, Scope("collard"), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(effectProject, struct{}{})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.settle(t)
	if diff := cmp.Diff(before, n.heads(t)); diff != "" {
		t.Error(diff)
	}
	n.apply(t, collard()...)
	if diff := cmp.Diff(before, n.heads(t)); diff != "" {
		t.Errorf("writing the same again: %s", diff)
	}
}

func TestPublicRecordsTurnWithTheDate(t *testing.T) {
	c := &clock{today}
	n := school(t, c)
	if v := n.dump(t)["user:petit user petit"]; !strings.Contains(v, `"c1"`) {
		t.Fatalf("the substitute has no course: %s", v)
	}
	c.Time = time.Date(2026, 11, 29, 23, 0, 1, 0, time.UTC) // midnight in Paris
	n.settle(t)
	if v := n.dump(t)["user:petit user petit"]; strings.Contains(v, `"c1"`) {
		t.Errorf("the substitute keeps the course: %s", v)
	}
}

// TestProjectionOfRandomWorlds goes from one random world to another: the
// public records are then those of the second alone.
func TestProjectionOfRandomWorlds(t *testing.T) {
	worlds := rapid.Custom(drawWorld)
	for seed := range 10 {
		n, fresh := openNode(t, openStore(t), &clock{today}), openNode(t, openStore(t), &clock{today})
		first := worlds.Example(seed)
		both := merged(ended(first), worlds.Example(seed+1000))
		n.apply(t, first...)
		n.apply(t, both...)
		fresh.apply(t, both...)
		if diff := cmp.Diff(fresh.dump(t), n.dump(t)); diff != "" {
			t.Errorf("world %d: %s", seed, diff)
		}
	}
}

// merged is what a directory holds after two sets of records: the last of
// each. Nothing is deleted.
func merged(first, second []Put) []Put {
	last := map[string]Put{}
	for _, p := range slices.Concat(first, second) {
		last[p.Record.kind()+p.ID] = p
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Put) int {
		return strings.Compare(a.Record.kind()+a.ID, b.Record.kind()+b.ID)
	})
}

// ended ends every link of a world.
func ended(puts []Put) []Put {
	over := Span{To: "2026-01-01"}
	var all []Put
	for _, p := range puts {
		switch r := p.Record.(type) {
		case Enrollment:
			r.Span, p.Record = over, r
		case Guardianship:
			r.Span, p.Record = over, r
		case Teaching:
			r.Span, p.Record = over, r
		case Post:
			r.Span, p.Record = over, r
		}
		all = append(all, p)
	}
	return all
}

func TestAnotherNodeFollows(t *testing.T) {
	c := &clock{today}
	n := school(t, c)
	other := openNode(t, n.records, c)
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error { return other.Run(ctx) })
	n.apply(t, Put{"g1", Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true, Span: until("2026-11-23")}})
	deadline := time.After(5 * time.Second)
	for other.Reads(actor("collard", "nadia"), "student:ines") {
		select {
		case <-deadline:
			t.Fatal("the other node still lets the former guardian read")
		case <-time.After(time.Millisecond):
		}
	}
	stop()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestReadersNeverSeeHalfAChange(t *testing.T) {
	n := school(t, &clock{today})
	ctx, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	for range 4 {
		g.Go(func() error {
			for ctx.Err() == nil {
				ines := 0
				for _, c := range []string{"class:5b", "class:4a"} {
					ines += len(n.school("collard").pupils(c, "2026-11-23"))
				}
				_, _ = n.Grants(actor("collard", "nadia"))
				_ = n.May(actor("collard", "garnier"), GiveHomework, "course:c1")
				if _, ok := n.Course("c1"); !ok || ines == 0 {
					return errors.New("the course or the pupils disappeared")
				}
			}
			return nil
		})
	}
	for i := range 20 {
		to := []string{"class:5b", "class:4a"}[i%2]
		if _, err := n.EnrollPupil(t.Context(), actor("collard", "admin"), Enrollment{Student: "ines", Audience: to}); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestApplyRefusesWhatMustNotBeStored(t *testing.T) {
	n := school(t, &clock{today})
	before := n.Contents("collard")
	for _, p := range []Put{
		{"", Person{First: "A"}},
		{"x", nil},
		{"x", School{Name: "A", Timezone: "Europe/Atlantis"}},
		{"x", Class{Name: "A", Kind: "club"}},
		{"x", Post{Person: "ines", Role: "king"}},
		{"x", Person{First: "A", Span: from("2026-02-30")}},
		{"x", Person{First: "A", Span: until("demain")}},
	} {
		good := Put{"new", Person{First: "B"}}
		if err := n.Apply(t.Context(), psync.Actor{}, "collard", []Put{good, p}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if diff := cmp.Diff(before, n.Contents("collard")); diff != "" {
		t.Error(diff)
	}
}

func TestDirectoryScopeStaysSecret(t *testing.T) {
	n := school(t, &clock{today})
	for _, id := range n.People("collard") {
		grants, _ := n.Grants(actor("collard", id))
		for _, g := range grants {
			if strings.HasPrefix(g.Scope, scopePrefix) {
				t.Errorf("%s reads %s", id, g.Scope)
			}
		}
	}
	for key, value := range n.dump(t) {
		var v struct{ Born, Source string }
		if err := json.Unmarshal([]byte(value), &v); err != nil || v.Born != "" || v.Source != "" {
			t.Errorf("%s says too much: %s", key, value)
		}
	}
}

// crowd is a school of n people: pupils with two guardians each, in classes
// of 25.
func crowd(n int) []Put {
	puts := []Put{{"big", School{Name: "Grand collège", Timezone: "Europe/Paris"}}, {"m", Subject{Name: "M"}}}
	for i := range n / 75 {
		id := fmt.Sprint("c", i)
		puts = append(puts, Put{id, Class{ID: id, Name: id, Kind: KindClass}}, Put{"k" + id, CourseRecord{Subject: "m", Audience: "class:" + id}})
	}
	for i := range n / 3 {
		id := fmt.Sprint(i)
		puts = append(puts,
			Put{"p" + id, Person{First: "P", Last: id, Pupil: true}},
			Put{"e" + id, Enrollment{Student: "p" + id, Audience: fmt.Sprint("class:c", i%(n/75))}})
		for _, a := range []string{"x", "y"} {
			puts = append(puts,
				Put{a + id, Person{First: a, Last: id}},
				Put{"g" + a + id, Guardianship{Guardian: a + id, Student: "p" + id, Level: 1, Reads: true}})
		}
	}
	return puts
}

func BenchmarkApply2000People(b *testing.B) {
	puts := crowd(2000)
	for b.Loop() {
		b.StopTimer()
		n := openNode(b, openStore(b), &clock{today})
		b.StartTimer()
		if err := n.Apply(b.Context(), psync.Actor{}, "big", puts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProject2000People(b *testing.B) {
	puts := crowd(2000)
	for b.Loop() {
		b.StopTimer()
		n := openNode(b, openStore(b), &clock{today})
		if err := n.Apply(b.Context(), psync.Actor{}, "big", puts); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		n.settle(b)
	}
}
