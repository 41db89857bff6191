package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"preau/storage"
	"preau/storage/sqlite"
	"preau/storage/storagetest"
)

func TestRecords(t *testing.T) {
	storagetest.Records(t, func(ctx context.Context, dir string) (storage.Records, error) {
		return sqlite.Open(ctx, filepath.Join(dir, "preau.db"), sqlite.Options{})
	})
}
