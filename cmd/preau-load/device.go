package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	psync "preau/sync"
)

// schema is the version of the records that devices of today understand.
const schema = 1

// device is one phone or computer of one person. It does one round at a time.
type device struct {
	*client
	person person
	id     string // "d_…"

	mu      sync.Mutex
	cursors map[string]psync.Cursor
	lanes   map[string]int64 // number of the last mutation, by home scope
	outbox  []act
	sights  sights
	held    map[address]record // of a witness: all that it was told; nil: it keeps nothing
	acked   map[address]proof  // what the server has acknowledged
	laneAt  map[string]int64   // the last mutation acknowledged, by home scope
}

// address names a record.
type address struct{ scope, typ, id string }

// act is something a person did, and what it must have made of a record.
type act struct {
	psync.Mutation
	made address
	want map[string]any
	also []address // where else it must arrive
}

// proof is what an acknowledged act made, and when.
type proof struct {
	seq  int64
	want map[string]any
	also []address
}

func newDevice(base string, p person, witness bool) *device {
	d := &device{client: newClient(base), person: p, acked: map[address]proof{}, laneAt: map[string]int64{}}
	d.forget()
	if !witness {
		d.held = nil
	}
	return d
}

// forget makes the device one that was told nothing yet.
func (d *device) forget() {
	d.cursors, d.lanes = map[string]psync.Cursor{}, map[string]int64{}
	d.held = map[address]record{}
}

// record is a record as it travels: [seq, type, id, value].
type record struct {
	seq     int64
	typ, id string
	value   json.RawMessage
}

// UnmarshalJSON reads a record from its place in an answer.
func (r *record) UnmarshalJSON(b []byte) error {
	parts := []any{&r.seq, &r.typ, &r.id, &r.value}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 4 {
		return errors.New("a record is [seq, type, id, value]")
	}
	return nil
}

func (r record) deleted() bool { return string(r.value) == "0" }

// answer is what POST /api/sync says.
type answer struct {
	Results []result        `json:"results"`
	Scopes  map[string]page `json:"scopes"`
	More    []string        `json:"more"`
}

type result struct {
	Scope string         `json:"scope"`
	K     int64          `json:"k"`
	OK    bool           `json:"ok"`
	Seq   int64          `json:"seq"`
	Error *psync.Refusal `json:"error"`
	Wait  int64          `json:"wait"`
	Gap   int64          `json:"gap"`
}

type page struct {
	Cursor  *psync.Cursor `json:"cursor"`
	Gone    string        `json:"gone"`
	Reset   string        `json:"reset"`
	Records []record      `json:"records"`
}

// act puts what a person did into the outbox. The caller holds the device.
func (d *device) act(a act) {
	d.lanes[a.Scope]++
	a.K, a.At = d.lanes[a.Scope], time.Now().UnixMilli()
	d.outbox = append(d.outbox, a)
}

// round sends what was done and asks for what is new, once. The caller holds
// the device.
func (d *device) round(ctx context.Context) (more bool, err error) {
	req := psync.Request{V: 1, Schema: schema, Device: d.id, Cursors: d.cursors, Budget: 64 << 10}
	for _, a := range d.outbox {
		req.Mutations = append(req.Mutations, a.Mutation)
	}
	var said answer
	if err := d.post(ctx, "/api/sync", req, &said); err != nil {
		return false, err
	}
	if err := d.settle(said.Results, len(req.Mutations)); err != nil {
		return false, err
	}
	return len(said.More) > 0, d.apply(said.Scopes)
}

// settle takes what was acknowledged out of the outbox.
func (d *device) settle(results []result, sent int) error {
	if len(results) != sent {
		return &problem{code: "results", text: fmt.Sprintf("%d results for %d mutations", len(results), sent)}
	}
	var failed error
	var left []act
	for i, r := range results {
		a := d.outbox[i]
		switch {
		case r.Scope != a.Scope || r.K != a.K:
			return &problem{code: "results", text: fmt.Sprintf("result %s %d for mutation %s %d", r.Scope, r.K, a.Scope, a.K)}
		case r.OK:
			d.acked[a.made] = proof{r.Seq, a.want, slices.Concat(d.acked[a.made].also, a.also)}
			d.laneAt[a.Scope] = a.K
		case r.Error != nil:
			failed = &problem{code: "refused " + r.Error.Code, text: fmt.Sprintf("%s in %s: %v", a.Name, a.Scope, r.Error)}
		default:
			left = append(left, a)
			failed = &problem{code: "put off", text: fmt.Sprintf("%s %d in %s: wait %d, gap %d", a.Name, a.K, a.Scope, r.Wait, r.Gap)}
		}
	}
	d.outbox = left
	return failed
}

