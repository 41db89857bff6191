package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/storage"
)

func open(tb testing.TB, path string, o Options) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), path, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

func wantOpenError(t *testing.T, path, part string) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err == nil {
		s.Close()
	}
	if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want one line with %q", err, part)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	s := open(t, path, Options{})
	wantOpenError(t, path, "another process is using this database")
	s.Close()
	open(t, path, Options{})
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	open(t, path, Options{}).Close()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	wantOpenError(t, path, "newer than this program")
}

func TestOtherFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantOpenError(t, path, "not a database")
}

func TestEveryConnectionSyncs(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "odd #1?&é%20.db"), Options{})
	conns := []*conn{s.write.conn}
	for range readers {
		c := <-s.read
		defer func() { s.read <- c }()
		conns = append(conns, c)
	}
	for _, c := range conns {
		var mode string
		var full int
		if err := errors.Join(c.row(t.Context(), "PRAGMA journal_mode", nil, &mode), c.row(t.Context(), "PRAGMA synchronous", nil, &full)); err != nil {
			t.Fatal(err)
		}
		if mode != "wal" || full != 2 {
			t.Errorf("journal_mode %s, synchronous %d; want wal, 2", mode, full)
		}
	}
}

func TestMemoryLeavesNothing(t *testing.T) {
	s := open(t, Memory, Options{})
	if err := s.Append(t.Context(), storage.Entry{Scope: "s", N: 1}); err != nil {
		t.Fatal(err)
	}
	dir := s.temp
	s.Close()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

// TestFaultSparesTheOthers lets one request of a batch fail half way.
func TestFaultSparesTheOthers(t *testing.T) {
	s := open(t, Memory, Options{})
	fault := errors.New("fault")
	hold := make(chan struct{})
	var all sync.WaitGroup
	do := func(f func(*batch) error, want error) {
		all.Go(func() {
			if err := s.write.do(context.Background(), f); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
	do(func(*batch) error { <-hold; return nil }, nil)
	for i := range 20 {
		e := storage.Entry{Scope: fmt.Sprint("s", i), N: 1, Ops: []storage.Op{{Type: "t", ID: "i", Value: []byte("1")}}}
		body := encode(&e)
		do(func(b *batch) error { return b.append(&e, body) }, nil)
		do(func(b *batch) error {
			bad := storage.Entry{Scope: fmt.Sprint("bad", i), N: 1}
			return errors.Join(b.append(&bad, encode(&bad)), fault)
		}, fault)
	}
	time.Sleep(20 * time.Millisecond) // until they wait
	close(hold)
	all.Wait()
	names, err := s.Scopes(t.Context(), "")
	if err != nil || len(names) != 20 || strings.HasPrefix(names[0], "bad") {
		t.Errorf("scopes %q, %v; want the 20 good ones", names, err)
	}
}

func TestDamagedEntryIsReported(t *testing.T) {
	s := open(t, Memory, Options{})
	if err := s.Append(t.Context(), storage.Entry{Scope: "s", N: 1}); err != nil {
		t.Fatal(err)
	}
	err := s.write.do(t.Context(), func(b *batch) error { return b.exec("UPDATE entries SET body = x'0100000000000000'") })
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Tails(t.Context(), []storage.Position{{Scope: "s"}}, 1)
	if !errors.Is(err, storage.ErrCorrupt) {
		t.Errorf("got %v, want ErrCorrupt", err)
	}
}

// TestNothingNewIsCheap keeps the answer to "anything new?" at one allocation.
func TestNothingNewIsCheap(t *testing.T) {
	s := open(t, Memory, Options{})
	at := positions(t, s, 12)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := s.Tails(context.Background(), at, 100); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 1 {
		t.Errorf("%v allocations, want 1", allocs)
	}
}

// positions commits to n scopes and returns where they stand.
func positions(tb testing.TB, s *Store, n int) (at []storage.Position) {
	tb.Helper()
	for i := range n {
		name := fmt.Sprintf("class:%d", i)
		if err := s.Append(tb.Context(), storage.Entry{Scope: name, N: 1}); err != nil {
			tb.Fatal(err)
		}
		at = append(at, storage.Position{Scope: name, After: 1})
	}
	return at
}

// TestReaderRaisesHead stands between the commit of an entry and the moment
// memory knows it: whoever has read the entry must not find an older head.
func TestReaderRaisesHead(t *testing.T) {
	for name, read := range map[string]func(*Store) error{
		"scan": func(s *Store) error { _, _, err := s.Scan(t.Context(), storage.Page{Scope: "s"}); return err },
		"find": func(s *Store) error { _, err := s.Find(t.Context(), "s", storage.Key{Type: "t"}); return err },
		"lane": func(s *Store) error { _, err := s.Lane(t.Context(), "s", "l", 2); return err },
	} {
		s := open(t, Memory, Options{})
		for n := int64(1); n <= 2; n++ {
			appendUntold(t, s, n)
		}
		if err := read(s); err != nil {
			t.Fatal(err)
		}
		tails, err := s.Tails(t.Context(), []storage.Position{{Scope: "s"}}, 0)
		if err != nil || tails[0].Head != 2 {
			t.Errorf("%s: head %d, %v; want 2", name, tails[0].Head, err)
		}
	}
}

// appendUntold commits entry n; from the second on, memory does not learn it.
func appendUntold(t *testing.T, s *Store, n int64) {
	t.Helper()
	e := storage.Entry{
		Scope: "s", N: n,
		Ops:   []storage.Op{{Type: "t", ID: "i", Value: []byte("1")}},
		Steps: []storage.Step{{Lane: "l", K: n}},
	}
	err := s.write.do(t.Context(), func(b *batch) error {
		err := b.append(&e, encode(&e))
		if n > 1 {
			delete(b.touched, "s")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLanesWithoutResultsStaySmall(t *testing.T) {
	s := open(t, Memory, Options{})
	for n := int64(1); n <= 9; n++ {
		e := storage.Entry{Scope: "s", N: n, Steps: []storage.Step{{Lane: "fx:r", K: n}, {Lane: "u/d", K: n, Result: []byte("1")}}}
		if err := s.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	var rows int
	err := s.reading(t.Context(), func(ctx context.Context, c *conn) error {
		return c.row(ctx, "SELECT count(*) FROM steps", nil, &rows)
	})
	if err != nil || rows != 10 {
		t.Errorf("%d steps kept, %v; want 9 with results and 1 without", rows, err)
	}
}

func TestLeasesEndWithTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preau.db")
	claim := storage.Claim{Now: time.Now(), Lease: time.Hour, Limit: 5}
	s := open(t, path, Options{})
	if err := s.Append(t.Context(), storage.Entry{Scope: "s", N: 1, Effects: []storage.Effect{{Kind: "x"}}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if tasks, err := s.Claim(t.Context(), claim); err != nil || len(tasks) != want {
			t.Fatalf("%d tasks, %v; want %d", len(tasks), err, want)
		}
	}
	s.Close()
	s = open(t, path, Options{})
	if tasks, err := s.Claim(t.Context(), claim); err != nil || len(tasks) != 1 {
		t.Errorf("%d tasks after a restart, %v; want 1", len(tasks), err)
	}
}

// TestGoesOnAfterAFullDisk fills the database to a limit of its own.
func TestGoesOnAfterAFullDisk(t *testing.T) {
	s := open(t, Memory, Options{})
	limit := func(pages int) {
		err := s.write.do(t.Context(), func(b *batch) error {
			return b.conn.script(t.Context(), fmt.Sprint("PRAGMA max_page_count = ", pages))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	value := []byte(`"` + strings.Repeat("x", 200_000) + `"`)
	grow := func(n int64) error {
		return s.Append(t.Context(), storage.Entry{Scope: "s", N: n, Ops: []storage.Op{{Type: "t", ID: fmt.Sprint(n), Value: value}}})
	}
	limit(50)
	for range 2 {
		if err := grow(1); err == nil || !strings.Contains(err.Error(), "full") {
			t.Fatalf("got %v, want that it is full", err)
		}
	}
	limit(1 << 30)
	if err := grow(1); err != nil {
		t.Errorf("with space again: %v", err)
	}
}
