package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/storage"
)

// node is another server on the same blobs, which hands over to the same desk.
func (u *uploader) node() *uploader {
	u.t.Helper()
	return serveUploadsOn(u.t, u.blobs, u.t.TempDir(), u.desk)
}

func TestUploadGoesOnAtAnyNode(t *testing.T) {
	u := serveUploads(t)
	nodes := []*uploader{u, u.node()}
	const piece, pieces = 10_000, 7
	path := u.begin(piece * pieces)
	for n := range pieces {
		nodes[n%2].wantOffset(path, fmt.Sprint(n*piece))
		nodes[(n+1)%2].patch(path, n*piece, strings.Repeat("x", piece)).want(t, 204, "")
	}
	u.wantArrivals(fmt.Sprintf("ines copy %d", piece*pieces))
	for _, node := range nodes {
		node.wantOffset(path, fmt.Sprint(piece*pieces))
	}
	u.wantArrivals(fmt.Sprintf("ines copy %d", piece*pieces))
	if kept := u.shelf(); len(kept) != 2 {
		t.Errorf("kept: %q, want the card and that it is done", kept)
	}
	nodes[1].send("DELETE", path, "", version).want(t, 204, "")
	u.patch(path, piece*pieces, "").want(t, 404, "not_found")
	u.wantEmptyShelf()
}

// Two requests write at one offset, at two nodes: the first to be whole stays,
// and the other learns where the upload stands.
func TestFirstPieceStays(t *testing.T) {
	u := serveUploads(t)
	other := u.node()
	path := u.begin(100_000)
	conn := u.halfPatch(path, 0, 50_000, 40_000)
	defer conn.Close()
	u.waitOffset(path, 40_000)
	other.patch(path, 0, strings.Repeat("y", 60_000)).want(t, 204, "")
	fmt.Fprint(conn, strings.Repeat("x", 10_000))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 409 {
		t.Errorf("the second was told %d", res.StatusCode)
	}
	u.wantOffset(path, "60000")
	other.wantOffset(path, "60000")
	u.patch(path, 60_000, strings.Repeat("y", 40_000)).want(t, 204, "")
	u.wantArrivals("ines copy 100000")
}

// Nodes that hand over the same upload at once disturb each other in nothing.
func TestHandOverAtTwoNodes(t *testing.T) {
	u := serveUploads(t)
	nodes := []*uploader{u, u.node(), u.node(), u.node()}
	for range 10 {
		u.desk.next = errors.New("disk full")
		path := u.begin(300_000)
		u.patch(path, 0, strings.Repeat("x", 300_000)).want(t, 500, "internal")
		var all sync.WaitGroup
		for _, node := range nodes {
			all.Go(func() { node.wantOffset(path, "300000") })
		}
		all.Wait()
		u.send("DELETE", path, "", version).want(t, 204, "")
	}
	u.wantEmptyShelf()
	if n := len(u.desk.arrivals()); n < 10 {
		t.Errorf("%d arrivals of 10 files", n)
	}
}

// hasty lists the names that were there when it began, without those that went
// meanwhile, as a folder does.
type hasty struct {
	storage.Blobs
	meanwhile func()
}

func (h *hasty) List(ctx context.Context, prefix string, yield func(storage.Blob) bool) error {
	var listed []storage.Blob
	err := h.Blobs.List(ctx, prefix, func(b storage.Blob) bool {
		listed = append(listed, b)
		return true
	})
	if do := h.meanwhile; do != nil {
		h.meanwhile = nil
		do()
	}
	for _, b := range listed {
		if _, gone := h.Stat(ctx, b.Key); gone == nil && !yield(b) {
			break
		}
	}
	return err
}

// An upload that is handed over while another node looks at it is whole there
// too, and does not seem to have lost its bytes.
func TestHandedOverWhileLookedAt(t *testing.T) {
	u := serveUploads(t)
	blobs := &hasty{Blobs: u.blobs}
	other := serveUploadsOn(t, blobs, t.TempDir(), u.desk)
	u.desk.next = errors.New("disk full")
	path := u.begin(3000)
	u.patch(path, 0, strings.Repeat("x", 3000)).want(t, 500, "internal")
	blobs.meanwhile = func() { u.wantOffset(path, "3000") }
	other.wantOffset(path, "3000")
	u.wantArrivals("ines copy 3000")
}

// A node that is killed has a piece that it is storing, and one that comes in.
func TestPiecesOfAKilledNodeAreStored(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(12)
	account, rest, _ := strings.Cut(strings.TrimPrefix(u.shelf()[0], "uploads/"), "/")
	id, _, _ := strings.Cut(rest, ".")
	for at, text := range map[int]string{0: "hello", 5: " wor"} {
		name := fmt.Sprintf("%s.%s.at.%013d.1", account, id, at)
		if err := os.WriteFile(filepath.Join(u.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := serveUploadsOn(t, u.blobs, u.dir, u.desk)
	again.wantOffset(path, "9")
	again.patch(path, 9, "ld!").want(t, 204, "")
	again.wantArrivals("ines copy 12")
}

// A piece that was cut short and had a checksum is not what was meant.
func TestHalfACheckedPieceIsNotKept(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(10)
	u.patch(path, 0, "hello", "Upload-Checksum: sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=").want(t, 204, "")
	u.patch(path, 5, "wor", "Upload-Checksum: sha256 SG6kYiTRu0+2gPNPfJrZao8k7Ii+c+qOWmxlJg6cuKc=").want(t, 460, "checksum_mismatch")
	u.wantOffset(path, "5")
}

// What a lost client left goes, whoever's it is.
func TestUploadsAreSwept(t *testing.T) {
	u := serveUploads(t)
	half, whole := u.begin(10), u.begin(5)
	u.patch(half, 0, "hello").want(t, 204, "")
	u.patch(whole, 0, "hello").want(t, 204, "")
	orphan := strings.Replace(u.shelf()[0], "/", "/0", 1)
	piece := strings.Replace(orphan, ".card.", ".at.0000000000000.", 1)
	if err := u.blobs.Put(t.Context(), piece, strings.NewReader("x"), 1, nil); err != nil {
		t.Fatal(err)
	}
	u.sweep(func() bool { return len(u.shelf()) == 4 })
	u.wantOffset(half, "5")
	u.wantOffset(whole, "5")
	*u.now = u.now.Add(7 * 24 * time.Hour)
	u.sweep(func() bool { return len(u.shelf()) == 0 })
}

// sweep runs the sweeper until the blobs are as they should be.
func (u *uploader) sweep(done func() bool) {
	u.t.Helper()
	ctx, cancel := context.WithCancel(u.t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() { _ = u.uploads.Run(ctx) })
	for range 300 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	u.t.Errorf("swept down to %q", u.shelf())
}
