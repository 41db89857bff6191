package sync

import "preau/storage"

// Hash32 lets the tests write down exact values.
var Hash32 = hash32

// Waiting is how many actions wait for a scope.
func (e *Engine) Waiting(scope string) int {
	e.committer.mu.Lock()
	defer e.committer.mu.Unlock()
	if q := e.committer.queues[scope]; q != nil {
		return len(q.waiting)
	}
	return 0
}

// FoldCacheAfter is how many bytes a cache holds after n folds of a size.
func FoldCacheAfter(limit, n, size int) int {
	c := newFoldCache(limit)
	for i := range n {
		c.put(foldKey{"class:5b", int64(i), int64(i + 1)}, make([]byte, size))
	}
	return c.bytes
}

// Hear is what the engine does when the store reports a move.
func (e *Engine) Hear(scope string, head int64) { e.moved(storage.Moved{Scope: scope, Head: head}) }
