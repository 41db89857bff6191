package disk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"preau/storage"
	"preau/storage/disk"
	"preau/storage/storagetest"
)

func TestBlobs(t *testing.T) {
	storagetest.Blobs(t, func(_ context.Context, dir string) (storage.Blobs, error) { return disk.Open(dir) })
}

func TestGrower(t *testing.T) {
	storagetest.Grower(t, func(_ context.Context, dir string) (storage.Blobs, error) { return disk.Open(dir) })
}

func open(t *testing.T, dir string) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s storage.Blobs, key string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(key), int64(len(key)), nil); err != nil {
		t.Fatal(err)
	}
}

func unfinished(t *testing.T, dir string) int {
	t.Helper()
	names, err := os.ReadDir(filepath.Join(dir, ".new"))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

func TestUnfinishedFilesAreSwept(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	left := filepath.Join(dir, ".new", "left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir).Close() // while another is at work
	if n := unfinished(t, dir); n != 1 {
		t.Fatalf("%d unfinished files beside a store at work, want 1", n)
	}
	s.Close()
	open(t, dir)
	if n := unfinished(t, dir); n != 0 {
		t.Fatalf("%d unfinished files, want none", n)
	}
}

func TestNothingIsLeftUnfinished(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a")
	put(t, s, "a")
	if err := s.Put(t.Context(), "b", strings.NewReader("b"), 5, nil); err == nil {
		t.Fatal("a short blob was taken")
	}
	if n := unfinished(t, dir); n != 0 {
		t.Fatalf("%d unfinished files, want none", n)
	}
}

func TestLinksLeadNowhere(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "a+")); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, _, err := s.Open(t.Context(), "a/secret", 0, -1); err == nil {
		t.Error("read through a link that leads out")
	}
	if err := s.Put(t.Context(), "a/new", strings.NewReader(""), 0, nil); err == nil {
		t.Error("written through a link that leads out")
	}
}

func TestFilesOfOthersAreNotListed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	put(t, s, "a/b")
	for _, name := range []string{"README.txt", "a+/x+", "a+/.hidden"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "plain"), 0o700); err != nil {
		t.Fatal(err)
	}
	var keys []string
	err := s.List(t.Context(), "", func(b storage.Blob) bool {
		keys = append(keys, b.Key)
		return true
	})
	if got := strings.Join(keys, " "); err != nil || got != "a/b" {
		t.Errorf("listed %q, %v; want a/b", got, err)
	}
}

// BenchmarkPut stores copies of the size of a photographed page.
func BenchmarkPut(b *testing.B) {
	s, err := disk.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	page := strings.Repeat("x", 300_000)
	b.SetBytes(int64(len(page)))
	for n := 0; b.Loop(); n++ {
		key := fmt.Sprintf("pages/%d", n)
		if err := s.Put(b.Context(), key, strings.NewReader(page), int64(len(page)), nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGrow lets a file grow by pieces as browsers send them, beside a plain
// file that is written and synced once per piece.
func BenchmarkGrow(b *testing.B) {
	piece := strings.Repeat("x", 4<<20)
	b.Run("piece", func(b *testing.B) {
		s, err := disk.Open(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		b.SetBytes(int64(len(piece)))
		for n := int64(0); b.Loop(); n++ {
			if _, err := s.Grow(b.Context(), "a", n*int64(len(piece)), strings.NewReader(piece), true); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "a"))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		b.SetBytes(int64(len(piece)))
		for b.Loop() {
			if _, err := f.WriteString(piece); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
