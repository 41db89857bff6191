package faults

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// trouble is what goes wrong: one errno, for the next operations of a kind.
type trouble struct {
	op    Op // "": any
	errno syscall.Errno
	times int
}

func someTrouble() trouble {
	kinds := []Op{"", Write, Sync, Sync, Create, Rename, Resize}
	errnos := []syscall.Errno{syscall.EIO, syscall.ENOSPC}
	return trouble{kinds[rand.N(len(kinds))], errnos[rand.N(2)], 1 + rand.N(3)*rand.N(20)}
}

// understood is what a failure must say of its cause. SQLite calls a file that
// cannot be read, after the power went off, malformed.
var understood = regexp.MustCompile(`input/output error|disk I/O error|no space left|database or disk is full|unable to open database|database disk image is malformed`)

// TestErrors lets operations fail while a child works on, then turns the power
// off: what an fsync refused may be lost, what came after may not.
func TestErrors(t *testing.T) {
	all := rounds("PREAU_ERROR_ROUNDS", 8)
	var l *life
	acknowledged, refused := 0, 0
	for round := range all {
		if round%generation == 0 {
			l = newLife(t, stubbornVar+"=1")
		}
		before := *l.acks
		what := someTrouble()
		l.child(l.troubleAfter(someTime(), what))
		l.disk = l.disk.Left(nil)
		l.check()
		l.checkRefusals()
		acknowledged += l.acks.count - before.count
		refused += len(l.acks.refused) - len(before.refused)
		if t.Failed() {
			t.Fatalf("in round %d: %+v", round, what)
		}
	}
	t.Logf("I/O errors: %d rounds, %d acknowledged, %d refused, 0 lost, 0 doubled, integrity clean", all, acknowledged, refused)
}

// checkRefusals wants every refusal to name its cause.
func (l *life) checkRefusals() {
	l.Helper()
	for i, said := range append(l.acks.refused, l.acks.shut...) {
		if !understood.MatchString(said) {
			l.Fatalf("an unclear refusal: %s\nafter %q", said, l.acks.refused[max(0, i-10):i])
		}
	}
}

// troubleAfter lets the trouble begin at the n-th change of the disk and the
// power fail a while after it.
func (l *life) troubleAfter(n int64, what trouble) <-chan struct{} {
	cut := make(chan struct{})
	end := n + 200 + rand.Int64N(1000)
	left := what.times
	var done atomic.Int64
	l.disk.Fault = func(op Op, _ string) syscall.Errno {
		at := done.Add(1)
		if at == end {
			l.disk.Cut()
			close(cut)
		}
		if at < n || left == 0 || what.op != "" && what.op != op {
			return 0
		}
		left--
		return what.errno
	}
	return cut
}

// TestDiskFull fills the disk under a child, frees space, and wants it to go
// on by itself.
func TestDiskFull(t *testing.T) {
	all, acknowledged, refused := rounds("PREAU_FULL_ROUNDS", 2), 0, 0
	for range all {
		l := newLife(t, stubbornVar+"=1")
		l.fill()
		l.check()
		l.checkRefusals()
		if len(l.acks.unread) > 0 {
			t.Errorf("reads failed on a full disk: %s", l.acks.unread[0])
		}
		acknowledged += l.acks.count
		refused += len(l.acks.refused)
	}
	t.Logf("disk full: %d rounds, %d acknowledged, %d refused, 0 lost, reads went on", all, acknowledged, refused)
}

// fill has a disk with little space, frees some when both stores were refused
// often, and turns the power off when both have gone on.
func (l *life) fill() {
	l.Helper()
	l.disk.Quota = 1<<20 + rand.Int64N(4<<20)
	end := make(chan struct{})
	heard := map[string]int{}
	phase := 0
	l.also = func(line string) {
		what, rest, _ := strings.Cut(line, " ")
		if what == "refused" {
			what, _, _ = strings.Cut(rest, ":")
		}
		heard[what]++
		switch {
		case phase == 0 && heard["append"] > 20 && heard["put"] > 20:
			l.disk.SetQuota(0)
			phase, heard = 1, map[string]int{}
		case phase == 1 && heard["entry"] > 20 && heard["blob"] > 20:
			phase = 2
			close(end)
		}
	}
	l.child(end)
	if phase != 2 {
		l.Errorf("the stores did not go on in phase %d: %v; refused %q", phase, heard, l.acks.refused[max(0, len(l.acks.refused)-3):])
	}
	l.disk = l.disk.Left(nil)
}
