package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/homework"
	"preau/cmd/preau/demo"
	"preau/storage"
)

// patience is how long the effects of everything may take to be carried out.
const patience = 10 * time.Minute

// settled has every device send what waits and learn what is new.
func (f *fleet) settled(everybody []*device) {
	f.Helper()
	for _, d := range everybody {
		if err := d.catchUp(patience); err != nil {
			f.Fatal(err)
		}
	}
}

// audit compares the logs, the devices and the files with what everybody did.
func (f *fleet) audit(everybody []*device, before map[string]int) {
	f.Helper()
	f.settled(everybody)
	f.toldOnce(everybody, before)
	f.settled(everybody)
	logs := f.logs()
	for _, d := range everybody {
		f.auditLanes(d, logs)
		f.auditScopes(d)
		f.auditFiles(d)
	}
	f.auditGiven(everybody, logs)
	f.auditCopies(everybody)
	f.likeFresh(everybody)
}

// logs are all entries of all scopes.
func (f *fleet) logs() map[string][]storage.Entry {
	f.Helper()
	if strings.HasPrefix(f.records, "sqlite:") { // which a node has for itself
		f.stop(0)
		defer f.start(0)
	}
	r := f.open()
	defer r.Close()
	scopes, err := r.Scopes(f.Context(), "")
	if err != nil {
		f.Fatal(err)
	}
	logs := map[string][]storage.Entry{}
	for _, scope := range scopes {
		tails, err := r.Tails(f.Context(), []storage.Position{{Scope: scope}}, 1<<30)
		if err != nil {
			f.Fatal(err)
		}
		logs[scope] = tails[0].Entries
		for i, e := range tails[0].Entries {
			if e.N != int64(i)+1 {
				f.Errorf("entry %d of %s follows %d others", e.N, scope, i)
			}
		}
		if n := len(tails[0].Entries); int64(n) != tails[0].Head {
			f.Errorf("%s has %d entries and its head is %d", scope, n, tails[0].Head)
		}
	}
	return logs
}

// auditLanes wants each action of a device in its lane, once and in order.
func (f *fleet) auditLanes(d *device, logs map[string][]storage.Entry) {
	f.Helper()
	acked := map[string]int{}
	for _, a := range d.acked {
		if acked[a.scope]++; acked[a.scope] != a.k {
			f.Errorf("%s: number %d of %s was acknowledged after %d others", d.who, a.k, a.scope, acked[a.scope]-1)
		}
	}
	lane := d.userID() + "/" + d.device
	for scope, entries := range logs {
		steps := 0
		for _, e := range entries {
			for _, s := range e.Steps {
				if s.Lane != lane {
					continue
				}
				if steps++; s.K != int64(steps) {
					f.Errorf("%s: step %d of %s comes as number %d", d.who, s.K, scope, steps)
				}
			}
		}
		if steps != acked[scope] {
			f.Errorf("%s: %d acknowledged in %s, %d steps in its log", d.who, acked[scope], scope, steps)
		}
	}
}

// auditScopes wants nothing of other people.
func (f *fleet) auditScopes(d *device) {
	f.Helper()
	me := d.userID()
	for scope := range d.held {
		kind, id, _ := strings.Cut(scope, ":")
		if kind == "user" && id != me || kind == "student" && d.who == "student" && id != me || kind == "course" && d.who != "teacher" && d.who != "staff" {
			f.Errorf("%s of %s holds %s", d.who, me, scope)
		}
	}
}

// auditFiles reads back all files that the server took.
func (f *fleet) auditFiles(d *device) {
	f.Helper()
	if d.files == nil {
		return
	}
	for _, name := range d.files.whole {
		var res *http.Response
		var body []byte
		err := error(nil)
		for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			if res, body, err = d.call("GET", "http://"+f.pick()+"/api/files/"+name, nil, ""); err == nil && res.StatusCode == http.StatusOK {
				break // it was examined
			}
		}
		sum := sha256.Sum256(body)
		if err != nil || "sha256-"+hex.EncodeToString(sum[:]) != name {
			f.Errorf("file %s was taken, and is %d bytes: %v", name, len(body), err)
		}
	}
}

// auditGiven wants each homework in the course, and published to those who
// were given it, once.
func (f *fleet) auditGiven(everybody []*device, logs map[string][]storage.Entry) {
	f.Helper()
	puts := map[string]int{} // by scope and id
	for _, scope := range []string{killCourse, killClass, "student:" + demo.User("student")} {
		for _, e := range logs[scope] {
			for _, o := range e.Ops {
				if o.Type == "homework" {
					puts[scope+" "+o.ID]++
				}
			}
		}
	}
	for id, audience := range given(everybody) {
		for _, scope := range []string{killCourse, audience} {
			if n := puts[scope+" "+id]; n != 1 {
				f.Errorf("homework %s is %d times in the log of %s", id, n, scope)
			}
		}
	}
}

