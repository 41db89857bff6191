package lsu_test

import (
	"encoding/xml"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/lsu"
	"preau/storage/storagetest/programs"
)

var update = flag.Bool("update", false, "rewrite testdata")

// shared is the folder with the ministry's schema and sample; the test is
// skipped where it is not.
func shared(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PREAU_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	dir = filepath.Join(dir, "data", "lsu")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no schema of the livret here: set PREAU_SHARED")
	}
	return dir
}

// judge has xmllint say whether a file is as the ministry's schema wants it.
func judge(t testing.TB) func(file []byte) error {
	t.Helper()
	lint := programs.Installed(t, "xmllint", "libxml2-utils")
	ctx := t.Context()
	schema := filepath.Join(shared(t), "import-bilan-complet.xsd")
	return func(file []byte) error {
		cmd := exec.CommandContext(ctx, lint, "--noout", "--nonet", "--schema", schema, "-")
		cmd.Stdin = strings.NewReader(string(file))
		said, err := cmd.CombinedOutput()
		if err != nil {
			return &verdict{string(said)}
		}
		return nil
	}
}

type verdict struct{ said string }

func (v *verdict) Error() string { return v.said }

var locked = time.Date(2026, 12, 2, 18, 30, 0, 0, time.UTC)

// term is a class of two pupils with something in every field.
func term() lsu.Report {
	garnier := lsu.Teacher{ID: "garnier", Kind: "epp", Number: 123456, Civility: "MME", First: "Claire", Last: "Garnier"}
	roux := lsu.Teacher{ID: "roux", Kind: "local", Number: 99, Civility: "M", Last: "Roux"}
	french := lsu.Subject{ID: "fr", Name: "Français", Code: "020700", Election: "S"}
	sport := lsu.Subject{ID: "eps", Name: "EPS", Code: "100A00", National: "100100", Election: "S"}
	hours := 12
	return lsu.Report{
		Editor: "Préau", Software: "Préau", Version: "1.0", UAI: "0382032C",
		Classes: []lsu.Class{{
			ID: "5b", Name: "5e B", Period: lsu.Period{Year: 2026, Index: 1, Count: 3},
			Head: "Hélène Vasseur", Council: "2026-12-01",
			Main:  []lsu.Teacher{garnier},
			Paths: []lsu.Path{{Code: "PAR_CIT", Text: "Élection des délégués."}},
			Life:  "Une classe ponctuelle.",
			Pupils: []lsu.Pupil{
				{
					ID: "ines", Number: 1001, First: "Inès", Last: "Benali", Since: "2026-09-01", Locked: locked,
					Results: []lsu.Result{
						{
							Subject: french, Teachers: []lsu.Teacher{garnier}, Elements: []string{"Lire un récit d'aventures", "Écrire une lettre"},
							Average: "15.5", Class: "12.34", Level: 4, Appraisal: "Très bon trimestre.\r\nInès lit \"à voix haute\" & avec goût <3\x01",
						},
						{Subject: sport, Teachers: []lsu.Teacher{roux}, Average: "E", Level: 3},
					},
					Advice:  "Un trimestre solide.\nContinuez.",
					Life:    lsu.Life{Latenesses: 1, Justified: 2, Hours: &hours, Comment: "Ponctuelle."},
					Socle:   map[string]int{"CPD_FRA": 4, "CPD_ETR": 0, "REP_MND": 3},
					Paths:   []lsu.Path{{Code: "PAR_AVN", Text: "Stage d'observation."}},
					Support: []lsu.Support{{Code: "PAP"}, {Code: "PPRE", About: "Aide en mathématiques."}},
					Guardians: []lsu.Guardian{
						{Civility: "MME", First: "Nadia", Last: "Benali", Legal: 1, Relation: "Mère", Address: &lsu.Address{Lines: []string{"3 rue des Lilas"}, PostCode: "42000", Town: "Saint-Étienne"}},
						{Civility: "M", First: "Karim", Last: "Benali", Legal: 2, Relation: "Père"},
					},
				},
				{
					ID: "zoe", Number: 1000, First: "Zoé", Last: "Arnaud", Since: "2026-10-05", Locked: locked,
					Results: []lsu.Result{{Subject: french, Teachers: []lsu.Teacher{garnier}, Elements: []string{"Écrire une lettre"}, Class: "12.34"}},
					Advice:  "Bienvenue à Zoé.",
				},
			},
		}},
	}
}

