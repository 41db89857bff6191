package storage_test

import (
	"errors"
	"path"
	"strings"
	"testing"

	"preau/storage"
	"preau/storage/storagetest"
)

func TestCheckKey(t *testing.T) {
	for _, key := range []string{"a", "a.b", "sha256-00ff", "a/b/c", "0_1/2.jpg", "a..b", strings.Repeat("a", 200)} {
		if err := storage.CheckKey(key); err != nil {
			t.Error(err)
		}
	}
	for _, key := range storagetest.BadKeys {
		if err := storage.CheckKey(key); !errors.Is(err, storage.ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", key, err)
		}
	}
}

// FuzzCheckKey looks for a key that would lead out of a directory, or that
// names the same file as another.
func FuzzCheckKey(f *testing.F) {
	for _, key := range append(storagetest.BadKeys, "a/b.c", "a..b/c") {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if storage.CheckKey(key) != nil {
			return
		}
		if path.Clean(key) != key || path.IsAbs(key) || strings.HasPrefix(key, ".") || strings.Contains(key, "/.") {
			t.Errorf("%q is taken", key)
		}
		if strings.ToLower(key) != key || strings.ToValidUTF8(key, "") != key || strings.ContainsAny(key, "\\:+%\x00 ") {
			t.Errorf("%q is taken", key)
		}
	})
}
