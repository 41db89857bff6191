package onde_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"preau/api/directory/onde"
)

const (
	pupilHeader    = `"Nom Elève";"Nom d'usage Elève";"Prénom Elève";"Date naissance";"Sexe";" Cycle";"Niveau";"Classe";"Décision de passage"`
	guardianHeader = `Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Adresse responsable;CP responsable;Commune responsable;Pays;Courriel;Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants;Nom d'usage enfant;Nom de famille enfant;Prénom enfant;Classes enfants`
	teacherHeader  = `"Civilité";"Nom usage";"Nom";"Prénom";"Directeur";"Classe"`
)

// files makes a folder of exports in ISO-8859-1, as ONDE writes them.
func files(t *testing.T, pupils, guardians, teachers string) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range map[string]string{
		"eleves.csv":       pupilHeader + "\r\n" + pupils,
		"responsables.CSV": guardianHeader + "\n" + guardians,
		"enseignants.csv":  teacherHeader + "\r\n" + teachers,
	} {
		raw, err := charmap.ISO8859_1.NewEncoder().Bytes([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		folder[name] = &fstest.MapFile{Data: raw}
	}
	return folder
}

const (
	onePupil    = `"BÉRENGER";;"Zoé";"2017-03-09";"F";"CYCLE II";"CE1";"CE1 A";;` + "\r\n"
	oneGuardian = `Mme;;BÉRENGER;Agnès;3 rue Haute;42000;Saint-Étienne;;;;BÉRENGER;Zoé;CE1 A;;;;` + "\n"
	oneTeacher  = `"MME";"LE COQ";"MAURIN";"Hélène";"oui";"CE1 A"`
)

func TestReadAFolder(t *testing.T) {
	folder := files(t, onePupil+"\r\n", oneGuardian, oneTeacher)
	folder["notes.csv"] = &fstest.MapFile{Data: []byte("a;b\n1;2\n")}
	got, err := onde.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	zoe := onde.Name{Last: "Bérenger", First: "Zoé"}
	want := &onde.Roster{
		Pupils: []onde.Pupil{{Name: zoe, Born: "2017-03-09", Level: "CE1", Class: "CE1 A"}},
		Guardians: []onde.Guardian{{
			Name: onde.Name{Last: "Bérenger", First: "Agnès"}, Civility: "Mme",
			Address: "3 rue Haute 42000 Saint-Étienne", Children: []onde.Child{{Name: zoe, Class: "CE1 A"}},
		}},
		Teachers: []onde.Teacher{{
			Name: onde.Name{Last: "Maurin", Usage: "Le Coq", First: "Hélène"}, Civility: "Mme", Head: true, Class: "CE1 A",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadUTF8WithByteOrderMark(t *testing.T) {
	folder := files(t, onePupil, oneGuardian, oneTeacher)
	want, err := onde.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	// Other capitals, no accents, other spacing in the header.
	folder["eleves.csv"].Data = []byte("\ufeff" + `NOM ELEVE;Nom d’usage  Eleve;prenom élève;Date Naissance;Niveau;Classe` + "\n" + `BÉRENGER;;Zoé;09/03/2017;CE1;CE1 A;;;`)
	got, err := onde.Read(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadSaysWhereAFileIsDamaged(t *testing.T) {
	for name, c := range map[string]struct {
		pupils, guardians, teachers string
		want                        onde.Error
	}{
		"quote never closed": {
			onePupil + `"DURAND;;"Léo";"2017-01-01";"M";"CYCLE II";"CE1";"CE1 A";;`, oneGuardian, oneTeacher,
			onde.Error{File: "eleves.csv", Line: 3, Column: 10, Problem: onde.BadQuote},
		},
		"line cut short": {
			onePupil + `"DURAND";;"Léo"`, oneGuardian, oneTeacher,
			onde.Error{File: "eleves.csv", Line: 3, Column: 11, Field: "Prénom Elève", Problem: onde.ShortLine},
		},
		"no such day": {
			onePupil + `"DURAND";;"Léo";"2017-02-30";"M";"CYCLE II";"CE1";"CE1 A";;`, oneGuardian, oneTeacher,
			onde.Error{File: "eleves.csv", Line: 3, Column: 17, Field: "Date naissance", Problem: onde.BadDate},
		},
		"no name": {
			`"DURAND";;;"2017-02-03";"M";"CYCLE II";"CE1";"CE1 A";;`, oneGuardian, oneTeacher,
			onde.Error{File: "eleves.csv", Line: 2, Column: 11, Field: "Prénom Elève", Problem: onde.MissingValue},
		},
		"control character": {
			onePupil, "M.;;PI\x00COT;Rémy;;;;;;;;;;;;;\n", oneTeacher,
			onde.Error{File: "responsables.CSV", Line: 2, Column: 5, Field: "Nom responsable", Problem: onde.BadCharacter},
		},
		"half a child": {
			onePupil, "M.;;PICOT;Rémy;;;;;;;PICOT;;CE1 A;;;;\n", oneTeacher,
			onde.Error{File: "responsables.CSV", Line: 2, Column: 28, Field: "Prénom enfant", Problem: onde.MissingValue},
		},
		"something beyond the last column": {
			onePupil, oneGuardian, `"MME";;"PALLISE";"Martine";"oui";"CM2";"x"`,
			onde.Error{File: "enseignants.csv", Line: 2, Column: 40, Problem: onde.ExtraCell},
		},
		"neither yes nor no": {
			onePupil, oneGuardian, `"MME";;"PALLISE";"Martine";"peut-être";"CM2"`,
			onde.Error{File: "enseignants.csv", Line: 2, Column: 28, Field: "Directeur", Problem: onde.BadChoice},
		},
		"nobody": {
			"", oneGuardian, oneTeacher,
			onde.Error{File: "eleves.csv", Line: 1, Column: 1, Problem: onde.EmptyFile},
		},
	} {
		t.Run(name, func(t *testing.T) {
			roster, err := onde.Read(files(t, c.pupils, c.guardians, c.teachers))
			var got *onde.Error
			if !errors.As(err, &got) || roster != nil {
				t.Fatalf("got %v, %v", roster, err)
			}
			if diff := cmp.Diff(c.want, *got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadNeedsEachFileOnce(t *testing.T) {
	folder := files(t, onePupil, oneGuardian, oneTeacher)
	folder["autres.csv"] = folder["eleves.csv"]
	assertProblem(t, folder, onde.SameFileTwice)
	delete(folder, "autres.csv")
	delete(folder, "enseignants.csv")
	assertProblem(t, folder, onde.MissingFile)
	folder = files(t, onePupil, oneGuardian, oneTeacher)
	folder["eleves.csv"].Data = []byte("Nom élève;Prénom élève\nA;B\n")
	assertProblem(t, folder, onde.MissingColumn)
}

func assertProblem(t *testing.T, folder fs.FS, want onde.Problem) {
	t.Helper()
	var got *onde.Error
	if _, err := onde.Read(folder); !errors.As(err, &got) || got.Problem != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// shared is the folder of real files, which nobody here wrote.
func shared(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PREAU_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data", "roster", "onde")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return dir
}

func TestReadARealExport(t *testing.T) {
	r, err := onde.Read(os.DirFS(shared(t)))
	if err != nil {
		t.Fatal(err)
	}
	children := 0
	for _, g := range r.Guardians {
		children += len(g.Children)
	}
	got := [4]int{len(r.Pupils), len(r.Guardians), len(r.Teachers), children}
	if want := [4]int{247, 469, 14, 491}; got != want {
		t.Errorf("got %v pupils, guardians, teachers, children; want %v", got, want)
	}
}
