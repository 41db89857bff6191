package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"preau/storage"
)

// Limits of one commit. What one action may write stays below those of the
// store, so that an entry always has room for at least one.
const (
	maxGroup       = 32
	maxActionOps   = storage.MaxOps - 2
	maxActionBytes = storage.MaxEntryBytes - 64<<10
	maxEffects     = storage.MaxOps
	maxAttempts    = 64
	commitTime     = 30 * time.Second
)

// action is one thing to be done in a scope: a mutation of a device, a step of
// an effect, or a commit of the server's own (no lane).
type action struct {
	actor  Actor
	lane   string // "": none
	device string // of a device's lane: what its "_lane" record is called
	k      int64
	at     int64
	base   int64
	args   []byte
	rule   Rule  // nil: refuse holds the answer
	refuse error // a Refusal known beforehand
}

// outcome is how an action ended. Of a device's lane, result is the answer;
// of the others, err is what the rule returned.
type outcome struct {
	seq    int64
	result result
	err    error
}

// committer appends to the logs of scopes, one group of actions at a time per
// scope. Correctness rests on the store's conflict alone: the queue is there
// so that waiting actions share an entry.
type committer struct {
	engine *Engine
	mu     sync.Mutex
	queues map[string]*queue
}

// queue holds the actions waiting for one scope. Whoever holds the baton
// commits for all.
type queue struct {
	baton   chan struct{}
	users   int
	waiting []*pending
}

type pending struct {
	action
	outcome
	done chan struct{}
}

func newCommitter(e *Engine) *committer {
	return &committer{engine: e, queues: map[string]*queue{}}
}

// commit carries out one action and returns when it is on disk.
func (c *committer) commit(ctx context.Context, scope string, a action) outcome {
	return c.commitAll(ctx, scope, []action{a})[0]
}

// commitAll carries out actions in order. It does not give up when ctx ends:
// what is queued is committed or fails within the time that the store takes.
func (c *committer) commitAll(ctx context.Context, scope string, actions []action) []outcome {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	q, mine := c.join(scope, actions)
	defer c.leave(scope, q)
	for _, p := range mine {
		c.await(ctx, scope, q, p)
	}
	out := make([]outcome, len(mine))
	for i, p := range mine {
		out[i] = p.outcome
	}
	return out
}

func (c *committer) join(scope string, actions []action) (*queue, []*pending) {
	mine := make([]*pending, len(actions))
	for i, a := range actions {
		mine[i] = &pending{action: a, done: make(chan struct{})}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[scope]
	if q == nil {
		q = &queue{baton: make(chan struct{}, 1)}
		c.queues[scope] = q
	}
	q.users++
	q.waiting = append(q.waiting, mine...)
	return q, mine
}

func (c *committer) leave(scope string, q *queue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(c.queues, scope)
	}
}

// await returns when p is done, committing the groups before it if nobody
// else does.
func (c *committer) await(ctx context.Context, scope string, q *queue, p *pending) {
	select {
	case <-p.done:
		return
	case q.baton <- struct{}{}:
	}
	defer func() { <-q.baton }()
	for !p.isDone() {
		c.commitNext(ctx, scope, q)
	}
}

func (p *pending) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// commitNext takes a group from the queue and commits it; what found no room
// goes back to the front.
func (c *committer) commitNext(ctx context.Context, scope string, q *queue) {
	c.mu.Lock()
	n := min(len(q.waiting), maxGroup)
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	c.mu.Unlock()

	left := c.commitGroup(ctx, scope, group)
	for _, p := range group[:len(group)-len(left)] {
		close(p.done)
	}
	if len(left) > 0 {
		c.mu.Lock()
		q.waiting = append(slices.Clip(left), q.waiting...)
		c.mu.Unlock()
	}
}

