package siecle_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"preau/api/directory"
	"preau/api/directory/siecle"
)

func file(root, body string) *fstest.MapFile {
	text := `<?xml version="1.0" encoding="ISO-8859-15"?><` + root + `><PARAMETRES>` + body + `</` + root + `>`
	var latin []byte
	for _, r := range text {
		latin = append(latin, byte(r))
	}
	return &fstest.MapFile{Data: latin}
}

const uaj = `<UAJ>0420000X</UAJ></PARAMETRES>`

func pupil(number, last, first, born string) string {
	return `<ELEVE ELEVE_ID="` + number + `"><NOM_DE_FAMILLE>` + last + `</NOM_DE_FAMILLE><PRENOM>` + first + `</PRENOM><DATE_NAISS>` + born + `</DATE_NAISS></ELEVE>`
}

func pupils(all string) *fstest.MapFile {
	return file("BEE_ELEVES", uaj+`<DONNEES><ELEVES>`+all+`</ELEVES></DONNEES>`)
}

func sts(people, subjects string) *fstest.MapFile {
	return file("STS_EDT", `<UAJ CODE="0420000X"><SIGLE>CLG</SIGLE></UAJ></PARAMETRES><NOMENCLATURES><MATIERES>`+subjects+
		`</MATIERES></NOMENCLATURES><DONNEES><INDIVIDUS>`+people+`</INDIVIDUS></DONNEES>`)
}

// school has pupils, two of them alike, and two teachers.
func school() directory.Contents {
	return directory.Contents{
		School: directory.School{ID: "x", Name: "Collard", Timezone: "Europe/Paris"},
		People: map[string]directory.Person{
			"ines":    {ID: "ines", First: "Inès", Last: "Benali", Pupil: true, Born: "2014-03-09"},
			"malo":    {ID: "malo", First: "Malo", Last: "Le Goff", Pupil: true},
			"twin1":   {ID: "twin1", First: "Léo", Last: "Roy", Pupil: true},
			"twin2":   {ID: "twin2", First: "Léo", Last: "Roy", Pupil: true},
			"zoe":     {ID: "zoe", First: "Zoé", Last: "Blanc", Pupil: true, Born: "2014-01-01"},
			"garnier": {ID: "garnier", First: "Claire", Last: "Petit", Usage: "Garnier", Number: 3},
			"lopez":   {ID: "lopez", First: "Thomas", Last: "Lopez"},
		},
		Posts:    map[string]directory.Post{"p": {Person: "garnier", Role: directory.RoleTeacher}, "q": {Person: "lopez", Role: directory.RoleStaff}},
		Subjects: map[string]directory.Subject{"fr": {ID: "fr", Name: "Français"}, "an": {ID: "an", Name: "Anglais"}, "la": {ID: "la", Name: "Latin"}},
	}
}