// given are the homeworks, each with the scope of those who were given it.
func given(everybody []*device) map[string]string {
	all := map[string]string{}
	for _, d := range everybody {
		for _, a := range d.acked {
			if a.name == "homework.give@1" {
				all[a.id] = a.to
			}
		}
	}
	return all
}

// auditCopies wants each copy with the teacher too, complete, and as many
// versions as there are copies.
func (f *fleet) auditCopies(everybody []*device) {
	f.Helper()
	versions := map[string][]int{}
	teacher := everybody[0].records()
	for _, d := range everybody {
		mine := d.records()
		for _, a := range d.acked {
			if a.name != "homework.submit@1" {
				continue
			}
			var copied struct {
				Homework, State string
				Version         int
			}
			record := mine[a.scope+" submission "+a.id]
			if err := json.Unmarshal([]byte(record.Value), &copied); err != nil || copied.State == homework.StateWaiting {
				f.Errorf("copy %s was acknowledged, and is %q", a.id, record.Value)
			}
			versions[copied.Homework] = append(versions[copied.Homework], copied.Version)
			if !slices.ContainsFunc(slices.Collect(maps.Keys(teacher)), func(key string) bool { return strings.HasSuffix(key, " submission "+a.id) }) {
				f.Errorf("copy %s never came to the teacher", a.id)
			}
		}
	}
	for id, all := range versions {
		slices.Sort(all)
		for i := range all[1:] {
			if all[i+1] != all[i]+1 {
				f.Errorf("the copies of %s have the versions %v", id, all)
				break
			}
		}
	}
}

// likeFresh wants every device to hold what a new one would be given, by every
// node.
func (f *fleet) likeFresh(everybody []*device) {
	f.Helper()
	for _, d := range everybody {
		for i, n := range f.nodes {
			fresh := &device{user: d.user, fleet: f, who: d.who, held: map[string]*heldScope{}}
			fresh.at = func() string { return *n.addr.Load() }
			if err := fresh.catchUp(patience); err != nil {
				f.Fatal(err)
			}
			if err := d.catchUp(patience); err != nil {
				f.Fatal(err)
			}
			if diff := cmp.Diff(fresh.records(), d.records()); diff != "" {
				f.Errorf("a device of %s differs from a new one at node %d (-new +old):\n%.2000s", d.who, i, diff)
			}
		}
	}
}

// newsOf counts the homeworks that each person was alerted of: one alert
// stands for all of one hour, and says how many they are.
func newsOf(everybody []*device) map[string]int {
	news := map[string]int{}
	for _, d := range everybody {
		n := 0
		for key, r := range d.records() {
			var notice struct {
				Kind  string
				Count int
			}
			if strings.Contains(key, " notice ") && json.Unmarshal([]byte(r.Value), &notice) == nil && notice.Kind == "homework.new" {
				n += max(notice.Count, 1)
			}
		}
		news[d.who] = n
	}
	return news
}

// toldOnce waits until everything has had its effects, and wants everybody to
// be alerted of each homework once.
func (f *fleet) toldOnce(everybody []*device, before map[string]int) {
	f.Helper()
	ids := given(everybody)
	missing := ""
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		f.settled(everybody)
		if missing = lacking(everybody, ids, before); missing == "" {
			break
		}
	}
	if missing != "" {
		f.Errorf("after %v: %s", patience, missing)
	}
	time.Sleep(time.Second) // for what should not come
	f.settled(everybody)
	for who, n := range newsOf(everybody) {
		if told := n - before[who]; (who == "student" || who == "guardian") && told != len(ids) {
			f.Errorf("%s was alerted of %d homeworks; %d were given", who, told, len(ids))
		}
	}
}

// lacking says what has not come yet.
func lacking(everybody []*device, ids map[string]string, before map[string]int) string {
	news := newsOf(everybody)
	for _, who := range []string{"student", "guardian"} {
		if told := news[who] - before[who]; told < len(ids) {
			return fmt.Sprintf("%s was alerted of %d homeworks of %d", who, told, len(ids))
		}
	}
	for _, d := range everybody {
		for key, r := range d.records() {
			if strings.Contains(key, " submission ") && strings.Contains(r.Value, homework.StateWaiting) {
				return d.who + " waits for " + key
			}
		}
	}
	return ""
}

// tally says what everybody did and met.
func tally(everybody []*device) string {
	acked, files, later, pulls, pokes := 0, 0, 0, int64(0), int64(0)
	slowest := time.Duration(0)
	for _, d := range everybody {
		acked, pulls, later, pokes = acked+len(d.acked), pulls+d.pulls.Load(), later+d.later, pokes+d.pokes.Load()
		slowest = max(slowest, d.slowest)
		if d.files != nil {
			files, later = files+len(d.files.whole), later+d.files.later
		}
	}
	return fmt.Sprintf("%d actions acknowledged, 0 lost, 0 doubled, %d homeworks alerted of once, %d files whole, "+
		"%d rounds, %d told to come again, %d pokes, slowest answer %.1f s",
		acked, len(given(everybody)), files, pulls, later, pokes, slowest.Seconds())
}
