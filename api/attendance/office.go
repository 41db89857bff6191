package attendance

import (
	"context"

	"preau/api/directory"
	psync "preau/sync"
)

type rulingArgs struct {
	ID        string `json:"id"`
	Student   string `json:"student"`
	Kind      string `json:"kind"`
	From      string `json:"from"`
	To        string `json:"to"`
	Reason    string `json:"reason"`
	Justified bool   `json:"justified"`
	Void      bool   `json:"void"`
	Comment   string `json:"comment"`
	Answer    string `json:"answer"`
	Excuse    string `json:"excuse"`  // a justification that this answers
	Refused   bool   `json:"refused"` // it is not accepted
}

// record is vie scolaire writing down an absence or a lateness, or changing
// what it wrote.
func (s *Service) record(ctx context.Context, tx *psync.Tx) error { return s.rule(ctx, tx, true) }

// settle is vie scolaire deciding about an absence or a lateness, and about
// what the family said of it.
func (s *Service) settle(ctx context.Context, tx *psync.Tx) error { return s.rule(ctx, tx, false) }

func (s *Service) rule(ctx context.Context, tx *psync.Tx, recorded bool) error {
	if err := s.dir.May(tx.Actor(), directory.KeepRegister, tx.Scope()); err != nil {
		return err
	}
	var args rulingArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := s.checkRuling(tx, args); err != nil {
		return err
	}
	var there Ruling
	seq, err := tx.Get(ctx, "ruling", args.ID, &there)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, there); err != nil {
		return err
	}
	if seq > 0 && (there.Student != args.Student || there.Kind != args.Kind || there.Recorded != recorded) {
		return psync.Refuse("conflict", "id", "another decision has this id")
	}
	r, err := s.newRuling(ctx, tx, args, recorded)
	if err != nil {
		return err
	}
	tx.Put("ruling", args.ID, r)
	tx.Effect(effectRuling, decision{args.Student, args.ID})
	return psync.First(s.keepForYear(ctx, tx), s.answer(ctx, tx, args))
}

func (s *Service) checkRuling(tx *psync.Tx, a rulingArgs) error {
	return psync.First(
		psync.CheckID("id", a.ID), s.ownPupil(tx, "student", a.Student), psync.OneOf("kind", a.Kind, kindAbsence, kindLateness),
		checkSpan(a.From, a.To, maxRecorded), checkYear("from", a.From, tx.Now()),
		psync.CheckText("comment", a.Comment, MaxText), psync.CheckText("answer", a.Answer, MaxText),
	)
}

func (s *Service) newRuling(ctx context.Context, tx *psync.Tx, args rulingArgs, recorded bool) (Ruling, error) {
	reason, err := s.reasonFor(ctx, tx.Actor().School, args.Reason, args.Kind)
	return Ruling{
		Student: args.Student, Kind: args.Kind, From: args.From, To: args.To, Recorded: recorded, Void: args.Void,
		Reason: args.Reason, Label: reason.Label, Given: args.Reason != "", Justified: args.Justified,
		Settled: !recorded || args.Reason != "", Counts: reason.Counts, Comment: args.Comment, Answer: args.Answer,
		Excuse: args.Excuse, Refused: args.Refused, Confidential: !reason.Published,
		By: s.dir.Named(tx.Actor().User), At: acted(tx).UnixMilli(),
	}, err
}

// answer marks the justification that a decision answers.
func (s *Service) answer(ctx context.Context, tx *psync.Tx, args rulingArgs) error {
	if args.Excuse == "" {
		return nil
	}
	id := of(args.Student, args.Excuse)
	var j officeJustification
	seq, err := tx.Get(ctx, kindJustification, id, &j)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "excuse", "no such justification")
	}
	j.State, j.Answer = answered(args.Refused), args.Answer
	tx.PutIfChanged(kindJustification, id, j)
	return nil
}

func answered(refused bool) string {
	if refused {
		return StateRefused
	}
	return StateAccepted
}

// decision is the payload of effectRuling.
type decision struct {
	Student string `json:"student"`
	ID      string `json:"id"`
}

// ruled carries what the family may know of a decision to the pupil's scope.
func (s *Service) ruled(ctx context.Context, job *psync.Job) error {
	var d decision
	if err := job.Payload(&d); err != nil {
		return err
	}
	r, ok, err := psync.Find[Ruling](ctx, s.engine, job.Source(), "ruling", d.ID)
	if err != nil || !ok {
		return err
	}
	return job.Commit(ctx, studentScope(d.Student), func(ctx context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("ruling", d.ID, r.public())
		if err := answerHere(ctx, tx, r); err != nil {
			return err
		}
		return s.refresh(ctx, tx)
	})
}

// public is what the family may know of a decision.
func (r Ruling) public() Ruling {
	r.Student, r.Comment = "", ""
	if r.Confidential {
		r.Reason, r.Label, r.Confidential = "", "", false
	}
	return r
}

// answerHere marks the justification in the pupil's scope.
func answerHere(ctx context.Context, tx *psync.Tx, r Ruling) error {
	if r.Excuse == "" {
		return nil
	}
	var j Justification
	seq, err := tx.Get(ctx, kindJustification, r.Excuse, &j)
	if err == nil && seq > 0 {
		j.State, j.Answer = answered(r.Refused), r.Answer
		tx.PutIfChanged(kindJustification, r.Excuse, j)
	}
	return err
}
