package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"preau/storage"
)

// maxBatch is how many requests share one transaction at most.
const maxBatch = 256

// request is something to do in a write transaction. It may be run twice: in
// a batch, and alone if another request made the batch fail.
type request struct {
	run  func(*batch) error
	done chan error
}

// writer owns the only connection that writes.
type writer struct {
	ctx     context.Context // never ends
	store   *Store
	conn    *conn
	broken  error
	waiting chan *request // unbuffered: what is taken is answered
	quit    chan struct{}
	once    sync.Once
	ended   chan struct{}
}

func newWriter(ctx context.Context, s *Store, c *conn) *writer {
	return &writer{
		ctx: ctx, store: s, conn: c,
		waiting: make(chan *request), quit: make(chan struct{}), ended: make(chan struct{}),
	}
}

// do has f run in a transaction and returns when that is on disk. A context
// that ends withdraws only what has not begun, so the outcome is known.
func (w *writer) do(ctx context.Context, f func(*batch) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := &request{run: f, done: make(chan error, 1)}
	select {
	case w.waiting <- r:
		return <-r.done
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return storage.ErrClosed
	}
}

// stop ends the writer after what it has begun; false if it had ended before.
func (w *writer) stop() (first bool) {
	w.once.Do(func() {
		close(w.quit)
		first = true
	})
	<-w.ended
	return first
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case r := <-w.waiting:
			w.serve(w.collect(r))
		case <-w.quit:
			return
		}
	}
}

// collect takes everything that waits behind the first.
func (w *writer) collect(first *request) []*request {
	reqs := []*request{first}
	for len(reqs) < maxBatch {
		select {
		case r := <-w.waiting:
			reqs = append(reqs, r)
		default:
			return reqs
		}
	}
	return reqs
}

// serve answers requests, together if possible. When the transaction fails,
// each is tried alone, so that only the one at fault is refused.
func (w *writer) serve(reqs []*request) {
	answers, err := w.commit(reqs)
	switch {
	case err == nil:
		for i, r := range reqs {
			r.done <- answers[i]
		}
	case len(reqs) == 1:
		reqs[0].done <- err
	default:
		for i := range reqs {
			w.serve(reqs[i : i+1])
		}
	}
}

// commit runs requests in one transaction. An answer of ErrConflict is that
// request's own: it wrote nothing. Any other error undoes all of them.
func (w *writer) commit(reqs []*request) (answers []error, err error) {
	if w.broken != nil {
		return nil, w.broken
	}
	if err := w.conn.exec(w.ctx, "BEGIN IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	b := &batch{ctx: w.ctx, conn: w.conn, store: w.store, touched: map[string]*scope{}}
	for _, r := range reqs {
		err := r.run(b)
		if err != nil && !errors.Is(err, storage.ErrConflict) {
			return nil, errors.Join(err, w.undo())
		}
		answers = append(answers, err)
	}
	if err := w.conn.exec(w.ctx, "COMMIT"); err != nil {
		return nil, errors.Join(fmt.Errorf("commit: %w", err), w.undo())
	}
	w.store.heads.merge(b.touched)
	w.store.watch.Tell(b.moved...)
	return answers, nil
}

// undo rolls back, unless SQLite has done so by itself, as it does when the
// disk is full or fails. When even that fails the connection is of no use any
// more, and nothing is written until the store is opened again.
func (w *writer) undo() error {
	err := w.conn.exec(w.ctx, "ROLLBACK")
	if err == nil || w.idle() {
		return nil
	}
	w.broken = fmt.Errorf("records are read-only after a failed rollback: %w", err)
	return err
}

// idle tells that no transaction is open: one can begin.
func (w *writer) idle() bool {
	return w.conn.exec(w.ctx, "BEGIN") == nil && w.conn.exec(w.ctx, "ROLLBACK") == nil
}

// stopped tells whether stop was called.
func (w *writer) stopped() bool {
	select {
	case <-w.quit:
		return true
	default:
		return false
	}
}
