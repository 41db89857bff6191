package api_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkUpload receives pieces as phones send them, beside the floor: a
// plain file of the same size, written and synced.
func BenchmarkUpload(b *testing.B) {
	const size = 512 << 10
	content := strings.Repeat("0123456789abcdef", size/16)
	sum := checksum(content)
	b.Run("piece", func(b *testing.B) {
		u := serveUploads(b)
		path := u.begin(2<<30, "use=transfer")
		b.SetBytes(size)
		for n := 0; b.Loop(); n++ {
			u.patch(path, n*size, content, sum).want(b, 204, "")
		}
	})
	b.Run("piece of a transfer", func(b *testing.B) {
		const size = 4 << 20
		content := strings.Repeat("0123456789abcdef", size/16)
		sum := checksum(content)
		u := serveUploads(b)
		u.uploads.Plain = []string{"transfer"}
		path := u.begin(2<<30, "use=transfer")
		b.SetBytes(size)
		for n := 0; b.Loop(); n++ {
			u.patch(path, n*size, content, sum).want(b, 204, "")
		}
	})
	b.Run("photo of four pieces", func(b *testing.B) {
		u := serveUploads(b)
		b.SetBytes(4 * size)
		for b.Loop() {
			path := u.begin(4 * size)
			for n := range 4 {
				u.patch(path, n*size, content, sum).want(b, 204, "")
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		dir := b.TempDir()
		b.SetBytes(size)
		for n := 0; b.Loop(); n++ {
			f, err := os.Create(filepath.Join(dir, strconv.Itoa(n)))
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.WriteString(content); err != nil {
				b.Fatal(err)
			}
			if err := f.Sync(); err != nil {
				b.Fatal(err)
			}
			f.Close()
		}
	})
}