// apply takes in what is new.
func (d *device) apply(scopes map[string]page) error {
	var odd error
	for scope, p := range scopes {
		switch {
		case p.Gone != "":
			odd = &problem{code: "gone", text: "the scope " + scope + " is gone: " + p.Gone}
			continue
		case p.Reset != "":
			odd = &problem{code: "reset", text: "the scope " + scope + " was reset: " + p.Reset}
		case p.Cursor == nil:
			return &problem{code: "unreadable answer", text: "no cursor of " + scope}
		}
		d.cursors[scope] = *p.Cursor
		for _, r := range p.Records {
			d.sights.see(d.person, scope, r)
			if d.held != nil {
				d.keep(scope, r)
			}
		}
	}
	return odd
}

// keep holds the newer of two versions.
func (d *device) keep(scope string, r record) {
	at := address{scope, r.typ, r.id}
	if old, ok := d.held[at]; !ok || r.seq > old.seq {
		d.held[at] = r
	}
}

// catchUp asks until there is nothing more to ask for. Each request counts from
// when it was due.
func (d *device) catchUp(ctx context.Context, each func(begun time.Time), from time.Time) error {
	for rounds := 0; ; rounds++ {
		more, err := d.round(ctx)
		if err != nil {
			return err
		}
		each(from)
		if !more {
			return nil
		}
		if rounds > 1000 {
			return &problem{code: "endless", text: "a device is told again and again to ask for more"}
		}
		from = time.Now()
	}
}

// behind says whether a poke tells of something that the device has not seen.
func (d *device) behind(heads map[string]int64) bool {
	for scope, head := range heads {
		if c, ok := d.cursors[scope]; !ok || c.Hi < head || head == 0 {
			return true
		}
	}
	return false
}

// sights is the little that a device remembers of what it was told, to have
// something to act on: the latest of each.
type sights struct {
	works   []work   // to be handed in, or given by this teacher's course
	notices []string // not read
	copies  []copyIn // handed in to this teacher's course
	files   []string // pages of these
	courses []string // scopes of this teacher

	letters  []letter // from others
	teachers []string // who gave work to this guardian's child
	classes  []string // scopes of this teacher's classes

	life life
}

type letter struct{ id, discussion string }

type work struct{ id, scope string }

type copyIn struct{ scope, id, homework, student string }

const remembered = 12

func remember[T comparable](all []T, v T) []T {
	if slices.Contains(all, v) {
		return all
	}
	return append(all[max(0, len(all)-remembered+1):], v)
}

// see remembers a record if it is of use to a person.
func (s *sights) see(p person, scope string, r record) {
	kind, _, _ := strings.Cut(scope, ":")
	if r.deleted() {
		return
	}
	s.life.see(p, scope, r)
	switch {
	case r.typ == "homework" && (p.pupil() && kind == "class" || kind == "course"):
		s.seeWork(scope, r)
	case r.typ == "homework" && p.role == guardian:
		s.seeTeacher(r)
	case kind == "class" && r.typ == "class" && p.role == teacher && !strings.Contains(scope, "/"):
		s.classes = remember(s.classes, scope)
	case kind == "user" && r.typ == "message":
		s.seeLetter(p, r)
	case kind == "user" && r.typ == "notice":
		s.seeNotice(r)
	case kind == "course" && r.typ == "course":
		s.courses = remember(s.courses, scope)
	case kind == "course" && r.typ == "submission":
		s.seeCopy(scope, r)
	}
}

func (s *sights) seeWork(scope string, r record) {
	var h struct{ Return string }
	if json.Unmarshal(r.value, &h) == nil && h.Return == "file" {
		s.works = remember(s.works, work{r.id, scope})
	}
}

func (s *sights) seeTeacher(r record) {
	var h struct{ Teacher struct{ ID string } }
	if json.Unmarshal(r.value, &h) == nil && h.Teacher.ID != "" {
		s.teachers = remember(s.teachers, h.Teacher.ID)
	}
}

func (s *sights) seeLetter(p person, r record) {
	var m struct {
		Discussion string
		From       struct{ ID string }
	}
	if json.Unmarshal(r.value, &m) == nil && m.From.ID != p.ID {
		s.letters = remember(s.letters, letter{r.id, m.Discussion})
	}
}

func (s *sights) seeNotice(r record) {
	var n struct{ Read bool }
	if json.Unmarshal(r.value, &n) == nil && !n.Read {
		s.notices = remember(s.notices, r.id)
	}
}

func (s *sights) seeCopy(scope string, r record) {
	var sub struct {
		Homework, Student, State string
		Pages                    []struct{ SHA string }
	}
	if json.Unmarshal(r.value, &sub) != nil {
		return
	}
	s.copies = remember(s.copies, copyIn{scope, r.id, sub.Homework, sub.Student})
	for _, p := range sub.Pages {
		if sub.State == "received" {
			s.files = remember(s.files, p.SHA)
		}
	}
}
