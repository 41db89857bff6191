package sync

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Intervals of the live connections.
const (
	pokeSpread   = 1500 * time.Millisecond // readers of one scope come one after the other
	recheckEvery = 2 * time.Second         // how late a gained or lost scope is noticed
)

// Hub tells live connections which scopes moved. A poke is only a hint to
// pull: it may be late, merged with others or lost.
type Hub struct {
	access Access
	random func(n int64) int64

	mu        sync.Mutex
	subs      map[string]subscribers // by user
	audiences map[string]*audience
	asked     map[Actor][]string // scopes on demand that a device named last
}

// audience is who is to be told of a scope, and the head that they were told.
type audience struct {
	readers map[*subscriber]struct{}
	head    int64
}

// subscribers are the live connections of one person.
type subscribers map[*subscriber]struct{}

// subscriber is one live connection. The Hub's mutex guards it.
type subscriber struct {
	actor   Actor
	poke    chan map[string]int64
	grants  []Grant
	version uint64
	pending map[string]int64
	timer   *time.Timer
}

func newHub(access Access, random func(n int64) int64) *Hub {
	return &Hub{
		access:    access,
		random:    random,
		subs:      map[string]subscribers{},
		audiences: map[string]*audience{},
		asked:     map[Actor][]string{},
	}
}

// follow notes which scopes on demand a device names: it is told of these.
func (h *Hub) follow(a Actor, grants []Grant, asked []string) {
	if len(grants) == 0 || !grants[len(grants)-1].OnDemand {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.Equal(h.asked[a], asked) {
		return
	}
	forgetSome(h.asked)
	if h.asked[a] = asked; len(asked) == 0 {
		delete(h.asked, a)
	}
	for s := range h.subs[a.User] {
		if s.actor == a {
			h.drop(s)
			h.regrant(s)
		}
	}
}

// grants lists the scopes that a device is told of.
func (h *Hub) grants(a Actor) ([]Grant, uint64) {
	all, version := h.access.Grants(a)
	always := slices.IndexFunc(all, func(g Grant) bool { return g.OnDemand })
	if always < 0 {
		return all, version
	}
	told := all[:always:always]
	for _, g := range all[always:] {
		if slices.Contains(h.asked[a], g.Scope) {
			told = append(told, g)
		}
	}
	return told, version
}

// Subscribe returns the pokes of an actor, scope by scope with its new head,
// until ctx ends; the channel is closed then. A head of 0 says that the scope
// came or went. The receiver checks its session again at each poke, and at
// an empty one (see Kick) does nothing else. Pokes that are not taken are
// merged. Scopes read by several people are told after a random delay.
func (h *Hub) Subscribe(ctx context.Context, a Actor) <-chan map[string]int64 {
	s := &subscriber{actor: a, poke: make(chan map[string]int64, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs[a.User] == nil {
		h.subs[a.User] = subscribers{}
	}
	h.subs[a.User][s] = struct{}{}
	h.regrant(s)
	context.AfterFunc(ctx, func() { h.leave(s) })
	return s.poke
}

// Kick makes the live connections of a person check their session now.
func (h *Hub) Kick(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs[user] {
		h.recheck(s)
		s.flush()
	}
}

// here says whether a connection is still held.
func (h *Hub) here(s *subscriber) bool {
	_, here := h.subs[s.actor.User][s]
	return here
}

func (h *Hub) leave(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.here(s) {
		return
	}
	if delete(h.subs[s.actor.User], s); len(h.subs[s.actor.User]) == 0 {
		delete(h.subs, s.actor.User)
	}
	h.drop(s)
	if s.timer != nil {
		s.timer.Stop()
	}
	close(s.poke)
}

// run notices, until ctx ends, whose scopes came or went.
func (h *Hub) run(ctx context.Context) error {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			h.recheckAll()
		}
	}
}

func (h *Hub) recheckAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, all := range h.subs {
		for s := range all {
			if h.recheck(s) {
				s.flush()
			}
		}
	}
}

// recheck compares the grants of a subscriber with those it had, and adds the
// scopes that came or went to what it is to be told.
func (h *Hub) recheck(s *subscriber) (changed bool) {
	grants, version := h.grants(s.actor)
	if version == s.version {
		return false
	}
	came := map[string]bool{}
	for _, g := range grants {
		came[g.Scope] = true
	}
	for _, g := range s.grants {
		if !came[g.Scope] {
			s.add(g.Scope, 0)
			changed = true
		}
		delete(came, g.Scope)
	}
	for scope := range came {
		s.add(scope, 0)
		changed = true
	}
	h.drop(s)
	h.take(s, grants, version)
	return changed
}

func (h *Hub) regrant(s *subscriber) {
	grants, version := h.grants(s.actor)
	h.take(s, grants, version)
}

func (h *Hub) take(s *subscriber, grants []Grant, version uint64) {
	s.grants, s.version = grants, version
	for _, g := range grants {
		to := h.audiences[g.Scope]
		if to == nil {
			to = &audience{readers: map[*subscriber]struct{}{}}
			h.audiences[g.Scope] = to
		}
		to.readers[s] = struct{}{}
	}
}

func (h *Hub) drop(s *subscriber) {
	for _, g := range s.grants {
		to := h.audiences[g.Scope]
		if to == nil {
			continue
		}
		if delete(to.readers, s); len(to.readers) == 0 {
			delete(h.audiences, g.Scope)
		}
	}
}

// moved tells the readers of a scope its new head: its owner at once, others
// after a delay. News heard twice, here and from the store, is told once.
func (h *Hub) moved(scope string, head int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to := h.audiences[scope]
	if to == nil || head <= to.head {
		return
	}
	to.head = head
	for s := range to.readers {
		s.add(scope, head)
		if scope == ownScope(s.actor) {
			s.flush()
		} else if s.timer == nil {
			delay := time.Duration(h.random(int64(pokeSpread)))
			s.timer = time.AfterFunc(delay, func() { h.due(s) })
		}
	}
}

func (h *Hub) due(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.here(s) && len(s.pending) > 0 {
		s.flush()
	}
	s.timer = nil
}

func (s *subscriber) add(scope string, head int64) {
	if s.pending == nil {
		s.pending = map[string]int64{}
	}
	s.pending[scope] = head
}

// flush hands over what is pending, merged with a poke not yet taken.
func (s *subscriber) flush() {
	told := s.pending
	if told == nil {
		told = map[string]int64{}
	}
	select {
	case earlier := <-s.poke:
		maps.Copy(earlier, told)
		told = earlier
	default:
	}
	s.poke <- told
	s.pending = nil
}

// ownScope is the scope that only the actor reads.
func ownScope(a Actor) string { return "user:" + a.User }
