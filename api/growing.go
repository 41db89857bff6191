package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"preau/storage"
)

// grow adds what arrives to a file that grows. A body cut short is kept, unless
// it came with a checksum.
func (u *Uploads) grow(ctx context.Context, up *upload, body io.Reader, want []byte) error {
	from := &arriving{r: body, left: up.size - up.offset, want: want}
	if want != nil {
		from.hash = sha256.New()
	}
	n, err := u.shelf.grower.Grow(ctx, up.growName(), up.offset, from, want != nil)
	up.offset += n
	if from.err != nil {
		return interrupted(from.err)
	}
	return err
}

// settle is how a file that grew becomes a blob.
func (s *shelf) settle(up upload) func(context.Context, string) error {
	return func(ctx context.Context, key string) error {
		return s.grower.Settle(ctx, up.growName(), key, up.size)
	}
}

// arriving is a request's body as far as it belongs to an upload. In place of
// its end it fails when more follows, or when it is not what its checksum says.
type arriving struct {
	r    io.Reader
	left int64
	hash hash.Hash // nil: there is no checksum
	want []byte
	err  error // what it failed with
}

// Read implements [io.Reader].
func (a *arriving) Read(p []byte) (n int, err error) {
	if a.left > 0 {
		n, err = a.r.Read(p[:min(int64(len(p)), a.left)])
		a.left -= int64(n)
	} else if err = nothingMore(a.r); err == nil {
		err = io.EOF
	}
	if a.hash != nil {
		a.hash.Write(p[:n])
		if err != nil && !bytes.Equal(a.hash.Sum(nil), a.want) {
			err = errChecksum
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	a.err = err
	if errors.Is(err, errTooLong) || errors.Is(err, errChecksum) {
		err = fmt.Errorf("%w: %w", storage.ErrCorrupt, err)
	}
	return n, err
}
