package sqlite

import (
	"context"
	"sync"

	"preau/storage"
)

// backlog is how many reports wait for a slow watcher before some are lost.
const backlog = 256

// watchers are those who want to know which scopes moved.
type watchers struct {
	mu     sync.Mutex
	all    map[chan storage.Moved]struct{}
	closed bool
}

// Watch implements [storage.Records].
func (s *Store) Watch(ctx context.Context) <-chan storage.Moved {
	c := make(chan storage.Moved, backlog)
	s.watch.add(c)
	context.AfterFunc(ctx, func() { s.watch.remove(c) })
	return c
}

func (w *watchers) add(c chan storage.Moved) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		close(c)
		return
	}
	if w.all == nil {
		w.all = map[chan storage.Moved]struct{}{}
	}
	w.all[c] = struct{}{}
}

func (w *watchers) remove(c chan storage.Moved) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.all[c]; ok {
		delete(w.all, c)
		close(c)
	}
}

// tell reports what moved, dropping it for those who do not keep up.
func (w *watchers) tell(moved []storage.Moved) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all {
		for _, m := range moved {
			select {
			case c <- m:
			default:
			}
		}
	}
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for c := range w.all {
		delete(w.all, c)
		close(c)
	}
}
