package sync_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/storage"
	psync "preau/sync"
)

// machine drives an engine and a few devices through anything that may happen
// to them: lost answers, repeated and reordered requests, a store that fails
// before or after it commits, rights that come and go, old cursors, a log that
// is trimmed, a restored backup.
type machine struct {
	*rapid.T
	w       *world
	store   *flaky
	devices []*device
	saved   []*device
	texts   int
}

var machineIDs = []string{"h1", "h2", "h3", "h4"}

// machineScopes are the scopes of everybody; the last is read on demand.
var machineScopes = []string{"class:5b", "class:4a", demanded}

const demanded = "student:s1"

func TestMachine(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		records := openStore(rt)
		defer records.Close()
		store := newFlaky(records)
		m := &machine{T: rt, w: newWorld(t, store), store: store}
		m.begin("a", "b")
		rt.Repeat(map[string]func(*rapid.T){
			"act":        m.act,
			"sync":       m.syncOne,
			"sync again": m.syncOne,
			"lose":       m.loseAnswer,
			"reorder":    m.reorder,
			"fail":       m.failStore,
			"put":        m.put,
			"delete":     m.delete,
			"grant":      m.grant,
			"revoke":     m.revoke,
			"open":       m.open,
			"let go":     m.letGo,
			"trim":       m.trim,
			"epoch":      m.raiseEpoch,
			"save":       m.save,
			"restore":    m.restore,
			"":           m.check,
		})
		m.rest()
	})
}

// begin gives every scope some content, and every device some of that.
func (m *machine) begin(users ...string) {
	for _, scope := range machineScopes {
		for _, id := range machineIDs {
			m.w.put(scope, "homework", id, m.long())
		}
	}
	for _, user := range users {
		m.allow(user)
		d := newDevice(actor(user))
		m.devices = append(m.devices, d)
		m.send(d, d.request(4096), true)
	}
}

func (m *machine) device() *device { return rapid.SampledFrom(m.devices).Draw(m.T, "device") }
func (m *machine) scope() string   { return rapid.SampledFrom(machineScopes).Draw(m.T, "scope") }
func (m *machine) budget() int     { return rapid.SampledFrom([]int{4096, 65536}).Draw(m.T, "budget") }

func (m *machine) note() string { return rapid.SampledFrom([]string{"n1", "n2"}).Draw(m.T, "note") }

func (m *machine) long() string {
	return strings.Repeat("lire ", rapid.IntRange(1, 400).Draw(m.T, "size"))
}

func (m *machine) act(t *rapid.T) {
	d, scope := m.device(), m.scope()
	m.texts++
	text := fmt.Sprint(d.actor.User, m.texts)
	name := rapid.SampledFrom([]string{"note.append@1", "note.append@1", "note.append@1", "note.burn@1"}).Draw(t, "name")
	d.act(scope, name, fields{"id": m.note(), "text": text})
}

func (m *machine) syncOne(*rapid.T) {
	d := m.device()
	m.send(d, d.request(m.budget()), true)
}

// loseAnswer sends what the device has to say, and the answer never arrives.
func (m *machine) loseAnswer(*rapid.T) {
	d := m.device()
	m.send(d, d.request(m.budget()), false)
}

// reorder sends the mutations in any order: only what is next in its lane is
// carried out.
func (m *machine) reorder(t *rapid.T) {
	d := m.device()
	req := d.request(m.budget())
	req.Mutations = rapid.Permutation(req.Mutations).Draw(t, "order")
	m.send(d, req, false)
}

func (m *machine) send(d *device, req psync.Request, arrives bool) {
	res, err := m.w.try(d.actor, req)
	if failure, ok := errors.AsType[*psync.RequestError](err); ok {
		if failure.Code != psync.Unavailable {
			m.Fatalf("request of %s: %v", d.actor.User, err)
		}
		return
	}
	if err != nil {
		m.Fatal(err)
	}
	if arrives {
		d.take(res)
		m.checkDevice(d)
	}
}

