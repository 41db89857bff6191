package faults

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/storagetest"
)

// rounds is how often a fault is made, by a variable of the environment.
func rounds(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	if testing.Short() {
		return 2
	}
	return usual
}

// acks is all that the children of one disk were told.
type acks struct {
	entries  map[string]int64
	blobs    map[string]bool // those deleted, or asked to be, are not among them
	deleted  map[string]bool
	grown    map[string]int64
	cuts     map[string]storagetest.Cut
	settling map[string]bool
	settled  map[string]bool
	epoch    int64
	refused  []string
	shut     []string
	unread   []string
	count    int // entries, blobs, settlements, trims and deletions acknowledged
}

func newAcks() *acks {
	return &acks{
		entries: map[string]int64{}, blobs: map[string]bool{}, deleted: map[string]bool{}, grown: map[string]int64{}, cuts: map[string]storagetest.Cut{},
		settling: map[string]bool{}, settled: map[string]bool{},
	}
}

func (a *acks) hear(t *testing.T, line string) {
	t.Helper()
	what, rest, _ := strings.Cut(line, " ")
	a.count++
	switch what {
	case "entry":
		scope, n := numbered(t, rest)
		if n != a.entries[scope]+1 && a.entries[scope] >= n {
			t.Fatalf("entry %d of %s was acknowledged twice", n, scope)
		}
		a.entries[scope] = n
	case "blob":
		a.blobs[rest] = true
	case "grown":
		name, n := numbered(t, rest)
		a.grown[name] = n
	case "settled":
		a.settled[rest] = true
	case "deleted":
		a.deleted[rest] = true
	case "trimmed":
		scope, n := numbered(t, rest)
		a.cuts[scope] = storagetest.Cut{Least: n, Most: a.cuts[scope].Most}
	default:
		a.count--
		a.hearMore(t, what, rest)
	}
}

// numbered reads a name and a number.
func numbered(t *testing.T, said string) (name string, n int64) {
	t.Helper()
	if _, err := fmt.Sscan(said, &name, &n); err != nil {
		t.Fatalf("the child said %q", said)
	}
	return name, n
}

func (a *acks) hearMore(t *testing.T, what, rest string) {
	t.Helper()
	switch what {
	case "deleting":
		delete(a.blobs, rest)
	case "trimming":
		scope, n := numbered(t, rest)
		a.cuts[scope] = storagetest.Cut{Least: a.cuts[scope].Least, Most: n}
	case "settling":
		a.settling[rest] = true
	case "epoch":
		n, _ := strconv.ParseInt(rest, 10, 64)
		if n <= a.epoch {
			t.Fatalf("epoch %d after %d", n, a.epoch)
		}
		a.epoch = n
	case "refused":
		a.refused = append(a.refused, rest)
	case "shut":
		a.shut = append(a.shut, rest)
	case "unread":
		a.unread = append(a.unread, rest)
	default:
		t.Fatalf("the child said %q", what+" "+rest)
	}
}

// life is a disk and the children that worked on it, one after another.
type life struct {
	*testing.T
	disk *Disk
	acks *acks
	env  []string // of the children
	born int
	also func(line string) // hears what children say, if not nil
}

func newLife(t *testing.T, env ...string) *life {
	t.Helper()
	return &life{T: t, disk: &Disk{}, acks: newAcks(), env: env}
}

// patience is how long a child may take in all.
const patience = time.Minute

// child runs one on the disk until it ends, or is killed soon after end is
// closed.
func (l *life) child(end <-chan struct{}) {
	l.Helper()
	dir := l.TempDir()
	unmount, err := l.disk.Mount(dir)
	if err != nil {
		l.Fatal(err)
	}
	defer func() {
		if err := unmount(); err != nil {
			l.Error(err)
		}
	}()
	l.born++
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), dirVar+"="+dir, fmt.Sprintf("%s=%d", roundVar, l.born))
	cmd.Env = append(cmd.Env, l.env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		l.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-end:
			time.Sleep(rand.N(5 * time.Millisecond))
		case <-ended:
		case <-time.After(patience):
		}
		_ = cmd.Process.Kill()
	}()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		l.acks.hear(l.T, lines.Text())
		if l.also != nil {
			l.also(lines.Text())
		}
	}
	close(ended)
	_ = cmd.Wait()
}

// cutAfter sets the power to fail at the n-th change of the disk, and gives
// what is closed then.
func (l *life) cutAfter(n int64) <-chan struct{} {
	cut := make(chan struct{})
	var done atomic.Int64
	l.disk.Fault = func(Op, string) syscall.Errno {
		if done.Add(1) == n {
			l.disk.Cut()
			close(cut)
		}
		return 0
	}
	return cut
}

// someTime is a number of changes: now and then so few that the power fails
// while the stores are opened.
func someTime() int64 {
	if rand.N(3) == 0 {
		return 1 + rand.Int64N(300)
	}
	return 300 + rand.Int64N(4000)
}

// open opens the stores on a copy of what is on disk; what opening does is
// left to the next child as well, which may lose its power over it.
func (l *life) open() copied {
	l.Helper()
	dir := filepath.Join(l.TempDir(), "left")
	if err := l.disk.Save(dir); err != nil {
		l.Fatal(err)
	}
	s, err := openStores(context.WithoutCancel(l.Context()), dir)
	if err != nil {
		l.Fatal(err)
	}
	return copied{s, dir}
}

// copied are stores on a copy of a disk.
type copied struct {
	stores
	dir string
}

// drop closes them and frees the space.
func (c copied) drop() {
	c.close()
	_ = os.RemoveAll(c.dir)
}

// check looks for all that was acknowledged.
func (l *life) check() {
	l.Helper()
	s := l.open()
	defer s.drop()
	storagetest.Survived(l.T, s.records, l.acks.entries, l.acks.cuts)
	storagetest.Whole(l.T, s.blobs, l.acks.blobs)
	storagetest.Grew(l.T, s.blobs, l.acks.grown)
	l.checkDeleted(s)
	l.checkTasks(s)
	if epoch, err := s.records.Epoch(l.Context(), false); err != nil || epoch < l.acks.epoch {
		l.Fatalf("epoch %d, %v; want %d", epoch, err, l.acks.epoch)
	}
}

// checkDeleted wants nothing back that was deleted.
func (l *life) checkDeleted(s copied) {
	l.Helper()
	for key := range l.acks.deleted {
		if _, err := s.blobs.Stat(l.Context(), key); !errors.Is(err, storage.ErrNotFound) {
			l.Fatalf("blob %s was deleted, and is back: %v", key, err)
		}
	}
}

// checkTasks wants every effect once, unless it was settled.
func (l *life) checkTasks(s copied) {
	l.Helper()
	tasks, err := s.records.Claim(l.Context(), storage.Claim{Now: time.Now().Add(1e4 * time.Hour), Lease: time.Hour, Limit: 1 << 30})
	if err != nil {
		l.Fatal(err)
	}
	there := map[string]bool{}
	for _, t := range tasks {
		if there[t.ID] || l.acks.settled[t.ID] {
			l.Fatalf("task %s is there twice, or again", t.ID)
		}
		there[t.ID] = true
	}
	for _, scope := range storagetest.KillScopes() {
		tails, err := s.records.Tails(l.Context(), []storage.Position{{Scope: scope}}, 0)
		if err != nil {
			l.Fatal(err)
		}
		for n := range tails[0].Head {
			if id := fmt.Sprintf("%s#%d#0", scope, n+1); !there[id] && !l.acks.settling[id] {
				l.Fatalf("task %s is lost", id)
			}
		}
	}
}
