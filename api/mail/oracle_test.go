package mail

import (
	"testing"

	"pgregory.net/rapid"

	"preau/api/directory"
	"preau/api/mail/mailtest"
)

// TestOutsideAgreesWithTheOracle (E9, E96) asks both who may write to people
// outside.
func TestOutsideAgreesWithTheOracle(t *testing.T) {
	allowed := 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorldOf(t, mailtest.School(r)...)
		f := mailtest.Facts{Contents: w.dir.Contents("x"), Day: directory.DateOf(w.now)}
		open := rapid.SliceOfDistinct(rapid.SampledFrom(directory.AllRoles), rapid.ID[directory.Role]).Draw(r, "open")
		may := w.mail.reachOutside(External{open})
		for id := range f.People {
			want := f.MayOutside(id, open...)
			if got := may(id); got != want {
				r.Fatalf("%s, where %v may: %v, want %v", id, open, got, want)
			}
			if want {
				allowed++
			}
		}
		w.close()
	})
	t.Logf("%d may write outside", allowed)
}

// TestPolicyAgreesWithTheOracle (E1, E73–E83) asks both of every pair of people
// of random schools.
func TestPolicyAgreesWithTheOracle(t *testing.T) {
	cells, allowed := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorldOf(t, mailtest.School(r)...)
		f := mailtest.Facts{Contents: w.dir.Contents("x"), Day: directory.DateOf(w.now)}
		for from := range f.People {
			book, err := w.mail.bookOf(t.Context(), from)
			if err != nil {
				r.Fatal(err)
			}
			for to := range f.People {
				want := f.May(from, to)
				if got := book.reaches(to); got != want {
					r.Fatalf("%s to %s: %v, want %v; lists %v", from, to, got, want, book)
				}
				cells++
				if want {
					allowed++
				}
			}
		}
		w.close()
	})
	t.Logf("%d pairs, %d may write", cells, allowed)
}
