package transfer

import (
	"fmt"
	"slices"
	"testing"

	"preau/api/areatest"
)

// W8: a folder is received under names that differ, whatever was sent, and a
// file never has the name of a folder.
func TestNamesDiffer(t *testing.T) {
	for _, c := range []struct{ sent, got []string }{
		{[]string{"a.txt", "A.TXT", "a.txt"}, []string{"a.txt", "A (2).TXT", "a (3).txt"}},
		{[]string{"a (2).txt", "a.txt", "a.txt"}, []string{"a (2).txt", "a.txt", "a (3).txt"}},
		{[]string{"sortie", "sortie/1.jpg", "Sortie/photos/2.jpg"}, []string{"sortie (2)", "sortie/1.jpg", "Sortie/photos/2.jpg"}},
		{[]string{"x/y", "x/y/z", "x/y (2)"}, []string{"x/y (2)", "x/y/z", "x/y (2) (2)"}},
		{[]string{"été.txt", "ÉTÉ.txt"}, []string{"été.txt", "ÉTÉ (2).txt"}},
	} {
		if got := namesOf(viewed(partsNamed(c.sent...))); !slices.Equal(got, c.got) {
			t.Errorf("%q become %q, want %q", c.sent, got, c.got)
		}
	}
}

func partsNamed(names ...string) map[string]Part {
	parts := map[string]Part{}
	for i, name := range names {
		parts[partID(i)] = Part{Name: name, State: Ready}
	}
	return parts
}

func namesOf(all []ViewedFile) (names []string) {
	for _, f := range all {
		names = append(names, f.Name)
	}
	return names
}

// BenchmarkLook looks at a transfer of 1,000 files of one name, as each request
// for one of them does.
func BenchmarkLook(b *testing.B) {
	w := newWorld(b)
	w.Must(act("garnier", "open", opening(nil, slices.Repeat([]string{"IMG.jpg"}, maxAdded)...)))
	for from := maxAdded; from < MaxFiles; from += maxAdded {
		w.Must(act("garnier", "add", areatest.Args{"id": trip, "from": from, "files": files(slices.Repeat([]string{"IMG.jpg"}, maxAdded)...)}))
	}
	for b.Loop() {
		if v, err := w.Look(b.Context(), secret); err != nil || len(v.Files) != MaxFiles || v.Files[999].Name != fmt.Sprintf("IMG (%d).jpg", MaxFiles) {
			b.Fatal(err)
		}
	}
}
