package attendance

import (
	"slices"
	"testing"
)

// declaredFile is a file as a form names it.
func declaredFile(data []byte) args {
	return args{"sha": shaOf(data), "name": "page.jpg", "type": "image/jpeg", "size": len(data)}
}

var (
	family  = []string{"ines", "karim", "nadia"}
	offices = []string{"roussel", "viard"}
)

func (w *world) reads(sha string, lists ...[]string) {
	w.Helper()
	want := slices.Sorted(slices.Values(slices.Concat(lists...)))
	if got := w.Readers(sha); !slices.Equal(got, want) {
		w.Errorf("read by %q, want %q", got, want)
	}
}

// P6: the documents of a punishment: the work is the family's to read, the
// circumstances are the office's; taken back, and given anew.
func TestDocumentsOfAPunishment(t *testing.T) {
	w := newWorld(t)
	work, done, paper := photo(t, 1), photo(t, 2), photo(t, 3)
	note := args{
		"type": kindPunishment, "id": "note-0001", "student": "ines", "kind": "work", "from": "2026-11-23T10:00",
		"files": []args{declaredFile(work)}, "papers": []args{declaredFile(paper)},
	}
	write := deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: note}
	w.Must(write)
	for _, data := range [][]byte{work, done, paper} {
		w.upload("viard", data)
	}
	w.reads(shaOf(work), family, offices)
	w.reads(shaOf(paper), offices)
	w.hides("student:ines", shaOf(paper))
	if n, _ := get[Note](w, office, kindPunishment, "note-0001"); !n.Files[0].Ready() || !n.Papers[0].Ready() {
		t.Errorf("the office reads %+v", n)
	}

	note["files"] = []args{declaredFile(done)}
	write.User = "roussel" // who changes it did not upload what is there
	w.Must(write)
	w.reads(shaOf(work), []string{"viard"}) // whose upload it is
	w.reads(shaOf(done), []string{"viard"}) // nobody has shown it who has it
	write.User = "viard"
	w.Must(write)
	w.reads(shaOf(done), family, offices)
	w.reads(shaOf(paper), offices)

	w.Must(deed{User: "viard", Scope: office, Name: "attendance.strike@1", Args: args{"type": kindPunishment, "id": "note-0001"}})
	w.reads(shaOf(done), offices)
}

// The documents of an incident are with the office alone, whoever is named.
func TestDocumentsOfAnIncident(t *testing.T) {
	w := newWorld(t)
	sha := w.upload("viard", photo(t, 1))
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: args{
		"type": kindIncident, "id": "note-0001", "from": "2026-11-23T10:00", "papers": []args{declaredFile(photo(t, 1))},
		"involved": []args{{"student": "ines", "text": "A été bousculée"}, {"student": "malo", "text": "A bousculé"}},
	}})
	w.reads(sha, offices)
	w.hides("student:ines", sha)
	w.hides("student:malo", sha)
}

// What vie scolaire took back stays so, its documents too, though the teacher
// writes it once more.
func TestDocumentsTakenBack(t *testing.T) {
	w := newWorld(t)
	sha := w.upload("garnier", photo(t, 1))
	write := deed{User: "garnier", Scope: french, Name: "attendance.observe@1", Args: args{
		"type": kindPunishment, "id": "note-0001", "student": "ines", "kind": "work", "from": "2026-11-23T10:00", "files": []args{declaredFile(photo(t, 1))},
	}}
	w.Must(write)
	w.reads(sha, family, offices, []string{"garnier"})
	w.Must(deed{User: "viard", Scope: office, Name: "attendance.strike@1", Args: args{"type": kindPunishment, "id": "fr5b~note-0001"}})
	w.reads(sha, offices, []string{"garnier"})
	w.Must(write)
	w.reads(sha, offices, []string{"garnier"})
}

func TestDocumentsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	file := declaredFile(photo(t, 1))
	note := func(typ, field string, files []args) deed {
		a := args{"type": typ, "id": "note-0001", "student": "ines", "from": "2026-11-23T10:00", "text": "T", field: files}
		switch typ {
		case kindPunishment:
			a["kind"] = "work"
		case kindObservation:
			a["kind"] = "other"
		}
		return deed{User: "viard", Scope: office, Name: "attendance.note@1", Args: a}
	}
	var many []args
	for i := range MaxFiles + 1 {
		many = append(many, declaredFile(photo(t, i)))
	}
	w.Want("invalid files", note(kindObservation, "files", []args{file}))
	w.Want("invalid papers", note(kindExit, "papers", []args{file}))
	w.Want("invalid papers[1].sha", note(kindPunishment, "papers", []args{file, file}))
	w.Want("invalid files[0].sha", note(kindPunishment, "files", []args{{"sha": "x", "name": "a", "type": "", "size": 1}}))
	w.Want("too_large papers", note(kindPunishment, "papers", many))
	teacher := note(kindPunishment, "papers", []args{file})
	teacher.User, teacher.Scope, teacher.Name = "garnier", french, "attendance.observe@1"
	w.Want("invalid papers", teacher)
}
