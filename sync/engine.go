package sync

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/storage"
)

// Config says what an Engine works with. Records and Mux are required;
// without Access nobody may read or write anything.
type Config struct {
	Records storage.Records
	Mux     *Mux
	Access  Access
	Log     *slog.Logger
	Now     func() time.Time
	Node    string // name of this process, for the log

	// MinSchema is the oldest schema that may still pull.
	MinSchema int
	// Lease is after how long another node takes over the effects that one has
	// begun and not ended; 0: two minutes.
	Lease time.Duration
	// Random returns a number in [0, n): it spreads pokes and retries.
	Random func(n int64) int64
}

// Engine commits, carries out effects and answers devices. It keeps nothing
// in memory that is the only copy of anything: any number of engines may work
// on the same Records.
type Engine struct {
	records storage.Records
	mux     *Mux
	access  Access
	log     *slog.Logger
	now     func() time.Time
	random  func(n int64) int64
	schema  int

	committer  *committer
	dispatcher *dispatcher
	hub        *Hub
	folds      *foldCache
	digests    *digests
	questions  *questions
}

// New returns an engine that already answers; Run does the rest.
func New(c Config) *Engine {
	e := &Engine{
		records:   c.Records,
		mux:       c.Mux,
		access:    c.Access,
		log:       c.Log,
		now:       c.Now,
		random:    c.Random,
		schema:    c.MinSchema,
		folds:     newFoldCache(foldCacheBytes),
		digests:   newDigests(),
		questions: newQuestions(),
	}
	if e.access == nil {
		e.access = AccessFunc(func(Actor) ([]Grant, uint64) { return nil, 0 })
	}
	if e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	if e.now == nil {
		e.now = time.Now //nolint:forbidigo // the one place
	}
	if e.random == nil {
		e.random = rand.Int64N
	}
	e.log = e.log.With("node", cmp.Or(c.Node, "local"))
	e.hub = newHub(e.access, e.random)
	e.committer = newCommitter(e)
	e.dispatcher = newDispatcher(e, cmp.Or(c.Lease, effectLease))
	return e
}

// AccessFunc makes an Access of a function.
type AccessFunc func(a Actor) ([]Grant, uint64)

// Grants calls the function.
func (f AccessFunc) Grants(a Actor) ([]Grant, uint64) { return f(a) }

// Run carries out effects, passes on what other nodes commit and forgets what
// is too old, until ctx ends and the work begun is over.
func (e *Engine) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.dispatcher.run(ctx) })
	g.Go(func() error { return e.watch(ctx) })
	g.Go(func() error { return e.hub.run(ctx) })
	g.Go(func() error { return e.trim(ctx) })
	return g.Wait()
}

// Hub tells the live connections what moved.
func (e *Engine) Hub() *Hub { return e.hub }

// Find reads records of a scope; a key without id names all of its type.
// It checks no right: that is the caller's.
func (e *Engine) Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error) {
	return e.records.Find(ctx, scope, keys...)
}

// Commit runs a rule of the server's own in a scope, outside of any lane, and
// returns the number of the commit. When the rule writes nothing, nothing is
// committed and the number is that of the last commit. The error is the
// rule's, or the store's; nothing was written then.
func (e *Engine) Commit(ctx context.Context, a Actor, scope string, r Rule) (seq int64, err error) {
	if !validScope(scope) {
		return 0, fmt.Errorf("commit: %q is not a scope", scope)
	}
	out := e.committer.commit(ctx, scope, action{actor: a, rule: r})
	return out.seq, out.err
}

// Drain carries out all effects that are due, and those that follow from
// them, until none is left. Effects that failed wait for their next date.
func (e *Engine) Drain(ctx context.Context) error { return e.dispatcher.drain(ctx) }

// Settle is Drain for tests that cannot go on after an error.
func Settle(ctx context.Context, e *Engine) {
	if err := e.Drain(ctx); err != nil {
		panic(err)
	}
}

// watch wakes the dispatcher and the live connections for commits of any node.
func (e *Engine) watch(ctx context.Context) error {
	moves := e.records.Watch(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, open := <-moves:
			if !open {
				<-ctx.Done()
				return nil
			}
			e.moved(m)
		}
	}
}

// moved tells everybody concerned that a scope has a new head.
func (e *Engine) moved(m storage.Moved) {
	if m.Tasks {
		e.dispatcher.wake()
	}
	e.hub.moved(m.Scope, m.Head)
}

// retention is how long deletions and answers are remembered: a school year
// and a summer.
const retention = 400 * 24 * time.Hour

// trim forgets, soon after the start and then once a day, what is older than
// the retention.
func (e *Engine) trim(ctx context.Context) error {
	next := time.NewTimer(10 * time.Minute)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-next.C:
			e.trimAll(ctx)
			next.Reset(24 * time.Hour)
		}
	}
}

func (e *Engine) trimAll(ctx context.Context) {
	scopes, err := e.records.Scopes(ctx, "")
	if err != nil {
		e.log.WarnContext(ctx, "list scopes to trim", "err", err)
	}
	before := e.now().Add(-retention)
	for _, scope := range scopes {
		if ctx.Err() != nil {
			return
		}
		if err := e.records.Trim(ctx, scope, before); err != nil {
			e.log.WarnContext(ctx, "trim", "scope", scope, "err", err)
		}
	}
}

// panicError is a panic of a rule, caught.
type panicError struct {
	value any
	stack []byte
}

func newPanicError(value any) *panicError { return &panicError{value, debug.Stack()} }

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }
