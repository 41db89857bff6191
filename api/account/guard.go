package account

import (
	"net/netip"
	"sync"
	"time"
)

// The limits on guessing passwords. They never stop somebody on a browser of
// their own, and never a whole address: a school comes from one.
const (
	freeFailures = 10 // a day, from browsers not known
	maxFailures  = 100
	maxDelay     = 15 * time.Minute

	addressWindow = 10 * time.Minute
	addressLine   = 100                    // accounts failing from one address in the window
	addressPace   = 200 * time.Millisecond // between attempts over the line
	egressFactor  = 20                     // for the addresses of schools

	sprayWindow = 10 * time.Minute
	sprayLine   = 10 // accounts on which one password failed in the window
	sprayRest   = time.Hour

	maxTallies   = 100_000
	maxAddresses = 20_000
	maxSprayed   = 50_000
)

// guard counts failures in memory. Those of accounts are also written down
// once a minute by Service.Flush; the others are lost with the process.
type guard struct {
	mu        sync.Mutex
	key       []byte // of the passwords that failed, which are never kept
	egress    []netip.Prefix
	tallies   map[string]*tally
	addresses map[netip.Prefix]*address
	sprayed   map[string]*sprayed
}

func newGuard(key []byte, egress []netip.Prefix) *guard {
	return &guard{
		key: key, egress: egress,
		tallies:   map[string]*tally{},
		addresses: map[netip.Prefix]*address{},
		sprayed:   map[string]*sprayed{},
	}
}

// attempt is one password about to be checked.
type attempt struct {
	login    string
	user     string   // who the login belongs to; empty: nobody
	browser  string   // of a known browser of that person; else empty
	stored   failures // what is written down for the account
	addr     netip.Addr
	password string
	at       time.Time
}

// counter names what the attempt is counted under: the login, so that a name
// that does not exist is slowed down like one that does.
func (a attempt) counter() string { return a.login + "|" + a.browser }

// tally counts the failures of one day.
type tally struct {
	day    string
	login  string
	user   string // set for what is to be written down
	n      int    // here, not written down yet
	last   time.Time
	flying int // attempts being checked: they count until they turn out right
}

// admit reserves the check of a password, or says how long to wait. A password
// that is being tried everywhere is checked only for a known browser, and
// called wrong otherwise.
func (g *guard) admit(a attempt) (sprayed bool, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a.browser == "" {
		if wait := g.paceAddress(a); wait > 0 {
			return false, &Throttled{wait}
		}
	}
	t := g.tally(a)
	if wait := t.wait(a); wait > 0 {
		return false, &Throttled{wait}
	}
	hot := g.hot(a)
	if hot && a.browser == "" {
		return true, errWrong
	}
	t.flying++
	t.last = a.at
	return hot, nil
}

// settle ends an attempt that was admitted.
func (g *guard) settle(a attempt, right bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tally(a)
	t.flying = max(0, t.flying-1)
	switch {
	case !right:
		t.n++
		g.failedAt(a)
		g.failedWith(a)
	case a.browser != "":
		t.n = 0
	}
}

// release ends an attempt that was not checked after all.
func (g *guard) release(a attempt) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.tally(a)
	t.flying = max(0, t.flying-1)
}

func (g *guard) tally(a attempt) *tally {
	today := a.at.UTC().Format(time.DateOnly)
	t := g.tallies[a.counter()]
	if t == nil {
		g.makeRoom(today)
		t = &tally{}
		g.tallies[a.counter()] = t
	}
	if t.day != today {
		*t = tally{day: today, login: a.login, flying: t.flying}
	}
	if a.browser == "" {
		t.user = a.user
	}
	return t
}

// makeRoom drops counts of other days, then of names that are nobody's.
func (g *guard) makeRoom(today string) {
	if len(g.tallies) < maxTallies {
		return
	}
	for name, t := range g.tallies {
		if t.day != today || t.user == "" && len(g.tallies) > maxTallies*9/10 {
			delete(g.tallies, name)
		}
	}
}

// wait says how long until the next attempt: not at all for the first ones of
// a day, then twice as long each time, at last until tomorrow.
func (t *tally) wait(a attempt) time.Duration {
	n, last := t.n+t.flying, t.last
	if a.browser == "" && a.stored.Day == t.day {
		n += a.stored.N
		if a.stored.Last.After(last) {
			last = a.stored.Last
		}
	}
	switch {
	case n < freeFailures:
		return 0
	case n >= maxFailures:
		return a.at.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(a.at)
	}
	delay := maxDelay
	if steps := n - freeFailures; steps < 10 {
		delay = min(maxDelay, time.Second<<(steps+1))
	}
	return last.Add(delay).Sub(a.at)
}

