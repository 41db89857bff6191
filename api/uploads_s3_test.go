package api_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"preau/storage"
	"preau/storage/minio"
	"preau/storage/minio/miniotest"
)

// Two nodes that share nothing but a bucket.
func TestUploadsInABucket(t *testing.T) {
	for _, server := range miniotest.Servers {
		t.Run(server.Name, func(t *testing.T) {
			host := server.Start(t)
			d := &desk{}
			nodes := []*uploader{bucketNode(t, host, d), bucketNode(t, host, d)}
			const piece, pieces = 100_000, 5
			path := nodes[0].begin(piece * pieces)
			for n := range pieces {
				nodes[n%2].wantOffset(path, fmt.Sprint(n*piece))
				nodes[(n+1)%2].patch(path, n*piece, strings.Repeat("x", piece)).want(t, 204, "")
			}
			for _, node := range nodes {
				node.wantOffset(path, fmt.Sprint(piece*pieces))
			}
			nodes[0].wantArrivals(fmt.Sprintf("ines copy %d", piece*pieces))
			nodes[0].send("DELETE", path, "", version).want(t, 204, "")
			nodes[0].wantEmptyShelf()
		})
	}
}

// A bucket puts the pieces of a transfer together, whichever nodes they came to.
func TestTransfersInABucket(t *testing.T) {
	for _, server := range miniotest.Servers {
		t.Run(server.Name, func(t *testing.T) {
			host := server.Start(t)
			nodes := []*garden{gardenOn(t, bucketOf(t, host)), gardenOn(t, bucketOf(t, host))}
			large := strings.Repeat("x", 6<<20)
			path := nodes[0].plant(len(large) + 200_000)
			nodes[0].patch(path, 0, large).want(t, 204, "")
			nodes[1].patch(path, len(large), strings.Repeat("y", 100_000)).want(t, 204, "")
			nodes[1].till.next = errors.New("killed")
			nodes[1].patch(path, len(large)+100_000, strings.Repeat("z", 100_000)).want(t, 500, "internal")
			nodes[0].wantOffset(path, fmt.Sprint(len(large)+200_000))
			nodes[1].wantOffset(path, fmt.Sprint(len(large)+200_000))
			nodes[0].wantKept(large + strings.Repeat("y", 100_000) + strings.Repeat("z", 100_000))
			if kept := nodes[0].shelf(); len(kept) != 3 {
				t.Errorf("kept: %q, want the file, its card and that it is done", kept)
			}
		})
	}
}

// bucketNode is a node with a store of its own.
func bucketNode(t *testing.T, host string, d *desk) *uploader {
	t.Helper()
	return serveUploadsOn(t, bucketOf(t, host), t.TempDir(), d)
}

func bucketOf(t *testing.T, host string) storage.Blobs {
	t.Helper()
	blobs, err := minio.Open(t.Context(), miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket+"/nodes", "tls=0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return blobs
}
