package sync_test

import (
	"testing"

	"preau/storage"
)

// newStore opens an empty store.
func newStore(t testing.TB) storage.Records { return newMemory() }
