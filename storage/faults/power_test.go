package faults

import (
	"math/rand/v2"
	"testing"

	"preau/storage"
	"preau/storage/storagetest"
)

// generation is how many power cuts one disk lives through; then a new one is
// taken, for every check reads all of it.
const generation = 10

func TestPowerLoss(t *testing.T) {
	all, acknowledged := rounds("PREAU_POWER_ROUNDS", 8), 0
	var l *life
	for round := range all {
		if round%generation == 0 {
			l = newLife(t)
		}
		before := l.acks.count
		l.lose(round)
		l.check()
		acknowledged += l.acks.count - before
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	t.Logf("power loss: %d rounds, %d acknowledged, 0 lost, 0 doubled, integrity clean", all, acknowledged)
}

// lose lets a child work, turns the power off, and leaves what the disk kept:
// in every other round some of what was not synced, in any order.
func (l *life) lose(round int) {
	l.Helper()
	l.child(l.cutAfter(someTime()))
	var torn *rand.Rand
	if round%2 == 1 {
		torn = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	l.disk = l.disk.Left(torn)
}

// TestLossesAreFound takes fsync away, from SQLite and then from the disk
// itself, and wants the loss to be found.
func TestLossesAreFound(t *testing.T) {
	t.Setenv(unsyncedVar, "1")
	l := newLife(t)
	l.child(l.cutAfter(2000))
	l.disk = l.disk.Left(nil)
	t.Setenv(unsyncedVar, "")
	if lost := l.lostEntries(); lost == 0 {
		t.Errorf("no loss of entries up to %v without fsync", l.acks.entries)
	} else {
		t.Logf("without fsync: %d acknowledged entries lost", lost)
	}
}

func TestLyingDiskIsFound(t *testing.T) {
	l := newLife(t)
	l.disk.Lies = true
	l.child(l.cutAfter(2000))
	l.disk = l.disk.Left(nil)
	s := l.open()
	defer s.drop()
	missing := len(l.acks.blobs)
	err := s.blobs.List(t.Context(), "", func(b storage.Blob) bool {
		missing--
		return true
	})
	if err != nil || missing == 0 {
		t.Errorf("no loss of %d blobs, %v", len(l.acks.blobs), err)
	}
}

func (l *life) lostEntries() (lost int64) {
	l.Helper()
	s := l.open()
	defer s.drop()
	for _, scope := range storagetest.KillScopes() {
		tails, err := s.records.Tails(l.Context(), []storage.Position{{Scope: scope}}, 0)
		if err != nil {
			l.Fatal(err)
		}
		lost += max(0, l.acks.entries[scope]-tails[0].Head)
	}
	return lost
}
