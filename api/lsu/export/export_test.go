package export_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/api/areatest"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/lsu"
	"preau/api/lsu/export"
	psync "preau/sync"
)

// cards are those of 5e B for the first trimester.
type cards struct{ export.Deck }

func (c cards) Published(context.Context, string, string, string) (export.Deck, error) {
	return c.Deck, nil
}

var published = time.Date(2026, 12, 2, 17, 0, 0, 0, time.UTC)

func deck() export.Deck {
	line := func(subject, teacher string) export.Line {
		return export.Line{Subject: subject, Teachers: []string{teacher}, Average: "14.25", Class: "12", Level: 3, Appraisal: "Bien."}
	}
	return export.Deck{
		Period: lsu.Period{Index: 1, Count: 3}, Council: "2026-12-01",
		Cards: []export.Card{
			{Student: "ines", Published: published, Advice: "Continuez.", Life: lsu.Life{Justified: 2}, Lines: []export.Line{line("fr", "garnier"), line("ma", "petit")}},
			{Student: "tom", Published: published, Advice: "Du travail.", Lines: []export.Line{line("fr", "garnier")}},
		},
	}
}

// numbered is the school of areatest with what the ministry calls its people.
func numbered(t *testing.T) *areatest.World {
	t.Helper()
	w := areatest.New(t)
	all := w.Dir.Contents("x")
	school := all.School
	school.UAI = "0420000X"
	puts := []directory.Put{{ID: "x", Record: school}}
	for id, number := range map[string]int64{"ines": 1, "tom": 2, "garnier": 11, "petit": 12} {
		p := all.People[id]
		p.Number, p.Local = number, id == "petit"
		puts = append(puts, directory.Put{ID: id, Record: p})
	}
	for id, code := range map[string]string{"fr": "020700", "ma": "061300"} {
		s := all.Subjects[id]
		s.Code = code
		puts = append(puts, directory.Put{ID: id, Record: s})
	}
	class := all.Classes["class:5b"]
	class.Main = []string{"garnier"}
	w.Apply(append(puts, directory.Put{ID: "5b", Record: class})...)
	return w
}

func TestFileOfPublishedCards(t *testing.T) {
	w := numbered(t)
	got, err := export.New(w.Dir, cards{deck()}, "1.0").Class(t.Context(), areatest.Person("roussel"), "5b", "t1", false)
	if err != nil || len(got.Findings) > 0 {
		t.Fatal(err, got.Findings)
	}
	for _, want := range []string{
		`<etablissement>0420000X</etablissement>`,
		`libelle="Hélène Roussel"`,
		`<periode id="P_2026_1_3" millesime="2026" indice="1" nb-periodes="3">`,
		`<eleve id="EL_1" id-be="1" nom="Benali" prenom="Inès" code-division="5e B">`,
		`<enseignant id="ENS_epp_11" type="epp" id-sts="11" civilite="MME" nom="Garnier" prenom="Claire">`,
		`<enseignant id="ENS_local_12" type="local" id-sts="12" civilite="M" nom="Petit" prenom="Luc">`,
		`date-scolarite="2026-09-01" date-verrou="2026-12-02T18:00:00" responsable-etab-ref="RESP_1" prof-princ-refs="ENS_epp_11"`,
		`<acquis discipline-ref="DI_061300_S" enseignant-refs="ENS_local_12" moyenne-eleve="14.25/20" moyenne-structure="12/20" positionnement="3">`,
		`<responsable civilite="MME" nom="Benali" prenom="Nadia" legal1="true">`,
		`<responsable civilite="M" nom="Benali" prenom="Karim" legal2="true">`,
	} {
		if !strings.Contains(string(got.Body), want) {
			t.Errorf("%s is not in it", want)
		}
	}
	if t.Failed() {
		t.Log(string(got.Body))
	}
}

// What is missing is told by name, and a file without those pupils is there
// for whoever asks.
func TestWhatIsMissingIsTold(t *testing.T) {
	w := numbered(t)
	d := deck()
	d.Cards[1].Student, d.Cards[1].Lines[0].Subject = "zoe", "la"
	s := export.New(w.Dir, cards{d}, "1.0")
	got, err := s.Class(t.Context(), areatest.Person("roussel"), "5b", "t1", false)
	if err != nil || got.Body != nil {
		t.Fatal(err, string(got.Body))
	}
	var said []string
	for _, f := range got.Findings {
		said = append(said, f.String())
	}
	slices.Sort(said)
	want := []string{"Latin : le code national de la matière manque.", "Zoé Blanc (5e B) : le numéro de l’élève dans SIECLE (ELEVE_ID) manque."}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if got, _ = s.Class(t.Context(), areatest.Person("roussel"), "5b", "t1", true); len(got.Findings) > 0 || strings.Contains(string(got.Body), "Blanc") {
		t.Error(got.Findings)
	}
}

// Where two people direct the school, the cards say who answers for it.
func TestWhoAnswersForTheSchool(t *testing.T) {
	w := numbered(t)
	w.Apply(directory.Put{ID: "p3", Record: directory.Post{Person: "viard", Role: directory.RoleDirection}})
	d := deck()
	for head, missing := range map[string]bool{"": true, "viard": false} {
		d.Head = head
		got, err := export.New(w.Dir, cards{d}, "1.0").Class(t.Context(), areatest.Person("roussel"), "5b", "t1", false)
		if err != nil || missing != (len(got.Findings) == 1) || missing != (got.Body == nil) {
			t.Error(head, err, got.Findings)
		}
	}
}

func refusedAs(err error, code string) bool {
	var r *psync.Refusal
	return errors.As(err, &r) && r.Code == code
}

func TestOnlyTheDirectionExports(t *testing.T) {
	w := numbered(t)
	s := export.New(w.Dir, cards{deck()}, "1.0")
	for _, id := range areatest.Everybody {
		_, err := s.Class(t.Context(), areatest.Person(id), "5b", "t1", false)
		if allowed := refusedAs(err, "forbidden"); allowed == (id == "roussel") {
			t.Error(id, err)
		}
	}
	if _, err := s.Class(t.Context(), areatest.Person("roussel"), "6z", "t1", false); !refusedAs(err, "not_found") {
		t.Error(err)
	}
}

func TestPlaceOfAPeriod(t *testing.T) {
	term := func(start directory.Date, kind string, audiences ...string) grades.Period {
		return grades.Period{Kind: kind, Start: start, Audiences: audiences}
	}
	all := map[string]grades.Period{
		"t1": term("2026-09-01", "trimester", "class:5b"), "t2": term("2026-12-01", "trimester", "class:5b"), "t3": term("2027-03-01", "trimester", "class:5b"),
		"s1": term("2026-09-01", "semester", "class:3a"), "s2": term("2027-02-01", "semester", "class:3a"),
		"y": term("2026-09-01", "year"),
	}
	for _, c := range []struct {
		id, class string
		want      lsu.Period
	}{
		{"t1", "5b", lsu.Period{Index: 1, Count: 3}},
		{"t3", "5b", lsu.Period{Index: 3, Count: 3}},
		{"s2", "3a", lsu.Period{Index: 2, Count: 2}},
		{"y", "3a", lsu.Period{Index: 1, Count: 1}},
		{"t1", "3a", lsu.Period{}},
		{"unknown", "5b", lsu.Period{}},
	} {
		if got := export.PeriodOf(all, c.id, c.class); got != c.want {
			t.Errorf("%s of %s: %+v", c.id, c.class, got)
		}
	}
}
