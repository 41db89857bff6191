package faults

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	"preau/storage/storagetest"
)

// The test program is run again as a child that works on a faulty disk and
// says what was acknowledged. Only children touch a mounted disk: the parent
// serves it, and would wait for itself.
const (
	dirVar      = "PREAU_FAULTS_DIR"
	roundVar    = "PREAU_FAULTS_ROUND"
	unsyncedVar = "PREAU_FAULTS_UNSYNCED" // open the records without fsync
	stubbornVar = "PREAU_FAULTS_STUBBORN" // go on after a failure
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVar); dir != "" {
		work(dir)
		return
	}
	os.Exit(m.Run())
}

// stores are both ports, open in one directory.
type stores struct {
	records *sqlite.Store
	blobs   *disk.Store
}

func openStores(ctx context.Context, dir string) (s stores, err error) {
	o := sqlite.Options{Unsynced: os.Getenv(unsyncedVar) != ""}
	if s.records, err = sqlite.Open(ctx, filepath.Join(dir, "preau.db"), o); err != nil {
		return s, err
	}
	if s.blobs, err = disk.Open(filepath.Join(dir, "blobs")); err != nil {
		s.records.Close()
	}
	return s, err
}

func (s stores) close() {
	s.records.Close()
	s.blobs.Close()
}

// say prints one line in one write.
func say(format string, args ...any) { fmt.Fprintf(os.Stdout, format+"\n", args...) }

// work commits, puts, settles, trims and deletes until it fails; a stubborn child goes on.
func work(dir string) {
	ctx := context.Background()
	s, err := openStores(ctx, dir)
	if err != nil {
		say("shut %v", err)
		return
	}
	if epoch, err := s.records.Epoch(ctx, true); err == nil {
		say("epoch %d", epoch)
	}
	var all sync.WaitGroup
	for _, scope := range storagetest.KillScopes() {
		all.Go(func() { s.repeat("append", func(int) error { return s.commit(ctx, scope) }) })
	}
	for i := range 2 {
		all.Go(func() { s.repeat("put", func(n int) error { return s.put(ctx, i, n) }) })
	}
	for i := range 2 {
		all.Go(func() { s.repeat("grow", func(int) error { return s.grow(ctx, i) }) })
	}
	all.Go(func() { s.repeat("settle", func(int) error { return s.settle(ctx) }) })
	all.Go(func() { s.repeat("trim", func(n int) error { return s.trim(ctx, n) }) })
	all.Wait()
}

// repeat goes on until a failure. A stubborn child goes on after it, and reads
// meanwhile: that needs no space.
func (s stores) repeat(what string, do func(n int) error) {
	for n := 0; ; n++ {
		err := do(n)
		if err == nil {
			continue
		}
		say("refused %s: %v", what, strings.ReplaceAll(err.Error(), "\n", " / "))
		if os.Getenv(stubbornVar) == "" {
			return
		}
		if _, _, err := s.records.Scan(context.Background(), storage.Page{Scope: storagetest.KillScopes()[0]}); err != nil {
			say("unread %v", err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (s stores) commit(ctx context.Context, scope string) error {
	tails, err := s.records.Tails(ctx, []storage.Position{{Scope: scope}}, 0)
	if err != nil {
		return err
	}
	n := tails[0].Head + 1
	if err := s.records.Append(ctx, storagetest.KillEntry(scope, n)); err != nil {
		return err
	}
	say("entry %s %d", scope, n)
	return nil
}

// put stores the n-th blob, and deletes a third of those before.
func (s stores) put(ctx context.Context, i, n int) error {
	key := blobKey(i, n)
	content := storagetest.BlobOf(key)
	sum := sha256.Sum256([]byte(content))
	if err := s.blobs.Put(ctx, key, strings.NewReader(content), int64(len(content)), sum[:]); err != nil {
		return err
	}
	say("blob %s", key)
	if n%3 != 2 {
		return nil
	}
	key = blobKey(i, n-1)
	say("deleting %s", key)
	if err := s.blobs.Delete(ctx, key); err != nil {
		return err
	}
	say("deleted %s", key)
	return nil
}

// grow adds to what grows, over the life of some children.
func (s stores) grow(ctx context.Context, i int) error {
	born, err := strconv.Atoi(os.Getenv(roundVar))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d-%d", born/3, i)
	n, err := storagetest.GrowBit(ctx, s.blobs, name)
	if err == nil {
		say("grown %s %d", name, n)
	}
	return err
}

func blobKey(i, n int) string {
	return fmt.Sprintf("%s/%d/%d/sha256-%d", os.Getenv(roundVar), i, n/5, n)
}

// keepEntries is how many entries a trim leaves.
const keepEntries = 30

// trim cuts a log, one scope after the other.
func (s stores) trim(ctx context.Context, n int) error {
	scopes := storagetest.KillScopes()
	scope := scopes[n%len(scopes)]
	tails, err := s.records.Tails(ctx, []storage.Position{{Scope: scope}}, 0)
	if err != nil {
		return err
	}
	if cut := tails[0].Head - keepEntries; cut > 1 {
		say("trimming %s %d", scope, cut)
		if err := s.records.Trim(ctx, scope, storagetest.KillTime(cut)); err != nil {
			return err
		}
		say("trimmed %s %d", scope, cut)
	}
	time.Sleep(3 * time.Millisecond)
	return nil
}

// settle carries out a few effects: some for ever, some for later.
func (s stores) settle(ctx context.Context) error {
	tasks, err := s.records.Claim(ctx, storage.Claim{Now: time.Now(), Lease: time.Minute, Limit: 3})
	if err != nil {
		return err
	}
	for i, t := range tasks {
		var next time.Time
		if i == 0 {
			next = time.Now().Add(time.Hour)
		} else {
			say("settling %s", t.ID)
		}
		if err := s.records.Settle(ctx, t, next); err != nil {
			return err
		}
		if next.IsZero() {
			say("settled %s", t.ID)
		}
	}
	time.Sleep(time.Millisecond)
	return nil
}
