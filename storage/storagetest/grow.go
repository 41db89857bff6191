package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"preau/storage"
)

// Grower runs the cases of [storage.Grower], each on a store of its own. The
// test that calls it is also run as a child process, to be killed.
func Grower(t *testing.T, open OpenBlobs) {
	t.Helper()
	for _, c := range growerCases {
		t.Run(c.promise, func(t *testing.T) {
			s := openShelf(t, open)
			c.check(&bed{s})
		})
	}
}

var growerCases = []struct {
	promise string
	check   func(*bed)
}{
	{"what has grown becomes a blob", growsToBlob},
	{"what has grown is there after a restart", growthSurvivesRestart},
	{"nothing of what grows shows", growthIsHidden},
	{"what came before an error is kept", cutIsKept},
	{"what must be whole is whole, or nothing", wholeOrNothing},
	{"what is wrong is not kept", wrongIsNotKept},
	{"bytes come where the end is", growsAtItsEnd},
	{"one at a time", oneGrows},
	{"only the whole becomes a blob", onlyTheWhole},
	{"the first content stays", firstGrownStays},
	{"what is dropped is gone, and its blob stays", dropped},
	{"what grows is listed", growingIsListed},
	{"what cannot be a name is refused", badNames},
	{"large amounts grow", muchGrows},
	{"acknowledged growth survives SIGKILL", growthSurvivesKill},
}

// bed is a store in which something grows.
type bed struct{ *shelf }

func (b *bed) grower() storage.Grower {
	b.Helper()
	g, ok := b.Blobs.(storage.Grower)
	if !ok {
		b.Fatalf("%T lets nothing grow", b.Blobs)
	}
	return g
}

func (b *bed) grow(name string, at int64, content string) {
	b.Helper()
	n, err := b.grower().Grow(b.Context(), name, at, strings.NewReader(content), false)
	b.must(err)
	b.want("bytes added", n, int64(len(content)))
}

func (b *bed) wantGrown(name string, want int64) {
	b.Helper()
	n, err := b.grower().Grown(b.Context(), name)
	b.must(err)
	b.want("grown", n, want)
}

func growsToBlob(b *bed) {
	b.grow("a", 0, "hello")
	b.grow("a", 5, " world")
	b.grow("a", 11, "")
	b.wantGrown("a", 11)
	b.must(b.grower().Settle(b.Context(), "a", "x/y/z", 11))
	b.want("content", b.get("x/y/z", 0, -1), "hello world")
	b.want("part", b.get("x/y/z", 6, 3), "wor")
	b.must(b.grower().Settle(b.Context(), "a", "x/y/z", 11)) // its node did not say so
	b.want("keys", fmt.Sprint(b.list("")), "[x/y/z]")
}

func growthSurvivesRestart(b *bed) {
	b.grow("a", 0, "hello")
	b.must(b.Close())
	b.openAgain()
	b.wantGrown("a", 5)
	b.grow("a", 5, " world")
	b.must(b.grower().Settle(b.Context(), "a", "a", 11))
	b.must(b.Close())
	b.openAgain()
	b.want("content", b.get("a", 0, -1), "hello world")
}

func growthIsHidden(b *bed) {
	b.grow("a", 0, "hello")
	b.empty()
	_, err := b.Stat(b.Context(), "a")
	b.wantErr("stat", err, storage.ErrNotFound)
	_, _, err = b.Open(b.Context(), "a", 0, -1)
	b.wantErr("open", err, storage.ErrNotFound)
	b.wantGrown("b", 0)
}

func cutIsKept(b *bed) {
	cut := io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(io.ErrUnexpectedEOF))
	n, err := b.grower().Grow(b.Context(), "a", 0, cut, false)
	b.wantErr("cut", err, io.ErrUnexpectedEOF)
	b.want("kept", n, int64(3))
	b.grow("a", 3, "lo")
	b.must(b.grower().Settle(b.Context(), "a", "a", 5))
	b.want("content", b.get("a", 0, -1), "hello")
}

