package sync_test

import (
	"hash/maphash"
	"slices"
	"testing"
)

// The model explores every interleaving of the commit protocol of PROTOCOL.md
// §7 within small bounds: writers that insert entry n+1 after having seen n,
// a reader with a cursor, a collector that applies entries and then deletes
// them, crashes at every step, and fail-overs that lose what no majority had.
// p is the primary's state, j what a majority has.

const (
	maxEntries = 8 // entries are numbered from 1
	maxWriters = 3
)

// copyOf is the store as one node holds it.
type copyOf struct {
	log     [maxEntries]uint8        // mutation by entry; 0: none
	rec     [maxWriters + 1]recordAt // A, touched by all, and one per mutation
	applied uint8
	floor   uint8
}

type recordAt struct{ seq, mutation uint8 }

type step uint8

const (
	idle step = iota
	insert
	await
	apply
	done
	raiseApplied
	raiseFloor
	awaitMajority
	remove
	scan
	finish
)

type writerState struct {
	at       step
	seen, my uint8
}

type collectorState struct {
	at   step
	left uint8
	head uint8
	todo [maxEntries]uint8
}

type readerState struct {
	at       step
	left     uint8
	cursor   uint8
	held     [maxWriters + 1]uint8
	applied  uint8
	next     uint8
	gathered [maxWriters + 1]recordAt
}

type modelState struct {
	p, j      copyOf
	history   [maxEntries]uint8 // what a majority ever had, in order
	length    uint8
	writers   [maxWriters]writerState
	collector collectorState
	reader    readerState
	crashes   uint8
	failovers uint8
}

// model is the protocol, with the bounds of the exploration and the mistakes
// seeded into it.
type model struct {
	writers, pulls, crashes, failovers, collections uint8

	localWrite, localRead, noReceipt, applyEarly    bool
	deleteUnapplied, anyFirst, noRecheck, noFolding bool

	seen      map[uint64]struct{}
	seed      maphash.Seed
	violation string
}

func TestModelCatchesMistakes(t *testing.T) {
	for name, m := range map[string]model{
		"writer sees a predecessor that may be lost": {writers: 3, pulls: 1, failovers: 1, localWrite: true},
		"reader sees entries that may be lost":       {writers: 2, pulls: 2, failovers: 1, localRead: true},
		"no look at the lane before a retry":         {writers: 2, pulls: 1, crashes: 1, noReceipt: true},
		"entries deleted before they were applied":   {writers: 3, pulls: 2, collections: 1, deleteUnapplied: true},
		"first entry not checked against the cursor": {writers: 3, pulls: 2, collections: 1, anyFirst: true},
		"records read without the unapplied entries": {writers: 3, pulls: 2, collections: 1, noFolding: true},
		"applied before a majority has the entry":    {writers: 3, pulls: 1, failovers: 1, applyEarly: true},
	} {
		t.Run(name, func(t *testing.T) {
			if states := m.explore(); m.violation == "" {
				t.Fatalf("not caught in %d states", states)
			}
			t.Log(m.violation)
		})
	}
}

func TestModelHolds(t *testing.T) {
	for name, m := range map[string]model{
		"two writers, crash, fail-over, collection": {writers: 2, pulls: 2, crashes: 1, failovers: 1, collections: 1},
		"three writers, crash, collection":          {writers: 3, pulls: 1, crashes: 1, collections: 1},
		"three writers, fail-over, collection":      {writers: 3, pulls: 2, failovers: 1, collections: 1},
		"three writers, two collections":            {writers: 3, pulls: 2, collections: 2},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && m.writers > 2 {
				t.Skip("millions of states")
			}
			states := m.explore()
			if m.violation != "" {
				t.Fatalf("after %d states: %s", states, m.violation)
			}
			t.Logf("%d states", states)
		})
	}
}

func (m *model) explore() (states int) {
	m.seen, m.seed = map[uint64]struct{}{}, maphash.MakeSeed()
	stack := []modelState{{
		crashes: m.crashes, failovers: m.failovers,
		collector: collectorState{left: m.collections},
		reader:    readerState{left: m.pulls},
	}}
	for len(stack) > 0 && m.violation == "" {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		hash := maphash.Comparable(m.seed, s)
		if _, known := m.seen[hash]; known {
			continue
		}
		m.seen[hash] = struct{}{}
		states++
		before := len(stack)
		if stack = m.successors(stack, s); len(stack) == before {
			m.atRest(s)
		}
	}
	return states
}

