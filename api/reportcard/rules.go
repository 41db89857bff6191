package reportcard

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/grades"
	psync "preau/sync"
)

// Rules are what a school decides about report cards: how many characters a
// teacher and the council may write, and what the council may add.
type Rules struct {
	Limit    int       `json:"limit"`
	Overall  int       `json:"overall"`
	Mentions []Mention `json:"mentions"`
}

// Mention is a distinction or, as a warning, its opposite. Those that the
// product knows have no label: screens have words for them.
type Mention struct {
	ID      string `json:"id"`
	Label   string `json:"label,omitempty"`
	Warning bool   `json:"warning,omitempty"`
}

// Known are the mentions that need no label.
var Known = []Mention{
	{ID: "honours"},
	{ID: "compliments"},
	{ID: "encouragement"},
	{ID: "work", Warning: true},
	{ID: "conduct", Warning: true},
}

// DefaultRules are those of a school that decided nothing.
func DefaultRules() Rules { return Rules{Limit: 400, Overall: 600, Mentions: Known} }

// Limits of what a person sends.
const (
	leastLimit  = 100 // characters
	mostLimit   = 1_000
	mostOf      = 12 // mentions
	maxLabel    = 60
	maxID       = 64
	maxDecision = 200
	afterwards  = 90 // days from the end of a period to its last corrections
)

// setRules replaces what a school decided.
func (s *Service) setRules(_ context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.RuleCards, tx.Scope()); err != nil {
		return err
	}
	var r Rules
	if err := tx.Args(&r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	tx.PutIfChanged("cards", "cards", r)
	return nil
}

func (r Rules) check() error {
	switch {
	case r.Limit < leastLimit || r.Limit > mostLimit:
		return invalid("limit", "%d to %d characters", leastLimit, mostLimit)
	case r.Overall < leastLimit || r.Overall > mostLimit:
		return invalid("overall", "%d to %d characters", leastLimit, mostLimit)
	case len(r.Mentions) > mostOf:
		return psync.Refuse("too_large", "mentions", "at most %d", mostOf)
	}
	seen := map[string]bool{}
	for i, m := range r.Mentions {
		if err := m.check(fmt.Sprintf("mentions[%d]", i)); err != nil {
			return err
		}
		if seen[m.ID] {
			return invalid(fmt.Sprintf("mentions[%d].id", i), "named twice")
		}
		seen[m.ID] = true
	}
	return nil
}

func (m Mention) check(at string) error {
	if err := psync.CheckKey(at+".id", m.ID, maxID); err != nil {
		return err
	}
	if m.Label == "" && !m.known() || m.Label != "" && strings.TrimSpace(m.Label) == "" {
		return invalid(at+".label", "a mention has a name")
	}
	return psync.CheckText(at+".label", m.Label, maxLabel)
}

func (m Mention) known() bool {
	return slices.ContainsFunc(Known, func(k Mention) bool { return k.ID == m.ID })
}

// rules reads what a school decided.
func (s *Service) rules(ctx context.Context, school string) (Rules, error) {
	r, there, err := psync.Find[Rules](ctx, s.engine, "school:"+school, "cards", "cards")
	if !there {
		r = DefaultRules()
	}
	return r, err
}

// mention finds one of a school's mentions; nothing is none.
func (r Rules) mention(id string) (*Mention, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // none is an answer
	}
	for _, m := range r.Mentions {
		if m.ID == id {
			return &m, nil
		}
	}
	return nil, invalid("mention", "no such mention")
}

// Council is how far the cards of a class are in a period. Until is the last
// day on which its teachers write; without it that of the period holds, and
// without that one they write until the cards are out.
type Council struct {
	Class       string         `json:"class"`
	Period      string         `json:"period"`
	Until       directory.Date `json:"until,omitempty"`
	PublishedAt time.Time      `json:"publishedAt,omitzero"`
}

type councilArgs struct {
	Class  string         `json:"class"`
	Period string         `json:"period"`
	Until  directory.Date `json:"until"`
}

// setCouncil says until when the teachers of a class write.
func (s *Service) setCouncil(ctx context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.RuleCards, tx.Scope()); err != nil {
		return err
	}
	var args councilArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := s.checkCouncil(ctx, psync.ScopeID(tx.Scope()), args); err != nil {
		return err
	}
	c := Council{Class: args.Class, Period: args.Period}
	if _, err := tx.Get(ctx, "council", of(args.Period, args.Class), &c); err != nil {
		return err
	}
	c.Until = args.Until
	tx.PutIfChanged("council", of(args.Period, args.Class), c)
	tx.Effect(effectSurvey, surveyed{psync.ScopeID(tx.Scope()), args.Class, args.Period})
	return nil
}

func (s *Service) checkCouncil(ctx context.Context, school string, args councilArgs) error {
	if !s.isClass(school, args.Class) {
		return psync.Refuse("not_found", "class", "no such class")
	}
	p, err := s.period(ctx, school, args.Period, "class:"+args.Class)
	if err != nil {
		return err
	}
	if args.Until != "" && (!args.Until.Valid() || args.Until < p.Start || args.Until > p.End.AddDays(afterwards)) {
		return invalid("until", "a day of the period, or some weeks after")
	}
	return nil
}

// isClass says whether a class is one of a school today.
func (s *Service) isClass(school, id string) bool {
	return slices.ContainsFunc(s.Directory.Classes(school), func(c directory.Class) bool {
		return c.Kind == directory.KindClass && c.ID == id
	})
}

// council reads how far the cards of a class are; the zero Council where
// nobody said.
func (s *Service) council(ctx context.Context, school, period, class string) (Council, error) {
	c, _, err := psync.Find[Council](ctx, s.engine, "school:"+school, "council", of(period, class))
	return c, err
}

// takes says whether teachers may still write on a day.
func (c Council) takes(p grades.Period, today directory.Date) bool {
	if last := cmp.Or(c.Until, p.Seals.Appraisals); last != "" {
		return today <= last
	}
	return c.PublishedAt.IsZero()
}
