package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"preau/storage"
	"preau/storage/sqlite"
	"preau/storage/storagetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(ctx context.Context, dir string) (storage.Records, error) {
	return sqlite.Open(ctx, filepath.Join(dir, "preau.db"), sqlite.Options{})
}

func TestRecords(t *testing.T) { storagetest.Records(t, open) }

// TestOneNodeOnly shows that this is not the store for several nodes.
func TestOneNodeOnly(t *testing.T) {
	r, err := storagetest.Nodes(open, 2)(t.Context(), t.TempDir())
	if err == nil {
		r.Close()
		t.Fatal("two nodes opened one database")
	}
}
