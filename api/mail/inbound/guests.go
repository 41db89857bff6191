package inbound

import (
	"sync"
	"time"
)

// How many wrong addresses one host may try.
const (
	maxMissed  = 20
	missedTime = 10 * time.Minute
	maxKept    = 10_000 // hosts; beyond it the oldest are forgotten all at once
)

// guests are the hosts that are connected, or that tried wrong addresses.
type guests struct {
	now func() time.Time

	mu   sync.Mutex
	here map[string]int
	miss map[string]misses
}

type misses struct {
	n     int
	since time.Time
}

func newGuests(now func() time.Time) *guests {
	return &guests{now: now, here: map[string]int{}, miss: map[string]misses{}}
}

// enter lets a host in unless it has many connections.
func (g *guests) enter(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.here[host] >= maxPerHost {
		return false
	}
	g.here[host]++
	return true
}

func (g *guests) leave(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.here[host]--; g.here[host] <= 0 {
		delete(g.here, host)
	}
}

// missed counts a wrong address.
func (g *guests) missed(host string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.miss) >= maxKept {
		clear(g.miss)
	}
	m := g.miss[host]
	if g.now().Sub(m.since) > missedTime {
		m = misses{since: g.now()}
	}
	m.n++
	g.miss[host] = m
}

// unwelcome says whether a host has tried too many.
func (g *guests) unwelcome(host string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := g.miss[host]
	return m.n >= maxMissed && g.now().Sub(m.since) <= missedTime
}
