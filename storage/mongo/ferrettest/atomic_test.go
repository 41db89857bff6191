package ferrettest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
	"preau/storage/mongo"
)

// processes runs a test with one store, and with two.
func processes(t *testing.T, test func(t *testing.T, nodes []*mongo.Store, address string)) {
	t.Helper()
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint("processes=", n), func(t *testing.T) {
			address := database(t.TempDir())
			var nodes []*mongo.Store
			for range n {
				nodes = append(nodes, openStore(t, address))
			}
			test(t, nodes, address)
		})
	}
}

// TestApplying has writers on all nodes put and delete a few records of one
// scope; what is derived in the end must be what the log says.
func TestApplying(t *testing.T) {
	processes(t, func(t *testing.T, nodes []*mongo.Store, address string) {
		t.Helper()
		var all sync.WaitGroup
		for w := range 4 {
			all.Go(func() {
				for i := range 8 {
					ops := []storage.Op{{Type: "t", ID: fmt.Sprint((w + i) % 3), Value: fmt.Append(nil, w*100+i)}}
					if i%4 == 3 {
						ops[0].Value = nil
					}
					win(t, nodes[w%len(nodes)], ops)
				}
			})
		}
		all.Wait()
		agree(t, settled(t, nodes, address))
	})
}

// TestErasing deletes two records of one entry on all nodes at the same time.
func TestErasing(t *testing.T) {
	processes(t, func(t *testing.T, nodes []*mongo.Store, address string) {
		t.Helper()
		for round := range 8 {
			a, b := storage.Op{Type: "t", ID: fmt.Sprint("a", round)}, storage.Op{Type: "t", ID: fmt.Sprint("b", round)}
			a.Value, b.Value = []byte(`"secret"`), []byte(`"secret"`)
			win(t, nodes[0], []storage.Op{a, b})
			a.Value, b.Value = nil, nil
			var both sync.WaitGroup
			both.Go(func() { win(t, nodes[0], []storage.Op{a}) })
			both.Go(func() { win(t, nodes[len(nodes)-1], []storage.Op{b}) })
			both.Wait()
		}
		settled(t, nodes, address)
		name := nameOf(address)
		cur, err := client(t).Database(name).Collection("log").Find(t.Context(), map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		for cur.Next(t.Context()) {
			if strings.Contains(string(cur.Current), "secret") {
				t.Errorf("what was deleted is still in the database: %s", cur.Current)
			}
		}
	})
}

// win appends operations to the scope "s", whatever its number is then.
func win(t *testing.T, s *mongo.Store, ops []storage.Op) {
	t.Helper()
	for {
		tails, err := s.Tails(context.Background(), []storage.Position{{Scope: "s"}}, 0)
		if err == nil {
			err = s.Append(context.Background(), storage.Entry{Scope: "s", N: tails[0].Head + 1, Ops: ops, At: time.UnixMilli(1)})
		}
		if err == nil {
			return
		}
		if !errors.Is(err, storage.ErrConflict) {
			t.Error(err)
			return
		}
	}
}

// settled closes the nodes, which lets them finish, has everything applied
// that is left, and opens another store, which has nothing in memory.
func settled(t *testing.T, nodes []*mongo.Store, address string) *mongo.Store {
	t.Helper()
	for _, s := range nodes {
		s.Close()
	}
	last := openStore(t, address)
	if err := last.Trim(t.Context(), "s", time.Time{}); err != nil { // nothing is that old
		t.Fatal(err)
	}
	last.Close()
	return openStore(t, address)
}

// agree compares the records of scope "s" with what its log makes of them.
func agree(t *testing.T, s *mongo.Store) {
	t.Helper()
	tails, err := s.Tails(t.Context(), []storage.Position{{Scope: "s"}}, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]storage.Record{}
	for _, e := range tails[0].Entries {
		for _, o := range e.Ops {
			want[o.ID] = storage.Record{Seq: e.N, Type: o.Type, ID: o.ID, Value: o.Value}
		}
	}
	got, _, err := s.Scan(t.Context(), storage.Page{Scope: "s", Tombstones: true})
	if err != nil {
		t.Fatal(err)
	}
	bySeq := slices.SortedFunc(maps.Values(want), func(a, b storage.Record) int { return int(a.Seq - b.Seq) })
	if d := cmp.Diff(bySeq, got); d != "" {
		t.Errorf("derived records (-log +records):\n%s", d)
	}
}