func wholeOrNothing(b *bed) {
	long := strings.Repeat("x", 5<<20)
	b.grow("a", 0, "hello")
	cut := io.MultiReader(strings.NewReader(long), iotest.ErrReader(io.ErrUnexpectedEOF))
	n, err := b.grower().Grow(b.Context(), "a", 5, cut, true)
	b.wantErr("cut", err, io.ErrUnexpectedEOF)
	b.want("kept", n, int64(0))
	b.wantGrown("a", 5)
	n, err = b.grower().Grow(b.Context(), "a", 5, strings.NewReader(" world"), true)
	b.must(err)
	b.want("added", n, int64(6))
	b.must(b.grower().Settle(b.Context(), "a", "a", 11)) // without what came before
	b.want("content", b.get("a", 0, -1), "hello world")
}

func wrongIsNotKept(b *bed) {
	b.grow("a", 0, "hello")
	wrong := io.MultiReader(strings.NewReader(" jello"), iotest.ErrReader(storage.ErrCorrupt))
	n, err := b.grower().Grow(b.Context(), "a", 5, wrong, false)
	b.wantErr("wrong", err, storage.ErrCorrupt)
	b.want("kept", n, int64(0))
	b.wantGrown("a", 5)
}

func growsAtItsEnd(b *bed) {
	b.grow("a", 0, "hello")
	for _, at := range []int64{0, 4, 6, -1, 1 << 40} {
		n, err := b.grower().Grow(b.Context(), "a", at, strings.NewReader("x"), false)
		b.wantErr("elsewhere", err, storage.ErrConflict)
		b.want("added", n, int64(0))
	}
	_, err := b.grower().Grow(b.Context(), "b", 3, strings.NewReader("x"), false)
	b.wantErr("of nothing", err, storage.ErrConflict)
	b.wantGrown("a", 5)
}

func oneGrows(b *bed) {
	r, w := io.Pipe()
	var first sync.WaitGroup
	first.Go(func() {
		if _, err := b.grower().Grow(b.Context(), "a", 0, r, false); err != nil {
			b.Error(err)
		}
	})
	_, err := w.Write([]byte("hello")) // it is at it
	b.must(err)
	_, err = b.grower().Grow(b.Context(), "a", 0, strings.NewReader("jello"), false)
	b.wantErr("the second", err, storage.ErrConflict)
	b.wantErr("settled meanwhile", b.grower().Settle(b.Context(), "a", "a", 5), storage.ErrConflict)
	b.grow("b", 0, "another")
	b.must(w.Close())
	first.Wait()
	b.must(b.grower().Settle(b.Context(), "a", "a", 5))
	b.want("content", b.get("a", 0, -1), "hello")
}

func onlyTheWhole(b *bed) {
	b.grow("a", 0, "hello")
	for _, size := range []int64{4, 6, 0} {
		b.wantErr("another size", b.grower().Settle(b.Context(), "a", "a", size), storage.ErrNotFound)
	}
	b.wantErr("of nothing", b.grower().Settle(b.Context(), "b", "b", 0), storage.ErrNotFound)
	b.empty()
}

func firstGrownStays(b *bed) {
	b.put("a", "first")
	b.grow("b", 0, "second")
	b.must(b.grower().Settle(b.Context(), "b", "a", 6))
	b.want("content", b.get("a", 0, -1), "first")
}

func dropped(b *bed) {
	b.grow("a", 0, "hello")
	b.grow("b", 0, "other")
	b.must(b.grower().Settle(b.Context(), "a", "x", 5))
	for range 2 {
		b.must(b.grower().Drop(b.Context(), "a"))
	}
	b.wantGrown("a", 0)
	b.wantGrown("b", 5)
	b.wantErr("settle", b.grower().Settle(b.Context(), "a", "y", 5), storage.ErrNotFound)
	b.want("content", b.get("x", 0, -1), "hello")
	b.grow("a", 0, "again")
	b.want("content", b.get("x", 0, -1), "hello")
}

func (b *bed) growing() (names []string) {
	b.Helper()
	b.must(b.grower().Growing(b.Context(), func(name string) bool {
		names = append(names, name)
		return true
	}))
	return names
}

