package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api/directory"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// crowd is a world in a file, whose Mme Garnier may write to so many guardians.
func crowd(b *testing.B, guardians int) (*world, *sqlite.Store) {
	b.Helper()
	records, err := sqlite.Open(b.Context(), b.TempDir()+"/preau.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { records.Close() })
	return crowdOn(b, records, guardians), records
}

// crowdOn is crowd in any store.
func crowdOn(b *testing.B, records storage.Records, guardians int) *world {
	b.Helper()
	w := newWorldOn(b, records)
	w.apply(school()...)
	var puts []directory.Put
	for i := range guardians {
		child, adult := directory.StableID("pupil", fmt.Sprint(i)), directory.StableID("adult", fmt.Sprint(i))
		puts = append(puts,
			directory.Put{ID: child, Record: directory.Person{First: "Lou", Last: fmt.Sprint("Martin", i), Pupil: true}},
			directory.Put{ID: adult, Record: directory.Person{First: "Camille", Last: fmt.Sprint("Martin", i)}},
			directory.Put{ID: "e-" + child, Record: directory.Enrollment{Student: child, Audience: "class:5a"}},
			directory.Put{ID: "g-" + child, Record: directory.Guardianship{Guardian: adult, Student: child, Level: 1, Reads: true}},
		)
	}
	if err := w.dir.Apply(b.Context(), psync.Actor{}, "x", puts); err != nil {
		b.Fatal(err)
	}
	w.settle()
	return w
}

func size(b *testing.B, s *sqlite.Store) int64 {
	b.Helper()
	var gauge storage.Gauge = s
	m, err := gauge.Measure(b.Context(), monday)
	if err != nil {
		b.Fatal(err)
	}
	return m.Bytes
}

// BenchmarkDeliver sends one message of 1 KB to 200 mailboxes and waits until
// it is in all of them: ns/op is the mean; the quantiles, and the bytes that
// the database grew by for each mailbox, body included, are beside it.
func BenchmarkDeliver(b *testing.B) {
	w, records := crowd(b, 200)
	w.rule(func(p *Policy) { p.Large = 0 }) // nothing waits
	before := size(b, records)
	var took []time.Duration
	n := 0
	for b.Loop() {
		begun := time.Now()
		a := letter(fmt.Sprintf("Pz0000000000%08d", n), []string{"class:5a/guardians"}, args{"body": text(string(make1k()))})
		if refused := w.do("garnier", "mail.send@1", a); refused != "" {
			b.Fatal(refused)
		}
		took = append(took, time.Since(begun))
		n++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
	b.ReportMetric(float64(size(b, records)-before)/float64(n*201), "B/mailbox")
}

// stopwatch notes when scopes were last committed to.
type stopwatch struct {
	storage.Records
	mu   sync.Mutex
	last map[string]time.Time
}

func (s *stopwatch) Append(ctx context.Context, e storage.Entry) error {
	err := s.Records.Append(ctx, e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[e.Scope] = time.Now()
	return err
}

// since lists, ascending, how long after a moment scopes were last committed
// to, of those that were.
func (s *stopwatch) since(begun time.Time) (took []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.last {
		if d := at.Sub(begun); d > 0 {
			took = append(took, d)
		}
	}
	slices.Sort(took)
	return took
}

// everybodyBut is how many mailboxes a message of a whole collège is in.
const everybodyBut = 3300

// BenchmarkRecall takes a message back from 3,300 mailboxes: the quantiles say
// how long after the act was sent each of them had it no more, so that its
// devices are told.
func BenchmarkRecall(b *testing.B) {
	records, err := sqlite.Open(b.Context(), b.TempDir()+"/preau.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer records.Close()
	watch := &stopwatch{Records: records, last: map[string]time.Time{}}
	w := crowdOn(b, watch, everybodyBut)
	w.rule(func(p *Policy) { p.Large = 0 })
	var took, last []time.Duration
	for n := 0; b.Loop(); n++ {
		id := fmt.Sprintf("Pz0000000000%08d", n)
		b.StopTimer()
		if refused := w.send("garnier", id, "class:5a/guardians"); refused != "" {
			b.Fatal(refused)
		}
		b.StartTimer()
		begun := time.Now()
		w.must("garnier", "mail.recall@1", args{"message": id})
		each := watch.since(begun)
		if len(each) < everybodyBut {
			b.Fatalf("%d mailboxes", len(each))
		}
		took, last = append(took, each...), append(last, each[len(each)-1])
	}
	slices.Sort(took)
	slices.Sort(last)
	b.ReportMetric(took[len(took)/2].Seconds(), "p50-s")
	b.ReportMetric(took[len(took)*99/100].Seconds(), "p99-s")
	b.ReportMetric(last[len(last)-1].Seconds(), "last-s")
}

// BenchmarkFreeze closes messaging while 32 people write without a pause: how
// long the act takes, and how long after it was acknowledged the last message
// was still taken.
func BenchmarkFreeze(b *testing.B) {
	w, _ := crowd(b, 32)
	open := func(p *Policy) { p.Pair = maxBrake }
	w.rule(open)
	var took, late []time.Duration
	accepted := 0
	for b.Loop() {
		freeze, after, n := w.freezeUnderLoad(b)
		took, late, accepted = append(took, freeze), append(late, after), accepted+n
		w.rule(open)
	}
	slices.Sort(took)
	slices.Sort(late)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(late[len(late)-1].Microseconds())/1000, "last-taken-ms")
	b.ReportMetric(float64(accepted)/float64(b.N), "taken")
}

// freezeUnderLoad says how long it takes to close messaging, and how long after
// that the last of n messages was taken.
func (w *world) freezeUnderLoad(b *testing.B) (took, late time.Duration, n int) {
	b.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	var last time.Time
	for i := range 32 {
		all.Go(func() {
			for {
				at, taken := w.complain(b, directory.StableID("adult", fmt.Sprint(i)))
				if !taken {
					return
				}
				mu.Lock()
				n++
				if at.After(last) {
					last = at
				}
				mu.Unlock()
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	p := DefaultPolicy()
	p.Frozen = true
	begun := time.Now()
	if refused := w.try(person("roussel"), "school:x", 0, "mail.policy@1", p); refused != "" {
		b.Fatal(refused)
	}
	frozen := time.Now()
	all.Wait()
	w.settle()
	return frozen.Sub(begun), max(0, last.Sub(frozen)), n
}

// complain sends a message of somebody to Mme Viard; the moment is when it was
// acknowledged.
func (w *world) complain(b *testing.B, user string) (at time.Time, taken bool) {
	k := w.lanes.Add(1)
	a := letter(fmt.Sprintf("complaint-%08d", k), users("viard"), nil)
	raw, err := json.Marshal(a)
	if err != nil {
		b.Error(err)
		return at, false
	}
	who := person(user)
	who.Device = fmt.Sprint("d_", k)
	res, err := w.engine.Sync(b.Context(), who, &psync.Request{V: 1, Schema: 1, Device: who.Device, Mutations: []psync.Mutation{
		{Scope: userScope(user), K: 1, Name: "mail.send@1", Args: raw, At: w.now.UnixMilli()},
	}})
	if err != nil {
		b.Error(err)
		return at, false
	}
	return time.Now(), strings.Contains(string(res.JSON()), `"ok":true`)
}

func make1k() []byte {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte('a' + i%26)
	}
	return text
}
