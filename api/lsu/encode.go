package lsu

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"

	"preau/api/grades/average"
)

const (
	namespace = "urn:fr:edu:scolarite:lsun:bilans:import"
	schema    = "3.0"
)

// write makes the file of a report that was checked.
func (r Report) write() []byte {
	w := &writer{periods: map[Period]bool{}, subjects: map[string]Subject{}, teachers: map[string]Teacher{}}
	w.number(r)
	f := file{Space: namespace, Schema: schema, Head: head{r.Editor, r.Software, r.Version, r.UAI}, Data: w.data(r)}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(f); err != nil {
		panic(err) // of our own types, into memory
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// writer knows what the cards refer to, and under which id.
type writer struct {
	heads    []string // sorted; the place is the id
	elements []string // likewise
	periods  map[Period]bool
	subjects map[string]Subject
	teachers map[string]Teacher
}

// number goes through the report for what its cards refer to.
func (w *writer) number(r Report) {
	for _, c := range r.Classes {
		w.heads = append(w.heads, c.Head)
		w.periods[c.Period] = true
		w.meet(c.Main)
		for _, p := range c.Pupils {
			for _, res := range p.Results {
				w.elements = append(w.elements, res.Elements...)
				w.meet(res.Teachers)
				if s, ok := w.subjects[res.Subject.key()]; !ok || res.Subject.Name < s.Name {
					w.subjects[res.Subject.key()] = res.Subject
				}
			}
		}
	}
	slices.Sort(w.heads)
	slices.Sort(w.elements)
	w.heads, w.elements = slices.Compact(w.heads), slices.Compact(w.elements)
}

func (w *writer) meet(teachers []Teacher) {
	for _, t := range teachers {
		w.teachers[t.key()] = t
	}
}

// The ids of what is referred to.
func (p Period) ref() string              { return fmt.Sprintf("P_%d_%d_%d", p.Year, p.Index, p.Count) }
func (s Subject) ref() string             { return "DI_" + s.Code + "_" + s.Election }
func (t Teacher) ref() string             { return fmt.Sprintf("ENS_%s_%d", t.Kind, t.Number) }
func (p Pupil) ref() string               { return fmt.Sprintf("EL_%d", p.Number) }
func (w *writer) head(name string) string { return place("RESP", w.heads, name) }
func (w *writer) element(e string) string { return place("EP", w.elements, e) }

func place(prefix string, sorted []string, s string) string {
	i, _ := slices.BinarySearch(sorted, s)
	return fmt.Sprintf("%s_%d", prefix, i+1)
}

// refs lists ids, each once.
func refs[T any](all []T, ref func(T) string) string {
	var ids []string
	for _, one := range all {
		if id := ref(one); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, " ")
}

// list makes an element of each; of none, no list.
func list[A, B any](all []A, element func(A) B) *[]B {
	if len(all) == 0 {
		return nil
	}
	made := make([]B, 0, len(all))
	for _, one := range all {
		made = append(made, element(one))
	}
	return &made
}

// data is what the cards refer to, and the cards.
func (w *writer) data(r Report) data {
	d := data{
		Periods: list(slices.SortedFunc(maps.Keys(w.periods), Period.compare), periodOf),
		Subjects: list(slices.Sorted(maps.Keys(w.subjects)), func(key string) discipline {
			s := w.subjects[key]
			return discipline{s.ref(), s.Code, s.National, s.Election, s.Name}
		}),
		Teachers: list(slices.Sorted(maps.Keys(w.teachers)), func(key string) teacher {
			t := w.teachers[key]
			return teacher{t.ref(), t.Kind, t.Number, t.Civility, t.Last, t.First}
		}),
		Elements: list(w.elements, func(e string) labelled { return labelled{w.element(e), e} }),
	}
	for _, h := range w.heads {
		d.Heads = append(d.Heads, labelled{w.head(h), h})
	}
	w.classes(&d, r.Classes)
	return d
}

// classes adds what is said of classes and the cards of their pupils.
func (w *writer) classes(d *data, classes []Class) {
	var paths []commonPaths
	var lives []commonLife
	var cards []card
	for _, c := range classes {
		if len(c.Paths) > 0 {
			paths = append(paths, commonPaths{c.Period.ref(), c.Name, *list(c.Paths, pathOf)})
		}
		if c.Life != "" {
			lives = append(lives, commonLife{c.Period.ref(), c.Name, c.Life})
		}
		for _, p := range c.Pupils {
			d.Pupils = append(d.Pupils, pupil{p.ref(), p.Number, p.Last, p.First, c.Name})
			cards = append(cards, w.card(c, p))
		}
	}
	d.Paths, d.Lives, d.Cards = list(paths, same), list(lives, same), list(cards, same)
}

func same[T any](v T) T { return v }

func (w *writer) card(c Class, p Pupil) card {
	return card{
		Pupil: p.ref(), Period: c.Period.ref(), Council: c.Council, Since: p.Since,
		Locked: p.Locked.Format("2006-01-02T15:04:05"), Head: w.head(c.Head), Main: refs(c.Main, Teacher.ref),
		Results: *list(p.Results, w.result), Paths: list(p.Paths, pathOf), Support: list(p.Support, supportOf),
		Advice: p.Advice, Life: lifeOf(p.Life), Socle: socleOf(p.Socle), Guardians: list(p.Guardians, guardianOf),
	}
}

func (w *writer) result(r Result) result {
	own, marked := outOf(r.Average)
	class, classMarked := outOf(r.Class)
	return result{
		Subject: r.Subject.ref(), Teachers: refs(r.Teachers, Teacher.ref), Elements: refs(r.Elements, w.element),
		Average: own, Class: class, Unmarked: !marked, ClassUnmarked: !classMarked,
		Level: r.Level, Appraisal: r.Appraisal,
	}
}

// outOf writes an average as the livret has it, "14.5/20".
func outOf(v average.Value) (s string, marked bool) {
	if v.IsCode() || v == "" {
		return "", false
	}
	return fmt.Sprintf("%s/%d", v, average.Scale), true
}

func pathOf(p Path) path       { return path(p) }
func periodOf(p Period) period { return period{p.ref(), p.Year, p.Index, p.Count} }

func lifeOf(l Life) life {
	return life(l)
}

// socleOf lists all eight domains, or none.
func socleOf(levels map[string]int) *[]domain {
	if len(levels) == 0 {
		return nil
	}
	return list(Domains, func(code string) domain {
		if level, said := levels[code]; said {
			return domain{code, &level}
		}
		return domain{Code: code}
	})
}

func supportOf(s Support) support {
	switch s.Code {
	case "PPRE":
		return support{Code: s.Code, PPRE: s.About}
	case "CTR":
		return support{Code: s.Code, Contract: s.About}
	}
	return support{Code: s.Code}
}

func guardianOf(g Guardian) guardian {
	shown := guardian{
		Civility: g.Civility, Last: g.Last, First: g.First,
		Legal1: g.Legal == 1, Legal2: g.Legal == 2, Relation: g.Relation,
	}
	if a := g.Address; a != nil {
		at := append(slices.Clone(a.Lines), "", "", "")
		shown.Address = &address{at[0], at[1], at[2], at[3], a.PostCode, a.Town}
	}
	return shown
}
