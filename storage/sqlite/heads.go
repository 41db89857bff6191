package sqlite

import (
	"context"
	"slices"
	"strings"
	"sync"

	"preau/storage"
)

// scope is what is kept in memory of each scope.
type scope struct{ id, head, floor int64 }

// heads knows all scopes. The writer raises it after a commit and before the
// acknowledgement; a reader that saw more raises it as well, so that nobody
// looks back after having looked forward.
type heads struct {
	mu     sync.RWMutex
	byName map[string]scope
}

func loadHeads(ctx context.Context, c *conn) (*heads, error) {
	h := &heads{byName: map[string]scope{}}
	const all = `SELECT name, id, floor, (SELECT max(n) FROM entries WHERE scope = scopes.id) FROM scopes`
	err := c.each(ctx, all, nil, func(scan func(...any) error) (bool, error) {
		var name string
		var s scope
		err := scan(&name, &s.id, &s.floor, &s.head)
		h.byName[name] = s
		return true, err
	})
	return h, err
}

func (h *heads) get(name string) (scope, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s, ok := h.byName[name]
	return s, ok
}

// fill answers positions with heads and floors, as of one moment, and tells
// whether any of them is behind.
func (h *heads) fill(at []storage.Position, tails []storage.Tail) (news bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for i := range at {
		s := h.byName[at[i].Scope]
		tails[i] = storage.Tail{Scope: at[i].Scope, Head: s.head, Floor: s.floor}
		news = news || s.head > at[i].After
	}
	return news
}

// merge takes over what a transaction did. Nothing ever goes down.
func (h *heads) merge(touched map[string]*scope) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, t := range touched {
		s := h.byName[name]
		h.byName[name] = scope{id: t.id, head: max(s.head, t.head), floor: max(s.floor, t.floor)}
	}
}

// saw raises the head of a known scope to what a reader found in the database.
func (h *heads) saw(name string, head int64) {
	if s, ok := h.get(name); !ok || s.head >= head {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.byName[name]
	s.head = max(s.head, head)
	h.byName[name] = s
}

// raiseFloor forgets deletions up to floor, before they are deleted.
func (h *heads) raiseFloor(name string, floor int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.byName[name]
	s.floor = max(s.floor, floor)
	h.byName[name] = s
}

func (h *heads) names(prefix string) []string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var names []string
	for n := range h.byName {
		if strings.HasPrefix(n, prefix) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}
