package main

import (
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"sync"
	"time"
)

// kind is what an operation is counted as.
type kind string

// latencies counts durations in buckets 3 % wide, so that a long run takes no
// more memory than a short one.
type latencies struct {
	buckets [32 * 40]uint32 // 32 to each doubling of microseconds
	n       int
	most    time.Duration
}

func bucketOf(d time.Duration) int {
	us := uint64(max(d.Microseconds(), 1))
	exp := bits.Len64(us) - 1
	if exp < 5 {
		return int(us)
	}
	return min(exp*32+int(us>>(exp-5))-32, len(latencies{}.buckets)-1)
}

// upper is the longest duration of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 32 {
		return time.Duration(bucket) * time.Microsecond
	}
	exp, step := bucket/32, bucket%32
	return time.Duration((uint64(32+step+1)<<(exp-5))-1) * time.Microsecond
}

func (l *latencies) add(d time.Duration) {
	l.buckets[bucketOf(d)]++
	l.n++
	l.most = max(l.most, d)
}

func (l *latencies) merge(other *latencies) {
	for i, n := range other.buckets {
		l.buckets[i] += n
	}
	l.n += other.n
	l.most = max(l.most, other.most)
}

// at is the duration that a share of all did not exceed.
func (l *latencies) at(share float64) time.Duration {
	left := int(share * float64(l.n))
	for i, n := range l.buckets {
		if left -= int(n); left < 0 {
			return min(upper(i), l.most)
		}
	}
	return l.most
}

// failure is one kind of error and how it first looked.
type failure struct {
	n     int
	first string
}

// tally gathers what a part of the run did. Safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	took     map[kind]*latencies
	failures map[string]*failure
	late     latencies // of the program itself, behind its own plan
	begun    time.Time
	ended    time.Time
	planned  int // requests
	pokes    int
}

func newTally() *tally {
	return &tally{took: map[kind]*latencies{}, failures: map[string]*failure{}}
}

// done counts one request, from the moment it was planned for.
func (t *tally) done(k kind, planned time.Time) {
	took := time.Since(planned)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.took[k] == nil {
		t.took[k] = &latencies{}
	}
	t.took[k].add(took)
}

func (t *tally) sent(planned time.Time) {
	behind := time.Since(planned)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.late.add(behind)
}

func (t *tally) poked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pokes++
}

// fail counts an error under its code. Only the first of a code is kept.
func (t *tally) fail(err error) {
	code := codeOf(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.failures[code]
	if f == nil {
		f = &failure{first: err.Error()}
		t.failures[code] = f
	}
	f.n++
}

func (t *tally) errors() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.failures {
		n += f.n
	}
	return n
}

func (t *tally) codes() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Sorted(maps.Keys(t.failures))
}

// only says whether errors were counted, and under these codes alone.
func (t *tally) only(codes ...string) bool {
	found := t.codes()
	return len(found) > 0 && !slices.ContainsFunc(found, func(c string) bool { return !slices.Contains(codes, c) })
}

// all joins the latencies of some kinds.
func (t *tally) all(kinds ...kind) *latencies {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := &latencies{}
	for _, k := range kinds {
		if l := t.took[k]; l != nil {
			sum.merge(l)
		}
	}
	return sum
}

// requests counts what was answered.
func (t *tally) requests() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.took {
		n += l.n
	}
	return n
}

// rate is how many a second.
func (t *tally) rate(n int) float64 {
	return float64(n) / max(t.ended.Sub(t.begun).Seconds(), 1e-9)
}

func ms(d time.Duration) string {
	return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000)
}
