package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// verification looks, once everything has followed, for what was acknowledged.
type verification struct {
	morning *morning
	failed  *tally

	mu      sync.Mutex
	devices int // that pulled anew
	actions int // that were looked for
	copies  int // that were looked for with the teachers
	letters int // that were looked for in the mailboxes of teachers
	spread  int // records that must have arrived elsewhere, and were looked for there
	pages   int // that were fetched
	lost    int
	handed  map[string]handed // copies that teachers see, by id
	mail    map[string]bool   // messages that teachers have, by id
	read    map[string]bool   // scopes that somebody pulled anew
	there   map[address]bool  // what is in them of school life
	latest  map[address][]proof
}

type handed struct {
	state string
	pages []string
}

// pagesFetched is how many pages of copies are fetched and compared.
const pagesFetched = 100

// verifyUntil verifies again as long as something has not come yet, which a
// slow database may take its time for.
func verifyUntil(ctx context.Context, m *morning, until time.Time) (*verification, error) {
	for {
		v, err := verify(ctx, m)
		if err != nil || !v.failed.only("lost", "differs") || time.Now().After(until) {
			return v, err
		}
		if err := pause(ctx, time.Second); err != nil {
			return v, err
		}
	}
}

func verify(ctx context.Context, m *morning) (*verification, error) {
	v := &verification{
		morning: m, failed: newTally(), handed: map[string]handed{}, mail: map[string]bool{},
		read: map[string]bool{}, there: map[address]bool{}, latest: latest(m.devices),
	}
	all, within := errgroup.WithContext(ctx)
	all.SetLimit(4)
	for _, d := range v.sample() {
		all.Go(func() error {
			if err := v.check(within, d); err != nil {
				v.failed.fail(err)
			}
			return within.Err()
		})
	}
	if err := all.Wait(); err != nil {
		return v, err
	}
	v.checkCopies()
	v.checkLetters()
	v.checkSpread()
	v.checkPages(ctx)
	return v, ctx.Err()
}

// latest are the last acknowledged actions on each record. Several may share
// one commit, of which one had the last word.
func latest(devices []*device) map[address][]proof {
	all := map[address][]proof{}
	for _, d := range devices {
		for at, p := range d.acked {
			known := all[at]
			switch {
			case len(known) == 0 || known[0].seq < p.seq:
				all[at] = []proof{p}
			case known[0].seq == p.seq:
				all[at] = append(known, p)
			}
		}
	}
	return all
}

// sample is the witnesses, the teachers, and as many as asked of those who had
// something acknowledged.
func (v *verification) sample() (chosen []*device) {
	others := 0
	for _, d := range v.morning.devices {
		acted := len(d.acked) > 0 && others < v.morning.sample
		if acted {
			others++
		}
		if d.id != "" && (acted || d.held != nil || d.person.role == teacher) {
			chosen = append(chosen, d)
		}
	}
	return chosen
}

// check has a device begin from nothing and compares.
func (v *verification) check(ctx context.Context, d *device) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	ignore := func(time.Time) {}
	if err := d.catchUp(ctx, ignore, time.Now()); err != nil {
		return fmt.Errorf("the last pull of %s: %w", d.id, err)
	}
	anew := &device{client: d.client, person: d.person, id: d.id}
	anew.forget()
	if err := anew.catchUp(ctx, ignore, time.Now()); err != nil {
		return fmt.Errorf("%s pulls anew: %w", d.id, err)
	}
	v.count(anew, d)
	for at := range d.acked {
		if wrong := missing(anew.held, at, v.latest[at]); wrong != "" {
			v.lose(fmt.Sprintf("%s %s in %s, acknowledged as %d: %s", at.typ, at.id, at.scope, v.latest[at][0].seq, wrong))
		}
	}
	for scope, k := range d.laneAt {
		if lane := anew.held[address{scope, "_lane", d.id}]; number(lane.value) < k {
			v.lose(fmt.Sprintf("action %d of %s in %s was acknowledged; the scope knows of %s", k, d.id, scope, lane.value))
		}
	}
	if d.held != nil {
		return differ(d.held, anew.held)
	}
	return nil
}

// count notes what was looked at, and what a teacher has received.
func (v *verification) count(anew, d *device) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.devices++
	v.actions += len(d.acked)
	v.countLife(anew)
	if d.person.role != teacher {
		return
	}
	for at, r := range anew.held {
		switch {
		case r.deleted():
		case at.typ == "message":
			v.mail[at.id] = true
		case at.typ == "submission":
			v.received(at.id, r)
		}
	}
}

// countLife notes what there is of school life in the scopes of a device.
func (v *verification) countLife(anew *device) {
	for scope := range anew.cursors {
		v.read[scope] = true
	}
	for at, r := range anew.held {
		switch at.typ {
		case "roll", "justification", "entry", "grade", "change":
			v.there[at] = !r.deleted()
		}
	}
}

