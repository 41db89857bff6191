package sync

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"preau/storage"
)

// Pace of the effects.
const (
	effectSlots = 32 // effects running at a time
	effectLease = 2 * time.Minute
	claimEvery  = 5 * time.Second // how late an effect with a date may be
	backoffLow  = time.Second
	backoffHigh = 5 * time.Minute
)

// dispatcher carries out effects: several at a time, of the ordered kinds one
// per source scope. Every engine has one; the store's leases keep them apart.
type dispatcher struct {
	engine *Engine
	lease  time.Duration
	slots  chan struct{}
	awake  chan struct{}

	// claims is held by who claims and shared by those who settle: an effect
	// that has ended is not claimed again, and begun, before it is settled.
	claims sync.RWMutex

	mu      sync.Mutex
	held    map[string]storage.Task // under way here, by id, as last claimed
	running int                     // attempts under way
	over    *sync.Cond              // running has become 0
}

func newDispatcher(e *Engine, lease time.Duration) *dispatcher {
	d := &dispatcher{
		engine: e,
		lease:  lease,
		slots:  make(chan struct{}, effectSlots),
		awake:  make(chan struct{}, 1),
		held:   map[string]storage.Task{},
	}
	d.over = sync.NewCond(&d.mu)
	return d
}

// begin runs an attempt beside the others.
func (d *dispatcher) begin(attempt func()) {
	d.mu.Lock()
	d.running++
	d.mu.Unlock()
	go func() {
		attempt()
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.running--; d.running == 0 {
			d.over.Broadcast()
		}
	}()
}

// wait returns when no attempt is under way.
func (d *dispatcher) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.running > 0 {
		d.over.Wait()
	}
}

// wake makes the dispatcher look for due effects now.
func (d *dispatcher) wake() {
	select {
	case d.awake <- struct{}{}:
	default:
	}
}

// run carries out effects as they fall due, until ctx ends and those begun are
// over.
func (d *dispatcher) run(ctx context.Context) error {
	defer d.wait()
	for ctx.Err() == nil {
		n, err := d.start(ctx)
		if err != nil && ctx.Err() == nil {
			d.engine.log.WarnContext(ctx, "claim effects", "err", err)
		}
		if n == 0 || err != nil {
			d.rest(ctx)
		}
	}
	return nil
}

// rest waits until something may have fallen due.
func (d *dispatcher) rest(ctx context.Context) {
	timer := time.NewTimer(claimEvery)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.awake:
	case <-timer.C:
	}
}

// start claims as many due effects as there are free slots, at least one, and
// begins them.
func (d *dispatcher) start(ctx context.Context) (n int, err error) {
	free := d.reserve(ctx)
	if free == 0 {
		return 0, ctx.Err()
	}
	tasks, err := d.claim(ctx, free)
	n = len(tasks)
	for _, t := range tasks {
		d.begin(func() {
			d.attempt(ctx, t)
			<-d.slots
			d.wake() // for the one that waited behind it
		})
	}
	for range free - n {
		<-d.slots
	}
	return n, err
}

// claim claims due effects and gives those that are to be begun.
func (d *dispatcher) claim(ctx context.Context, limit int) ([]storage.Task, error) {
	d.claims.Lock()
	defer d.claims.Unlock()
	tasks, err := d.engine.records.Claim(ctx, storage.Claim{
		Now:     d.engine.now(),
		Lease:   d.lease,
		Limit:   limit,
		Ordered: d.engine.mux.ordered,
	})
	return slices.DeleteFunc(tasks, func(t storage.Task) bool { return !d.hold(t) }), err
}

// settle ends an effect under its last lease.
func (d *dispatcher) settle(ctx context.Context, id string, next time.Time) error {
	d.claims.RLock()
	defer d.claims.RUnlock()
	return d.engine.records.Settle(ctx, d.release(id), next)
}

// hold tells whether a claimed effect is to be begun. One that is under way
// here is claimed again when the clock has jumped over its lease: then it is
// only to be settled under the new lease.
func (d *dispatcher) hold(t storage.Task) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, held := d.held[t.ID]
	d.held[t.ID] = t
	return !held
}

// release ends the holding of an effect and gives it as last claimed.
func (d *dispatcher) release(id string) storage.Task {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.held[id]
	delete(d.held, id)
	return t
}

// reserve takes all free slots, and waits for the first.
func (d *dispatcher) reserve(ctx context.Context) (free int) {
	select {
	case d.slots <- struct{}{}:
		free++
	case <-ctx.Done():
		return 0
	}
	for {
		select {
		case d.slots <- struct{}{}:
			free++
		default:
			return free
		}
	}
}

// drain carries out effects until none is due.
func (d *dispatcher) drain(ctx context.Context) error {
	for {
		n, err := d.start(ctx)
		if err != nil {
			return err
		}
		if d.wait(); n > 0 {
			continue
		}
		// One that ended while we looked may have let others through.
		if n, err = d.start(ctx); n == 0 || err != nil {
			return err
		}
	}
}

// attempt carries out one effect and settles it: done, or due again later.
func (d *dispatcher) attempt(ctx context.Context, t storage.Task) {
	rule, known := d.engine.mux.effects[t.Kind]
	err := errors.New("kind is not registered")
	if known {
		err = d.carryOut(ctx, rule, t)
	}
	next := d.next(ctx, rule, t, err)
	if err := d.settle(context.WithoutCancel(ctx), t.ID, next); err != nil {
		d.engine.log.WarnContext(ctx, "settle effect", "task", t.ID, "err", err)
	}
	if !next.IsZero() {
		time.AfterFunc(next.Sub(d.engine.now()), d.wake)
	}
}

// carryOut runs the rule of an effect, which ends well before another node may
// begin it; a panic is an error like any other.
func (d *dispatcher) carryOut(ctx context.Context, rule effectRule, t storage.Task) (err error) {
	ctx, cancel := context.WithTimeout(ctx, d.lease*3/4)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = newPanicError(p)
		}
	}()
	return rule.rule(ctx, &Job{engine: d.engine, task: t, ordered: rule.ordered})
}

// next tells when an effect is due again; zero: never.
func (d *dispatcher) next(ctx context.Context, rule effectRule, t storage.Task, err error) time.Time {
	now := d.engine.now()
	log := d.engine.log.With("kind", t.Kind, "task", t.ID, "tries", t.Tries+1)
	switch {
	case err == nil:
		return time.Time{}
	case errors.Is(err, ErrDrop):
		log.WarnContext(ctx, "effect dropped", "err", err)
		return time.Time{}
	case ctx.Err() != nil:
		return now // we are stopping: it is no fault of the effect
	case rule.ttl > 0 && now.After(due(t).Add(rule.ttl)):
		log.WarnContext(ctx, "effect given up", "err", err)
		return time.Time{}
	}
	if !errors.Is(err, ErrLater) {
		log.ErrorContext(ctx, "effect failed", "err", err)
	}
	return now.Add(d.backoff(t.Tries))
}

// due is when the effect was first to be carried out.
func due(t storage.Task) time.Time {
	if t.Due.After(t.At) {
		return t.Due
	}
	return t.At
}

// backoff doubles with every try, and is spread over its second half so that
// effects that failed together do not come back together.
func (d *dispatcher) backoff(tries int) time.Duration {
	full := min(backoffLow<<min(tries, 20), backoffHigh)
	return full/2 + time.Duration(d.engine.random(int64(full/2)))
}
