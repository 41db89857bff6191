package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"preau/storage"
)

// OpenBlobs opens the store that lies in dir, an existing directory that is
// empty at first. Opened again, it holds what it held.
type OpenBlobs func(ctx context.Context, dir string) (storage.Blobs, error)

// Blobs runs all cases, each on a store of its own. The test that calls it is
// also run as a child process, to be killed.
func Blobs(t *testing.T, open OpenBlobs) {
	t.Helper()
	for _, c := range blobsCases {
		t.Run(c.promise, func(t *testing.T) { c.check(openShelf(t, open)) })
	}
}

var blobsCases = []struct {
	promise string
	check   func(*shelf)
}{
	{"a blob comes back as it was given", blobComesBack},
	{"an acknowledged blob is there after a restart", blobSurvivesRestart},
	{"a part is read as asked", partIsRead},
	{"a part may begin and end at an edge", partAtEdges},
	{"the first content stays", firstContentStays},
	{"a wrong hash stores nothing", wrongHash},
	{"an interrupted put stores nothing", interruptedPut},
	{"no more than the announced size is read", noMoreThanSize},
	{"an unknown key is not found", unknownKey},
	{"a deleted blob is gone, and deleting twice is no error", deleted},
	{"blobs are listed by prefix, ascending", listed},
	{"thousands of blobs are listed, each once, ascending", manyListed},
	{"a key may be the beginning of another", nestedKeys},
	{"a key may hold dots, and be long", oddKeys},
	{"what cannot be a key is refused", badKeys},
	{"one of many puts of a key wins, whole", manyPuts},
	{"a blob is seen whole or not at all", blobSeenWhole},
	{"a reader keeps what it opened", readerKeeps},
	{"a closed store says so", closedShelf},
	{"acknowledged blobs survive SIGKILL", blobsSurviveKill},
}

// shelf is the store under test, with what makes cases short.
type shelf struct {
	*testing.T
	storage.Blobs
	open OpenBlobs
	dir  string
}

func openShelf(t *testing.T, open OpenBlobs) *shelf {
	t.Helper()
	s := &shelf{T: t, open: open, dir: t.TempDir()}
	if child := childDir(); child != "" {
		s.dir = child
	}
	s.openAgain()
	t.Cleanup(func() { s.Close() })
	return s
}

func (s *shelf) openAgain() {
	s.Helper()
	b, err := s.open(context.WithoutCancel(s.Context()), s.dir)
	s.must(err)
	s.Blobs = b
}

func (s *shelf) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) wantErr(what string, err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("%s: got error %v, want %v", what, err, want)
	}
}

func (s *shelf) put(key, content string) {
	s.Helper()
	sum := sha256.Sum256([]byte(content))
	s.must(s.Put(s.Context(), key, strings.NewReader(content), int64(len(content)), sum[:]))
}

func (s *shelf) get(key string, offset, length int64) string {
	s.Helper()
	r, _, err := s.Open(s.Context(), key, offset, length)
	s.must(err)
	defer r.Close()
	content, err := io.ReadAll(r)
	s.must(err)
	return string(content)
}

func (s *shelf) want(what string, got, want any) {
	s.Helper()
	if got != want {
		s.Fatalf("%s: got %.100v, want %.100v", what, got, want)
	}
}

func (s *shelf) list(prefix string) (keys []string) {
	s.Helper()
	s.must(s.List(s.Context(), prefix, func(b storage.Blob) bool {
		keys = append(keys, b.Key)
		return true
	}))
	return keys
}

// empty checks that nothing is stored.
func (s *shelf) empty() {
	s.Helper()
	s.want("blobs", len(s.list("")), 0)
}

func blobComesBack(s *shelf) {
	before := time.Now().Add(-time.Minute)
	for key, content := range map[string]string{
		"a": "", "pages/2026/sha256-00ff": strings.Repeat("\x00\xffé", 1<<20), "x.y-z_1/0": "1",
	} {
		s.put(key, content)
		s.want("content of "+key, s.get(key, 0, -1), content)
		b, err := s.Stat(s.Context(), key)
		s.must(err)
		s.want("key", b.Key, key)
		s.want("size", b.Size, int64(len(content)))
		s.want("time is now", b.At.After(before) && b.At.Before(time.Now().Add(time.Minute)), true)
	}
	s.must(s.Put(s.Context(), "unsummed", strings.NewReader("abc"), 3, nil))
	s.want("content", s.get("unsummed", 0, -1), "abc")
}