func TestNumbersAreFoundByName(t *testing.T) {
	r, err := siecle.Read(fstest.MapFS{
		"eleves.xml": pupils(pupil("1", "BENALI", "INES", "09/03/2014") + pupil("2", "LE GOFF", "Malo", "01/02/2014") +
			pupil("3", "ROY", "Léo", "01/02/2014") + pupil("4", "BLANC", "Zoé", "02/01/2014")),
		"sts_emp.xml": sts(
			`<INDIVIDU ID="71" TYPE="local"><NOM_USAGE>GARNIER</NOM_USAGE><NOM_PATRONYMIQUE>PETIT</NOM_PATRONYMIQUE><PRENOM>CLAIRE</PRENOM></INDIVIDU>
			<INDIVIDU ID="72" TYPE="epp"><NOM_USAGE>LOPEZ</NOM_USAGE><PRENOM>THOMAS</PRENOM></INDIVIDU>`,
			`<MATIERE CODE="020700"><LIBELLE_EDITION>Français</LIBELLE_EDITION></MATIERE><MATIERE CODE="030201"><LIBELLE_COURT>ANGLAIS</LIBELLE_COURT></MATIERE>
			<MATIERE CODE="030202"><LIBELLE_COURT>ANGLAIS</LIBELLE_COURT></MATIERE>`),
		"responsables.xml": {Data: []byte(`<BEE_RESPONSABLES/>`)},
		"notes.txt":        {Data: []byte("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := siecle.Compare(school(), r, "2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	changes := []siecle.Change{{siecle.School, "Collard"}, {siecle.Pupil, "Inès Benali"}, {siecle.Pupil, "Malo Le Goff"}, {siecle.Teacher, "Claire Garnier"}, {siecle.Matter, "Français"}}
	doubts := []siecle.Doubt{
		{siecle.Pupil, "Zoé Blanc", false},
		{siecle.Pupil, "Léo Roy", true},
		{siecle.Pupil, "Léo Roy", true},
		{siecle.Matter, "Anglais", true},
		{siecle.Matter, "Latin", false},
	}
	if diff := cmp.Diff(changes, plan.Changes) + cmp.Diff(doubts, plan.Doubts); diff != "" {
		t.Error(diff)
	}
	now := school()
	for _, p := range plan.Puts {
		switch rec := p.Record.(type) {
		case directory.Person:
			now.People[p.ID] = rec
		case directory.Subject:
			now.Subjects[p.ID] = rec
		case directory.School:
			now.School = rec
		}
	}
	if g := now.People["garnier"]; g.Number != 71 || !g.Local || now.People["ines"].Number != 1 || now.Subjects["fr"].Code != "020700" || now.School.UAI != "0420000X" {
		t.Errorf("%+v", now)
	}
	if again, err := siecle.Compare(now, r, "2026-11-24"); err != nil || len(again.Puts) > 0 {
		t.Errorf("a second run changes %v %v", again.Changes, err)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  siecle.Error
	}{
		"nothing":      {fstest.MapFS{"x.csv": {}}, siecle.Error{File: ".", Problem: siecle.MissingFile}},
		"another root": {fstest.MapFS{"x.xml": {Data: []byte("<EDT_STS/>")}}, siecle.Error{File: ".", Problem: siecle.MissingFile}},
		"cut":          {fstest.MapFS{"e.xml": {Data: []byte("<BEE_ELEVES>\n<DONNEES>\n")}}, siecle.Error{File: "e.xml", Line: 3, Problem: siecle.Broken}},
		"two in one":   {fstest.MapFS{"e.xml": {Data: []byte("<BEE_ELEVES></BEE_ELEVES>\n</A>")}}, siecle.Error{File: "e.xml", Line: 2, Problem: siecle.Broken}},
		"alphabet":     {fstest.MapFS{"e.xml": {Data: []byte(`<?xml version="1.0" encoding="EBCDIC"?><BEE_ELEVES/>`)}}, siecle.Error{File: "e.xml", Problem: siecle.BadEncoding}},
		"number":       {fstest.MapFS{"e.xml": pupils(pupil("-4", "A", "B", ""))}, siecle.Error{File: "e.xml", Problem: siecle.BadNumber}},
		"two schools": {
			fstest.MapFS{"a.xml": pupils(""), "b.xml": file("BEE_ELEVES", `<UAJ>0382032C</UAJ></PARAMETRES>`)},
			siecle.Error{File: "b.xml", Problem: siecle.OtherSchools},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := siecle.Read(c.files)
			var got *siecle.Error
			if !errors.As(err, &got) || *got != c.want || r != nil {
				t.Errorf("%v, %v", r, err)
			}
		})
	}
}

func TestOtherSchool(t *testing.T) {
	now := school()
	now.School.UAI = "0382032C"
	if _, err := siecle.Compare(now, &siecle.Register{UAI: "0420000X"}, "2026-11-24"); !errors.Is(err, siecle.ErrOtherSchool) {
		t.Error(err)
	}
}

// Real extracts: one is malformed and refused by line, the others read.
func TestRealFiles(t *testing.T) {
	dir := os.Getenv("PREAU_SHARED")
	if dir == "" {
		dir = "../../../../shared"
	}
	dir = filepath.Join(dir, "data", "roster", "siecle")
	read := func(name string) (*siecle.Register, error) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Skip("no register here: set PREAU_SHARED")
		}
		return siecle.Read(fstest.MapFS{name: {Data: data}})
	}
	var damage *siecle.Error
	if _, err := read("eleves_avec_adresse_simple.xml"); !errors.As(err, &damage) || damage.Line != 139 || damage.Problem != siecle.Broken {
		t.Error(err)
	}
	r, err := read("eleves_avec_adresse_avec_double_structure.xml")
	if err != nil || len(r.Pupils) == 0 || r.Pupils[0] != (siecle.Person{Last: "ESCAGLIA", First: "Jeanine", Born: "2002-06-21", Number: 1541944}) || r.UAI != "0660864F" {
		t.Errorf("%+v %v", r, err)
	}
	r, err = read("nomenclature_simple.xml")
	if err != nil || len(r.Subjects) == 0 || r.Subjects[0].Code != "020300" || r.Subjects[0].Names[0] != "Langues et cultures de l'Antiquité LATIN" {
		t.Errorf("%+v %v", r, err)
	}
}

// Whatever the bytes, the answer is a register or an error with a place.
func FuzzRead(f *testing.F) {
	f.Add(pupils(pupil("1", "BENALI", "Inès", "09/03/2014")).Data)
	f.Add([]byte("<STS_EDT><PARAMETRES><UAJ CODE='x'/></PARAMETRES></STS_EDT>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := siecle.Read(fstest.MapFS{"a.xml": {Data: data}})
		var damage *siecle.Error
		if err != nil && (!errors.As(err, &damage) || damage.File == "" || damage.Problem == "" || damage.Line < 0) {
			t.Fatalf("error without a place: %v", err)
		}
		if err == nil {
			for _, p := range append(r.Pupils, r.Teachers...) {
				if p.Number <= 0 {
					t.Fatalf("%+v", p)
				}
			}
			_, _ = siecle.Compare(school(), r, "2026-11-24")
		}
	})
}
