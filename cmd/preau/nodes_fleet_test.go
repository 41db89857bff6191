package main

import (
	"context"
	"iter"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/minio/miniotest"
	"preau/storage/mongo/mongotest"
	"preau/storage/sqlite"
)

// fleet is some nodes on one database and one store of files, and what stands
// in front of them: it asks every node again and again whether it is ready.
type fleet struct {
	*testing.T
	records, blobs string // as PREAU_RECORDS and PREAU_BLOBS name them
	nodes          []*node
	pace           time.Duration // at most so long does a device rest
	unlucky        atomic.Int64  // requests that a node did not answer
}

type node struct {
	data  string
	p     *process
	addr  atomic.Pointer[string]
	ready atomic.Bool
}

// newFleet starts nodes on a school. The stores may lie behind something:
// records and blobs are where the nodes find them.
func newFleet(t *testing.T, nodes int, records, blobs string) *fleet {
	t.Helper()
	f := &fleet{T: t, records: records, blobs: blobs, pace: 200 * time.Millisecond}
	if !strings.HasPrefix(records, "sqlite:") {
		f.pace = 4 * time.Second // the MongoDB of the tests is slow
	}
	t.Setenv("PREAU_RECORDS", records)
	t.Setenv("PREAU_BLOBS", blobs)
	t.Setenv("PREAU_TAKEOVER", "30s")
	t.Setenv("PREAU_DRAIN", "3s")
	for range nodes {
		f.nodes = append(f.nodes, &node{data: t.TempDir()})
	}
	f.enrol()
	for i := range f.nodes {
		f.start(i)
	}
	t.Cleanup(f.report)
	watching, stop := context.WithCancel(context.Background())
	var asked sync.WaitGroup
	for _, n := range f.nodes {
		asked.Go(func() { n.watch(watching) })
	}
	t.Cleanup(func() { stop(); asked.Wait() })
	return f
}

// enrol fills the database with the demonstration's school on its first day:
// its people, before anything was given. It is made where that is fast.
func (f *fleet) enrol() {
	f.Helper()
	f.Setenv("PREAU_RECORDS", "")
	f.Setenv("PREAU_BLOBS", "")
	data := f.TempDir()
	p := startProcess(f.T, data, strings.Fields(demoArgs)...)
	if err := p.cmd.Process.Kill(); err != nil {
		f.Fatal(err)
	}
	<-p.done
	f.Setenv("PREAU_RECORDS", f.records)
	f.Setenv("PREAU_BLOBS", f.blobs)
	for _, n := range f.nodes {
		copyFile(f.T, filepath.Join(data, "keys.json"), filepath.Join(n.data, "keys.json"))
	}
	r := f.open()
	defer r.Close()
	if err := r.(storage.Filler).Fill(f.Context(), firstDay(sqlite.Live(filepath.Join(data, "preau.db")).Snapshot(f.Context()))); err != nil {
		f.Fatal(err)
	}
}

// firstDay leaves out all that people have done.
func firstDay(all iter.Seq2[storage.Piece, error]) iter.Seq2[storage.Piece, error] {
	return func(yield func(storage.Piece, error) bool) {
		keep := true
		for piece, err := range all {
			if piece.Scope != nil {
				kind, _, _ := strings.Cut(piece.Scope.Name, ":")
				keep = slices.Contains([]string{"account", "accounts", "directory", "school", "server"}, kind)
			}
			if keep && !yield(piece, err) {
				return
			}
		}
	}
}

// open opens the database beside the nodes.
func (f *fleet) open() storage.Records {
	f.Helper()
	var at place
	if err := setPlace(&at, f.records, recordsKinds); err != nil {
		f.Fatal(err)
	}
	r, err := openRecords(f.Context(), at)
	if err != nil {
		f.Fatal(err)
	}
	return r
}

func (f *fleet) start(i int) {
	f.Helper()
	n := f.nodes[i]
	n.p = startProcess(f.T, n.data, strings.Fields(demoArgs)...)
	n.addr.Store(&n.p.addr)
	n.ready.Store(true)
}

// kill ends a node without a warning.
func (f *fleet) kill(i int) {
	f.Helper()
	if err := f.nodes[i].p.cmd.Process.Kill(); err != nil {
		f.Fatal(err)
	}
	<-f.nodes[i].p.done
}

// stop asks a node to stop.
func (f *fleet) stop(i int) {
	f.Helper()
	if err := f.nodes[i].p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		f.Fatal(err)
	}
	if err := <-f.nodes[i].p.done; err != nil {
		f.Errorf("node %d stopped with %v: %q", i, err, f.nodes[i].p.said.with("level=ERROR"))
	}
}

// watch asks whether a node is ready, as a proxy does.
func (n *node) watch(ctx context.Context) {
	client := &http.Client{Timeout: 3 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for ctx.Err() == nil {
		res, err := client.Get("http://" + *n.addr.Load() + "/readyz")
		n.ready.Store(err == nil && res.StatusCode == http.StatusOK)
		if err == nil {
			res.Body.Close()
		}
		pause(ctx, 100*time.Millisecond)
	}
}

// pick is where the next request goes: to any node that is ready, or to any.
func (f *fleet) pick() string {
	first := rand.IntN(len(f.nodes))
	for i := range f.nodes {
		if n := f.nodes[(first+i)%len(f.nodes)]; n.ready.Load() {
			return *n.addr.Load()
		}
	}
	return *f.nodes[first].addr.Load()
}

// report shows, of a test that failed, what the nodes said.
func (f *fleet) report() {
	if !f.Failed() {
		return
	}
	for i, n := range f.nodes {
		said, failed := n.p.said.with("level="), n.p.said.with("request failed")
		f.Logf("node %d said last:\n%s", i, strings.Join(said[max(0, len(said)-15):], "\n"))
		f.Logf("its first requests that failed:\n%s", strings.Join(failed[:min(len(failed), 15)], "\n"))
	}
}

// noFaults fails the test on what the nodes should not have said.
func (f *fleet) noFaults() {
	f.Helper()
	for i, n := range f.nodes {
		for _, text := range []string{"panic", "level=ERROR"} {
			if said := n.p.said.with(text); len(said) > 0 {
				f.Errorf("node %d said %d times %q, such as %s", i, len(said), text, said[0])
			}
		}
	}
}

// stores are a database and a bucket of their own.
func stores(t *testing.T) (records, blobs string) {
	t.Helper()
	records = mongotest.Start(t)
	host := miniotest.Servers[0].Start(t)
	return records, miniotest.Address(host, miniotest.Owner, miniotest.Secret, miniotest.Bucket+"/"+filepath.Base(t.TempDir()), "tls=0")
}

// rounds is a number from the environment.
func rounds(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