func blobSurvivesRestart(s *shelf) {
	s.put("a/b", "content")
	s.must(s.Close())
	s.openAgain()
	s.want("content", s.get("a/b", 0, -1), "content")
}

func partIsRead(s *shelf) {
	s.put("a", "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, 10, "0123456789"}, {0, 3, "012"}, {3, 4, "3456"}, {3, -1, "3456789"}, {8, 100, "89"}, {4, 0, ""},
	} {
		s.want(fmt.Sprint(c), s.get("a", c.offset, c.length), c.want)
	}
	r, b, err := s.Open(s.Context(), "a", 2, 3)
	s.must(err)
	r.Close()
	s.want("size of the whole", b.Size, int64(10))
	for _, offset := range []int64{-1, 11, 1 << 40} {
		_, _, err := s.Open(s.Context(), "a", offset, 1)
		s.wantErr("offset outside", err, storage.ErrInvalid)
	}
}

func partAtEdges(s *shelf) {
	s.put("empty", "")
	s.put("one", "1")
	s.put("ten", "0123456789")
	for _, c := range []struct {
		key            string
		offset, length int64
		want           string
	}{
		{"empty", 0, -1, ""},
		{"empty", 0, 0, ""},
		{"empty", 0, 5, ""},
		{"one", 0, 1, "1"},
		{"one", 1, -1, ""},
		{"one", 1, 1, ""},
		{"ten", 0, 1, "0"},
		{"ten", 9, 1, "9"},
		{"ten", 9, -1, "9"},
		{"ten", 9, 2, "9"},
		{"ten", 10, -1, ""},
		{"ten", 10, 0, ""},
		{"ten", 10, 1, ""},
		{"ten", 1, 1<<63 - 1, "123456789"},
		{"ten", 0, 1<<63 - 1, "0123456789"},
	} {
		r, b, err := s.Open(s.Context(), c.key, c.offset, c.length)
		s.must(err)
		got, err := io.ReadAll(r)
		s.must(err)
		s.must(r.Close())
		s.want(fmt.Sprint(c), string(got), c.want)
		s.want("size of the whole", b.Size, int64(map[string]int{"empty": 0, "one": 1, "ten": 10}[c.key]))
		s.want("key", b.Key, c.key)
	}
	for _, length := range []int64{-1, 0, 1} {
		_, _, err := s.Open(s.Context(), "empty", 1, length)
		s.wantErr("offset outside", err, storage.ErrInvalid)
		_, _, err = s.Open(s.Context(), "none", 0, length)
		s.wantErr("unknown key", err, storage.ErrNotFound)
	}
}

func firstContentStays(s *shelf) {
	s.put("a", "first")
	s.put("a", "second")
	s.want("content", s.get("a", 0, -1), "first")
}

func wrongHash(s *shelf) {
	sum := sha256.Sum256([]byte("expected"))
	err := s.Put(s.Context(), "a", strings.NewReader("received"), 8, sum[:])
	s.wantErr("other content", err, storage.ErrCorrupt)
	err = s.Put(s.Context(), "a", strings.NewReader("expected"), 8, sum[:10])
	s.wantErr("short hash", err, storage.ErrCorrupt)
	s.wantErr("nothing", s.Put(s.Context(), "a", strings.NewReader(""), 0, sum[:]), storage.ErrCorrupt)
	large := bytes.Repeat([]byte("received"), 1<<17)
	s.wantErr("large", s.Put(s.Context(), "a", bytes.NewReader(large), int64(len(large)), sum[:]), storage.ErrCorrupt)
	s.empty()
	s.put("a", "expected")
	s.want("content", s.get("a", 0, -1), "expected")
}

func interruptedPut(s *shelf) {
	ctx := s.Context()
	s.wantErr("short", s.Put(ctx, "a", strings.NewReader("abc"), 4, nil), io.ErrUnexpectedEOF)
	s.wantErr("empty", s.Put(ctx, "a", strings.NewReader(""), 4, nil), io.ErrUnexpectedEOF)
	broken := io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(io.ErrClosedPipe))
	s.wantErr("broken", s.Put(ctx, "a", broken, 4, nil), io.ErrClosedPipe)
	s.wantErr("negative", s.Put(ctx, "a", strings.NewReader(""), -1, nil), storage.ErrInvalid)
	ended, cancel := context.WithCancel(ctx)
	slow := io.MultiReader(strings.NewReader("ab"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }))
	s.wantErr("cancelled", s.Put(ended, "a", slow, 4, nil), context.Canceled)
	s.empty()
	s.put("a", "abcd")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func noMoreThanSize(s *shelf) {
	r := strings.NewReader("abcdef")
	s.must(s.Put(s.Context(), "a", r, 4, nil))
	s.want("content", s.get("a", 0, -1), "abcd")
	s.want("left to read", r.Len(), 2)
}

func unknownKey(s *shelf) {
	s.put("a/b", "1")
	for _, key := range []string{"b", "a", "a/c", "a/b/c"} {
		_, err := s.Stat(s.Context(), key)
		s.wantErr("stat "+key, err, storage.ErrNotFound)
		_, _, err = s.Open(s.Context(), key, 0, -1)
		s.wantErr("open "+key, err, storage.ErrNotFound)
	}
}

func deleted(s *shelf) {
	s.put("a/b", "1")
	s.put("a/c", "2")
	for range 2 {
		s.must(s.Delete(s.Context(), "a/b"))
	}
	s.must(s.Delete(s.Context(), "never/was"))
	_, err := s.Stat(s.Context(), "a/b")
	s.wantErr("stat", err, storage.ErrNotFound)
	s.want("the other", s.get("a/c", 0, -1), "2")
	s.put("a/b", "again")
	s.want("content", s.get("a/b", 0, -1), "again")
}

