package attendance

import (
	"context"
	"slices"
	"strings"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

type justifyArgs struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	From   string   `json:"from"`
	To     string   `json:"to"`
	Reason string   `json:"reason"`
	Text   string   `json:"text"`
	Files  []string `json:"files"`
}

// justify is a guardian saying why a pupil was away, or that they will be.
// Saying the same again changes nothing.
func (s *Service) justify(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.JustifyAbsence, tx.Scope()); err != nil {
		return err
	}
	var args justifyArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(tx); err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, kindJustification, args.ID, nil); seq > 0 || err != nil {
		return err
	}
	reason, err := s.reasonFor(ctx, tx.Actor().School, args.Reason, args.Kind)
	if err != nil {
		return err
	}
	if !reason.Families && args.Reason != "" || reason.Gone {
		return invalid("reason", "not one that families give")
	}
	return s.excuse(ctx, tx, args, reason)
}

func (a justifyArgs) check(tx *psync.Tx) error {
	err := psync.First(psync.CheckID("id", a.ID), psync.OneOf("kind", a.Kind, kindAbsence, kindLateness), checkSpan(a.From, a.To, maxAway),
		checkYear("from", a.From, tx.Now()), psync.CheckText("text", a.Text, MaxText))
	switch {
	case err != nil:
		return err
	case a.Reason == "" && strings.TrimSpace(a.Text) == "":
		return invalid("reason", "a reason or a text")
	case len(a.Files) > MaxFiles:
		return psync.Refuse("too_large", "files", "at most %d", MaxFiles)
	}
	for i, sha := range a.Files {
		if !attachment.ValidSHA(sha) || slices.Contains(a.Files[:i], sha) {
			return invalid(each("files", i), "not a name of a file, or named twice")
		}
	}
	return nil
}

// excuse is the payload of effectExcuse.
type excuse struct {
	ID            string        `json:"id"`
	Justification Justification `json:"justification"`
}

// excuse writes a justification down. What is confidential goes to the office
// alone; the pupil's scope says that there is a reason.
func (s *Service) excuse(ctx context.Context, tx *psync.Tx, args justifyArgs, reason Reason) error {
	files, err := s.awaited(ctx, tx.Actor().User, args.Files)
	if err != nil {
		return err
	}
	school, at := tx.Actor().School, acted(tx)
	j := Justification{
		Kind: args.Kind, From: args.From, To: args.To, Reason: args.Reason, Label: reason.Label, Given: true,
		Text: args.Text, Files: files, State: StateSent, Before: args.From > s.local(school, at),
		By: s.dir.Named(tx.Actor().User), At: at.UnixMilli(),
	}
	shown, scopes := j, []string{tx.Scope(), officeScope(school)}
	if !reason.Published {
		shown.Reason, shown.Label, shown.Text, shown.Files = "", "", "", []File{}
		scopes = scopes[1:]
	}
	tx.Put(kindJustification, args.ID, shown)
	tx.Effect(effectExcuse, excuse{args.ID, j})
	attachment.Refer(tx, attachment.Reference{
		School: school, By: tx.Actor().User, Kind: kindJustification, ID: args.ID, Scopes: scopes,
		Files: args.Files, Known: attachment.ReadyNames(files),
	})
	return s.refresh(ctx, tx)
}

// awaited makes files out of their names: those that the person has uploaded
// are known, the others waited for.
func (s *Service) awaited(ctx context.Context, user string, names []string) ([]File, error) {
	owned, err := s.files.Owned(ctx, user, names...)
	if err != nil {
		return nil, err
	}
	files := make([]File, 0, len(names))
	for _, sha := range names {
		f, ok := owned[sha]
		if !ok {
			f = File{SHA: sha, Waiting: true}
		}
		files = append(files, f)
	}
	return files, nil
}

// officeJustification is a justification as the office reads it.
type officeJustification struct {
	Justification
	Name  string `json:"name"`
	Class string `json:"class"`
}

// excused carries what a guardian said to the office.
func (s *Service) excused(ctx context.Context, job *psync.Job) error {
	var x excuse
	if err := job.Payload(&x); err != nil {
		return err
	}
	student := psync.ScopeID(job.Source())
	who, class := s.whoIs(student)
	x.Justification.Student = student
	return job.Commit(ctx, officeScope(s.dir.SchoolOf(student)), func(ctx context.Context, tx *psync.Tx) error {
		tx.Put(kindJustification, of(student, x.ID), officeJustification{x.Justification, who.Name, class})
		return s.keepForYear(ctx, tx)
	})
}

// excuseArrived tells both sides of files that have arrived.
func (s *Service) excuseArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	err := job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var j Justification
		seq, err := tx.Get(ctx, kindJustification, a.ID, &j)
		if err == nil && seq > 0 && attachment.Learn(j.Files, a.Files) {
			tx.Put(kindJustification, a.ID, j)
		}
		return err
	})
	if err != nil {
		return err
	}
	student := psync.ScopeID(a.Scope)
	id := of(student, a.ID)
	return job.Commit(ctx, officeScope(s.dir.SchoolOf(student)), func(ctx context.Context, tx *psync.Tx) error {
		var j officeJustification
		seq, err := tx.Get(ctx, kindJustification, id, &j)
		if err == nil && seq > 0 && attachment.Learn(j.Files, a.Files) {
			tx.Put(kindJustification, id, j)
		}
		return err
	})
}