// commitGroup commits the first actions of a group in one entry, as many as
// have room, and returns the others.
func (c *committer) commitGroup(ctx context.Context, scope string, group []*pending) (left []*pending) {
	for attempt := range maxAttempts {
		g, err := c.assemble(ctx, scope, group)
		if err == nil {
			err = g.append(ctx)
		}
		switch {
		case err == nil:
			return group[g.taken:]
		case errors.Is(err, storage.ErrConflict):
			c.pause(attempt)
		case errors.Is(err, storage.ErrTooLarge) && len(group) > 1:
			return append(c.commitGroup(ctx, scope, group[:1]), group[1:]...)
		case attempt > 0 || !retriable(group, err):
			return failAll(group, err)
		}
	}
	return failAll(group, fmt.Errorf("commit to %s: %w", scope, storage.ErrConflict))
}

// retriable tells whether a second attempt is of use and safe. The outcome of
// the first is not known: for actions in lanes the lane will show it, any
// other might be carried out twice.
func retriable(group []*pending, err error) bool {
	for _, final := range []error{storage.ErrTooLarge, storage.ErrInvalid, storage.ErrClosed} {
		if errors.Is(err, final) {
			return false
		}
	}
	return !slices.ContainsFunc(group, func(p *pending) bool { return p.lane == "" })
}

// pause lets the other node that took our number go on before us.
func (c *committer) pause(attempt int) {
	if attempt > 0 {
		time.Sleep(time.Duration(c.engine.random(int64(min(attempt, 20)) * int64(time.Millisecond))))
	}
}

func failAll(group []*pending, err error) []*pending {
	for _, p := range group {
		p.outcome = outcome{err: unavailable(err)}
	}
	return nil
}

// group is an entry being assembled.
type group struct {
	engine *Engine
	view   view
	entry  storage.Entry
	bytes  int
	lanes  map[string]int64 // how far the lanes met so far have come
	first  map[step][]byte  // what the steps of this group answered
	taken  int
}

type step struct {
	lane string
	k    int64
}

// assemble runs the rules of a group on a fresh view.
func (c *committer) assemble(ctx context.Context, scope string, actions []*pending) (*group, error) {
	tails, err := c.engine.records.Tails(ctx, []storage.Position{{Scope: scope}}, 0)
	if err != nil {
		return nil, err
	}
	head := tails[0].Head
	g := &group{
		engine: c.engine,
		view:   view{records: c.engine.records, scope: scope, head: head},
		entry:  storage.Entry{Scope: scope, N: head + 1, At: c.engine.now()},
		lanes:  map[string]int64{},
		first:  map[step][]byte{},
	}
	for _, p := range actions {
		err := g.do(ctx, p)
		if errors.Is(err, errNotRun) {
			break
		}
		if err != nil {
			return nil, err
		}
		g.taken++
	}
	return g, nil
}

// do carries out one action within the group. The error is the store's, or
// errNotRun.
func (g *group) do(ctx context.Context, p *pending) error {
	p.outcome = outcome{seq: g.view.head}
	if p.lane != "" {
		answered, err := g.known(ctx, p)
		if answered || err != nil {
			return err
		}
	}
	if p.refuse != nil {
		return g.settle(p, nil, p.refuse)
	}
	tx := &Tx{
		ctx: ctx, view: &g.view, act: p.action,
		seq: g.entry.N, now: g.entry.At, kinds: g.engine.mux.effects,
	}
	err := tx.run(p.rule)
	if err == nil {
		err = tx.tooLarge()
	}
	return g.settle(p, tx, err)
}

// known answers an action that its lane has done already, or is not ready for.
func (g *group) known(ctx context.Context, p *pending) (answered bool, err error) {
	done, met := g.lanes[p.lane]
	stored := g.first[step{p.lane, p.k}]
	if !met || p.k <= done && stored == nil {
		l, err := g.engine.records.Lane(ctx, g.view.scope, p.lane, p.k)
		if err != nil {
			return false, err
		}
		done, stored = max(done, l.K), l.Result
		g.lanes[p.lane] = done
	}
	switch {
	case p.k <= done:
		p.result = repeated(stored)
	case p.device != "" && p.k > done+1:
		p.result = result{gap: done + 1}
	default:
		return false, nil
	}
	return true, nil
}