// unwritten is what a tally counted since it was written down.
type unwritten struct {
	login, user string
	failures
}

// fresh lists the failures that are not written down yet.
func (g *guard) fresh() []unwritten {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []unwritten
	for _, t := range g.tallies {
		if t.user != "" && t.n > 0 {
			all = append(all, unwritten{t.login, t.user, failures{Day: t.day, N: t.n, Last: t.last}})
		}
	}
	return all
}

// written says that failures are on disk.
func (g *guard) written(u unwritten) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.tallies[u.login+"|"]; t != nil && t.day == u.Day {
		t.n = max(0, t.n-u.N)
	}
}

// address is one client address (IPv6: its /64) in a window of time.
type address struct {
	since  time.Time
	failed map[string]struct{} // logins
	next   time.Time           // over the line: when the next attempt may come
}

func prefix(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, _ := addr.Prefix(bits)
	return p
}

// paceAddress spaces attempts from an address where very many different
// accounts fail. They are slower then, never refused for good.
func (g *guard) paceAddress(a attempt) time.Duration {
	at := g.addresses[prefix(a.addr)]
	if at == nil || a.at.Sub(at.since) > addressWindow || len(at.failed) < g.line(a.addr) {
		return 0
	}
	if wait := at.next.Sub(a.at); wait > 0 {
		return wait
	}
	at.next = a.at.Add(addressPace)
	return 0
}

func (g *guard) line(addr netip.Addr) int {
	for _, p := range g.egress {
		if p.Contains(addr.Unmap()) {
			return addressLine * egressFactor
		}
	}
	return addressLine
}

func (g *guard) failedAt(a attempt) {
	at := g.addresses[prefix(a.addr)]
	if at == nil || a.at.Sub(at.since) > addressWindow {
		forgetSome(g.addresses, maxAddresses)
		at = &address{since: a.at, failed: map[string]struct{}{}}
		g.addresses[prefix(a.addr)] = at
	}
	if len(at.failed) < g.line(a.addr) {
		at.failed[a.login] = struct{}{}
	}
}

// sprayed is one password, by its keyed hash, that failed on accounts.
type sprayed struct {
	since  time.Time
	logins map[string]struct{}
	until  time.Time // refused everywhere until then
}

func (g *guard) spray(a attempt) string { return string(derive(g.key, a.password)[:16]) }

func (g *guard) hot(a attempt) bool {
	p := g.sprayed[g.spray(a)]
	return p != nil && a.at.Before(p.until)
}

func (g *guard) failedWith(a attempt) {
	name := g.spray(a)
	p := g.sprayed[name]
	if p == nil || a.at.Sub(p.since) > sprayWindow && a.at.After(p.until) {
		forgetSome(g.sprayed, maxSprayed)
		p = &sprayed{since: a.at, logins: map[string]struct{}{}}
		g.sprayed[name] = p
	}
	if p.logins[a.login] = struct{}{}; len(p.logins) > sprayLine {
		p.until = a.at.Add(sprayRest)
		clear(p.logins)
	}
}

// forgetSome keeps a map under a size by dropping any of its entries.
func forgetSome[K comparable, V any](m map[K]V, size int) {
	for k := range m {
		if len(m) < size {
			return
		}
		delete(m, k)
	}
}

// window limits how often something may happen per key and in all. It counts
// in memory, on this node.
type window struct {
	each, all int
	length    time.Duration

	mu    sync.Mutex
	since time.Time
	total int
	keys  map[netip.Prefix]int
}

// full says how long to wait before the next try from an address; 0: none.
func (w *window) full(addr netip.Addr, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn(now)
	if w.total < w.all && w.keys[prefix(addr)] < w.each {
		return 0
	}
	return w.since.Add(w.length).Sub(now)
}

func (w *window) count(addr netip.Addr, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turn(now)
	w.total++
	if len(w.keys) < maxAddresses {
		w.keys[prefix(addr)]++
	}
}

func (w *window) turn(now time.Time) {
	if now.Sub(w.since) >= w.length {
		w.since, w.total, w.keys = now, 0, map[netip.Prefix]int{}
	}
}
