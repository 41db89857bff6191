package minio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"preau/storage"
)

// silence is how long the server may give no sign of life, of whatever it is
// asked: a disk that is busy takes seconds, a line that is dead takes for ever.
const silence = 10 * time.Second

var errSilent = errors.New("no sign of life from the server")

// vigil ends a call when the server has been silent for too long. It rests
// while it is the caller who takes his time.
type vigil struct {
	timer    *time.Timer
	patience time.Duration
	cancel   context.CancelCauseFunc
}

// vigil begins one. It must be ended.
func (s *Store) vigil(ctx context.Context) (context.Context, *vigil) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &vigil{
		timer:    time.AfterFunc(s.silence, func() { cancel(errSilent) }),
		patience: s.silence, cancel: cancel,
	}
}

func (v *vigil) rest()  { v.timer.Stop() }
func (v *vigil) watch() { v.timer.Reset(v.patience) }

func (v *vigil) end() {
	v.timer.Stop()
	v.cancel(context.Canceled)
}

// unanswered gives its kind to an error of a call to the server, made under
// ctx, that is no answer to what was asked.
func unanswered(ctx context.Context, err error) error {
	said := answer(err)
	switch {
	case err == nil, said.Code != "" && !later(said.StatusCode):
		return err
	case errors.Is(context.Cause(ctx), errSilent):
		err = errSilent
	case ctx.Err() != nil:
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

// later tells whether a status means that the server cannot now.
func later(status int) bool {
	return status == http.StatusTooManyRequests ||
		status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// watched is what the server sends, under a vigil that ends with it.
type watched struct {
	io.ReadCloser
	ctx   context.Context
	vigil *vigil
}

// Read implements [io.Reader].
func (w *watched) Read(p []byte) (int, error) {
	w.vigil.watch()
	n, err := w.ReadCloser.Read(p)
	w.vigil.rest()
	if err != nil && !errors.Is(err, io.EOF) {
		err = unanswered(w.ctx, err)
	}
	return n, err
}

// Close implements [io.Closer].
func (w *watched) Close() error {
	w.vigil.end()
	return w.ReadCloser.Close()
}
