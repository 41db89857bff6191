package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
