package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// morning is what happens between the first device that starts and the last
// answer.
type morning struct {
	options
	photos  photos
	devices []*device
	byRole  map[role][]*device
	heads   sync.Mutex // held by who comes in and arranges the timetable, and to read byRole from then on

	storm, steady *tally
	now           atomic.Pointer[tally] // which of the two counts
	held          atomic.Int64          // live connections
	least, most   int64                 // of these, while steady
	under         chan struct{}         // operations under way
	streams       sync.WaitGroup        // that hold live connections
}

// mostUnderWay bounds what the program holds when a server does not answer.
const mostUnderWay = 4000

func newMorning(o options, arrivals []arrival, bases []string) (*morning, error) {
	pictures, err := newPhotos()
	if err != nil {
		return nil, err
	}
	m := &morning{
		options: o, photos: pictures, byRole: map[role][]*device{},
		storm: newTally(), steady: newTally(), under: make(chan struct{}, mostUnderWay),
	}
	m.now.Store(m.storm)
	every := max(1, len(arrivals)/max(1, o.witnesses))
	for i, a := range arrivals {
		d := newDevice(bases[i%len(bases)], a.person, i%every == 0)
		d.known = a.known
		m.devices = append(m.devices, d)
		m.byRole[a.role] = append(m.byRole[a.role], d)
	}
	m.byRole[anyone] = m.devices
	return m, nil
}

// each counts requests of a kind.
func (m *morning) each(k kind) func(begun time.Time) {
	return func(begun time.Time) { m.now.Load().done(k, begun) }
}

// begin starts something that was due at a moment, unless too much is under
// way already, which is an error: it is not put off.
func (m *morning) begin(due time.Time, do func() error) {
	select {
	case m.under <- struct{}{}:
	default:
		m.now.Load().fail(&problem{code: "overrun", text: "too many operations are under way: one was not begun"})
		return
	}
	go func() { // idle waits for it
		defer func() { <-m.under }()
		m.now.Load().sent(due)
		if err := do(); err != nil {
			m.now.Load().fail(err)
		}
	}()
}

// idle waits until nothing is under way.
func (m *morning) idle(ctx context.Context) error {
	for len(m.under) > 0 {
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// arrive lets all devices start within a time, evenly. Live connections last
// until streams ends.
func (m *morning) arrive(ctx, streams context.Context, arrivals []arrival) error {
	t := m.storm
	t.begun = time.Now()
	for i, place := range rand.New(rand.NewPCG(m.seed, 1)).Perm(len(arrivals)) {
		due := t.begun.Add(m.options.storm * time.Duration(i) / time.Duration(len(arrivals)))
		if err := pause(ctx, time.Until(due)); err != nil {
			return err
		}
		follows := i < m.live
		m.begin(due, func() error { return m.start(ctx, streams, m.devices[place], arrivals[place], follows, due) })
	}
	err := m.idle(ctx)
	t.ended = time.Now()
	return err
}

// start is a device that its person takes in hand for the first time that day.
func (m *morning) start(ctx, streams context.Context, d *device, a arrival, follows bool, due time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a.password != "" {
		if err := d.signIn(ctx, a.sheet.Login, a.password); err != nil {
			return err
		}
		m.each(kindSignIn)(due)
	} else {
		if err := d.openAccount(ctx, a.sheet, ""); err != nil {
			return err
		}
		m.each(kindOpen)(due)
	}
	if err := d.catchUp(ctx, m.each(kindFirst), time.Now()); err != nil {
		return err
	}
	if _, arranges := d.follows("timetable"); arranges {
		m.heads.Lock()
		m.byRole[head] = append(m.byRole[head], d)
		m.heads.Unlock()
	}
	if follows {
		m.streams.Go(func() { m.follow(ctx, streams, d) })
	}
	return nil
}

// follow holds the live connection of a device, which pulls when it stands and
// whenever it is told that something moved.
func (m *morning) follow(ctx, streams context.Context, d *device) {
	opened := time.Now()
	stands := false
	err := d.live(streams, func(heads map[string]int64) {
		told := time.Now()
		if heads == nil {
			stands = true
			m.held.Add(1)
			m.each(kindHello)(opened)
		} else {
			m.now.Load().poked()
		}
		m.begin(told, func() error { return m.look(ctx, d, heads, told) })
	})
	if stands {
		m.held.Add(-1)
	}
	if err != nil {
		m.now.Load().fail(err)
	}
}

// look pulls unless the device knows already what it was told of.
func (m *morning) look(ctx context.Context, d *device, heads map[string]int64, told time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if heads != nil && !d.behind(heads) {
		return nil
	}
	return d.catchUp(ctx, m.each(kindPoked), told)
}

// goOn sends operations at moments that are fixed in advance, whatever becomes
// of them.
func (m *morning) goOn(ctx context.Context) error {
	t := m.steady
	m.now.Store(t)
	t.begun = time.Now()
	m.least = m.held.Load()
	for p := newPlan(m.seed, m.rate, m.duration); p.next(); {
		due := t.begun.Add(p.at)
		if err := pause(ctx, time.Until(due)); err != nil {
			return err
		}
		what, among := p.what, m.who(p.what.who)
		if len(among) == 0 {
			continue
		}
		d := among[p.whom%len(among)]
		t.planned += what.requests()
		m.begin(due, func() error { return what.perform(ctx, m, d, due) })
		m.least, m.most = min(m.least, m.held.Load()), max(m.most, m.held.Load())
	}
	err := m.idle(ctx)
	t.ended = time.Now()
	return err
}

// who are the devices of a role. One that was begun while others were waited for
// may still be adding itself.
func (m *morning) who(r role) []*device {
	m.heads.Lock()
	defer m.heads.Unlock()
	return m.byRole[r]
}

// plan is the operations of a morning, one after the other, with the moments
// at which they are due. The same seed gives the same.
type plan struct {
	*rand.Rand
	gap  time.Duration // mean between two
	end  time.Duration
	at   time.Duration
	what operation
	whom int
}

// newPlan spreads so many requests a second over a time.
func newPlan(seed uint64, rate float64, duration time.Duration) *plan {
	weights, requests := 0, 0
	for _, o := range mix {
		weights += o.weight
		requests += o.weight * o.requests()
	}
	each := float64(requests) / float64(weights)
	return &plan{
		Rand: rand.New(rand.NewPCG(seed, 2)), end: duration,
		gap: time.Duration(each / rate * float64(time.Second)),
	}
}

func (p *plan) next() bool {
	p.at += time.Duration(p.ExpFloat64() * float64(p.gap))
	p.what, p.whom = p.draw(), p.IntN(1<<30)
	return p.at < p.end
}

func (p *plan) draw() operation {
	total := 0
	for _, o := range mix {
		total += o.weight
	}
	left := p.IntN(total)
	for _, o := range mix {
		if left -= o.weight; left < 0 {
			return o
		}
	}
	return mix[0]
}