func (m *model) successors(out []modelState, s modelState) []modelState {
	for i := range m.writers {
		out = m.writerMoves(out, s, i)
	}
	out = m.collectorMoves(out, s)
	out = m.readerMoves(out, s)
	if s.p == s.j {
		return out
	}
	n := s
	n.j = n.p
	m.remember(&n)
	out = append(out, n)
	if s.failovers > 0 {
		out = append(out, failover(s))
	}
	return out
}

func (m *model) writerMoves(out []modelState, s modelState, i uint8) []modelState {
	w := s.writers[i]
	if w.at == done || w.at == await && !s.committed(i+1) {
		return out
	}
	n := s
	m.write(&n, i)
	out = append(out, n)
	if s.crashes > 0 && w.at != idle {
		n := s
		n.crashes--
		n.writers[i] = writerState{}
		out = append(out, n)
	}
	return out
}

func (m *model) collectorMoves(out []modelState, s modelState) []modelState {
	g := s.collector
	if g.left == 0 {
		return out
	}
	if g.at != awaitMajority || s.j.applied >= g.head && s.j.floor+1 >= g.head {
		n := s
		m.collect(&n)
		out = append(out, n)
	}
	if s.crashes > 0 && g.at != idle {
		n := s
		n.crashes--
		n.collector = collectorState{left: g.left}
		out = append(out, n)
	}
	return out
}

func (m *model) readerMoves(out []modelState, s modelState) []modelState {
	if s.reader.left == 0 {
		return out
	}
	n := s
	if m.read(&n, &n.reader) {
		n.reader.left--
		n.reader.at = idle
		if !m.localRead && n.reader.held != n.state(n.reader.cursor) {
			m.violation = "the reader does not hold the state at its cursor"
		}
	}
	return append(out, n)
}

// write is one step of a writer: look, insert, await the majority, apply.
func (m *model) write(s *modelState, i uint8) {
	w, mutation := &s.writers[i], i+1
	switch w.at {
	case idle:
		d := &s.j
		if m.localWrite {
			d = &s.p
		}
		w.seen, w.at = d.head(), insert
		if !m.noReceipt && d.knows(mutation) {
			w.at = await
		}
	case insert:
		n := w.seen + 1
		if s.p.log[n] != 0 || n <= s.p.floor {
			*w = writerState{}
			return
		}
		s.p.log[n] = mutation
		w.my, w.at = n, await
		if m.applyEarly {
			w.at = apply
		}
	case await:
		if w.at = done; w.my != 0 {
			w.at = apply
		}
	case apply:
		s.p.raise(w.my, mutation)
		w.at = done
	default:
	}
}

// collect is one step of the collector: apply what a majority has, raise the
// marks, await the majority, delete.
func (m *model) collect(s *modelState) {
	g := &s.collector
	switch g.at {
	case idle:
		g.head, g.at = s.j.head(), apply
		g.todo = s.j.log
		clear(g.todo[:s.j.applied+1])
	case apply:
		for n, mutation := range g.todo {
			if mutation != 0 && !m.deleteUnapplied {
				s.p.raise(uint8(n), mutation)
			}
		}
		g.at = raiseApplied
	case raiseApplied:
		s.p.applied, g.at = max(s.p.applied, g.head), raiseFloor
	case raiseFloor:
		s.p.floor, g.at = max(s.p.floor, keepOne(g.head)), awaitMajority
	case awaitMajority:
		g.at = remove
	case remove:
		clear(s.p.log[:keepOne(g.head)+1])
		*g = collectorState{left: g.left - 1}
	default:
	}
}

// keepOne is the last entry that may go: the newest always stays.
func keepOne(head uint8) uint8 { return max(head, 1) - 1 }

// read is one step of a pull; it returns true when the pull is over.
func (m *model) read(s *modelState, r *readerState) bool {
	d := &s.j
	if m.localRead {
		d = &s.p
	}
	switch r.at {
	case idle:
		return m.readLog(d, r)
	case scan:
		if rec := d.rec[r.next]; rec.seq > r.cursor {
			r.gathered[r.next] = rec
		}
		if r.next++; r.next > m.writers {
			r.at = finish
		}
		return false
	default:
		return m.foldTail(d, r)
	}
}

