package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"preau/cmd/preau/demo"
)

// device is a phone: what it holds of each scope, and what its person did and
// the server has not acknowledged. It asks whatever node it is sent to.
type device struct {
	user
	fleet *fleet
	at    func() string // the node that is asked next
	who   string
	act   func(*device) // does something more; nil: only looks
	files *uploader     // nil: sends none

	held    map[string]*heldScope
	outbox  []action
	acked   []action
	k       map[string]int // lanes
	pulls   atomic.Int64
	later   int           // answers that said to come again
	slowest time.Duration // answer

	pokes atomic.Int64
}

type heldScope struct {
	Cursor  [3]int64
	Records map[[2]string]heldRecord
}

type heldRecord struct {
	Seq   int64
	Value string // "": deleted
}

// action is one mutation.
type action struct {
	scope, name, id, args string
	to                    string // the scope of those whom it concerns
	k                     int
	at                    int64
}

func (a action) json() string {
	return fmt.Sprintf(`{"scope":%q,"k":%d,"name":%q,"at":%d,"args":%s}`, a.scope, a.k, a.name, a.at, a.args)
}

func (f *fleet) newDevice(who string, act func(*device)) *device {
	f.Helper()
	s := &school{T: f.T}
	d := &device{
		user: s.signIn(f.nodes[rand.IntN(len(f.nodes))].p, who), fleet: f, at: f.pick, who: who, act: act,
		held: map[string]*heldScope{}, k: map[string]int{},
	}
	return d
}

// do puts something into the outbox.
func (d *device) do(scope, name, id, args string) {
	d.k[scope]++
	d.outbox = append(d.outbox, action{scope: scope, name: name, id: id, args: args, k: d.k[scope], at: time.Now().UnixMilli()})
}

const mostAtOnce = 3

// live does one thing after another until ctx ends.
func (d *device) live(ctx context.Context) error {
	for ctx.Err() == nil {
		if d.act != nil && len(d.outbox) < mostAtOnce {
			d.act(d)
		}
		if _, err := d.round(); err != nil {
			return err
		}
		if d.files != nil {
			if err := d.sendFile(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.Int64N(int64(d.fleet.pace)))):
		}
	}
	return nil
}

// timed keeps the longest that an answer took.
func (d *device) timed(ask func() error) error {
	began := time.Now()
	err := ask()
	d.slowest = max(d.slowest, time.Since(began))
	return err
}

// synced is the answer of a round.
type synced struct {
	Results []struct {
		Scope string
		K     int
		OK    bool
		Error json.RawMessage
		Wait  int64
		Gap   int64
	}
	Scopes map[string]struct {
		Cursor  [3]int64
		Reset   string
		Gone    string
		Records [][]json.RawMessage
	}
	More []string
}

// round sends what waits and asks for what is new; whole says that there is
// nothing more. An error is something that a server must never say.
func (d *device) round() (whole bool, err error) {
	var status int
	var answer []byte
	err = d.timed(func() (err error) {
		status, answer, err = d.sync(d.at(), d.request())
		return err
	})
	switch {
	case errors.Is(err, errWrong):
		return false, err
	case err != nil:
		d.fleet.unlucky.Add(1)
		return false, nil //nolint:nilerr // it tries again
	case status == http.StatusNoContent:
		d.pulls.Add(1)
		return len(d.outbox) == 0, nil
	case status == http.StatusServiceUnavailable:
		d.later++
		return false, nil
	case status != http.StatusOK:
		return false, wrong("sync of %s: %d %s", d.who, status, answer)
	}
	var said synced
	if err := json.Unmarshal(answer, &said); err != nil {
		return false, wrong("sync: %v: %s", err, answer)
	}
	d.pulls.Add(1)
	return d.take(said)
}

func (d *device) request() string {
	sent := d.outbox[:min(len(d.outbox), mostAtOnce)]
	mutations := make([]string, len(sent))
	for i, a := range sent {
		mutations[i] = a.json()
	}
	cursors := map[string][3]int64{}
	for scope, h := range d.held {
		cursors[scope] = h.Cursor
	}
	text, _ := json.Marshal(cursors)
	return `"mutations":[` + strings.Join(mutations, ",") + `],"cursors":` + string(text)
}

func (d *device) take(said synced) (whole bool, err error) {
	for _, r := range said.Results {
		i := slices.IndexFunc(d.outbox, func(a action) bool { return a.scope == r.Scope && a.k == r.K })
		switch {
		case i < 0:
			return false, wrong("%s: an answer to %s %d, which was not asked", d.who, r.Scope, r.K)
		case r.OK:
			d.acked = append(d.acked, d.outbox[i])
			d.outbox = slices.Delete(d.outbox, i, i+1)
		case r.Wait > 0:
			d.later++
		default:
			return false, wrong("%s: %s of %s, number %d: %s gap %d", d.who, d.outbox[i].name, r.Scope, r.K, r.Error, r.Gap)
		}
	}
	for scope, page := range said.Scopes {
		if page.Gone != "" {
			return false, wrong("%s lost %s", d.who, scope)
		}
		if err := d.hold(scope, page.Cursor, page.Reset != "", page.Records); err != nil {
			return false, err
		}
	}
	return len(said.More) == 0 && len(d.outbox) == 0, nil
}

