package storage

import (
	"context"
	"errors"
	"io"
)

// InTurn reads one blob after the other. The caller closes.
func InTurn(ctx context.Context, from Blobs, blobs []Blob) io.ReadCloser {
	return &turns{ctx: ctx, from: from, left: blobs}
}

// turns is a reader of blobs; at is the one whose turn it is.
type turns struct {
	ctx  context.Context
	from Blobs
	left []Blob
	at   io.ReadCloser
}

// Read implements [io.Reader].
func (t *turns) Read(p []byte) (int, error) {
	for {
		if t.at == nil {
			if len(t.left) == 0 {
				return 0, io.EOF
			}
			r, _, err := t.from.Open(t.ctx, t.left[0].Key, 0, -1)
			if err != nil {
				return 0, err
			}
			t.at, t.left = r, t.left[1:]
		}
		n, err := t.at.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		if err := t.Close(); n > 0 || err != nil {
			return n, err
		}
	}
}

// Close implements [io.Closer].
func (t *turns) Close() error {
	if t.at == nil {
		return nil
	}
	err := t.at.Close()
	t.at = nil
	return err
}
