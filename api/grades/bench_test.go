package grades

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/directory"
)

// Publishing the marks of a class of 28 to its pupils and their two guardians
// each, on disk, until everybody could read them.
func BenchmarkPublish(b *testing.B) {
	w := diskWorld(b)
	const pupils = 28
	var puts []directory.Put
	marks := []string{}
	for i := range pupils {
		id := fmt.Sprintf("pupil%02d", i)
		marks = append(marks, id, fmt.Sprint(i%21))
		puts = append(puts,
			put(id, directory.Person{First: "P", Last: id, Pupil: true}),
			put("in-"+id, directory.Enrollment{Student: id, Audience: "class:5b"}))
		for j := range 2 {
			adult := fmt.Sprintf("%s-adult%d", id, j)
			puts = append(puts, put(adult, directory.Person{First: "A", Last: adult, Civility: "Mme"}),
				put("g-"+adult, directory.Guardianship{Guardian: adult, Student: id, Level: j + 1, Reads: true}))
		}
	}
	w.Apply(puts...)
	for i := range 10 { // a term has some behind it
		w.assess(args{"id": fmt.Sprintf("assessment-old-%d", i)}, strings.Join(marks, " "), args{})
	}
	w.At(w.Now().Add(time.Hour))
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		b.StopTimer()
		id := fmt.Sprintf("assessment-new-%d", n)
		w.assess(args{"id": id}, strings.Join(marks, " "), nil)
		b.StartTimer()
		begun := time.Now()
		w.must("garnier", french, "publish", args{"id": id})
		took = append(took, time.Since(begun))
		b.StopTimer()
		if !w.Has("student:pupil27", "grade", id) {
			b.Fatal("not published")
		}
		w.must("garnier", french, "cancel", args{"id": id})
		b.StartTimer()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func diskWorld(b *testing.B) *world {
	b.Helper()
	return worldOn(b, filepath.Join(b.TempDir(), "preau.db"))
}