// readLog follows the log from the cursor, or begins a scan of the records.
func (m *model) readLog(d *copyOf, r *readerState) bool {
	first := d.after(r.cursor)
	if first == 0 && r.cursor >= d.floor {
		return true
	}
	if first != 0 && (first == r.cursor+1 || m.anyFirst) {
		for n := first; n < maxEntries; n++ {
			if mutation := d.log[n]; mutation != 0 {
				r.held[0], r.held[mutation] = mutation, mutation
				r.cursor = n
			}
		}
		return true
	}
	r.applied, r.next, r.at = d.applied, 0, scan
	r.gathered = [maxWriters + 1]recordAt{}
	return false
}

// foldTail lays the entries not yet applied over the records scanned.
func (m *model) foldTail(d *copyOf, r *readerState) bool {
	first, head := d.after(r.applied), d.head()
	if !m.noRecheck && (first != 0 && first != r.applied+1 || first == 0 && head < r.applied) {
		r.at, r.applied, r.next = idle, 0, 0
		r.gathered = [maxWriters + 1]recordAt{}
		return false
	}
	for n := r.applied + 1; n < maxEntries && !m.noFolding; n++ {
		if mutation := d.log[n]; mutation != 0 && n > r.cursor {
			for _, i := range []uint8{0, mutation} {
				if r.gathered[i].seq <= n {
					r.gathered[i] = recordAt{n, mutation}
				}
			}
		}
	}
	for i, rec := range r.gathered {
		if rec.seq != 0 {
			r.held[i] = rec.mutation
		}
	}
	r.cursor = max(head, r.cursor)
	r.applied, r.next = 0, 0
	r.gathered = [maxWriters + 1]recordAt{}
	return true
}

// failover makes what the majority has the primary's state.
func failover(s modelState) modelState {
	s.failovers--
	s.p = s.j
	for i := range s.writers {
		if s.writers[i].at == await {
			s.writers[i] = writerState{}
		}
	}
	if g := s.collector; g.at != idle && g.at != apply {
		s.collector = collectorState{left: g.left}
	}
	return s
}

// remember extends the history by what a majority now has, and checks that it
// has no gap and never changes.
func (m *model) remember(s *modelState) {
	for s.length+1 < maxEntries && s.j.log[s.length+1] != 0 {
		s.length++
		s.history[s.length] = s.j.log[s.length]
	}
	for n, mutation := range s.j.log {
		switch {
		case mutation == 0:
		case uint8(n) > s.length:
			m.violation = "an entry is durable before an earlier one"
		case s.history[n] != mutation:
			m.violation = "an entry changed"
		}
	}
}

// atRest checks what must hold when nothing more happens.
func (m *model) atRest(s modelState) {
	met := [maxWriters + 1]bool{}
	for _, mutation := range s.history[1 : s.length+1] {
		if met[mutation] {
			m.violation = "committed twice"
		}
		met[mutation] = true
	}
	for i := range m.writers {
		if s.writers[i].at == done && !met[i+1] {
			m.violation = "acknowledged, but lost"
		}
	}
	old := s.reader
	old.at, old.applied, old.next = idle, 0, 0
	m.converges(s, old)
	m.converges(s, readerState{})
}

func (m *model) converges(s modelState, r readerState) {
	for range 60 {
		if m.read(&s, &r) {
			if r.held != s.state(s.length) {
				m.violation = "a reader never gets everything"
			}
			return
		}
	}
	m.violation = "a reader cannot finish"
}

func (s *modelState) committed(mutation uint8) bool {
	return slices.Contains(s.history[1:s.length+1], mutation)
}

// state is what the records hold after the first n commits.
func (s *modelState) state(n uint8) (held [maxWriters + 1]uint8) {
	for _, mutation := range s.history[1 : min(n, s.length)+1] {
		held[0], held[mutation] = mutation, mutation
	}
	return held
}

func (c *copyOf) head() uint8 {
	for n := uint8(maxEntries - 1); n > 0; n-- {
		if c.log[n] != 0 {
			return n
		}
	}
	return 0
}

// after is the number of the first entry behind n; 0: none.
func (c *copyOf) after(n uint8) uint8 {
	for n++; n < maxEntries; n++ {
		if c.log[n] != 0 {
			return n
		}
	}
	return 0
}

func (c *copyOf) knows(mutation uint8) bool {
	if c.rec[mutation].seq != 0 {
		return true
	}
	for _, m := range c.log {
		if m == mutation {
			return true
		}
	}
	return false
}

// raise writes a record unless a later commit did.
func (c *copyOf) raise(n, mutation uint8) {
	for _, i := range []uint8{0, mutation} {
		if c.rec[i].seq < n {
			c.rec[i] = recordAt{n, mutation}
		}
	}
}
