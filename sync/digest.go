package sync

import (
	"context"
	"fmt"
	"sync"
	"time"

	"preau/storage"
)

// digestEvery is how often at most a device starts a scope over because its
// digest differs: a mistake of ours must not make it do so for ever.
const digestEvery = 24 * time.Hour

// digests remembers the digests of scopes at their heads, and whom it sent
// back to start.
type digests struct {
	mu    sync.Mutex
	sums  map[string]digestAt
	reset map[digestReader]time.Time
	count int64 // mismatches so far
}

type digestAt struct {
	head int64
	sum  uint32
}

type digestReader struct{ device, scope string }

func newDigests() *digests {
	return &digests{sums: map[string]digestAt{}, reset: map[digestReader]time.Time{}}
}

// Mismatches is how many digests differed so far.
func (e *Engine) Mismatches() int64 {
	e.digests.mu.Lock()
	defer e.digests.mu.Unlock()
	return e.digests.count
}

// checkDigest returns "digest" when the device's copy of a scope, complete up
// to the head, is not ours.
func (e *Engine) checkDigest(ctx context.Context, a Actor, t storage.Tail, sum string) (string, error) {
	ours, err := e.digest(ctx, t)
	if err != nil || fmt.Sprintf("%08x", ours) == sum {
		return "", err
	}
	e.log.Error("digest differs", "scope", t.Scope, "device", a.Device, "head", t.Head)
	if !e.digests.mismatch(digestReader{a.Device, t.Scope}, e.now()) {
		return "", nil
	}
	return "digest", nil
}

// mismatch counts, and tells whether the reader may start over.
func (d *digests) mismatch(r digestReader, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	if last, before := d.reset[r]; before && now.Sub(last) < digestEvery {
		return false
	}
	forgetSome(d.reset)
	d.reset[r] = now
	return true
}

// digest is the XOR of the hashes of a scope's live records at its head.
func (e *Engine) digest(ctx context.Context, t storage.Tail) (uint32, error) {
	if at, known := e.digests.at(t.Scope); known && at.head == t.Head {
		return at.sum, nil
	}
	recs, head, err := e.records.Scan(ctx, storage.Page{Scope: t.Scope, Limit: digestLimit})
	if err != nil {
		return 0, err
	}
	var sum uint32
	for _, r := range recs {
		if !e.mux.hides(r.Type) {
			sum ^= hash32(r.Type, r.ID, r.Seq)
		}
	}
	e.digests.keep(t.Scope, digestAt{head, sum})
	return sum, nil
}

// digestLimit is the number of records up to which a digest is checked.
const digestLimit = 1 << 20

func (d *digests) at(scope string) (digestAt, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, known := d.sums[scope]
	return at, known
}

func (d *digests) keep(scope string, at digestAt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	forgetSome(d.sums)
	d.sums[scope] = at
}

// forgetSome keeps a map of things that can be found again small.
func forgetSome[K comparable, V any](m map[K]V) {
	for k := range m {
		if len(m) < 4096 {
			return
		}
		delete(m, k)
	}
}

// hash32 is FNV-1a over type, id and seq in decimal digits, with a zero byte
// after type and id.
func hash32(typ, id string, seq int64) uint32 {
	return fnv(fnv(fnv(fnv(fnv(fnvOffset, typ), "\x00"), id), "\x00"), fmt.Sprint(seq))
}

const (
	fnvOffset uint32 = 2166136261
	fnvPrime  uint32 = 16777619
)

func fnv(h uint32, s string) uint32 {
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * fnvPrime
	}
	return h
}