func (m *machine) failStore(t *rapid.T) {
	m.store.before = rapid.IntRange(0, 2).Draw(t, "before")
	m.store.after = rapid.IntRange(0, 2).Draw(t, "after")
}

func (m *machine) put(t *rapid.T) {
	id, value := rapid.SampledFrom(machineIDs).Draw(t, "homework"), m.long()
	m.write(func(tx *psync.Tx) { tx.Put("homework", id, value) })
}

func (m *machine) delete(t *rapid.T) {
	id := rapid.SampledFrom(machineIDs).Draw(t, "homework")
	m.write(func(tx *psync.Tx) { tx.Delete("homework", id) })
}

func (m *machine) write(change func(tx *psync.Tx)) {
	m.store.before, m.store.after = 0, 0
	m.w.commit(m.scope(), change)
}

func (m *machine) grant(*rapid.T) {
	user, scope := m.device().actor.User, m.scope()
	m.w.access.remove(user, scope)
	if scope == demanded {
		m.w.access.open(user, scope)
		return
	}
	m.w.access.remove(user, demanded) // what is on demand comes last
	m.w.access.add(user, scope)
	m.w.access.open(user, demanded)
}

// allow lets a person read everything.
func (m *machine) allow(user string) {
	m.w.access.grant(user, "class:5b", "class:4a")
	m.w.access.open(user, demanded)
}

// open has a device ask for the scope on demand; letGo has it forget that.
func (m *machine) open(*rapid.T) { m.device().open(demanded) }

func (m *machine) letGo(*rapid.T) {
	d := m.device()
	delete(d.cursors, demanded)
	delete(d.held, demanded)
	delete(d.more, demanded)
}

func (m *machine) revoke(*rapid.T) { m.w.access.remove(m.device().actor.User, m.scope()) }

func (m *machine) trim(*rapid.T) {
	m.w.clock.pass(time.Hour)
	if err := m.store.Trim(m.w.t.Context(), m.scope(), m.w.clock.Now()); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) raiseEpoch(*rapid.T) {
	if _, err := m.store.Epoch(m.w.t.Context(), true); err != nil {
		m.Fatal(err)
	}
}

// save keeps a copy of a device; restore puts it back in its place, with the
// cursors and the outbox of that time.
func (m *machine) save(*rapid.T) { m.saved = append(m.saved, m.device().save()) }

func (m *machine) restore(t *rapid.T) {
	if len(m.saved) == 0 {
		t.Skip("nothing saved")
	}
	old := rapid.SampledFrom(m.saved).Draw(t, "saved").save()
	at := slices.IndexFunc(m.devices, func(d *device) bool { return d.actor == old.actor })
	old.outbox, old.nextK = m.devices[at].outbox, m.devices[at].nextK // the outbox is never restored
	m.devices[at] = old
}

// check holds after every step: each step of a lane was committed once, in
// order, and each rule ran on the state that it was committed on.
func (m *machine) check(*rapid.T) {
	for _, scope := range machineScopes {
		lanes := map[string]int64{}
		notes := map[string][]string{}
		for i, e := range m.store.history[scope] {
			if e.N != int64(i)+1 {
				m.Fatalf("%s has entry %d at %d", scope, e.N, i+1)
			}
			for _, s := range e.Steps {
				if s.K != lanes[s.Lane]+1 {
					m.Fatalf("%s: lane %s goes from %d to %d", scope, s.Lane, lanes[s.Lane], s.K)
				}
				lanes[s.Lane] = s.K
			}
			m.checkNotes(e, notes)
		}
	}
}

