package sync_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	psync "preau/sync"
)

// device follows PROTOCOL.md as the real one does, in as few words as possible.
type device struct {
	actor   psync.Actor
	cursors map[string]psync.Cursor
	held    map[string]map[string]version // by scope, then "type id"
	outbox  []psync.Mutation
	nextK   map[string]int64
	more    map[string]bool

	answered map[string]reResult // by the text that the mutation carried
}

// version is what a device knows of a record. A deleted one has no value.
type version struct {
	seq   int64
	value string
}

func newDevice(a psync.Actor) *device {
	return &device{
		actor: a, cursors: map[string]psync.Cursor{}, held: map[string]map[string]version{},
		nextK: map[string]int64{}, more: map[string]bool{}, answered: map[string]reResult{},
	}
}

// GoString names the device in the log of rapid.
func (d *device) GoString() string { return d.actor.Device }

// act puts a mutation into the outbox.
func (d *device) act(scope, name string, args fields) {
	d.nextK[scope]++
	d.outbox = append(d.outbox, mutation(scope, d.nextK[scope], name, args))
}

// open asks for a scope on demand, if it is not held.
func (d *device) open(scope string) {
	if _, held := d.cursors[scope]; !held {
		d.cursors[scope] = psync.Cursor{}
	}
}

func (d *device) request(budget int) psync.Request {
	return psync.Request{
		Device: d.actor.Device, Budget: budget,
		Mutations: slices.Clone(d.outbox), Cursors: maps.Clone(d.cursors),
	}
}

// take applies an answer.
func (d *device) take(r *reply) {
	if r == nil {
		return
	}
	for _, res := range r.Results {
		d.settle(res)
	}
	clear(d.more)
	for _, scope := range r.More {
		d.more[scope] = true
	}
	for scope, s := range r.Scopes {
		d.follow(scope, s)
	}
}

// settle ends what was answered finally, and renumbers a lane with a gap.
func (d *device) settle(res reResult) {
	at := slices.IndexFunc(d.outbox, func(m psync.Mutation) bool { return m.Scope == res.Scope && m.K == res.K })
	switch {
	case at < 0 || res.Wait > 0:
	case res.Gap > 0:
		d.renumber(res.Scope, res.Gap)
	default:
		d.answered[textOf(d.outbox[at])] = res
		d.outbox = slices.Delete(d.outbox, at, at+1)
	}
}

func (d *device) renumber(scope string, k int64) {
	for i := range d.outbox {
		if d.outbox[i].Scope == scope {
			d.outbox[i].K = k
			k++
		}
	}
	d.nextK[scope] = k - 1
}

func (d *device) follow(scope string, s reScope) {
	if s.Gone != "" {
		delete(d.cursors, scope)
		delete(d.held, scope)
		return
	}
	if s.Reset != "" || d.held[scope] == nil {
		d.held[scope] = map[string]version{}
	}
	for _, r := range s.Records {
		d.hold(scope, r)
	}
	d.cursors[scope] = psync.Cursor{Epoch: s.Cursor[0], Hi: s.Cursor[1], Lo: s.Cursor[2]}
}

func (d *device) hold(scope string, r []json.RawMessage) {
	var seq int64
	var typ, id string
	if json.Unmarshal(r[0], &seq) != nil || json.Unmarshal(r[1], &typ) != nil || json.Unmarshal(r[2], &id) != nil {
		panic("not a record")
	}
	key, value := typ+" "+id, string(r[3])
	if bytes.Equal(r[3], []byte("0")) {
		value = ""
	}
	if d.held[scope][key].seq <= seq {
		d.held[scope][key] = version{seq, value}
	}
}

// live is what the device would show of a scope.
func (d *device) live(scope string) map[string]version {
	out := map[string]version{}
	for key, v := range d.held[scope] {
		if v.value != "" {
			out[key] = v
		}
	}
	return out
}

// save is a copy of the device, as a backup of its database would be.
func (d *device) save() *device {
	c := *d
	c.cursors, c.nextK = maps.Clone(d.cursors), maps.Clone(d.nextK)
	c.outbox, c.more = slices.Clone(d.outbox), maps.Clone(d.more)
	c.held = map[string]map[string]version{}
	for scope, recs := range d.held {
		c.held[scope] = maps.Clone(recs)
	}
	return &c
}

// textOf is the text by which the tests recognise a mutation.
func textOf(m psync.Mutation) string {
	var args struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(m.Args, &args); err != nil {
		panic(err)
	}
	return strings.TrimSpace(args.Text)
}
