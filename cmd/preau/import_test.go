package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/storage"
	"preau/storage/sqlite"
)

// importing runs `preau import` on one database, again and again.
type importing struct{ db string }

func newImporting(t *testing.T) importing { return importing{filepath.Join(t.TempDir(), "preau.db")} }

func (i importing) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := runImport(t.Context(), args, &out, func(ctx context.Context) (storage.Records, error) {
		return sqlite.Open(ctx, i.db, sqlite.Options{})
	})
	return out.String(), err
}

func (i importing) must(t *testing.T, args ...string) string {
	t.Helper()
	said, err := i.run(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

const firstImport = `Nouvel établissement : 1
    École Émile-Zola
Nouvelles matières : 1
    Classe
Nouvelles classes : 2
    CP
    CE1
Nouveaux élèves : 3
    Léo Petit
    Zoé Petit
    Anh Nguyen
Élèves mis dans une classe : 3
    Léo Petit → CP
    Zoé Petit → CE1
    Anh Nguyen → CE1
Nouveaux enseignants : 2
    Cindy Ong
    Simon Briaud
Fonctions données : 3
    Cindy Ong
    Cindy Ong
    Simon Briaud
Cours ouverts : 2
    CP
    CE1
Classes confiées : 2
    Cindy Ong → CP
    Simon Briaud → CE1
Nouveaux responsables : 3
    Rose Roy
    Van Nguyen
    Luc Inconnu
Responsables liés à leurs enfants : 3
    Rose Roy → Léo Petit
    Rose Roy → Zoé Petit
    Van Nguyen → Anh Nguyen
Non lié, aucun élève de ce nom dans cette classe : 1
    Luc Inconnu → Eva Inconnu, CE2
`

func TestImportSaysThenDoesThenRests(t *testing.T) {
	i := newImporting(t)
	folder := filepath.Join("testdata", "onde")
	if diff := cmp.Diff("À blanc : rien n'est écrit.\n"+firstImport, i.must(t, "onde", folder, "-dry-run", "-name", "École Émile-Zola")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(firstImport+"C'est fait.\n", i.must(t, "onde", "-name", "École Émile-Zola", folder)); diff != "" {
		t.Error(diff)
	}
	if said := i.must(t, "onde", folder); !strings.HasPrefix(said, "Rien à changer.\n") {
		t.Error(said)
	}
}

func TestImportOfADamagedFolderChangesNothing(t *testing.T) {
	i := newImporting(t)
	folder := filepath.Join("testdata", "onde")
	i.must(t, "onde", folder, "-name", "École Émile-Zola")
	broken := t.TempDir()
	if err := os.CopyFS(broken, os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(broken, "CSVExtraction-eleves.csv")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"a date": {
			"2016-11-30", "30 novembre",
			"CSVExtraction-eleves.csv, ligne 4, colonne 17 (Date naissance) : date illisible. Rien n'a été changé",
		},
		"a cut": {
			`;"2016-02-01";"F";;"CYCLE II";"CE1";"CE1";;;`, "",
			"CSVExtraction-eleves.csv, ligne 3, colonne 10 (Prénom Elève) : ligne coupée, il manque des colonnes. Rien n'a été changé",
		},
		"a header": {
			`"Prénom Elève"`, `"Surnom"`,
			"CSVExtraction-eleves.csv, ligne 1, colonne 1 (prenom eleve) : colonne manquante. Rien n'a été changé",
		},
	} {
		damaged := strings.Replace(string(raw), latin1(c.old), latin1(c.new), 1)
		if err := os.WriteFile(file, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := i.run(t, "onde", broken); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if said := i.must(t, "onde", folder); !strings.HasPrefix(said, "Rien à changer.\n") {
		t.Error(said)
	}
}

// latin1 encodes text of ISO-8859-1 characters.
func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func TestImportStopsBeforeMostPeopleLeave(t *testing.T) {
	i := newImporting(t)
	folder := filepath.Join("testdata", "onde")
	i.must(t, "onde", folder, "-name", "École Émile-Zola")
	short := t.TempDir()
	for name, lines := range map[string]int{"CSVExtraction-eleves.csv": 2, "CSVExtraction-responsables.csv": 2, "CSVExtraction-enseignants.csv": 2} {
		raw, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		kept := bytes.Join(bytes.SplitAfter(raw, []byte("\n"))[:lines], nil)
		if err := os.WriteFile(filepath.Join(short, name), kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := i.run(t, "onde", short); err == nil || !strings.Contains(err.Error(), "-force") {
		t.Errorf("got %v", err)
	}
	if said := i.must(t, "onde", folder); !strings.HasPrefix(said, "Rien à changer.\n") {
		t.Error(said)
	}
	if said := i.must(t, "onde", short, "-force"); !strings.Contains(said, "Départs : 5\n") {
		t.Error(said)
	}
}

func TestImportAskedWrongly(t *testing.T) {
	i := newImporting(t)
	folder := filepath.Join("testdata", "onde")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":          {nil, "usage"},
		"another register": {[]string{"aaf", folder}, "usage"},
		"an unknown flag":  {[]string{"onde", folder, "-fast"}, "usage"},
		"no such folder":   {[]string{"onde", "nowhere"}, "ne peut pas être lu"},
		"no school yet":    {[]string{"onde", folder}, "-name"},
		"no such school":   {[]string{"onde", folder, "-school", "x"}, "aucun établissement"},
		"not three files":  {[]string{"onde", "."}, "fichier manquant"},
	} {
		if _, err := i.run(t, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
