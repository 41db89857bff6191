package storage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Exact is a reader of exactly as many bytes as were announced, with the
// SHA-256 that was announced. In place of the last bytes of anything else it
// gives an error, so that whoever copies from it never has the whole of what
// is wrong.
type Exact struct {
	ctx  context.Context
	r    io.Reader
	left int64
	sum  []byte
	hash hash.Hash // nil: any content will do
	err  error
}

// NewExact reads size bytes from r, and nothing behind them. The error is
// io.ErrUnexpectedEOF if there are fewer, ErrCorrupt if sum is not empty and
// not their SHA-256, and that of ctx once it has ended.
func NewExact(ctx context.Context, r io.Reader, size int64, sum []byte) *Exact {
	e := &Exact{ctx: ctx, r: r, left: size, sum: sum}
	if len(sum) > 0 {
		e.hash = sha256.New()
	}
	return e
}

// Err is the error that reading ended with; nil as long as all is well.
func (e *Exact) Err() error {
	if errors.Is(e.err, io.EOF) {
		return nil
	}
	return e.err
}

// Read implements [io.Reader].
func (e *Exact) Read(p []byte) (n int, err error) {
	if e.err == nil {
		n, e.err = e.read(p)
	}
	return n, e.err
}

func (e *Exact) read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	if e.left == 0 {
		return 0, cmp.Or(e.check(), io.EOF)
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.hash != nil {
		e.hash.Write(p[:n])
	}
	e.left -= int64(n)
	switch {
	case e.left == 0 && e.check() != nil:
		return 0, e.check()
	case e.left == 0:
		return n, nil
	case err == io.EOF:
		return n, fmt.Errorf("%d bytes are missing: %w", e.left, io.ErrUnexpectedEOF)
	}
	return n, err
}

func (e *Exact) check() error {
	if e.hash != nil && !bytes.Equal(e.hash.Sum(nil), e.sum) {
		return fmt.Errorf("not the announced SHA-256: %w", ErrCorrupt)
	}
	return nil
}
