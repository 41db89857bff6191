package sync

import (
	"context"
	"errors"
	"strconv"
	"time"

	"preau/storage"
)

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
