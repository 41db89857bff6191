package storagetest

import (
	"strings"
	"testing"

	"preau/storage"
)

// Joiner runs the cases of [storage.Joiner], each on a store of its own.
func Joiner(t *testing.T, open OpenBlobs) {
	t.Helper()
	for promise, check := range map[string]func(*shelf){
		"small, large and empty blobs become one":   joined,
		"the first content of a joined key stays":   firstJoinedStays,
		"what is not there cannot be joined":        unknownJoined,
		"nothing cannot be joined":                  nothingJoined,
		"what was joined does not go with a part":   joinedStays,
		"a key that cannot be one is not joined to": badJoined,
	} {
		t.Run(promise, func(t *testing.T) { check(openShelf(t, open)) })
	}
}

func (s *shelf) join(key string, parts ...string) error {
	s.Helper()
	j, ok := s.Blobs.(storage.Joiner)
	if !ok {
		s.Fatalf("%T joins nothing", s.Blobs)
	}
	blobs := make([]storage.Blob, 0, len(parts))
	for _, p := range parts {
		b, err := s.Stat(s.Context(), p)
		if err != nil {
			b = storage.Blob{Key: p, Size: 1}
		}
		blobs = append(blobs, b)
	}
	return j.Join(s.Context(), key, blobs)
}

// sizes are of blobs that can be parts of an object of S3, and of such that
// cannot.
func (s *shelf) putSizes() (whole string, keys []string) {
	s.Helper()
	for i, size := range []int{1, 6 << 20, 0, 4 << 20, 4 << 20, 5 << 20, 3} {
		key := "parts/" + string(rune('a'+i))
		content := strings.Repeat(string(rune('a'+i)), size)
		s.put(key, content)
		whole, keys = whole+content, append(keys, key)
	}
	return whole, keys
}

func joined(s *shelf) {
	whole, keys := s.putSizes()
	s.must(s.join("x/y", keys...))
	s.want("content", s.get("x/y", 0, -1) == whole, true)
	s.want("part", s.get("x/y", 0, 3), "abb")
	b, err := s.Stat(s.Context(), "x/y")
	s.must(err)
	s.want("size", b.Size, int64(len(whole)))
	s.must(s.join("one", keys[6]))
	s.want("content of one", s.get("one", 0, -1), "ggg")
}

func joinedStays(s *shelf) {
	s.put("a", "hello")
	s.put("b", " world")
	s.must(s.join("c", "a", "b"))
	s.must(s.Delete(s.Context(), "a"))
	s.want("content", s.get("c", 0, -1), "hello world")
}

func firstJoinedStays(s *shelf) {
	s.put("a", "first")
	s.put("b", "second")
	s.must(s.join("a", "b"))
	s.must(s.join("b", "b", "a"))
	s.want("content", s.get("a", 0, -1), "first")
	s.want("content", s.get("b", 0, -1), "second")
}

func unknownJoined(s *shelf) {
	s.put("a", "hello")
	s.wantErr("one of two", s.join("c", "a", "b"), storage.ErrNotFound)
	s.wantErr("the one", s.join("c", "b"), storage.ErrNotFound)
	s.want("keys", len(s.list("")), 1)
}

func nothingJoined(s *shelf) {
	s.put("a", "")
	s.wantErr("none", s.join("c"), storage.ErrInvalid)
	s.wantErr("nothing", s.join("c", "a"), storage.ErrInvalid)
}

func badJoined(s *shelf) {
	s.put("a", "hello")
	s.wantErr("no key", s.join("../x", "a"), storage.ErrInvalid)
}
