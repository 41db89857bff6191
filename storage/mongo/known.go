package mongo

import (
	"fmt"
	"sync"
	"time"

	"preau/storage"
)

// maxKnown is of how many scopes a process remembers something.
const maxKnown = 1 << 16

// known is what this process happens to know of scopes. All of it was true
// once and cannot become untrue: a head that was reached, a mark that was
// set, the lanes as of a certain entry.
type known struct {
	mu     sync.Mutex
	scopes map[string]*scope
}

type scope struct {
	forward sync.Mutex // held while bringing the scope forward

	mu     sync.Mutex
	head   int64 // at least
	mark   int64 // at least
	marked bool  // the mark was looked at
	lanes  map[string]int64
	asOf   int64     // the entry that lanes are as of
	seen   time.Time // when that was the head
}

func (k *known) scope(name string) *scope {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.scopes == nil || len(k.scopes) >= maxKnown {
		k.scopes = map[string]*scope{}
	}
	sc := k.scopes[name]
	if sc == nil {
		sc = &scope{}
		k.scopes[name] = sc
	}
	return sc
}

func (c *scope) reached() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head
}

func (c *scope) saw(head int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = max(c.head, head)
}

func (c *scope) applied() (mark int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mark, c.marked
}

func (c *scope) raise(mark int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mark, c.marked = max(c.mark, mark), true
}

// allows tells whether an entry may follow, if that is known: its predecessor
// was the head not long ago, and all its lanes are known as of then.
func (c *scope) allows(e *storage.Entry, now time.Time) (sure bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asOf == 0 || c.asOf != e.N-1 || now.Sub(c.seen) > patience {
		return false, nil
	}
	for _, s := range e.Steps {
		k, ok := c.lanes[s.Lane]
		if !ok {
			return false, nil
		}
		if s.K <= k {
			return true, laneTaken(s.Lane, k)
		}
	}
	return true, nil
}

func laneTaken(lane string, k int64) error {
	return fmt.Errorf("lane %q is at %d: %w", lane, k, storage.ErrConflict)
}

// committed remembers an entry of our own.
func (c *scope) committed(e *storage.Entry, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.head = max(c.head, e.N)
	if e.N < c.asOf {
		return
	}
	if c.asOf != e.N-1 || c.lanes == nil || len(c.lanes) > maxLanes {
		c.lanes = map[string]int64{}
	}
	for _, s := range e.Steps {
		c.lanes[s.Lane] = s.K
	}
	c.asOf, c.seen = e.N, now
}

// maxLanes is how many lanes of a scope are remembered.
const maxLanes = 1024