// hold takes a page of a scope into what the device has of it.
func (d *device) hold(scope string, cursor [3]int64, reset bool, records [][]json.RawMessage) error {
	h := d.held[scope]
	if h == nil || reset {
		h = &heldScope{Records: map[[2]string]heldRecord{}}
		d.held[scope] = h
	}
	if h.Cursor[0] == cursor[0] && (cursor[1] < h.Cursor[1] || cursor[2] > h.Cursor[2] && h.Cursor[1] > 0) {
		return wrong("%s: the cursor of %s goes back from %v to %v", d.who, scope, h.Cursor, cursor)
	}
	h.Cursor = cursor
	for _, r := range records {
		seq, err := strconv.ParseInt(string(r[0]), 10, 64)
		if err != nil {
			return wrong("%s: %s: %s", d.who, scope, r)
		}
		key := [2]string{strings.Trim(string(r[1]), `"`), strings.Trim(string(r[2]), `"`)}
		if seq <= h.Records[key].Seq {
			continue
		}
		value := string(r[3])
		if value == "0" {
			value = ""
		}
		h.Records[key] = heldRecord{seq, value}
	}
	return nil
}

// sendFile sends a piece of a file, wherever the one before went.
func (d *device) sendFile() error {
	err := d.timed(func() error { return d.files.send(d.at()) })
	if err != nil && !errors.Is(err, errWrong) {
		d.fleet.unlucky.Add(1)
		return nil
	}
	return err
}

// catchUp empties the outbox, ends the file under way and pulls to the end.
func (d *device) catchUp(patience time.Duration) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if d.files != nil && d.files.path != "" {
			if err := d.sendFile(); err != nil {
				return err
			}
			continue
		}
		if whole, err := d.round(); whole || err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return wrong("%s is not done after %v: %d wait in its outbox, %d answers said to come again, %d requests had none, the slowest took %v",
		d.who, patience, len(d.outbox), d.later, d.fleet.unlucky.Load(), d.slowest)
}

// records are the live records that the device holds, by scope, type and id.
func (d *device) records() map[string]heldRecord {
	all := map[string]heldRecord{}
	for scope, h := range d.held {
		for key, r := range h.Records {
			if r.Value != "" {
				all[scope+" "+key[0]+" "+key[1]] = r
			}
		}
	}
	return all
}

// listen holds a live connection at one node after another until ctx ends.
func (d *device) listen(ctx context.Context, all *sync.WaitGroup) {
	all.Go(func() {
		for ctx.Err() == nil {
			d.hear(ctx, d.at(), func(string) {})
			pause(ctx, 100*time.Millisecond)
		}
	})
}

// hear holds a live connection at a node until it ends.
func (d *device) hear(ctx context.Context, addr string, poke func(data string)) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/api/live", nil)
	if err != nil {
		return
	}
	req.Header.Set("Cookie", d.cookie)
	res, err := plainClient().Do(req)
	if err != nil {
		return
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for event := ""; lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			event = name
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		if event == "poke" {
			d.pokes.Add(1)
		}
		poke(event + " " + data)
	}
}

// What the people of the school do.

// give gives something to Inès alone: what a class is given alerts dozens.
func give(d *device) {
	pupil := demo.User("student")
	d.give("student:"+pupil, "none", fmt.Sprintf(`,"students":[%q]`, pupil))
}

func giveClass(d *device, back string) { d.give(killClass, back, "") }

func (d *device) give(to, back, more string) {
	id := newUUID()
	due := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	d.do(killCourse, "homework.give@1", id, fmt.Sprintf(
		`{"id":%q,"title":"Lire","text":"","due":%q,"return":%q,"late":"accept","attachments":[]%s}`, id, due, back, more))
	d.outbox[len(d.outbox)-1].to = to
}

// handIn hands in a copy with a page that was sent, or with one under way.
func handIn(d *device) {
	homework := d.someHomework()
	if homework == "" {
		return
	}
	pages := ""
	if d.files != nil && d.files.file != nil {
		pages = strconv.Quote(nameOf(d.files.file))
	}
	id := newUUID()
	d.do("student:"+d.userID(), "homework.submit@1", id, fmt.Sprintf(
		`{"id":%q,"homework":%q,"pages":[%s],"text":"lu"}`, id, homework, pages))
}

func tick(d *device) {
	homework := d.someHomework()
	if homework == "" {
		return
	}
	d.do("user:"+d.userID(), "homework.tick@1", "", fmt.Sprintf(
		`{"homework":%q,"student":%q,"done":%v,"shared":true}`, homework, d.userID(), rand.IntN(2) == 0))
}

func choose(d *device) {
	theme := []string{"auto", "light", "dark"}[rand.IntN(3)]
	d.do("user:"+d.userID(), "settings.set@1", "", fmt.Sprintf(`{"theme":%q}`, theme))
}

// someHomework is one that the class may hand in until tomorrow; "" before it
// is known.
func (d *device) someHomework() string {
	h := d.held[killClass]
	if h == nil {
		return ""
	}
	for _, key := range slices.SortedFunc(maps.Keys(h.Records), func(a, b [2]string) int { return strings.Compare(a[1], b[1]) }) {
		var given struct {
			Return string
			Due    time.Time
		}
		if key[0] == "homework" && json.Unmarshal([]byte(h.Records[key].Value), &given) == nil &&
			given.Return == "file" && given.Due.After(time.Now().Add(24*time.Hour)) {
			return key[1]
		}
	}
	return ""
}

// userID is the person that the device belongs to.
func (d *device) userID() string {
	for scope := range d.held {
		if id, own := strings.CutPrefix(scope, "user:"); own {
			return id
		}
	}
	return ""
}
