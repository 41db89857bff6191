package lsu

import (
	"cmp"
	"slices"
	"strings"
)

// line is a text of one line: what XML cannot hold is gone, and spaces are
// single.
func line(s string) string { return strings.Join(strings.Fields(legal(s)), " ") }

// lines is a text that may have several.
func lines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(legal(s))
	return strings.TrimSpace(s)
}

// legal leaves out what is no UTF-8, and the signs that XML 1.0 has not.
func legal(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r',
			0x20 <= r && r <= 0xD7FF, 0xE000 <= r && r <= 0xFFFD, r >= 0x10000:
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, ""))
}

// each makes a changed copy of a list.
func each[T any](all []T, change func(*T)) []T {
	all = slices.Clone(all)
	for i := range all {
		change(&all[i])
	}
	return all
}

func oneLine(fields ...*string) {
	for _, f := range fields {
		*f = line(*f)
	}
}

// tidy is the report with clean texts and in one order; the original stays.
func (r Report) tidy() Report {
	oneLine(&r.Editor, &r.Software, &r.Version, &r.UAI)
	r.Classes = each(r.Classes, (*Class).tidy)
	slices.SortStableFunc(r.Classes, func(a, b Class) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Period.compare(b.Period), cmp.Compare(a.ID, b.ID))
	})
	return r
}

func (c *Class) tidy() {
	oneLine(&c.Name, &c.Head)
	c.Life = lines(c.Life)
	c.Main = each(c.Main, (*Teacher).tidy)
	c.Paths = each(c.Paths, (*Path).tidy)
	c.Pupils = each(c.Pupils, (*Pupil).tidy)
	slices.SortStableFunc(c.Pupils, func(a, b Pupil) int {
		return cmp.Or(cmp.Compare(a.Last, b.Last), cmp.Compare(a.First, b.First),
			cmp.Compare(a.Number, b.Number), cmp.Compare(a.ID, b.ID))
	})
}

func (p *Pupil) tidy() {
	oneLine(&p.First, &p.Last)
	p.Advice, p.Life.Comment = lines(p.Advice), lines(p.Life.Comment)
	p.Results = each(p.Results, (*Result).tidy)
	p.Paths = each(p.Paths, (*Path).tidy)
	p.Support = each(p.Support, func(s *Support) { s.About = lines(s.About) })
	p.Guardians = each(p.Guardians, (*Guardian).tidy)
}

func (r *Result) tidy() {
	oneLine(&r.Subject.Name, &r.Subject.Code, &r.Subject.National)
	r.Appraisal = lines(r.Appraisal)
	r.Teachers = each(r.Teachers, (*Teacher).tidy)
	r.Elements = each(r.Elements, func(s *string) { oneLine(s) })
}

func (t *Teacher) tidy() { oneLine(&t.First, &t.Last) }
func (p *Path) tidy()    { p.Text = lines(p.Text) }

func (g *Guardian) tidy() {
	oneLine(&g.First, &g.Last, &g.Relation)
	if g.Address != nil {
		a := *g.Address
		oneLine(&a.PostCode, &a.Town)
		a.Lines = each(a.Lines, func(s *string) { oneLine(s) })
		g.Address = &a
	}
}

func (p Period) compare(o Period) int {
	return cmp.Or(cmp.Compare(p.Year, o.Year), cmp.Compare(p.Count, o.Count), cmp.Compare(p.Index, o.Index))
}
