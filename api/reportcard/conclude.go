package reportcard

import (
	"context"
	"slices"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Summary is what a council says of a pupil: the overall appraisal, a mention
// and a decision, each of which may be empty.
type Summary struct {
	Period   string          `json:"period"`
	Student  string          `json:"student"`
	Text     string          `json:"text"`
	Mention  string          `json:"mention,omitempty"`
	Decision string          `json:"decision,omitempty"`
	At       time.Time       `json:"at"`
	By       directory.Named `json:"by"`
}

type concludeArgs struct {
	Period   string `json:"period"`
	Student  string `json:"student"`
	Text     string `json:"text"`
	Mention  string `json:"mention"`
	Decision string `json:"decision"`
}

// conclude writes what the council says of a pupil. It is refused with
// "conflict" when somebody else changed that since it was read.
func (s *Service) conclude(ctx context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.Conclude, tx.Scope()); err != nil {
		return err
	}
	var args concludeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := s.checkConclusion(ctx, tx, args); err != nil {
		return err
	}
	before := Summary{Period: args.Period, Student: args.Student}
	seq, err := tx.Get(ctx, "summary", of(args.Period, args.Student), &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	after := before
	after.Text, after.Mention, after.Decision = args.Text, args.Mention, args.Decision
	if after != before {
		after.At, after.By = acted(tx), s.Directory.Named(tx.Actor().User)
		tx.Put("summary", of(args.Period, args.Student), after)
	}
	return nil
}

func (s *Service) checkConclusion(ctx context.Context, tx *psync.Tx, args concludeArgs) error {
	class, school := psync.ScopeID(tx.Scope()), tx.Actor().School
	p, err := s.period(ctx, school, args.Period, "class:"+class)
	if err == nil {
		err = unclosed(p)
	}
	if err != nil {
		return err
	}
	if !slices.Contains(s.Directory.Pupils("class:"+class), args.Student) {
		return psync.Refuse("not_found", "student", "not a pupil of this class")
	}
	rules, err := s.rules(ctx, school)
	if err != nil {
		return err
	}
	if _, err := rules.mention(args.Mention); err != nil {
		return err
	}
	if err := psync.CheckText("decision", args.Decision, maxDecision); err != nil {
		return err
	}
	return psync.CheckText("text", args.Text, rules.Overall)
}

type refreshArgs struct {
	Period string `json:"period"`
}

// refresh asks for all that a council sees to be brought to it anew.
func (s *Service) refresh(ctx context.Context, tx *psync.Tx) error {
	if err := s.Directory.May(tx.Actor(), directory.Conclude, tx.Scope()); err != nil {
		return err
	}
	var args refreshArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	class, school := psync.ScopeID(tx.Scope()), tx.Actor().School
	if _, err := s.period(ctx, school, args.Period, "class:"+class); err != nil {
		return err
	}
	tx.Effect(effectSurvey, surveyed{school, class, args.Period})
	return nil
}
