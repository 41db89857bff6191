package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/sqlite"
)

func TestSmoke(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "é d#?%20.db")
	s, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(ctx, path, sqlite.Options{}); err == nil {
		t.Fatal("second open")
	} else {
		t.Log(err)
	}
	now := time.Now()
	for n := range int64(5) {
		err = s.Append(ctx, storage.Entry{Scope: "a:1", N: n + 1, At: now, Ops: []storage.Op{{Type: "t", ID: "x", Value: []byte("1")}, {Type: "t", ID: "y"}},
			Steps: []storage.Step{{Lane: "l", K: n + 1, Result: []byte("r")}, {Lane: "m", K: n + 1}}, Effects: []storage.Effect{{Kind: "k", Payload: []byte("p")}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s, err = sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	t.Log(s.Tails(ctx, []storage.Position{{"a:1", 3}, {"b", 0}}, 10))
	t.Log(s.Scan(ctx, storage.Page{Scope: "a:1", Tombstones: true}))
	t.Log(s.Find(ctx, "a:1", storage.Key{"t", ""}, storage.Key{"t", "x"}, storage.Key{"t", "y"}))
	t.Log(s.Lane(ctx, "a:1", "l", 3))
	t.Log(s.Lane(ctx, "a:1", "m", 5))
	tasks, err := s.Claim(ctx, storage.Claim{Now: now, Lease: time.Second, Limit: 10, Ordered: func(string) bool { return true }})
	t.Log(tasks, err)
	t.Log(s.Settle(ctx, tasks[0], time.Time{}))
	t.Log(s.Claim(ctx, storage.Claim{Now: now, Lease: time.Second, Limit: 10, Ordered: func(string) bool { return true }}))
	t.Log(s.Trim(ctx, "a:1", now.Add(time.Hour)))
	t.Log(s.Tails(ctx, []storage.Position{{"a:1", 0}, {"b", 0}}, 10))
	t.Log(s.Scan(ctx, storage.Page{Scope: "a:1", Tombstones: true}))
}
