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

func TestRecords(t *testing.T) {
	storagetest.Records(t, func(ctx context.Context, dir string) (storage.Records, error) {
		return sqlite.Open(ctx, filepath.Join(dir, "preau.db"), sqlite.Options{})
	})
}