func growingIsListed(b *bed) {
	b.want("names", len(b.growing()), 0)
	names := []string{"a", "a-b", "a.b", "aa", strings.Repeat("k", 200)}
	for _, name := range names {
		b.grow(name, 0, name)
	}
	b.want("names", fmt.Sprint(b.growing()), fmt.Sprint(names))
	for _, name := range names {
		b.must(b.grower().Drop(b.Context(), name))
	}
	b.want("names", len(b.growing()), 0)
}

func badNames(b *bed) {
	for _, name := range append(BadKeys, "a/b") {
		_, err := b.grower().Grown(b.Context(), name)
		b.wantErr("look after "+name, err, storage.ErrInvalid)
		_, err = b.grower().Grow(b.Context(), name, 0, strings.NewReader("x"), false)
		b.wantErr("grow "+name, err, storage.ErrInvalid)
		b.wantErr("drop "+name, b.grower().Drop(b.Context(), name), storage.ErrInvalid)
		b.wantErr("settle "+name, b.grower().Settle(b.Context(), name, "a", 1), storage.ErrInvalid)
	}
	b.grow("a", 0, "x")
	for _, key := range BadKeys {
		b.wantErr("settle as "+key, b.grower().Settle(b.Context(), "a", key, 1), storage.ErrInvalid)
	}
}

func muchGrows(b *bed) {
	content := strings.Repeat("0123456789abcdef", 1<<20+3)
	b.grow("a", 0, content)
	b.grow("a", int64(len(content)), content)
	b.must(b.grower().Settle(b.Context(), "a", "a", 2*int64(len(content))))
	b.want("content", b.get("a", 0, -1) == content+content, true)
}

// GrownOf is the content that [GrowBit] lets grow under a name: n bytes.
func GrownOf(name string, n int64) []byte {
	seed := sha256.Sum256([]byte(name))
	return bytes.Repeat(seed[:], int(n/sha256.Size)+1)[:n]
}

// GrowBit adds some bytes to what grows under a name and returns how much that
// is then.
func GrowBit(ctx context.Context, g storage.Grower, name string) (int64, error) {
	at, err := g.Grown(ctx, name)
	if err != nil {
		return 0, err
	}
	more := rand.Int64N(30_000)
	n, err := g.Grow(ctx, name, at, bytes.NewReader(GrownOf(name, at+more)[at:]), rand.N(2) == 0)
	return at + n, err
}

// Grew checks that as much has grown as was acknowledged, and of the right
// content: all becomes blobs.
func Grew(t *testing.T, blobs storage.Blobs, acked map[string]int64) {
	t.Helper()
	b := &bed{&shelf{T: t, Blobs: blobs}}
	for name, least := range acked {
		n, err := b.grower().Grown(b.Context(), name)
		b.must(err)
		if n < least {
			b.Fatalf("of %s have grown %d bytes, %d were acknowledged", name, n, least)
		}
		key := "grown/" + name
		b.must(b.Delete(b.Context(), key))
		b.must(b.grower().Settle(b.Context(), name, key, n))
		b.want("content of "+name, b.get(key, 0, -1) == string(GrownOf(name, n)), true)
	}
}

// growthSurvivesKill is parent and child in one.
func growthSurvivesKill(b *bed) {
	if childDir() != "" {
		b.growForEver()
		return
	}
	b.must(b.Close())
	acked := map[string]int64{}
	for round := range killRounds() {
		b.Setenv(roundVar, fmt.Sprint(round/3))
		killChild(b.T, b.dir, func(ack string) {
			var name string
			var n int64
			_, err := fmt.Sscan(ack, &name, &n)
			b.must(err)
			acked[name] = n
		})
		b.openAgain()
		Grew(b.T, b.Blobs, acked)
		b.must(b.Close())
	}
	b.openAgain()
}

func (b *bed) growForEver() {
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			name := fmt.Sprintf("%s-%d", os.Getenv(roundVar), i)
			for {
				n, err := GrowBit(context.Background(), b.grower(), name)
				if err != nil && !errors.Is(err, storage.ErrConflict) {
					b.Error(err)
					return
				}
				acknowledge("%s %d", name, n)
			}
		})
	}
	all.Wait()
}
