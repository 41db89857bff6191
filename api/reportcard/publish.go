package reportcard

import (
	"cmp"
	"context"
	"errors"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/attendance"
	"preau/api/directory"
	"preau/api/grades"
	"preau/api/grades/average"
	"preau/storage"
	psync "preau/sync"
)

// Card is a report card as it was published. It says all by itself: nothing
// that changes later changes it.
type Card struct {
	Version int               `json:"version"`
	At      time.Time         `json:"at"` // of this version
	First   time.Time         `json:"firstAt"`
	Student string            `json:"student"`
	Names   [2]string         `json:"names"` // first, last
	School  School            `json:"school"`
	Class   directory.Named   `json:"class"`
	Main    []directory.Named `json:"main,omitempty"` // teachers
	Period  Period            `json:"period"`
	Council directory.Date    `json:"council,omitempty"`

	Subjects []Subject         `json:"subjects"`
	General  *General          `json:"general,omitempty"` // where the school shows it
	Life     attendance.Totals `json:"life"`
	Text     string            `json:"text,omitempty"`
	Mention  *Mention          `json:"mention,omitempty"`
	Decision string            `json:"decision,omitempty"`

	// Guardians are those who read the card when it came out; in council:C only.
	Guardians []directory.Named `json:"guardians,omitempty"`
}

// School is what a card says of it.
type School struct {
	Name string `json:"name"`
	UAI  string `json:"uai,omitempty"`
	Town string `json:"town,omitempty"`
}

// Period is what a card says of it.
type Period struct {
	ID    string         `json:"id"`
	Name  string         `json:"name"`
	Start directory.Date `json:"start"`
	End   directory.Date `json:"end"`
}

// Subject is one line of a card.
type Subject struct {
	Course      string            `json:"course"`
	Subject     string            `json:"subject"`
	Name        string            `json:"name"`
	Teachers    []directory.Named `json:"teachers"`
	Coefficient average.Decimal   `json:"coefficient"`
	Average     average.Value     `json:"average,omitempty"`
	Class       *grades.Figures   `json:"figures,omitempty"`
	Position    int               `json:"position,omitempty"`
	Elements    []string          `json:"elements,omitempty"`
	Text        string            `json:"text,omitempty"`
}

// General is the general average, and that of the class over the same courses
// where the school shows it.
type General struct {
	Average average.Value `json:"average"`
	Class   average.Value `json:"class,omitempty"`
}

type publishArgs struct {
	Period string `json:"period"`
	// Early says that the council has not met yet and the cards shall come out
	// all the same.
	Early bool `json:"early"`
}

// publish freezes the cards of a class, all in this commit, from what its
// council sees. A card that is out already and would say the same stays; one
// that would say something else gets another version.
func (s *Service) publish(ctx context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.PublishCards, tx.Scope()); err != nil {
		return err
	}
	var args publishArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	p, err := s.press(ctx, tx, args)
	if err != nil {
		return err
	}
	if err := p.print(ctx, tx); err != nil {
		return err
	}
	tx.Effect(effectIssue, surveyed{tx.Actor().School, p.class.ID, args.Period})
	tx.Answer(map[string]int{"cards": p.printed})
	return nil
}

// press makes the cards of one class.
type press struct {
	*Service
	school    directory.School
	class     directory.Class
	id        string // of the period
	period    grades.Period
	met       directory.Date // when the council meets
	rules     Rules
	general   bool
	lives     map[string]*attendance.Totals
	columns   []Column
	proofs    map[string]Proof
	summaries map[string]Summary
	printed   int
}

// press gathers what the cards are made of, and refuses what must not come out
// yet.
func (s *Service) press(ctx context.Context, tx *psync.Tx, args publishArgs) (p *press, err error) {
	scope := "class:" + psync.ScopeID(tx.Scope())
	p = &press{Service: s, id: args.Period, class: s.class(tx.Actor().School, psync.ScopeID(tx.Scope()))}
	p.school, _ = s.Directory.School(tx.Actor().School)
	if p.period, err = s.period(ctx, p.school.ID, args.Period, scope); err != nil {
		return nil, err
	}
	p.met = p.period.Councils[scope].Date
	if !args.Early && (p.met == "" || p.met > s.Directory.Today(p.school.ID)) {
		return nil, psync.Refuse("before_council", "early", "the council has not met")
	}
	return p, p.read(ctx, tx)
}

func (s *Service) class(school, id string) directory.Class {
	for _, c := range s.Directory.Classes(school) {
		if c.Kind == directory.KindClass && c.ID == id {
			return c
		}
	}
	return directory.Class{ID: id}
}

func (p *press) read(ctx context.Context, tx *psync.Tx) error {
	var errs [6]error
	p.rules, errs[0] = p.Service.rules(ctx, p.school.ID)
	p.general, errs[1] = p.Marks.ShowsGeneral(ctx, p.school.ID)
	p.lives, errs[2] = p.Service.lives(ctx, p.class.ID, p.period)
	p.proofs, errs[3] = held[Proof](ctx, tx, "proof")
	p.summaries, errs[4] = held[Summary](ctx, tx, "summary")
	columns, err := held[Column](ctx, tx, "column")
	errs[5] = err
	for _, c := range columns {
		if c.Period == p.id {
			p.columns = append(p.columns, c)
		}
	}
	slices.SortFunc(p.columns, func(a, b Column) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Course, b.Course)) })
	return errors.Join(errs[:]...)
}

