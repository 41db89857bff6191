package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Two nodes on one database and one store of files, devices that come to
// either, a node that is killed again and again, and a restart of one after
// the other. Everybody's story is told in full at the end, once.
func TestNodesAreOneServer(t *testing.T) {
	kills := rounds(t, "PREAU_NODES_ROUNDS", 0)
	if kills == 0 {
		t.Skip("takes minutes on the MongoDB of the tests: make nodes")
	}
	records, blobs := stores(t)
	f := newFleet(t, 2, records, blobs)
	everybody := f.everybody()
	f.settled(everybody)
	before := newsOf(everybody)
	crossed := f.pokesCross(everybody)
	stop := f.live(everybody)
	for round := range kills {
		f.work()
		f.kill(round % 2)
		f.work() // on the other alone
		f.start(round % 2)
	}
	for i := range f.nodes {
		f.work()
		f.replace(i)
	}
	f.work()
	stop()
	f.audit(everybody, before)
	f.noFaults()
	t.Logf("two nodes: %d kills, 2 restarts, %s; pokes at the other node after %.1f s at most", kills, tally(everybody), crossed.Seconds())
}

// everybody are the devices of the school.
func (f *fleet) everybody() []*device {
	f.Helper()
	all := []*device{
		f.newDevice("teacher", give), f.newDevice("teacher", give),
		f.newDevice("student", handIn), f.newDevice("student", tick),
		f.newDevice("guardian", choose), f.newDevice("staff", nil),
	}
	all[2].files = &uploader{user: all[2].user}
	return all
}

// live lets everybody work and listen until stop is called.
func (f *fleet) live(everybody []*device) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for _, d := range everybody {
		d.listen(ctx, &all)
		all.Go(func() {
			if err := d.live(ctx); err != nil {
				f.Error(err)
			}
		})
	}
	stop = func() { cancel(); all.Wait() }
	f.Cleanup(stop)
	return stop
}

// work lets some time pass.
func (f *fleet) work() {
	f.Helper()
	time.Sleep(time.Second + time.Duration(rand.Int64N(int64(time.Second))))
	if f.Failed() {
		f.FailNow()
	}
}

// replace asks a node to stop and starts it again. Nobody may notice.
func (f *fleet) replace(i int) {
	f.Helper()
	before := f.unlucky.Load()
	f.stop(i)
	if n := f.unlucky.Load() - before; n > 0 && len(f.nodes[i].p.said.with("connections were cut")) == 0 {
		f.Errorf("%d requests got no answer while node %d stopped", n, i)
	}
	f.start(i)
}

// pokesCross has somebody listen at each node while something is done at the
// other, and tells how long the news took.
func (f *fleet) pokesCross(everybody []*device) (longest time.Duration) {
	f.Helper()
	teacher, pupil := everybody[0], everybody[2]
	defer func() { teacher.at = f.pick }()
	for i, n := range f.nodes {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		heard := make(chan struct{}, 100)
		go pupil.hear(ctx, *n.addr.Load(), func(event string) {
			if strings.HasPrefix(event, "hello") || strings.HasPrefix(event, "poke") && strings.Contains(event, killClass) {
				heard <- struct{}{}
			}
		})
		<-heard // hello
		other := f.nodes[1-i]
		teacher.at = func() string { return *other.addr.Load() }
		giveClass(teacher, "file")
		began := time.Now()
		if err := teacher.catchUp(30 * time.Second); err != nil {
			f.Fatal(err)
		}
		select {
		case <-heard:
			longest = max(longest, time.Since(began))
		case <-ctx.Done():
			f.Errorf("whoever listens at node %d hears nothing of what is done at the other", i)
		}
		cancel()
	}
	return longest
}

// What is done at one node is on the screen of whoever listens at the other:
// from the request that does it until the pull that a poke caused has it.
func TestNodesShowNewsAtOnce(t *testing.T) {
	if rounds(t, "PREAU_NODES_ROUNDS", 0) == 0 {
		t.Skip("beside the kills: make nodes")
	}
	records, blobs := stores(t)
	f := newFleet(t, 2, records, blobs)
	doing, watching := f.newDevice("staff", nil), f.newDevice("staff", nil)
	f.settled([]*device{doing, watching})
	at := func(i int) func() string { return func() string { return *f.nodes[i].addr.Load() } }
	doing.at, watching.at = at(0), at(1)
	mine := "user:" + doing.userID()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	heard := make(chan string, 100)
	go watching.hear(ctx, watching.at(), func(event string) { heard <- event })
	<-heard // hello
	var took []time.Duration
	for i := range 41 {
		theme := []string{"dark", "light"}[i%2]
		doing.do(mine, "settings.set@1", newUUID(), `{"theme":"`+theme+`"}`)
		began := time.Now()
		if err := doing.catchUp(30 * time.Second); err != nil {
			f.Fatal(err)
		}
		for !strings.Contains(watching.records()[mine+" settings settings"].Value, theme) {
			if event := <-heard; strings.HasPrefix(event, "poke") {
				if _, err := watching.round(); err != nil {
					f.Fatal(err)
				}
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	t.Logf("done at one node, shown at the other: median %v, p90 %v, at most %v", took[20], took[36], took[40])
}
