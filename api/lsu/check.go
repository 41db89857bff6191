package lsu

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"preau/api/grades/average"
)

// What a [Finding] is about.
const (
	AboutSchool  = "school"
	AboutClass   = "class"
	AboutPupil   = "pupil"
	AboutTeacher = "teacher"
	AboutSubject = "subject"
)

// What is wrong with a field.
const (
	Missing   = "missing"
	Malformed = "malformed" // not as the schema wants it
	TooLong   = "too_long"
	Twice     = "twice" // somebody or something else has the same
)

// Finding says what keeps a report from being written, and whose it is.
type Finding struct {
	About  string `json:"about"`
	ID     string `json:"id,omitempty"`
	Name   string `json:"name"`
	Class  string `json:"class,omitempty"` // of a pupil
	Field  string `json:"field"`           // one of the fields in words.go
	In     string `json:"in,omitempty"`    // the subject, for what a card says of it
	Wrong  string `json:"wrong"`
	Limit  int    `json:"limit,omitempty"` // of a text that is too long
	Length int    `json:"length,omitempty"`
}

// The limits of the schema, in signs.
const (
	maxName      = 100
	maxDivision  = 20
	maxSubject   = 40
	maxElement   = 300
	maxAppraisal = 600
	maxAdvice    = 1000
	maxSoftware  = 50
	maxLine      = 50
	maxPostCode  = 10
	maxCount     = 999
)

// checker gathers findings about what it is at.
type checker struct {
	at    Finding
	found []Finding
	seen  map[string]bool // teachers and subjects that were looked at
	holds map[string]Finding
}

func (c *checker) tell(field, wrong string) {
	f := c.at
	f.Field, f.Wrong = field, wrong
	c.found = append(c.found, f)
}

// expect tells of a field that is not as it should be.
func (c *checker) expect(field string, ok bool) {
	if !ok {
		c.tell(field, Malformed)
	}
}

// text tells of an optional text that is too long.
func (c *checker) text(field, s string, limit int) {
	if n := utf8.RuneCountInString(s); n > limit {
		c.tell(field, TooLong)
		last := &c.found[len(c.found)-1]
		last.Limit, last.Length = limit, n
	}
}

// must tells of a text that is missing or too long.
func (c *checker) must(field, s string, limit int) {
	if s == "" {
		c.tell(field, Missing)
	}
	c.text(field, s, limit)
}

// form tells of a text that is missing or not of a form.
func (c *checker) form(field, s string, ok bool) {
	if s == "" {
		c.tell(field, Missing)
		return
	}
	c.expect(field, ok)
}

// number tells of an official number that is missing.
func (c *checker) number(field string, n int64) {
	switch {
	case n == 0:
		c.tell(field, Missing)
	case n < 0:
		c.tell(field, Malformed)
	}
}

// only tells both holders of something that only one may have.
func (c *checker) only(field, key string) {
	other, taken := c.holds[key]
	if !taken {
		c.holds[key] = c.at
		return
	}
	c.tell(field, Twice)
	if other.ID != c.at.ID {
		other.Field, other.Wrong = field, Twice
		c.found = append(c.found, other)
	}
}

// once says whether something is met for the first time.
func (c *checker) once(key string) bool {
	met := c.seen[key]
	c.seen[key] = true
	return !met
}

func (r Report) check() []Finding {
	c := &checker{seen: map[string]bool{}, holds: map[string]Finding{}}
	c.at = Finding{About: AboutSchool, Name: r.UAI}
	c.must("editor", r.Editor, maxSoftware)
	c.must("software", r.Software, maxSoftware)
	c.text("version", r.Version, maxSoftware)
	c.form("uai", r.UAI, ValidUAI(r.UAI))
	if len(r.Classes) == 0 {
		c.tell("classes", Missing)
	}
	for _, k := range r.Classes {
		c.class(k)
	}
	return slices.Compact(c.found)
}

var (
	uai  = regexp.MustCompile(`^[0-9]{7}[A-HJ-NPR-Z]$`)
	code = regexp.MustCompile(`^[0-9A-Z]{6}$`)
)

// uaiKeys are the letters that a UAI ends with, by the rest of its number.
const uaiKeys = "ABCDEFGHJKLMNPRSTUVWXYZ"

// ValidUAI says whether a school's code is one: seven digits and the letter
// that follows from them.
func ValidUAI(s string) bool {
	if !uai.MatchString(s) {
		return false
	}
	n := 0
	for _, digit := range s[:7] {
		n = n*10 + int(digit-'0')
	}
	return s[7] == uaiKeys[n%len(uaiKeys)]
}

// validDay takes days of four-digit years; the schema has no year 0.
func validDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && s >= "1000"
}

func (c *checker) class(k Class) {
	c.at = Finding{About: AboutClass, ID: k.ID, Name: k.Name}
	c.must("division", k.Name, maxDivision)
	c.only("division", fmt.Sprint("division ", k.Name, k.Period))
	c.must("head", k.Head, maxName)
	c.form("council", k.Council, validDay(k.Council))
	c.expect("period", k.Period.valid())
	c.paths(k.Paths)
	c.text("life", k.Life, maxAppraisal)
	if len(k.Pupils) == 0 {
		c.tell("pupils", Missing)
	}
	for _, t := range k.Main {
		c.teacher(t)
	}
	for _, p := range k.Pupils {
		c.pupil(k, p)
	}
}

