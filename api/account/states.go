package account

import (
	"context"
	"sync"
	"time"
)

const (
	maxStates = 20_000
	// A report that an account moved may be lost, so what is in memory is
	// read again after this time.
	stateLife = 30 * time.Second
)

// states keeps the accounts of recent sessions in memory. An entry that was
// forgotten while it was being read is not kept.
type states struct {
	mu   sync.Mutex
	held map[string]held
	gen  map[string]uint64 // of the reads under way
	busy map[string]int
}

type held struct {
	state *state
	until time.Time
}

func newStates() *states {
	return &states{held: map[string]held{}, gen: map[string]uint64{}, busy: map[string]int{}}
}

// forget makes the next question about a person read the records again.
func (c *states) forget(user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, user)
	if c.busy[user] > 0 {
		c.gen[user]++
	}
}

func (c *states) get(user string, now time.Time) (*state, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h, ok := c.held[user]
	return h.state, ok && now.Before(h.until)
}

// begin and end frame a read; end keeps its result unless the account moved
// in between.
func (c *states) begin(user string) (gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy[user]++
	return c.gen[user]
}

func (c *states) end(user string, gen uint64, st *state, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st != nil && c.gen[user] == gen {
		c.makeRoom()
		c.held[user] = held{st, until}
	}
	if c.busy[user]--; c.busy[user] == 0 {
		delete(c.busy, user)
		delete(c.gen, user)
	}
}

func (c *states) makeRoom() {
	for user := range c.held {
		if len(c.held) < maxStates {
			return
		}
		delete(c.held, user)
	}
}

// state is what is known of a person, from memory if it is fresh.
func (s *Service) state(ctx context.Context, user string) (*state, error) {
	now := s.now()
	if st, ok := s.states.get(user, now); ok {
		return st, nil
	}
	gen := s.states.begin(user)
	st, err := s.read(ctx, user)
	s.states.end(user, gen, st, now.Add(stateLife))
	return st, err
}

// sightings are the devices seen since they were last written down.
type sightings struct {
	mu sync.Mutex
	at map[[2]string]time.Time // user, device
}

func newSightings() *sightings { return &sightings{at: map[[2]string]time.Time{}} }

func (s *sightings) note(user, device string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[[2]string{user, device}] = at
}

func (s *sightings) take() map[[2]string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.at
	s.at = map[[2]string]time.Time{}
	return taken
}
