package sync

import (
	"context"
	"slices"
)

// push carries out the mutations of a request, in order, and returns their
// encoded results. Neighbours of one scope are committed together. The error
// is that of the store: what was committed by then is answered as a duplicate
// when it is sent again.
func (e *Engine) push(ctx context.Context, a Actor, ms []Mutation) ([]byte, error) {
	if len(ms) == 0 {
		return nil, nil
	}
	grants, _ := e.access.Grants(a)
	waits := map[string]result{}
	var out []byte
	for len(ms) > 0 {
		n := run(ms)
		results, err := e.pushScope(ctx, a, grants, ms[:n], waits)
		if err != nil {
			return nil, err
		}
		for i := range n {
			out = appendResult(out, &ms[i], results[i])
		}
		ms = ms[n:]
	}
	return out, nil
}

// run is how many mutations at the start have the same scope.
func run(ms []Mutation) int {
	n := 1
	for n < len(ms) && ms[n].Scope == ms[0].Scope {
		n++
	}
	return n
}

// pushScope carries out the mutations of one scope. A mutation that is told to
// wait holds back those behind it in its lane.
func (e *Engine) pushScope(ctx context.Context, a Actor, grants []Grant, ms []Mutation, waits map[string]result) ([]result, error) {
	scope := ms[0].Scope
	if !granted(grants, scope) {
		return e.deny(ctx, a, ms)
	}
	actions := make([]action, len(ms))
	for i := range ms {
		actions[i] = e.mutation(a, &ms[i])
	}
	results := make([]result, len(ms))
	for i, out := range e.committer.commitAll(ctx, scope, actions) {
		if out.err != nil {
			return nil, out.err
		}
		results[i] = held(scope, out.result, waits)
	}
	return results, nil
}

var denied = refused(&Refusal{Code: "forbidden", Field: "scope", Message: "not a scope of yours"})

// deny answers mutations in a scope that the actor may not read, and leaves no
// trace in it. What was carried out while it still might is answered as such.
func (e *Engine) deny(ctx context.Context, a Actor, ms []Mutation) ([]result, error) {
	results := make([]result, len(ms))
	for i, m := range ms {
		lane, err := e.records.Lane(ctx, m.Scope, laneOf(a), m.K)
		if err != nil {
			return nil, unavailable(err)
		}
		if results[i] = repeated(lane.Result); m.K > lane.K {
			results[i] = result{stored: denied}
		}
	}
	return results, nil
}

// held replaces the gap behind a mutation told to wait by the same wait.
func held(scope string, r result, waits map[string]result) result {
	if r.wait > 0 {
		waits[scope] = r
	}
	if w, waiting := waits[scope]; waiting && r.gap > 0 {
		return w
	}
	return r
}

func (e *Engine) mutation(a Actor, m *Mutation) action {
	rule, refusal := e.mux.lookup(m.Name, m.Scope)
	return action{
		actor: a, lane: laneOf(a), device: a.Device,
		k: m.K, at: m.At, base: m.Base, args: m.Args,
		rule: rule, refuse: refusal,
	}
}

// laneOf names the lane of a device in every scope.
func laneOf(a Actor) string { return a.User + "/" + a.Device }

func granted(grants []Grant, scope string) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Scope == scope })
}