// print writes the cards that say something new.
func (p *press) print(ctx context.Context, tx *psync.Tx) error {
	for _, student := range p.Directory.Pupils("class:" + p.class.ID) {
		id := of(p.id, student)
		var before Card
		seq, err := tx.Get(ctx, "card", id, &before)
		if err != nil {
			return err
		}
		card := p.card(student)
		card.Version, card.At, card.First = before.Version, before.At, before.First
		if seq > 0 && reflect.DeepEqual(normal(card), normal(before)) {
			continue
		}
		p.printed++
		card.Version, card.At = before.Version+1, tx.Now().UTC().Truncate(time.Second)
		if seq == 0 {
			card.First = card.At
		}
		tx.Put("card", id, card)
	}
	return nil
}

// normal is a card as it reads once it was stored. Who reads it is none of
// what it says.
func normal(c Card) Card {
	c.Guardians = nil
	c.Subjects = slices.Clone(c.Subjects)
	for i := range c.Subjects {
		if len(c.Subjects[i].Elements) == 0 {
			c.Subjects[i].Elements = nil
		}
	}
	return c
}

func (p *press) card(student string) Card {
	who, _ := p.Directory.Person(student)
	sum := p.summaries[of(p.id, student)]
	c := Card{
		Student: student, Names: [2]string{who.First, who.Surname()},
		School: School{p.school.Name, p.school.UAI, p.school.Town}, Class: directory.Named{ID: p.class.ID, Name: p.class.Name},
		Period:  Period{p.id, p.period.Name, p.period.Start, p.period.End},
		Council: p.met, Text: sum.Text, Decision: sum.Decision, Subjects: []Subject{},
	}
	for _, id := range p.class.Main {
		c.Main = append(c.Main, p.Directory.Named(id))
	}
	for _, id := range p.Directory.Guardians(student) {
		c.Guardians = append(c.Guardians, p.Directory.Named(id))
	}
	c.Mention, _ = p.rules.mention(sum.Mention) // one that the school gave up since is none
	if l := p.lives[student]; l != nil {
		c.Life = *l
	}
	p.fill(&c, p.proofs[of(p.id, student)])
	return c
}

// fill adds the subjects and what they come to.
func (p *press) fill(c *Card, d Proof) {
	var own, class []average.Line
	for _, col := range p.columns {
		line, attends := d.Lines[col.Course]
		if !attends {
			continue
		}
		c.Subjects = append(c.Subjects, Subject{
			col.Course, col.Subject, col.Name, col.Teachers, col.Coefficient,
			line.Average, col.Shown, line.Position, col.Elements, line.Text,
		})
		own = append(own, average.Line{ID: col.Course, Coefficient: col.Coefficient, Result: line.result()})
		if col.Shown != nil && line.Average != "" {
			class = append(class, average.Line{ID: col.Course, Coefficient: col.Coefficient, Result: numbered(col.Shown.Average)})
		}
	}
	if general := average.General(own, average.Rounding{}); p.general && general.Value != "" {
		c.General = &General{general.Value, average.General(class, average.Rounding{}).Value}
	}
}

// result is the average of a line as the engine made it.
func (l Line) result() average.Result {
	r := average.Result{Value: l.Average}
	if exact, ok := new(big.Rat).SetString(l.Exact); ok {
		r.Exact = average.Fraction{Rat: exact}
	}
	return r
}

// numbered is an average of which only the written form is known.
func numbered(v average.Value) average.Result {
	r := average.Result{Value: v}
	if points, ok := v.Points(); ok {
		r.Exact = average.Fraction{Rat: points.Rat()}
	}
	return r
}

// issue brings published cards to their pupils, and says in the school that
// the cards of a class are out.
func (s *Service) issue(ctx context.Context, job *psync.Job) error {
	var of surveyed
	if err := job.Payload(&of); err != nil {
		return err
	}
	cards, err := s.Cards(ctx, of.Class, of.Period)
	if err != nil || len(cards) == 0 {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8) // so that the store commits in groups
	for _, c := range cards {
		all.Go(func() error { return s.deliver(ctx, job, c) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return job.Commit(ctx, "school:"+of.School, func(ctx context.Context, tx *psync.Tx) error {
		return announce(ctx, tx, of, cards)
	})
}

func announce(ctx context.Context, tx *psync.Tx, what surveyed, cards []Card) error {
	c := Council{Class: what.Class, Period: what.Period}
	if _, err := tx.Get(ctx, "council", of(what.Period, what.Class), &c); err != nil {
		return err
	}
	c.PublishedAt = slices.MinFunc(cards, func(a, b Card) int { return a.First.Compare(b.First) }).First
	tx.PutIfChanged("council", of(what.Period, what.Class), c)
	return nil
}

// deliver puts a card where its pupil and the guardians read it, unless this
// version is there.
func (s *Service) deliver(ctx context.Context, job *psync.Job, c Card) error {
	scope := "student:" + c.Student
	there, _, err := psync.Find[Card](ctx, s.engine, scope, "card", c.Period.ID)
	if err != nil || there.Version >= c.Version {
		return err
	}
	c.Guardians = nil
	return job.Commit(ctx, scope, func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("card", c.Period.ID, c)
		tx.Effect(effectAlert, news{c.Period.ID, c.Version})
		return nil
	})
}

// Cards reads the report cards of a class in a period as they were published
// last, by name; none before they are.
func (s *Service) Cards(ctx context.Context, class, period string) ([]Card, error) {
	recs, err := s.engine.Find(ctx, councilScope(class), storage.Key{Type: "card"})
	if err != nil {
		return nil, err
	}
	byID, err := load[Card](recs, "card")
	if err != nil {
		return nil, err
	}
	var all []Card
	for _, c := range byID {
		if c.Period.ID == period {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Card) int {
		return cmp.Or(strings.Compare(a.Names[1], b.Names[1]), strings.Compare(a.Names[0], b.Names[0]), strings.Compare(a.Student, b.Student))
	})
	return all, nil
}