func (v *verification) received(id string, r record) {
	var s struct {
		State string
		Pages []struct{ SHA string }
	}
	if json.Unmarshal(r.value, &s) != nil {
		return // not there, then
	}
	h := handed{state: s.State}
	for _, p := range s.Pages {
		h.pages = append(h.pages, p.SHA)
	}
	v.handed[id] = h
}

func (v *verification) lose(text string) {
	v.failed.fail(&problem{code: "lost", text: text})
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lost++
}

// missing says what is wrong with the record that acknowledged actions made.
// A later version is somebody else's.
func missing(held map[address]record, at address, proofs []proof) (wrong string) {
	r := held[at]
	if r.seq > proofs[0].seq {
		return ""
	}
	for _, p := range proofs {
		if wrong = p.missing(r); wrong == "" {
			return ""
		}
	}
	return wrong
}

func (p proof) missing(r record) string {
	there := r.seq > 0 && !r.deleted()
	switch {
	case !there && p.want == nil:
		return ""
	case !there:
		return "it is not there"
	case p.want == nil:
		return fmt.Sprintf("it is still there as %d", r.seq)
	}
	var is map[string]any
	if err := json.Unmarshal(r.value, &is); err != nil {
		return err.Error()
	}
	for field, want := range p.want {
		if !reflect.DeepEqual(is[field], want) {
			return fmt.Sprintf("version %d says %s %v, not %v", r.seq, field, is[field], want)
		}
	}
	return ""
}

func number(value json.RawMessage) (n int64) {
	_ = json.Unmarshal(value, &n) // absent: 0
	return n
}

// differ compares what a device was told bit by bit with what it is told anew.
func differ(held, anew map[address]record) error {
	for at, r := range anew {
		old := held[at]
		if !r.deleted() && (old.seq != r.seq || !bytes.Equal(old.value, r.value)) {
			return &problem{code: "differs", text: fmt.Sprintf("%v is version %d anew, %d by deltas", at, r.seq, old.seq)}
		}
	}
	for at, r := range held {
		if now, there := anew[at]; !r.deleted() && (!there || now.deleted()) {
			return &problem{code: "differs", text: fmt.Sprintf("%v, version %d by deltas, is not there anew", at, r.seq)}
		}
	}
	return nil
}

// checkCopies looks for every acknowledged copy with the teachers.
func (v *verification) checkCopies() {
	for _, d := range v.morning.devices {
		for at := range d.acked {
			if at.typ != "submission" {
				continue
			}
			v.copies++
			h, there := v.handed[at.id]
			switch {
			case !there:
				v.lose("the copy " + at.id + " of " + d.person.ID + " has not reached its teachers")
			case h.state != "received":
				v.lose("the copy " + at.id + " of " + d.person.ID + " is " + h.state + " with its teachers")
			}
		}
	}
}

// checkLetters looks for what guardians wrote with the teachers: they write to
// nobody else of their own accord.
func (v *verification) checkLetters() {
	for _, d := range v.morning.who(guardian) {
		for at, p := range d.acked {
			if at.typ != "message" || p.want["subject"] == nil {
				continue
			}
			if v.letters++; !v.mail[at.id] {
				v.lose("the message " + at.id + " of " + d.person.ID + " has not reached its teacher")
			}
		}
	}
}

// checkSpread looks for what acknowledged actions sent elsewhere, where anybody
// looked: rolls and justifications in the office, pages and changes in the
// classes, grades with the pupils.
func (v *verification) checkSpread() {
	for _, d := range v.morning.devices {
		for at, p := range d.acked {
			for _, to := range p.also {
				if !v.read[to.scope] {
					continue
				}
				if v.spread++; !v.there[to] {
					v.lose(fmt.Sprintf("%s %s of %s has not reached %s as %s %s", at.typ, at.id, at.scope, to.scope, to.typ, to.id))
				}
			}
		}
	}
}

// checkPages has pupils fetch some of the pages that they handed in.
func (v *verification) checkPages(ctx context.Context) {
	for _, d := range v.morning.devices {
		for at := range d.acked {
			for _, sha := range v.handed[at.id].pages {
				if v.pages++; v.pages > pagesFetched {
					v.pages = pagesFetched
					return
				}
				v.checkPage(ctx, d, sha)
			}
		}
	}
}

func (v *verification) checkPage(ctx context.Context, d *device, sha string) {
	page, err := d.call(ctx, http.MethodGet, "/api/files/"+sha+"?size=page", nil, nil)
	switch {
	case err != nil:
		v.failed.fail(err)
	case !v.morning.photos.same(page.body):
		v.lose("the page " + sha + " is not what was uploaded, but " + http.DetectContentType(page.body))
	}
}
