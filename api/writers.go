package api

import (
	"errors"
	"sync"
	"time"
)

// writers are the requests of this node that are writing to uploads, one for
// each. Those of other nodes are not known: there, the first piece stays.
type writers struct {
	mu sync.Mutex
	at map[string]*writer
}

// writer is a request that is writing to an upload.
type writer struct {
	interrupt func() // nil: not to be interrupted
	left      chan struct{}
}

// lockPatience is how long a request waits for an interrupted one to leave.
const lockPatience = 3 * time.Second

var errBusy = errors.New("upload is being written")

// lock makes the caller the only writer of an upload until release. A writer
// already there is interrupted: phones come back on a new connection long
// before the old one is known to be dead.
func (w *writers) lock(id string, interrupt func()) (release func(), err error) {
	deadline := time.After(lockPatience)
	for {
		before, release := w.tryLock(id, interrupt)
		if release != nil {
			return release, nil
		}
		select {
		case <-before:
		case <-deadline:
			return nil, errBusy
		}
	}
}

// tryLock takes the lock, or interrupts its holder and gives what is closed
// when that has left.
func (w *writers) tryLock(id string, interrupt func()) (left <-chan struct{}, release func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if before := w.at[id]; before != nil {
		if before.interrupt != nil {
			before.interrupt()
			before.interrupt = nil
		}
		return before.left, nil
	}
	if w.at == nil {
		w.at = map[string]*writer{}
	}
	mine := &writer{interrupt: interrupt, left: make(chan struct{})}
	w.at[id] = mine
	return nil, func() { w.unlock(id, mine) }
}

func (w *writers) unlock(id string, mine *writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.at, id)
	mine.interrupt = nil
	close(mine.left)
}
