package storagetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"preau/storage"
)

// roundVar keeps the keys of one child apart from those of the others.
const roundVar = "PREAU_KILL_ROUND"

// blobsSurviveKill is parent and child in one. A blob's content follows from
// its key.
func blobsSurviveKill(s *shelf) {
	if childDir() != "" {
		s.putForEver()
		return
	}
	s.must(s.Close())
	acked := map[string]bool{}
	for round := range killRounds() {
		s.Setenv(roundVar, fmt.Sprint(round))
		killChild(s.T, s.dir, func(key string) { acked[key] = true })
		s.openAgain()
		Whole(s.T, s.Blobs, acked)
		s.must(s.Close())
	}
	s.openAgain()
	s.Logf("%d blobs acknowledged", len(acked))
}

// BlobOf is the content that [Whole] expects under a key.
func BlobOf(key string) string {
	seed := sha256.Sum256([]byte(key))
	return strings.Repeat(string(seed[:]), 1+int(seed[0])*40)
}

func (s *shelf) putForEver() {
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%s/%d/%d/sha256-%d", os.Getenv(roundVar), i, n/5, n)
				content := BlobOf(key)
				sum := sha256.Sum256([]byte(content))
				if err := s.Put(context.Background(), key, strings.NewReader(content), int64(len(content)), sum[:]); err != nil {
					s.Error(err)
					return
				}
				acknowledge("%s", key)
			}
		})
	}
	all.Wait()
}

// Whole checks that a store in which others put [BlobOf] holds the keys
// acknowledged, and all it holds whole.
func Whole(t *testing.T, b storage.Blobs, acked map[string]bool) {
	t.Helper()
	s := &shelf{T: t, Blobs: b}
	missing := len(acked)
	s.must(s.List(s.Context(), "", func(b storage.Blob) bool {
		if acked[b.Key] {
			missing--
		}
		content := BlobOf(b.Key)
		s.want("size of "+b.Key, b.Size, int64(len(content)))
		s.want("content of "+b.Key, s.get(b.Key, 0, -1) == content, true)
		return true
	}))
	s.want("blobs missing", missing, 0)
}
