// Package watch keeps those who want to know which scopes of a store moved,
// for the implementations of [storage.Records].
package watch

import (
	"context"
	"sync"

	"preau/storage"
)

// backlog is how many reports wait for a slow watcher before some are lost.
const backlog = 256

// Set are the watchers of a store. The zero value has none.
type Set struct {
	mu     sync.Mutex
	all    map[chan storage.Moved]struct{}
	closed bool
}

// Add is a watcher until ctx ends or the set is closed; its channel is closed
// then.
func (s *Set) Add(ctx context.Context) <-chan storage.Moved {
	c := make(chan storage.Moved, backlog)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		close(c)
		return c
	}
	if s.all == nil {
		s.all = map[chan storage.Moved]struct{}{}
	}
	s.all[c] = struct{}{}
	context.AfterFunc(ctx, func() { s.remove(c) })
	return c
}

func (s *Set) remove(c chan storage.Moved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.all[c]; ok {
		delete(s.all, c)
		close(c)
	}
}

// Tell reports what moved, dropping it for those who do not keep up.
func (s *Set) Tell(moved ...storage.Moved) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.all {
		for _, m := range moved {
			select {
			case c <- m:
			default:
			}
		}
	}
}

// Close ends all watchers, and those that come later at once.
func (s *Set) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.all {
		delete(s.all, c)
		close(c)
	}
}
