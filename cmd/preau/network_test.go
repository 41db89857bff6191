package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/cmd/preau/demo"
)

// The line to the files is bad in every way, while people work. Who needs no
// file notices nothing; who does is told when to come again, and goes on.
func TestNetworkToTheFiles(t *testing.T) {
	_, blobs := stores(t)
	toxi := startToxiproxy(t)
	records := "sqlite:" + filepath.Join(t.TempDir(), "preau.db")
	f := newFleet(t, 1, records, through(t, toxi, "files", blobs))
	f.endure(toxi, "files", func() { f.wantReady(200, "ready, but the files are out of reach") })
}

// endure has people work through each fault of a line, and tells their story
// at the end. cut is called while nothing comes through at all.
func (f *fleet) endure(toxi *toxiproxy, line string, cut func()) {
	f.Helper()
	everybody := f.everybody()
	f.settled(everybody)
	before, spells := newsOf(everybody), rounds(f.T, "PREAU_NETWORK_ROUNDS", 1)
	giveClass(everybody[0], "file")
	f.settled(everybody)
	stop := f.live(everybody)
	for range spells {
		for _, fault := range networkFaults {
			fault.spoil(toxi, line)
			f.work()
			if fault.name == "refused" || fault.name == "silent" {
				cut()
			}
			pause(context.Background(), spell)
			toxi.heal()
			f.wantProgress(fault.name, everybody)
		}
	}
	stop()
	f.audit(everybody, before)
	for _, n := range f.nodes {
		if said := n.p.said.with("panic"); len(said) > 0 {
			f.Errorf("the server said %s", said[0])
		}
	}
	f.Logf("line to the %s bad in %d ways, %d times each: %s", line, len(networkFaults), spells, tally(everybody))
}

// wantReady wants what the first node says of itself.
func (f *fleet) wantReady(status int, text string) {
	f.Helper()
	got, _, body := get(f.T, plainClient(), "http://"+f.pick()+"/readyz")
	if got != status || !strings.Contains(body, text) {
		f.Errorf("readyz: %d %q, want %d %q", got, body, status, text)
	}
}

// wantProgress waits until everybody gets on again.
func (f *fleet) wantProgress(after string, everybody []*device) {
	f.Helper()
	for _, d := range everybody {
		pulls := d.pulls.Load()
		for began := time.Now(); d.pulls.Load() < pulls+2; time.Sleep(20 * time.Millisecond) {
			if time.Since(began) > time.Minute || f.Failed() {
				f.Fatalf("%s does not get on after the line was %s", d.who, after)
			}
		}
	}
}

// through is an address of a store behind a line of the proxy.
func through(t *testing.T, toxi *toxiproxy, line, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = toxi.to(line, u.Host)
	return u.String()
}

// A server whose stores are out of reach when it starts says in one sentence
// which, soon, and ends.
func TestNetworkDeadAtStart(t *testing.T) {
	records, blobs := stores(t)
	toxi := startToxiproxy(t)
	records, blobs = through(t, toxi, "database", records), through(t, toxi, "files", blobs)
	for _, fault := range networkFaults[:2] {
		t.Run(fault.name, func(t *testing.T) {
			fault.spoil(toxi, "database")
			fault.spoil(toxi, "files")
			defer toxi.heal()
			var both sync.WaitGroup
			both.Go(func() { wantEnds(t, "no MongoDB server answers at", "PREAU_RECORDS="+records) })
			both.Go(func() { wantEnds(t, "the server does not answer", "PREAU_BLOBS="+blobs) })
			both.Wait()
		})
	}
}

func wantEnds(t *testing.T, says string, setting ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "serve")
	cmd.Env = append(os.Environ(), append(setting, "PREAU_TEST_MAIN=1", "PREAU_DATA="+t.TempDir(), "PREAU_ADDR=127.0.0.1:0")...)
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err == nil || ctx.Err() != nil || !strings.Contains(text, says) || strings.Contains(text, "\n") {
		t.Errorf("%v, %v: it says %q, not one sentence with %q", err, ctx.Err(), text, says)
	}
}

// While the database cannot be reached well, every request is answered within
// its time, the node says so when nothing comes through, and afterwards it goes
// on by itself.
func TestNetworkToTheDatabase(t *testing.T) {
	records, blobs := stores(t)
	toxi := startToxiproxy(t)
	f := newFleet(t, 1, through(t, toxi, "database", records), blobs)
	teacher, pupil := f.newDevice("teacher", nil), f.newDevice("student", nil)
	pupil.files = &uploader{user: pupil.user}
	f.settled([]*device{teacher, pupil})
	for _, fault := range networkFaults {
		if (fault.name == "slow" || fault.name == "reset at random") && os.Getenv("PREAU_NETWORK_ROUNDS") == "" {
			continue // they take a minute
		}
		fault.spoil(toxi, "database")
		teacher.give("student:"+demo.User("student"), "none", "")
		f.tellsAll(teacher, fault.name)
		if fault.name == "refused" || fault.name == "silent" {
			f.wantReady(503, "the database is out of reach")
		}
		toxi.heal()
		began := time.Now()
		f.settled([]*device{teacher, pupil})
		t.Logf("%s: the next action was acknowledged %.1f s after the line was good again", fault.name, time.Since(began).Seconds())
	}
	f.auditLanes(teacher, f.logs())
}

// tellsAll has people ask for all kinds of things, at once: what cannot be
// answered is no fault of the program (500), and nobody waits for ever.
func (f *fleet) tellsAll(teacher *device, fault string) {
	f.Helper()
	asks := map[string]func() (*http.Response, []byte, error){
		"a sign-in": func() (*http.Response, []byte, error) {
			return user{}.call("POST", "http://"+f.pick()+"/api/session", http.Header{"Content-Type": {"application/json"}}, `{"demo":"guardian"}`)
		},
		"a push": func() (*http.Response, []byte, error) {
			body := `{"v":1,"schema":1,"device":"` + teacher.device + `",` + teacher.request() + `}`
			return teacher.call("POST", "http://"+f.pick()+"/api/sync", http.Header{"Content-Type": {"application/json"}}, body)
		},
		"devices": func() (*http.Response, []byte, error) {
			return teacher.call("GET", "http://"+f.pick()+"/api/devices", nil, "")
		},
		"a file": func() (*http.Response, []byte, error) {
			return teacher.call("GET", "http://"+f.pick()+"/api/files/"+nameOf(nil), nil, "")
		},
	}
	var all sync.WaitGroup
	for what, ask := range asks {
		all.Go(func() {
			began := time.Now()
			res, answer, err := ask()
			if err != nil || res.StatusCode > http.StatusInternalServerError && res.StatusCode != http.StatusServiceUnavailable {
				f.Errorf("line %s, %s: after %.1f s %v %s", fault, what, time.Since(began).Seconds(), err, answer)
			}
		})
	}
	all.Wait()
}
