package api_test

import (
	"fmt"
	"strings"
	"testing"

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

// bucketNode is a node with a store of its own.
func bucketNode(t *testing.T, host string, d *desk) *uploader {
	t.Helper()
	blobs, err := minio.Open(t.Context(), miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket+"/nodes", "tls=0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return serveUploadsOn(t, blobs, t.TempDir(), d)
}