func (p Period) valid() bool {
	return p.Year >= 1000 && p.Year <= 9999 && p.Index >= 1 && p.Index <= p.Count && p.Count <= 12
}

func (c *checker) pupil(k Class, p Pupil) {
	c.at = Finding{About: AboutPupil, ID: p.ID, Name: line(p.First + " " + p.Last), Class: k.Name}
	c.must("last", p.Last, maxName)
	c.must("first", p.First, maxName)
	c.number("number", p.Number)
	if p.Number > 0 {
		c.only("number", fmt.Sprint("pupil ", p.Number))
	}
	c.form("since", p.Since, validDay(p.Since))
	if p.Locked.IsZero() {
		c.tell("locked", Missing)
	}
	c.must("advice", p.Advice, maxAdvice)
	c.life(p.Life)
	for domain, level := range p.Socle {
		c.expect("socle", slices.Contains(Domains, domain) && level >= 0 && level <= 4)
	}
	c.paths(p.Paths)
	c.support(p.Support)
	for _, g := range p.Guardians {
		c.guardian(g)
	}
	c.results(p.Results)
}

func (c *checker) life(l Life) {
	counts := []int{l.Latenesses, l.Justified, l.Unjustified}
	if l.Hours != nil {
		counts = append(counts, *l.Hours)
	}
	c.expect("counts", slices.Min(counts) >= 0 && slices.Max(counts) <= maxCount)
	c.text("life", l.Comment, maxAppraisal)
}

func (c *checker) paths(paths []Path) {
	for i, p := range paths {
		c.expect("path", slices.Contains(Paths, p.Code))
		c.must("path", p.Text, maxAppraisal)
		if slices.ContainsFunc(paths[:i], func(o Path) bool { return o.Code == p.Code }) {
			c.tell("path", Twice)
		}
	}
}

func (c *checker) support(all []Support) {
	for i, s := range all {
		c.expect("support", slices.Contains(Supports, s.Code) && (s.About == "" || s.Code == "PPRE" || s.Code == "CTR"))
		c.text("support", s.About, maxAppraisal)
		if slices.ContainsFunc(all[:i], func(o Support) bool { return o.Code == s.Code }) {
			c.tell("support", Twice)
		}
	}
}

func (c *checker) guardian(g Guardian) {
	c.must("guardian", g.Last, maxName)
	c.must("guardian", g.First, maxName)
	c.text("guardian", g.Relation, maxSubject)
	c.expect("guardian", validCivility(g.Civility) && g.Legal >= 0 && g.Legal <= 2)
	if a := g.Address; a != nil {
		c.expect("address", len(a.Lines) >= 1 && len(a.Lines) <= 4)
		for _, l := range a.Lines {
			c.must("address", l, maxLine)
		}
		c.must("address", a.PostCode, maxPostCode)
		c.must("address", a.Town, maxName)
	}
}

func validCivility(s string) bool { return s == "" || s == "M" || s == "MME" }

func (c *checker) results(results []Result) {
	if len(results) == 0 {
		c.tell("results", Missing)
	}
	at, met := c.at, map[string]bool{}
	for _, r := range results {
		c.at = at
		c.at.In = r.Subject.Name
		if key := r.Subject.key(); r.Subject.Code != "" && met[key] {
			c.tell("subject", Twice)
		} else {
			met[key] = true
		}
		c.result(r)
		c.subject(r.Subject)
		for _, t := range r.Teachers {
			c.teacher(t)
		}
	}
	c.at = at
}

func (c *checker) result(r Result) {
	if len(r.Teachers) == 0 {
		c.tell("teachers", Missing)
	}
	for _, e := range r.Elements {
		c.must("elements", e, maxElement)
	}
	c.expect("average", validAverage(r.Average))
	c.expect("average", validAverage(r.Class))
	c.expect("level", r.Level >= 0 && r.Level <= 4)
	c.text("appraisal", r.Appraisal, maxAppraisal)
}

// validAverage takes what fits into the eight signs of "20.25/20".
func validAverage(v average.Value) bool {
	points, number := v.Points()
	return !number && v.Valid() || number && points >= 0 && points < 10_000
}

func (s Subject) key() string { return s.Code + " " + s.Election }
func (t Teacher) key() string { return fmt.Sprint(t.Kind, " ", t.Number) }

func (c *checker) subject(s Subject) {
	if !c.once("subject " + s.ID + s.key()) {
		return
	}
	at := c.at
	c.at = Finding{About: AboutSubject, ID: s.ID, Name: s.Name}
	c.must("name", s.Name, maxSubject)
	c.form("code", s.Code, code.MatchString(s.Code))
	c.expect("code", s.National == "" || code.MatchString(s.National))
	c.expect("election", slices.Contains(Elections, s.Election))
	c.at = at
}

func (c *checker) teacher(t Teacher) {
	if !c.once("teacher " + t.ID + t.key()) {
		return
	}
	at := c.at
	c.at = Finding{About: AboutTeacher, ID: t.ID, Name: strings.TrimSpace(t.First + " " + t.Last)}
	c.must("last", t.Last, maxName)
	c.text("first", t.First, maxName)
	c.number("number", t.Number)
	c.expect("kind", slices.Contains(Kinds, t.Kind))
	c.expect("civility", validCivility(t.Civility))
	if t.Number > 0 {
		c.only("number", "teacher "+t.key())
	}
	c.at = at
}