func listed(s *shelf) {
	keys := []string{"a", "a-b", "a.b", "a/b", "a/b/c", "a/c", "a0", "aa", "b/a", "b_a"}
	for _, i := range rand.Perm(len(keys)) {
		s.put(keys[i], keys[i])
	}
	for _, prefix := range []string{"", "a", "a/", "a/b", "b", "b/a", "c", "a/b/", "/", ".", "a//", "a/../", "a!", "é"} {
		var want []string
		for _, k := range keys {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		if got := s.list(prefix); !slices.Equal(got, want) {
			s.Errorf("list of %q: got %q, want %q", prefix, got, want)
		}
	}
	seen := 0
	s.must(s.List(s.Context(), "", func(b storage.Blob) bool {
		s.want("size", b.Size, int64(len(b.Key)))
		seen++
		return seen < 3
	}))
	s.want("stopped after", seen, 3)
}

// manyListed needs more than one page of any server's list.
func manyListed(s *shelf) {
	var keys []string
	for i := range 1_100 {
		keys = append(keys, fmt.Sprintf("many/%d.%d/k%03d", i%7, i%3, i))
	}
	keys = append(keys, "many", "many.1", "many-1", "many0")
	var all sync.WaitGroup
	for part := range slices.Chunk(keys, len(keys)/8+1) {
		all.Go(func() {
			for _, k := range part {
				s.put(k, "x")
			}
		})
	}
	all.Wait()
	slices.Sort(keys)
	if got := s.list(""); !slices.Equal(got, keys) {
		s.Fatalf("listed %d keys, want %d; ascending: %v", len(got), len(keys), slices.IsSorted(got))
	}
	s.want("keys in many/", len(s.list("many/")), 1_100)
	s.want("keys in many/1.", len(s.list("many/1.")), 157)
	seen := 0
	s.must(s.List(s.Context(), "", func(storage.Blob) bool { seen++; return seen < 1_050 }))
	s.want("stopped after", seen, 1_050)
}

func oddKeys(s *shelf) {
	keys := []string{
		"a.", "a..", "a..b", "a.b", "a.b/c", "a./b", "v1.0.tar.gz", "x/v1.0/y.z", "0", "-", "_", "-/_", "a_-.",
		strings.Repeat("k", 200), strings.Repeat("k", 200) + "/" + strings.Repeat("l", 200) + "/" + strings.Repeat("m", 110),
	}
	for _, k := range keys {
		s.put(k, k)
	}
	slices.Sort(keys)
	if got := s.list(""); !slices.Equal(got, keys) {
		s.Errorf("listed %.300q, want %.300q", got, keys)
	}
	for _, k := range keys {
		s.want("content of "+k, s.get(k, 0, -1), k)
		s.must(s.Delete(s.Context(), k))
	}
	s.empty()
}

func nestedKeys(s *shelf) {
	keys := []string{"a/b/c", "a", "a/b", "a/b/c/d"}
	for _, k := range keys {
		s.put(k, k)
	}
	s.must(s.Delete(s.Context(), "a/b"))
	for _, k := range []string{"a", "a/b/c", "a/b/c/d"} {
		s.want("content of "+k, s.get(k, 0, -1), k)
	}
}

// BadKeys are what [storage.CheckKey] refuses.
var BadKeys = []string{
	"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/../b", "./a", ".a", "a/.b", "A", "é", "a b", "a\x00", "a\\b",
	"a+", "a+/b", "a:b", "c:/x", "~", "%2e", "a\nb", "a*", strings.Repeat("a", 201), strings.Repeat("a/", 300) + "a",
}

func badKeys(s *shelf) {
	for _, key := range BadKeys {
		_, err := s.Stat(s.Context(), key)
		s.wantErr("stat "+key, err, storage.ErrInvalid)
		_, _, err = s.Open(s.Context(), key, 0, -1)
		s.wantErr("open "+key, err, storage.ErrInvalid)
		s.wantErr("put "+key, s.Put(s.Context(), key, strings.NewReader(""), 0, nil), storage.ErrInvalid)
		s.wantErr("delete "+key, s.Delete(s.Context(), key), storage.ErrInvalid)
	}
	s.empty()
}

func manyPuts(s *shelf) {
	const size, rounds, writers = 20_000, 10, 16
	for round := range rounds {
		key := fmt.Sprint("new/dir/", round)
		var seen [writers]string
		var all sync.WaitGroup
		for i := range seen {
			all.Go(func() {
				content := bytes.Repeat([]byte{byte('a' + i)}, size)
				if err := s.Put(s.Context(), key, bytes.NewReader(content), size, nil); err != nil {
					s.Error(err)
				}
				seen[i] = s.get(key, 0, -1)
			})
		}
		all.Wait()
		s.want("size", len(seen[0]), size)
		for _, content := range seen {
			s.want("content of the first", content, strings.Repeat(seen[0][:1], size))
		}
	}
	s.want("blobs", len(s.list("")), rounds)
}

// blobSeenWhole looks at keys while they are being put.
func blobSeenWhole(s *shelf) {
	const size = 50_000
	var puts sync.WaitGroup
	content := strings.Repeat("x", size)
	puts.Go(func() {
		for i := range 60 {
			s.put(fmt.Sprintf("k/%02d", i), content)
		}
	})
	for i := 0; i < 60 && !s.Failed(); {
		r, b, err := s.Open(s.Context(), fmt.Sprintf("k/%02d", i), 0, -1)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		s.must(err)
		got, err := io.ReadAll(r)
		s.must(err)
		r.Close()
		s.want("size", [2]int64{b.Size, int64(len(got))}, [2]int64{size, size})
		i++
	}
	puts.Wait()
}

func readerKeeps(s *shelf) {
	s.put("a", "content")
	r, _, err := s.Open(s.Context(), "a", 0, -1)
	s.must(err)
	defer r.Close()
	s.must(s.Delete(s.Context(), "a"))
	got, err := io.ReadAll(r)
	s.must(err)
	s.want("content", string(got), "content")
}

func closedShelf(s *shelf) {
	s.put("a", "content")
	s.must(s.Close())
	_, err := s.Stat(s.Context(), "a")
	s.wantErr("stat", err, storage.ErrClosed)
	_, _, err = s.Open(s.Context(), "a", 0, -1)
	s.wantErr("open", err, storage.ErrClosed)
	s.wantErr("put", s.Put(s.Context(), "b", strings.NewReader(""), 0, nil), storage.ErrClosed)
	s.wantErr("delete", s.Delete(s.Context(), "a"), storage.ErrClosed)
	s.wantErr("list", s.List(s.Context(), "/", func(storage.Blob) bool { return true }), storage.ErrClosed)
	s.wantErr("list", s.List(s.Context(), "", func(storage.Blob) bool { return true }), storage.ErrClosed)
}
