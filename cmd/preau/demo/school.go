package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"preau/api/account"
	"preau/storage/disk"
	"preau/storage/sqlite"
)

// TB is the part of testing.TB that School needs.
type TB interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Fatal(args ...any)
	TempDir() string
}

// Today is when the schools of tests stand: a Tuesday morning in November.
var Today = time.Date(2026, time.November, 24, 8, 0, 0, 0, zone())

// School makes a whole school for a test, on SQLite and disk in a directory
// that goes with the test. Its clock stands at [Today]; what is sent is
// followed up by Settle only.
func School(t TB, size Size) *World {
	t.Helper()
	return made(t, size, func(w *World) error {
		return cmp.Or(w.build(t.Context()), w.openAccounts(t.Context()))
	})
}

// People makes such a school on the first day of its year: everybody is
// there, and nothing has been done yet.
func People(t TB, size Size) *World {
	t.Helper()
	return made(t, size, func(w *World) error {
		p := newPlan(w.config)
		return cmp.Or(w.apply(t.Context(), p.puts), w.apply(t.Context(), p.admin()))
	})
}

func made(t TB, size Size, do func(w *World) error) *World {
	t.Helper()
	c := NewConfig(t)
	c.Size = size
	w, err := newWorld(c)
	if err == nil {
		err = do(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// NewConfig is a small school on empty stores that go with the test, with
// passwords that are quick to check.
func NewConfig(t TB) Config {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	return Config{
		Records: records, Blobs: blobs, Log: slog.New(slog.DiscardHandler),
		AccountKey: bytes.Repeat([]byte{7}, 32), ReceiptKey: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)),
		Params: account.Params{Memory: 64, Time: 1, Threads: 1},
		Size:   Small, Seed: 1, Today: Today,
	}
}
