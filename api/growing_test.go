package api_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preau/api"
	"preau/storage"
	"preau/storage/disk"
	psync "preau/sync"
)

// till keeps what arrives, under the number of its arrival.
type till struct {
	blobs storage.Blobs
	n     int
	next  error // answer to the next arrival, after it was kept
}

func (d *till) Arrived(ctx context.Context, _ psync.Actor, f api.Arrival) error {
	if err := f.Keep(ctx, fmt.Sprint("kept/", f.Meta["part"])); err != nil {
		return err
	}
	if err := d.next; err != nil {
		d.next = nil
		return err
	}
	d.n++
	return nil
}

// garden is a node at which transfers grow.
type garden struct {
	*uploader
	till *till
	root string // of the blobs
}

func serveGarden(t *testing.T) *garden {
	t.Helper()
	dir := t.TempDir()
	blobs, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	g := gardenOn(t, blobs)
	g.root = dir
	return g
}

func gardenOn(t *testing.T, blobs storage.Blobs) *garden {
	t.Helper()
	g := &garden{uploader: serveUploadsOn(t, blobs, t.TempDir(), &desk{}), till: &till{blobs: blobs}}
	g.uploads.Plain, g.uploads.Arrivals = []string{"transfer"}, g.till
	return g
}

func (g *garden) plant(size int) string {
	g.t.Helper()
	return g.begin(size, "use=transfer", "part=1")
}

func (g *garden) wantKept(want string) {
	g.t.Helper()
	r, _, err := g.blobs.Open(context.Background(), "kept/1", 0, -1)
	if err != nil {
		g.t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); string(got) != want || err != nil {
		g.t.Errorf("kept %d bytes %.20q, %v; want %d", len(got), got, err, len(want))
	}
}

// growing counts what grows.
func (g *garden) growing() (n int) {
	g.t.Helper()
	grower, ok := g.blobs.(storage.Grower)
	if !ok {
		g.t.Fatal("nothing grows here")
	}
	err := grower.Growing(context.Background(), func(string) bool { n++; return true })
	if err != nil {
		g.t.Fatal(err)
	}
	return n
}

// waitWritten waits until so many bytes of what grows were written.
func (g *garden) waitWritten(size int64) {
	g.t.Helper()
	for range 300 {
		all, err := filepath.Glob(filepath.Join(g.root, ".grow", "*[0-9a-f]"))
		if err != nil {
			g.t.Fatal(err)
		}
		for _, one := range all {
			if info, err := os.Stat(one); err == nil && info.Size() >= size {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	g.t.Fatalf("%d bytes never came", size)
}

// wantBare holds that nothing is left but what was kept, a card and its mark.
func (g *garden) wantBare(blobs int) {
	g.t.Helper()
	if kept := g.shelf(); len(kept) != blobs || g.growing() > 0 {
		g.t.Errorf("left: %q, and %d that grow", kept, g.growing())
	}
}

func TestTransferGrows(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(11)
	g.patch(path, 0, "hello").want(t, 204, "")
	g.wantOffset(path, "5")
	g.patch(path, 3, "lo").want(t, 409, "conflict")
	g.patch(path, 5, " world").want(t, 204, "")
	g.wantKept("hello world")
	g.wantOffset(path, "11")
	g.patch(path, 11, "").want(t, 204, "")
	if g.till.n != 1 {
		t.Errorf("it arrived %d times", g.till.n)
	}
	g.wantBare(3)
	*g.now = g.now.Add(7 * 24 * time.Hour)
	g.sweep(func() bool { return len(g.shelf()) == 1 })
	g.wantKept("hello world")
}

func TestGrowingIsHeldToItsWord(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(10)
	g.patch(path, 0, "hello", checksum("hello")).want(t, 204, "")
	g.patch(path, 5, "world", checksum("other")).want(t, 460, "checksum_mismatch")
	g.patch(path, 5, "wor", checksum("world")).want(t, 460, "checksum_mismatch")
	g.patch(path, 5, "worlds").want(t, 413, "too_large")
	g.patch(path, 5, "worlds", checksum("world")).want(t, 413, "too_large")
	g.wantOffset(path, "5")
	g.patch(path, 5, "world", checksum("world")).want(t, 204, "")
	g.wantKept("helloworld")
}

// A file whose SHA-256 is said is not whatever comes.
func TestGrowingHasNoName(t *testing.T) {
	g := serveGarden(t)
	name := digest("hello")
	g.patch(g.begin(5, "use=transfer", "part=1", name), 0, "jello").want(t, 460, "checksum_mismatch")
	g.patch(g.begin(5, "use=transfer", "part=1", name), 0, "hello").want(t, 204, "")
	g.wantKept("hello")
}

func TestGrowingSurvivesCuts(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(100_000)
	g.cut(path, 0, 100_000, 40_000)
	again := gardenOn(t, g.blobs) // which does not interrupt
	for range 300 {
		if again.send("HEAD", path, "", version).Header.Get("Upload-Offset") == "40000" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	again.wantOffset(path, "40000")
	again.patch(path, 40_000, strings.Repeat("x", 60_000)).want(t, 204, "")
	again.wantKept(strings.Repeat("x", 100_000))
}

// Whoever looks after an upload takes it over from a connection that is dead.
func TestGrowingIsTakenOver(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(100_000)
	conn := g.halfPatch(path, 0, 100_000, 40_000)
	defer conn.Close()
	g.waitWritten(40_000)
	g.wantOffset(path, "40000")
	g.patch(path, 40_000, strings.Repeat("x", 60_000)).want(t, 204, "")
	g.wantKept(strings.Repeat("x", 100_000))
}

// The node that hands over may be killed after it kept the bytes.
func TestGrownIsHandedOverAgain(t *testing.T) {
	g := serveGarden(t)
	g.till.next = errors.New("killed")
	path := g.plant(5)
	g.patch(path, 0, "hello").want(t, 500, "internal")
	other := gardenOn(t, g.blobs)
	other.wantOffset(path, "5")
	g.wantOffset(path, "5")
	g.wantKept("hello")
	g.wantBare(3)
	if g.till.n+other.till.n != 1 {
		t.Errorf("it arrived %d and %d times", g.till.n, other.till.n)
	}
}

func TestGrowingIsDropped(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(10)
	g.patch(path, 0, "hello").want(t, 204, "")
	g.send("DELETE", path, "", version).want(t, 204, "")
	g.wantBare(0)
	g.till.next = psync.Refuse("gone", "transfer", "nobody waits for this file")
	g.patch(g.plant(5), 0, "hello").want(t, 410, "gone")
	g.wantBare(1)
}

// What a lost client, or a killed node, left goes.
func TestGrowingIsSwept(t *testing.T) {
	g := serveGarden(t)
	path := g.plant(10)
	g.patch(path, 0, "hello").want(t, 204, "")
	orphan := strings.Repeat("0", 32) + "." + strings.Repeat("0", 32)
	if _, err := g.blobs.(storage.Grower).Grow(t.Context(), orphan, 0, strings.NewReader("x"), false); err != nil {
		t.Fatal(err)
	}
	g.sweep(func() bool { return g.growing() == 1 })
	g.wantOffset(path, "5")
	*g.now = g.now.Add(7 * 24 * time.Hour)
	g.sweep(func() bool { return g.growing() == 0 && len(g.shelf()) == 0 })
}
