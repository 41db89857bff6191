package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"preau/storage"
)

// Mux knows the rules of every area: which mutation may be sent to which
// scopes, and what carries out each kind of effect. Register everything before
// the engine starts; registering a name twice panics.
type Mux struct {
	mutations map[string]mutationRule
	effects   map[string]effectRule
	joins     map[string]Joiner // by type; nil: hidden
}

// Joiner makes what devices get of records of one scope, in their order, from
// what is stored: it may complete a record with what is stored once, elsewhere,
// for many.
type Joiner func(ctx context.Context, scope string, stored []storage.Record) ([]json.RawMessage, error)

type mutationRule struct {
	pattern string
	rule    Rule
}

type effectRule struct {
	rule    EffectRule
	ordered bool
	ttl     time.Duration // of unordered kinds, counted from the due time
}

// NewMux returns a Mux without rules: it refuses every mutation.
func NewMux() *Mux {
	return &Mux{mutations: map[string]mutationRule{}, effects: map[string]effectRule{}, joins: map[string]Joiner{}}
}

// Mutation registers the rule of a named intent, such as "homework.submit@1",
// for the home scopes that match the pattern: "student:*", one scope, or several
// such, "class:* group:*".
func (m *Mux) Mutation(name, scopePattern string, r Rule) {
	if _, taken := m.mutations[name]; taken || !validMutationName(name) {
		panic(fmt.Sprintf("sync: mutation %q is malformed or registered twice", name))
	}
	m.mutations[name] = mutationRule{pattern: scopePattern, rule: r}
}

// Effect registers an ordered kind. The effects of one source scope that are
// of ordered kinds run one after the other, in the order of their commits; one
// that fails holds back those behind it until it succeeds.
func (m *Mux) Effect(kind string, r EffectRule) {
	m.register(kind, effectRule{rule: r, ordered: true})
}

// Later registers an unordered kind: calls to the outside and effects with a
// date. An effect is given up, and logged, once ttl has passed since it was due.
func (m *Mux) Later(kind string, ttl time.Duration, r EffectRule) {
	m.register(kind, effectRule{rule: r, ttl: ttl})
}

func (m *Mux) register(kind string, r effectRule) {
	if _, taken := m.effects[kind]; taken || kind == "" {
		panic(fmt.Sprintf("sync: effect %q is registered twice", kind))
	}
	m.effects[kind] = r
}

// Join registers what devices get of the live records of a type, which stand in
// scopes of one reader only: what several read is encoded once for all.
func (m *Mux) Join(typ string, j Joiner) {
	if _, taken := m.joins[typ]; taken {
		panic(fmt.Sprintf("sync: records %q are joined twice", typ))
	}
	m.joins[typ] = j
}

// Hide keeps the records of a type on the server, whoever may read their scope.
func (m *Mux) Hide(typ string) { m.Join(typ, nil) }

// hides tells whether no device gets records of a type.
func (m *Mux) hides(typ string) bool {
	j, known := m.joins[typ]
	return known && j == nil
}

// Mutations lists the registered names, ascending.
func (m *Mux) Mutations() []string {
	return slices.Sorted(maps.Keys(m.mutations))
}

// ordered tells the store which effects run in order. A kind that nobody
// registered is unordered, so that it holds nothing back.
func (m *Mux) ordered(kind string) bool { return m.effects[kind].ordered }

// lookup finds the rule of a mutation in a scope; the error is a Refusal.
func (m *Mux) lookup(name, scope string) (Rule, error) {
	r, known := m.mutations[name]
	switch {
	case !known:
		return nil, Refuse("unknown_mutation", "name", "no mutation is called %q", name)
	case !matches(r.pattern, scope):
		return nil, Refuse("invalid", "scope", "%s goes to %s", name, r.pattern)
	}
	return r.rule, nil
}

// matches tells whether a scope fits one of the patterns, which blanks divide:
// the scope itself, or a name in which '*' stands for one id.
func matches(patterns, scope string) bool {
	return slices.ContainsFunc(strings.Fields(patterns), func(pattern string) bool {
		prefix, suffix, open := strings.Cut(pattern, "*")
		if !open {
			return pattern == scope
		}
		id, begins := strings.CutPrefix(scope, prefix)
		id, ends := strings.CutSuffix(id, suffix)
		return begins && ends && id != "" && !strings.Contains(id, "/")
	})
}
