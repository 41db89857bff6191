package lsu_test

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"preau/api/grades/average"
	"preau/api/lsu"
)

// text draws a text that has something to read, with signs that XML has not.
func text(limit int) *rapid.Generator[string] {
	some := rapid.StringOfN(rapid.RuneFrom([]rune("aé œ<>&\"' \n\r\t]\x00\x1b\uFFFE\u2028😀\u00A0-0")), 0, limit-1, -1)
	return rapid.Custom(func(t *rapid.T) string { return some.Draw(t, "text") + "x" })
}

func maybe(t *rapid.T, g *rapid.Generator[string]) string {
	if !rapid.Bool().Draw(t, "there") {
		return ""
	}
	return g.Draw(t, "said")
}

func day(t *rapid.T) string {
	return time.Date(2026, 9, rapid.IntRange(1, 300).Draw(t, "day"), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// school is what the cards of a drawn report are made from.
type school struct {
	teachers []lsu.Teacher
	subjects []lsu.Subject
	elements []string
	numbers  []int64
}

func drawSchool(t *rapid.T) school {
	s := school{
		numbers:  rapid.SliceOfNDistinct(rapid.Int64Range(1, 1<<40), 9, 9, rapid.ID).Draw(t, "numbers"),
		elements: rapid.SliceOfN(text(300), 1, 3).Draw(t, "elements"),
	}
	for i, key := range rapid.SliceOfNDistinct(rapid.StringMatching(`[0-9A-Z]{6}`), 1, 4, rapid.ID).Draw(t, "codes") {
		s.subjects = append(s.subjects, lsu.Subject{
			ID: fmt.Sprint("s", i), Name: text(40).Draw(t, "name"), Code: key,
			Election: rapid.SampledFrom(lsu.Elections).Draw(t, "election"),
			National: maybe(t, rapid.StringMatching(`[0-9]{6}`)),
		})
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "teachers") {
		s.teachers = append(s.teachers, lsu.Teacher{
			ID: fmt.Sprint("t", i), Kind: rapid.SampledFrom(lsu.Kinds).Draw(t, "kind"), Number: int64(i + 1),
			Civility: rapid.SampledFrom([]string{"", "M", "MME"}).Draw(t, "civility"),
			First:    maybe(t, text(100)), Last: text(100).Draw(t, "last"),
		})
	}
	return s
}

// drawReport draws a report of which nothing is missing.
func drawReport(t *rapid.T) lsu.Report {
	s := drawSchool(t)
	r := lsu.Report{Editor: text(50).Draw(t, "editor"), Software: text(50).Draw(t, "software"), Version: maybe(t, text(50)), UAI: "0420000X"}
	for i := range rapid.IntRange(1, 2).Draw(t, "classes") {
		count := rapid.IntRange(1, 4).Draw(t, "count")
		c := lsu.Class{
			ID: fmt.Sprint("c", i), Name: fmt.Sprint(i, text(19).Draw(t, "class")),
			Period: lsu.Period{Year: 2026, Index: rapid.IntRange(1, count).Draw(t, "index"), Count: count},
			Head:   text(100).Draw(t, "head"), Council: day(t),
			Main: some(t, s.teachers), Paths: drawPaths(t), Life: maybe(t, text(600)),
		}
		for range rapid.IntRange(1, 3).Draw(t, "pupils") {
			c.Pupils = append(c.Pupils, s.pupil(t))
			s.numbers = s.numbers[1:]
		}
		r.Classes = append(r.Classes, c)
	}
	return r
}

func some[T any](t *rapid.T, all []T) []T {
	n := rapid.IntRange(0, len(all)).Draw(t, "some")
	return slices.Clone(all[:n])
}

func drawPaths(t *rapid.T) (paths []lsu.Path) {
	for _, code := range some(t, lsu.Paths) {
		paths = append(paths, lsu.Path{Code: code, Text: text(600).Draw(t, "path")})
	}
	return paths
}

func (s school) pupil(t *rapid.T) lsu.Pupil {
	count := rapid.IntRange(0, 999)
	p := lsu.Pupil{
		ID: fmt.Sprint("p", s.numbers[0]), Number: s.numbers[0],
		First: text(100).Draw(t, "first"), Last: text(100).Draw(t, "last"), Since: day(t), Locked: locked,
		Advice: text(1000).Draw(t, "advice"), Paths: drawPaths(t), Socle: map[string]int{},
		Life: lsu.Life{Latenesses: count.Draw(t, "late"), Justified: count.Draw(t, "just"), Unjustified: count.Draw(t, "unjust"), Comment: maybe(t, text(600))},
	}
	if rapid.Bool().Draw(t, "hours") {
		hours := count.Draw(t, "missed")
		p.Life.Hours = &hours
	}
	for _, d := range some(t, lsu.Domains) {
		p.Socle[d] = rapid.IntRange(0, 4).Draw(t, "level")
	}
	for _, code := range some(t, lsu.Supports) {
		one := lsu.Support{Code: code}
		if code == "PPRE" || code == "CTR" {
			one.About = maybe(t, text(600))
		}
		p.Support = append(p.Support, one)
	}
	for _, subject := range s.subjects[:rapid.IntRange(1, len(s.subjects)).Draw(t, "results")] {
		p.Results = append(p.Results, s.result(t, subject))
	}
	if rapid.Bool().Draw(t, "guardian") {
		p.Guardians = []lsu.Guardian{drawGuardian(t)}
	}
	return p
}

func (s school) result(t *rapid.T, subject lsu.Subject) lsu.Result {
	mark := rapid.Custom(func(t *rapid.T) average.Value {
		if rapid.Bool().Draw(t, "marked") {
			return average.Value(average.Decimal(rapid.Int64Range(0, 2000).Draw(t, "mark")).String())
		}
		return rapid.SampledFrom([]average.Value{"", average.Absent, average.Exempt}).Draw(t, "code")
	})
	return lsu.Result{
		Subject: subject, Teachers: s.teachers[:rapid.IntRange(1, len(s.teachers)).Draw(t, "by")], Elements: some(t, s.elements),
		Average: mark.Draw(t, "own"), Class: mark.Draw(t, "class"),
		Level: rapid.IntRange(0, 4).Draw(t, "position"), Appraisal: maybe(t, text(600)),
	}
}

func drawGuardian(t *rapid.T) lsu.Guardian {
	g := lsu.Guardian{
		Civility: "MME", First: text(100).Draw(t, "first"), Last: text(100).Draw(t, "last"),
		Legal: rapid.IntRange(0, 2).Draw(t, "legal"), Relation: maybe(t, text(40)),
	}
	if rapid.Bool().Draw(t, "addressed") {
		g.Address = &lsu.Address{
			Lines: rapid.SliceOfN(text(50), 1, 4).Draw(t, "lines"), PostCode: text(10).Draw(t, "code"), Town: text(100).Draw(t, "town"),
		}
	}
	return g
}

// Whatever is complete makes a file that the schema takes, whose references
// lead to what they should, and which does not depend on the order of classes
// and pupils.
func TestAnyReportIsAValidFile(t *testing.T) {
	valid := judge(t)
	rapid.Check(t, func(t *rapid.T) {
		r := drawReport(t)
		file, found := lsu.Encode(r)
		if len(found) > 0 {
			t.Fatal(found)
		}
		if err := valid(file); err != nil {
			t.Fatal(err)
		}
		checkRefs(t, file)
		slices.Reverse(r.Classes)
		for _, c := range r.Classes {
			slices.Reverse(c.Pupils)
		}
		if again, _ := lsu.Encode(r); string(again) != string(file) {
			t.Fatal("another order makes another file")
		}
	})
}

// leads says to which element a reference leads.
var leads = map[string]string{
	"eleve-ref": "eleve", "periode-ref": "periode", "responsable-etab-ref": "responsable-etab", "discipline-ref": "discipline",
	"enseignant-refs": "enseignant", "prof-princ-refs": "enseignant", "element-programme-refs": "element-programme",
}

// checkRefs follows the references, which xmllint does not.
func checkRefs(t *rapid.T, file []byte) {
	ids := map[string]string{}
	dec := xml.NewDecoder(strings.NewReader(string(file)))
	for {
		token, err := dec.Token()
		if err != nil {
			return
		}
		start, is := token.(xml.StartElement)
		if !is {
			continue
		}
		for _, a := range start.Attr {
			for id := range strings.FieldsSeq(a.Value) {
				switch to, ref := leads[a.Name.Local]; {
				case a.Name.Local == "id" && ids[id] != "":
					t.Fatalf("%s is there twice", id)
				case a.Name.Local == "id":
					ids[id] = start.Name.Local
				case ref && ids[id] != to:
					t.Fatalf("%s of %s leads to %q, a %q", a.Name.Local, start.Name.Local, id, ids[id])
				}
			}
		}
	}
}

// Whatever comes in, what goes out is a file that the schema takes, or
// findings that can be read.
func FuzzReport(f *testing.F) {
	f.Add("5e B", "Inès", "Benali", "Bien.", "15.5", "020700", "S", "2026-12-01", int64(1), 4)
	f.Add("", "\xff", "\u200b", "\r", "-1", "ÉÉÉÉÉÉ", "x", "2026-02-30", int64(-1), 9)
	valid := judge(f)
	f.Fuzz(func(t *testing.T, class, first, last, said, mark, code, election, council string, number int64, level int) {
		r := term()
		c := &r.Classes[0]
		p := &c.Pupils[0]
		c.Name, c.Council, c.Head = class, council, said
		p.First, p.Last, p.Advice, p.Number = first, last, said, number
		p.Results[0].Appraisal, p.Results[0].Level, p.Results[0].Average = said, level, average.Value(mark)
		p.Results[1].Subject.Code, p.Results[1].Subject.Election = code, election
		file, found := lsu.Encode(r)
		if len(found) == 0 {
			if err := valid(file); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range found {
			if s := f.String(); !strings.HasSuffix(s, ".") || strings.Contains(s, "%!") {
				t.Fatal(s)
			}
		}
	})
}
