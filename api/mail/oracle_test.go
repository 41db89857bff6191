package mail

import (
	"testing"

	"pgregory.net/rapid"

	"preau/api/directory"
	"preau/api/mail/mailtest"
)

// TestPolicyAgreesWithTheOracle (E1, E9, E73–E83) asks both of every pair of
// people of random schools, and who of them may write outside.
func TestPolicyAgreesWithTheOracle(t *testing.T) {
	cells, allowed := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := newWorldOf(t, mailtest.School(r)...)
		f := mailtest.Facts{Contents: w.dir.Contents("x"), Day: directory.DateOf(w.now)}
		open := rapid.SliceOfDistinct(rapid.SampledFrom(directory.AllRoles), rapid.ID[directory.Role]).Draw(r, "open")
		outside := w.mail.reachOutside(External{open})
		for from := range f.People {
			if want, got := f.MayOutside(from, open...), outside(from); got != want {
				r.Fatalf("%s outside, where %v may: %v, want %v", from, open, got, want)
			}
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
