package sync_test

import (
	"context"
	"testing"

	"preau/storage"
	"preau/storage/sqlite"
)

// newStore opens an empty store that goes with the test.
func newStore(t testing.TB) storage.Records {
	t.Helper()
	store := openStore(t)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
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
