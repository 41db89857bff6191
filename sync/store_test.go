package sync_test

import (
	"context"
	"testing"

	"preau/storage"
	"preau/storage/sqlite"
)

// newStore opens an empty store that goes with the test.
func newStore(tb testing.TB) storage.Records {
	tb.Helper()
	store := openStore(tb)
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

// openStore opens an empty store; the caller closes it.
func openStore(t interface{ Fatal(...any) }) storage.Records {
	store, err := sqlite.Open(context.Background(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}
