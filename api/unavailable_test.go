package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"preau/storage"
)

// remote are blobs on a server that can be out of reach.
type remote struct {
	storage.Blobs
	gone atomic.Bool
}

func (r *remote) List(ctx context.Context, prefix string, yield func(storage.Blob) bool) error {
	if r.gone.Load() {
		return fmt.Errorf("list blobs: %w", storage.ErrUnavailable)
	}
	return r.Blobs.List(ctx, prefix, yield)
}

// Who comes while the files are out of reach is told to come again, and goes
// on where he was.
func TestFilesOutOfReach(t *testing.T) {
	u := serveUploads(t)
	blobs := &remote{Blobs: u.blobs}
	far := serveUploadsOn(t, blobs, t.TempDir(), u.desk)
	path := far.begin(10)
	far.patch(path, 0, "hello").want(t, 204, "")
	blobs.gone.Store(true)
	for what, got := range map[string]*answer{
		"a piece": far.patch(path, 5, "world"), "a look": far.send("HEAD", path, "", version), "the end": far.send("DELETE", path, "", version),
	} {
		if got.StatusCode != 503 {
			t.Errorf("%s: %d", what, got.StatusCode)
		}
		if got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: not said when to come again", what)
		}
	}
	blobs.gone.Store(false)
	far.wantOffset(path, "5")
	far.patch(path, 5, "world").want(t, 204, "")
	if got := u.desk.arrivals(); len(got) != 1 || !strings.HasSuffix(got[0], "10") {
		t.Errorf("arrived: %q", got)
	}
}
