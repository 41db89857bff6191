package minio

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	s3 "github.com/minio/minio-go/v7"

	"preau/storage"
)

// The limits of S3.
const (
	maxSingle = 5 << 30 // bytes of one put
	minPart   = 64 << 20
	maxParts  = 10_000
)

// Put implements [storage.Blobs].
func (s *Store) Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error {
	if err := s.ready(ctx, key); err != nil {
		return err
	}
	if size < 0 {
		return fault("put", key, fmt.Errorf("size %d: %w", size, storage.ErrInvalid))
	}
	err := s.send(ctx, s.name(key), storage.NewExact(ctx, r, size, sum), size, sum)
	return fault("put", key, s.unlessThere(ctx, key, err))
}

// unlessThere is what became of storing where nothing was to be yet: the first
// content stays.
func (s *Store) unlessThere(ctx context.Context, key string, err error) error {
	switch answer(err).StatusCode {
	case http.StatusPreconditionFailed:
		return nil
	case http.StatusConflict:
		_, err = s.stat(ctx, key) // somebody else was at it: is it there?
	}
	return err
}

// send stores an object where there is none.
func (s *Store) send(ctx context.Context, name string, r *storage.Exact, size int64, sum []byte) error {
	if size == 0 {
		if _, err := r.Read(nil); !errors.Is(err, io.EOF) {
			return err // nothing, but not the right nothing
		}
	}
	ctx, v := s.vigil(ctx)
	defer v.end()
	body := &body{r: r, vigil: v}
	err := unanswered(ctx, s.sendBody(ctx, name, body, size, sum))
	// What the reader says is the cause of what the connection says.
	return cmp.Or(body.end(), err)
}

func (s *Store) sendBody(ctx context.Context, name string, r *body, size int64, sum []byte) error {
	if size > s.single {
		return s.sendParts(ctx, name, r, size)
	}
	var put s3.PutObjectOptions
	put.SetMatchETagExcept("*")
	if len(sum) > 0 {
		put.UserMetadata = map[string]string{"x-amz-checksum-sha256": base64.StdEncoding.EncodeToString(sum)}
	}
	_, err := s.client.PutObject(ctx, s.bucket, name, r, size, "", hex.EncodeToString(sum), put)
	return err
}

// body is what a request reads. A connection may go on reading after the
// answer has come; the reader belongs to the caller again then.
type body struct {
	mu    sync.Mutex
	r     *storage.Exact
	vigil *vigil
	over  bool
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, io.ErrClosedPipe
	}
	b.vigil.rest()
	defer b.vigil.watch()
	return b.r.Read(p)
}

// end says what went wrong with the reader, which is not read any more.
func (b *body) end() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	return b.r.Err()
}

// sendParts stores an object that is too large for one request. What has been
// sent of it is dropped when the rest does not come.
func (s *Store) sendParts(ctx context.Context, name string, body *body, size int64) error {
	return s.inParts(ctx, name, func(id string) ([]s3.CompletePart, error) {
		parts, err := s.eachPart(ctx, name, id, body, size)
		body.vigil.rest() // to put them together takes its time
		return parts, err
	})
}

// inParts stores an object of parts that send stores.
func (s *Store) inParts(ctx context.Context, name string, send func(id string) ([]s3.CompletePart, error)) error {
	id, err := s.client.NewMultipartUpload(ctx, s.bucket, name, s3.PutObjectOptions{})
	if err != nil {
		return err
	}
	parts, err := send(id)
	if err == nil {
		var complete s3.PutObjectOptions
		complete.SetMatchETagExcept("*")
		_, err = s.client.CompleteMultipartUpload(ctx, s.bucket, name, id, parts, complete)
	}
	if err != nil {
		_ = s.client.AbortMultipartUpload(context.WithoutCancel(ctx), s.bucket, name, id) // err is the one to tell
	}
	return err
}

func (s *Store) eachPart(ctx context.Context, name, id string, body io.Reader, left int64) (parts []s3.CompletePart, err error) {
	most := max(s.part, left/maxParts+1)
	for n := 1; left > 0; n++ {
		size := min(most, left)
		part, err := s.client.PutObjectPart(ctx, s.bucket, name, id, n, io.LimitReader(body, size), size, s3.PutObjectPartOptions{})
		if err != nil {
			return nil, err
		}
		parts = append(parts, s3.CompletePart{PartNumber: n, ETag: part.ETag})
		left -= size
	}
	return parts, nil
}