// settle turns what the rule returned into the action's outcome and its part
// of the entry.
func (g *group) settle(p *pending, tx *Tx, err error) error {
	if err == nil && p.device == "" && tx.writesNothing() {
		return nil
	}
	if err == nil {
		return g.add(p, tx, succeeded(g.entry.N, tx.answer))
	}
	if p.device == "" {
		p.err = err
		return nil
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return g.add(p, nil, refused(r))
	}
	p.result = result{wait: g.engine.faultWait(p, err)}
	return nil
}

// add takes an action into the entry; errNotRun when there is no room.
func (g *group) add(p *pending, tx *Tx, stored []byte) error {
	size := len(stored) + len(p.lane) + 64
	if tx != nil {
		size += tx.size()
	}
	if g.bytes > 0 && (g.bytes+size > maxActionBytes || g.crowded(tx)) {
		return errNotRun
	}
	g.bytes += size
	p.seq = g.entry.N
	if tx != nil {
		g.entry.Effects = append(g.entry.Effects, tx.effects...)
		for _, op := range tx.writes.ops {
			g.view.written.set(op)
		}
	}
	if p.lane != "" {
		g.advance(p, stored)
	}
	return nil
}

// crowded tells whether an entry has too many writes to take those of a Tx.
func (g *group) crowded(tx *Tx) bool {
	ops, effects := len(g.view.written.ops)+1, len(g.entry.Effects)
	if tx != nil {
		ops, effects = ops+len(tx.writes.ops), effects+len(tx.effects)
	}
	return ops > maxActionOps || effects > maxEffects
}

// advance records the step of a lane; for a device with its answer, and with
// the "_lane" record by which it recognises its own changes.
func (g *group) advance(p *pending, stored []byte) {
	g.lanes[p.lane] = p.k
	g.first[step{p.lane, p.k}] = stored
	if p.device == "" {
		g.entry.Steps = append(g.entry.Steps, storage.Step{Lane: p.lane, K: p.k})
		return
	}
	g.entry.Steps = append(g.entry.Steps, storage.Step{Lane: p.lane, K: p.k, Result: stored})
	p.result = result{stored: stored}
	k := strconv.AppendInt(nil, p.k, 10)
	g.view.written.set(storage.Op{Type: laneType, ID: p.device, Value: k})
}

// laneType is the type of the records that tell a device how far its lane has
// come, should the answer be lost.
const laneType = "_lane"

// append commits the entry, if there is anything in it, and tells.
func (g *group) append(ctx context.Context) error {
	g.entry.Ops = g.view.written.ops
	if len(g.entry.Ops) == 0 && len(g.entry.Steps) == 0 && len(g.entry.Effects) == 0 {
		return nil
	}
	if err := g.engine.records.Append(ctx, g.entry); err != nil {
		return err
	}
	g.engine.moved(storage.Moved{Scope: g.entry.Scope, Head: g.entry.N, Tasks: len(g.entry.Effects) > 0})
	return nil
}

// size is about how many bytes the Tx adds to an entry.
func (tx *Tx) size() int {
	n := len(tx.answer)
	for _, op := range tx.writes.ops {
		n += len(op.Type) + len(op.ID) + len(op.Value) + 64
	}
	for _, fx := range tx.effects {
		n += len(fx.Kind) + len(fx.Payload) + 64
	}
	return n
}

// tooLarge refuses what no entry can hold.
func (tx *Tx) tooLarge() error {
	if len(tx.writes.ops) > maxActionOps || len(tx.effects) > maxEffects || tx.size() > maxActionBytes {
		return Refuse("too_large", "", "writes %d records, %d effects, %d bytes at once",
			len(tx.writes.ops), len(tx.effects), tx.size())
	}
	return nil
}

// faultWait logs a fault of a rule and says when the device shall try again.
// A Wait is no fault.
func (e *Engine) faultWait(p *pending, err error) time.Duration {
	if w, ok := errors.AsType[*Wait](err); ok {
		return max(w.For, time.Second)
	}
	e.log.Error("mutation failed", "lane", p.lane, "k", p.k, "err", err)
	return 30 * time.Second
}