// The file of a class is that of testdata, and as the schema wants it.
func TestFileOfAClass(t *testing.T) {
	got, found := lsu.Encode(term())
	if len(found) > 0 {
		t.Fatal(found)
	}
	golden := filepath.Join("testdata", "class.xml")
	if *update {
		if err := os.WriteFile(golden, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	if err := judge(t)(got); err != nil {
		t.Error(err)
	}
}

// What the schema's authors give as a sample passes the same judge, and says
// the same attributes of the same elements as ours do.
func TestNamesAreThoseOfTheSample(t *testing.T) {
	sample, err := os.ReadFile(filepath.Join(shared(t), "sample-bilan-complet.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := judge(t)(sample); err != nil {
		t.Fatal(err)
	}
	official := names(t, sample)
	ours, _ := lsu.Encode(term())
	extra := []string{
		"acquis@positionnement", "responsable@civilite", "responsable@nom", "responsable@prenom",
		"responsable@legal1", "responsable@legal2", "responsable@lien-parente",
	} // of version 3.0, which the sample is older than
	for name := range names(t, ours) {
		if !official[name] && !slices.Contains(extra, name) {
			t.Errorf("%s is not in the sample", name)
		}
	}
}

// names are the paths of elements and attributes of a file.
func names(t testing.TB, file []byte) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	dec := xml.NewDecoder(strings.NewReader(string(file)))
	for {
		token, err := dec.Token()
		if err != nil {
			break
		}
		if start, ok := token.(xml.StartElement); ok {
			all[start.Name.Local] = true
			for _, a := range start.Attr {
				all[start.Name.Local+"@"+a.Name.Local] = true
			}
		}
	}
	if len(all) == 0 {
		t.Fatal("no element")
	}
	return all
}

func TestFindings(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*lsu.Report, *lsu.Class, *lsu.Pupil)
		want  []string
	}{
		"no UAI":       {func(r *lsu.Report, _ *lsu.Class, _ *lsu.Pupil) { r.UAI = "" }, []string{"Établissement : le code UAI manque."}},
		"mistyped UAI": {func(r *lsu.Report, _ *lsu.Class, _ *lsu.Pupil) { r.UAI = "0382033C" }, []string{"Établissement 0382033C : le code UAI n’est pas valide (attendu : sept chiffres et leur lettre de contrôle, comme 0382032C)."}},
		"no head":      {func(_ *lsu.Report, c *lsu.Class, _ *lsu.Pupil) { c.Head = " " }, []string{"5e B : le nom du chef d’établissement manque."}},
		"no council":   {func(_ *lsu.Report, c *lsu.Class, _ *lsu.Pupil) { c.Council = "" }, []string{"5e B : la date du conseil de classe manque."}},
		"no pupils":    {func(_ *lsu.Report, c *lsu.Class, _ *lsu.Pupil) { c.Pupils = nil }, []string{"5e B : les élèves à exporter manquent."}},
		"period":       {func(_ *lsu.Report, c *lsu.Class, _ *lsu.Pupil) { c.Period.Index = 4 }, []string{"5e B : la période n’est pas valide (attendu : un trimestre ou un semestre de l’année)."}},
		"class twice": {func(r *lsu.Report, c *lsu.Class, _ *lsu.Pupil) {
			r.Classes = append(r.Classes, lsu.Class{ID: "5b", Name: c.Name, Period: c.Period, Head: "V", Council: c.Council, Pupils: []lsu.Pupil{{ID: "x", Number: 7, First: "X", Last: "Y", Since: "2026-09-01", Locked: locked, Advice: "-", Results: c.Pupils[1].Results}}})
		}, []string{"5e B : le nom de la classe est en double."}},
		"no ELEVE_ID": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Number = 0 }, []string{"Inès Benali (5e B) : le numéro de l’élève dans SIECLE (ELEVE_ID) manque."}},
		"same ELEVE_ID": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Number = 1000 }, []string{
			"Inès Benali (5e B) : le numéro de l’élève dans SIECLE (ELEVE_ID) est en double.",
			"Zoé Arnaud (5e B) : le numéro de l’élève dans SIECLE (ELEVE_ID) est en double.",
		}},
		"not published": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Locked = time.Time{} }, []string{"Inès Benali (5e B) : la date de publication du bulletin manque."}},
		"no name":       {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.First = "\x00" }, []string{"Benali (5e B) : le prénom manque."}},
		"no advice":     {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Advice = "\n" }, []string{"Inès Benali (5e B) : l’appréciation générale du conseil de classe manque."}},
		"no results":    {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results = nil }, []string{"Inès Benali (5e B) : les matières du bulletin manquent."}},
		"long appraisal": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[0].Appraisal = strings.Repeat("é", 601) }, []string{
			"Inès Benali (5e B), Français : l’appréciation compte 601 signes, le livret en accepte 600.",
		}},
		"no teacher": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[0].Teachers = nil }, []string{"Inès Benali (5e B), Français : les enseignants manquent."}},
		"subject twice": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results = append(p.Results, p.Results[0]) }, []string{
			"Inès Benali (5e B), Français : la matière est en double.",
		}},
		"no code": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[1].Subject.Code = "" }, []string{"EPS : le code national de la matière manque."}},
		"short code": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[1].Subject.Code = "EPS" }, []string{
			"EPS : le code national de la matière n’est pas valide (attendu : six chiffres ou lettres, comme 020700).",
		}},
		"no STS": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[1].Teachers[0].Number = 0 }, []string{"Roux : l’identifiant STS manque."}},
		"same STS": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) {
			p.Results[1].Teachers[0] = lsu.Teacher{ID: "roux", Kind: "epp", Number: 123456, Last: "Roux"}
		}, []string{"Claire Garnier : l’identifiant STS est en double.", "Roux : l’identifiant STS est en double."}},
		"counts":  {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Life.Latenesses = -1 }, []string{"Inès Benali (5e B) : le décompte de vie scolaire n’est pas valide (attendu : des nombres de 0 à 999)."}},
		"average": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Results[0].Average = "15,5" }, []string{"Inès Benali (5e B), Français : la moyenne n’est pas valide (attendu : un nombre, comme 14.5)."}},
		"support with a text that has no place": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Support[0].About = "x" }, []string{
			"Inès Benali (5e B) : la modalité d’accompagnement n’est pas valide (attendu : l’une de celles du livret).",
		}},
		"address": {func(_ *lsu.Report, _ *lsu.Class, p *lsu.Pupil) { p.Guardians[0].Address.Town = "" }, []string{"Inès Benali (5e B) : l’adresse d’un responsable légal manque."}},
	} {
		t.Run(name, func(t *testing.T) {
			r := term()
			c.spoil(&r, &r.Classes[0], &r.Classes[0].Pupils[0])
			file, found := lsu.Encode(r)
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" || file != nil {
				t.Errorf("file of %d bytes; findings differ (-want +got):\n%s", len(file), diff)
			}
		})
	}
}

// A class goes without the pupils of whom something is missing, if asked; what
// the school itself has to mend stays.
func TestWithoutThePupilsInDoubt(t *testing.T) {
	r := term()
	r.Classes[0].Pupils[0].Number = 0
	file, found := lsu.Encode(r.Complete())
	if len(found) > 0 || strings.Contains(string(file), "Benali") || !strings.Contains(string(file), "Arnaud") {
		t.Errorf("%v\n%s", found, file)
	}
	r.Classes[0].Pupils[1].Results[0].Subject.Code = ""
	if _, found := lsu.Encode(r.Complete()); len(found) != 1 || found[0].About != lsu.AboutSubject {
		t.Error(found)
	}
}

func TestValidUAI(t *testing.T) {
	for s, want := range map[string]bool{"0382032C": true, "0420000X": true, "0382032D": false, "382032C": false, "0382032c": false, "0382032O": false, "": false} {
		if lsu.ValidUAI(s) != want {
			t.Errorf("ValidUAI(%q) is %v", s, !want)
		}
	}
}
