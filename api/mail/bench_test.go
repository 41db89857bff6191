package mail

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"preau/api/directory"
	"preau/storage"
	"preau/storage/sqlite"
)

// crowd is a world in a file, whose Mme Garnier may write to so many guardians.
func crowd(b *testing.B, guardians int) (*world, *sqlite.Store) {
	b.Helper()
	records, err := sqlite.Open(b.Context(), b.TempDir()+"/preau.db", sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { records.Close() })
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
	for some := range slices.Chunk(puts, 400) {
		w.apply(some...)
	}
	return w, records
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
		a := letter(fmt.Sprintf("00000000-0000-4000-8000-%012d", n), []string{"class:5a/guardians"}, args{"body": text(string(make1k()))})
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

func make1k() []byte {
	text := make([]byte, 1000)
	for i := range text {
		text[i] = byte('a' + i%26)
	}
	return text
}
