package sqlite

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
)

// put commits the same value to some records of a scope.
func put(t *testing.T, s *Store, scope string, n int64, ids ...string) {
	t.Helper()
	e := storage.Entry{Scope: scope, N: n}
	for _, id := range ids {
		e.Ops = append(e.Ops, storage.Op{Type: "t", ID: id, Value: fmt.Append(nil, n)})
	}
	if err := s.Append(context.Background(), e); err != nil {
		t.Fatal(err)
	}
}

// dump yields every live record of a database that another process may be
// serving, as `preau dump` does.
func dump(ctx context.Context, path string, yield func(scope string, r storage.Record) error) error {
	scope := ""
	for p, err := range Live(path).Snapshot(ctx) {
		if err == nil && p.Scope != nil {
			scope = p.Scope.Name
		}
		if err == nil && p.Record != nil && p.Record.Value != nil {
			err = yield(scope, p.Record.Record)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dumped is what dump yields, in order.
func dumped(t *testing.T, path string) (all []string) {
	t.Helper()
	err := dump(t.Context(), path, func(scope string, r storage.Record) error {
		all = append(all, fmt.Sprintf("%s/%s/%s@%d=%s", scope, r.Type, r.ID, r.Seq, r.Value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDumpIsSortedAndHoldsWhatLives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd #1?&é%20.db")
	s := open(t, path, Options{})
	put(t, s, "b", 1, "2", "10")
	put(t, s, "a", 1, "1", "gone")
	put(t, s, "a", 2, "1")
	e := storage.Entry{Scope: "a", N: 3, Ops: []storage.Op{{Type: "t", ID: "gone"}, {Type: "s", ID: "9", Value: []byte("{}")}}}
	if err := s.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	want := []string{"a/s/9@3={}", "a/t/1@2=2", "b/t/10@1=1", "b/t/2@1=1"}
	if diff := cmp.Diff(want, dumped(t, path)); diff != "" {
		t.Error("while it is open:", diff)
	}
	s.Close()
	if diff := cmp.Diff(want, dumped(t, path)); diff != "" {
		t.Error("after it was closed:", diff)
	}
}

const dumpedOps = 50

// TestDumpShowsOneMoment dumps while somebody commits without pause, first in
// scope a and then in scope b: b never is ahead.
func TestDumpShowsOneMoment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	s := open(t, path, Options{Unsynced: true})
	var ids []string
	for i := range dumpedOps {
		ids = append(ids, fmt.Sprintf("%03d", i))
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	begun := make(chan struct{})
	go func() {
		defer close(stopped)
		for n := int64(1); ; n++ {
			put(t, s, "a", n, ids...)
			put(t, s, "b", n, ids...)
			select {
			case <-stop:
				return
			default:
			}
			if n == 1 {
				close(begun)
			}
		}
	}()
	defer func() { close(stop); <-stopped }()
	<-begun
	seen := map[int64]bool{}
	for i := 0; i < 500 && len(seen) < 6; i++ {
		seen[wantOneMoment(t, path)] = true
	}
	if len(seen) < 2 {
		t.Error("nobody committed meanwhile")
	}
}

func wantOneMoment(t *testing.T, path string) int64 {
	t.Helper()
	at := map[string]map[int64]int{"a": {}, "b": {}}
	err := dump(t.Context(), path, func(scope string, r storage.Record) error {
		at[scope][r.Seq]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := slices.Collect(maps.Keys(at["a"])), slices.Collect(maps.Keys(at["b"]))
	if len(a) != 1 || len(b) != 1 || b[0] > a[0] || a[0] > b[0]+1 || at["a"][a[0]] != dumpedOps {
		t.Fatalf("torn: a %v, b %v", at["a"], at["b"])
	}
	return a[0]
}

// files are the bytes of a folder but for the index of the write-ahead log,
// which every reader shares and the next process builds anew.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(e.Name(), "-shm") && len(data) > 0 {
			all[e.Name()] = string(data)
		}
	}
	return all
}

// killed copies the files of an open database: what a killed process leaves.
func killed(t *testing.T, path string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files(t, filepath.Dir(path)) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, filepath.Base(path))
}

func TestDumpWritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	s := open(t, path, Options{})
	for n := int64(1); n < 20; n++ {
		put(t, s, "a", n, "1", "2")
	}
	want := []string{"a/t/1@19=19", "a/t/2@19=19"}
	check := func(name, path string) {
		t.Helper()
		before := files(t, filepath.Dir(path))
		if diff := cmp.Diff(want, dumped(t, path)); diff != "" {
			t.Error(name, diff)
		}
		if !maps.Equal(before, files(t, filepath.Dir(path))) {
			t.Error(name, "it wrote")
		}
	}
	check("served", path)
	dead := killed(t, path)
	check("killed", dead)
	s.Close()
	check("stopped", path)
	open(t, dead, Options{})
	open(t, path, Options{})
}

func TestDumpRefuses(t *testing.T) {
	dir := t.TempDir()
	none := filepath.Join(dir, "none.db")
	if err := dump(t.Context(), none, nil); err == nil || !strings.Contains(err.Error(), "unable to open") {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Error("it was made")
	}
	path := filepath.Join(dir, "preau.db")
	s := open(t, path, Options{})
	put(t, s, "a", 1, "1")
	if err := s.write.conn.script(context.Background(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := dump(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), "schema 99") {
		t.Errorf("a newer schema: %v", err)
	}
}

func TestDumpEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	s := open(t, path, Options{})
	put(t, s, "a", 1, "1", "2")
	ctx, cancel := context.WithCancel(t.Context())
	count := 0
	err := dump(ctx, path, func(string, storage.Record) error { count++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || count != 1 {
		t.Errorf("%d records, %v", count, err)
	}
}