// checkNotes follows the notes: a rule that saw an old one would drop a text.
func (m *machine) checkNotes(e storage.Entry, notes map[string][]string) {
	for _, op := range e.Ops {
		if op.Type != "note" {
			continue
		}
		var texts []string
		if err := json.Unmarshal(op.Value, &texts); err != nil {
			m.Fatal(err)
		}
		before := notes[op.ID]
		if len(texts) <= len(before) || !slices.Equal(texts[:len(before)], before) {
			m.Fatalf("%s #%d: note %s was %v, is %v", e.Scope, e.N, op.ID, before, texts)
		}
		notes[op.ID] = texts
	}
}

// checkDevice holds after every answer: a complete copy is the state after
// exactly the commits up to its cursor, and nothing else is held.
func (m *machine) checkDevice(d *device) {
	epoch, err := m.store.Epoch(m.w.t.Context(), false)
	if err != nil {
		m.Fatal(err)
	}
	grants, _ := m.w.access.Grants(d.actor)
	for scope := range d.cursors {
		if !slices.ContainsFunc(grants, func(g psync.Grant) bool { return g.Scope == scope }) {
			m.Fatalf("%s still holds %s", d.actor.User, scope)
		}
	}
	for _, g := range grants {
		c, held := d.cursors[g.Scope]
		if !held && g.OnDemand {
			continue
		}
		if !held || c.Epoch != epoch && !d.more[g.Scope] {
			m.Fatalf("%s has %s at %v in epoch %d", d.actor.User, g.Scope, c, epoch)
		}
		if c.Lo > 0 || d.more[g.Scope] {
			continue
		}
		if diff := cmp.Diff(m.store.state(g.Scope, c.Hi), d.live(g.Scope), cmp.AllowUnexported(version{})); diff != "" {
			m.Fatalf("%s holds %s at %v: -want +got\n%s", d.actor.User, g.Scope, c, diff)
		}
	}
}

// rest lets everything come to an end: every device gets all scopes, sends
// what it still has, and asks until there is nothing to say.
func (m *machine) rest() {
	m.store.before, m.store.after = 0, 0
	for _, d := range m.devices {
		m.allow(d.actor.User)
		d.open(demanded)
	}
	for range 2 { // the second time round, all have heard of each other
		for _, d := range m.devices {
			m.quiesce(d)
		}
	}
	for _, d := range m.devices {
		m.checkAnswers(d)
	}
}

func (m *machine) quiesce(d *device) {
	for range 200 {
		res, err := m.w.try(d.actor, d.request(65536))
		if err != nil {
			m.Fatal(err)
		}
		if res == nil {
			if len(d.outbox) > 0 {
				m.Fatalf("%s: 204 with %d mutations waiting", d.actor.User, len(d.outbox))
			}
			m.checkDevice(d)
			m.checkUpToDate(d)
			return
		}
		d.take(res)
		m.checkDevice(d)
	}
	m.Fatalf("%s never comes to rest", d.actor.User)
}

func (m *machine) checkUpToDate(d *device) {
	for _, scope := range machineScopes {
		if c := d.cursors[scope]; c.Hi != m.store.head(scope) || c.Lo != 0 {
			m.Fatalf("%s is told nothing more of %s at %v, which is at %d", d.actor.User, scope, c, m.store.head(scope))
		}
	}
}

// checkAnswers compares what a device was told with what happened: an action
// carried out is there once, one refused is nowhere.
func (m *machine) checkAnswers(d *device) {
	count := map[string]int{}
	for _, scope := range machineScopes {
		for key, v := range m.store.state(scope, m.store.head(scope)) {
			var texts []string
			if strings.HasPrefix(key, "note ") && json.Unmarshal([]byte(v.value), &texts) == nil {
				for _, text := range texts {
					count[text]++
				}
			}
		}
	}
	for text, res := range d.answered {
		if res.Error != nil && res.Error.Code == "gone" {
			continue // the first answer was trimmed: nobody knows any more
		}
		if res.OK && count[text] != 1 || res.Error != nil && count[text] != 0 {
			m.Fatalf("%q was answered %+v and is there %d times", text, res, count[text])
		}
	}
}
