package attendance

import (
	"context"
	"slices"
	"strings"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// The kinds of note.
const (
	kindObservation = "observation"
	kindPunishment  = "punishment"
	kindExemption   = "exemption"
	kindExit        = "exit"
	kindInfirmary   = "infirmary"
	kindIncident    = "incident"
)

var noteKinds = []string{kindObservation, kindPunishment, kindExemption, kindExit, kindInfirmary, kindIncident}

// Encouragement is an observation that praises.
const Encouragement = "encouragement"

var (
	observations = []string{"observation", Encouragement, "booklet", "other"}
	punishments  = []string{"work", "detention", "lesson-exclusion", "warning", "blame", "exclusion", "measure"}
)

// Note is something written about a pupil: an observation, a punishment, an
// exemption, an exit, a visit to the infirmary, or an incident, which may be
// about several. Each is a record of the type of its kind. What is private is
// read where it was written and by the office.
type Note struct {
	Student     string          `json:"student,omitempty"`
	Name        string          `json:"name,omitempty"`
	Kind        string          `json:"kind,omitempty"` // of an observation or a punishment
	From        string          `json:"from"`
	To          string          `json:"to,omitempty"`
	Subject     string          `json:"subject,omitempty"`
	Text        string          `json:"text,omitempty"`
	Private     string          `json:"private,omitempty"`
	Reasons     []string        `json:"reasons,omitempty"`
	Work        string          `json:"work,omitempty"`
	Files       []File          `json:"files,omitempty"`  // of the work: what is to be done, what was
	Papers      []File          `json:"papers,omitempty"` // of the circumstances, as private as Private
	Sessions    []Session       `json:"sessions,omitempty"`
	Involved    []Involved      `json:"involved,omitempty"`
	Attends     bool            `json:"attends,omitempty"`     // though exempted
	Acknowledge bool            `json:"acknowledge,omitempty"` // guardians are asked to
	Struck      bool            `json:"struck,omitempty"`      // taken back
	By          directory.Named `json:"by"`
	At          int64           `json:"at"`
}

// Session is one date of a detention.
type Session struct {
	From    string `json:"from"`
	Minutes int    `json:"minutes"`
}

// Involved is a pupil of an incident, and what the family is told.
type Involved struct {
	Student string `json:"student"`
	Name    string `json:"name"`
	Text    string `json:"text"`
}

type noteArgs struct {
	Type        string     `json:"type"`
	ID          string     `json:"id"`
	Student     string     `json:"student"`
	Kind        string     `json:"kind"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Subject     string     `json:"subject"`
	Text        string     `json:"text"`
	Private     string     `json:"private"`
	Reasons     []string   `json:"reasons"`
	Work        string     `json:"work"`
	Files       []File     `json:"files"`
	Papers      []File     `json:"papers"`
	Sessions    []Session  `json:"sessions"`
	Involved    []Involved `json:"involved"`
	Attends     bool       `json:"attends"`
	Acknowledge bool       `json:"acknowledge"`
	Struck      bool       `json:"struck"`
}

// note is vie scolaire writing or changing a note.
func (s *Service) note(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.KeepRegister, tx.Scope()); err != nil {
		return err
	}
	var args noteArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.OneOf("type", args.Type, noteKinds...); err != nil {
		return err
	}
	for i, one := range args.Involved {
		if err := psync.First(s.ownPupil(tx, each("involved", i)+".student", one.Student), psync.CheckText(each("involved", i)+".text", one.Text, MaxText)); err != nil {
			return err
		}
	}
	if args.Type != kindIncident {
		if err := s.ownPupil(tx, "student", args.Student); err != nil {
			return err
		}
	}
	return s.write(ctx, tx, args)
}

// observe is a teacher writing an observation or a punishment of a pupil of
// the course, changing it, or taking it back.
func (s *Service) observe(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.TakeRoll, tx.Scope()); err != nil {
		return err
	}
	var args noteArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	course, ok := s.dir.Course(psync.ScopeID(tx.Scope()))
	today := s.today(tx.Actor().School, tx.Now())
	switch {
	case !ok:
		return psync.Refuse("not_found", "", "no such course")
	case !slices.Contains(s.dir.PupilsOn(course.Audience, today), args.Student):
		return invalid("student", "not a pupil of this course")
	case len(args.Involved) > 0:
		return invalid("involved", "incidents are written down by vie scolaire")
	case len(args.Papers) > 0:
		return invalid("papers", "the office alone keeps them")
	}
	if err := psync.OneOf("type", args.Type, kindObservation, kindPunishment); err != nil {
		return err
	}
	args.Subject = course.Subject
	return s.write(ctx, tx, args)
}

func (s *Service) write(ctx context.Context, tx *psync.Tx, args noteArgs) error {
	if err := args.check(tx); err != nil {
		return err
	}
	var there Note
	seq, err := tx.Get(ctx, args.Type, args.ID, &there)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, there); err != nil {
		return err
	}
	if seq > 0 && there.Student != args.Student {
		return invalid("student", "the note is about somebody else")
	}
	n, err := s.newNote(ctx, tx, args)
	if err != nil {
		return err
	}
	if seq > 0 {
		n.By, n.At = there.By, there.At
	}
	tx.Put(args.Type, args.ID, n)
	s.showFiles(tx, args, there, n)
	tx.Effect(effectCarry, carried{args.Type, args.ID, removed(there.Involved, n.Involved)}) // after the files: it may take them back
	return s.keepForYear(ctx, tx)
}

func (s *Service) newNote(ctx context.Context, tx *psync.Tx, args noteArgs) (Note, error) {
	files, err := s.declared(ctx, tx, "files", args.Files)
	if err != nil {
		return Note{}, err
	}
	papers, err := s.declared(ctx, tx, "papers", args.Papers)
	if err != nil {
		return Note{}, err
	}
	for i, one := range args.Involved {
		args.Involved[i].Name = s.dir.Name(one.Student)
	}
	return Note{
		Student: args.Student, Name: s.dir.Name(args.Student), Kind: args.Kind, From: args.From, To: args.To, Subject: args.Subject,
		Text: args.Text, Private: args.Private, Reasons: args.Reasons, Work: args.Work, Files: files, Papers: papers, Sessions: args.Sessions,
		Involved: args.Involved, Attends: args.Attends, Acknowledge: args.Acknowledge, Struck: args.Struck,
		By: s.dir.Named(tx.Actor().User), At: acted(tx).UnixMilli(),
	}, nil
}

// declared are files that a person names, as far as they are known.
func (s *Service) declared(ctx context.Context, tx *psync.Tx, field string, files []File) ([]File, error) {
	files, err := attachment.Declared(field, files, MaxFiles)
	if err != nil {
		return nil, err
	}
	return s.files.Complete(ctx, tx.Actor().User, files)
}

// removed lists the pupils who are not involved any more.
func removed(before, after []Involved) []string {
	var all []string
	for _, one := range before {
		if !slices.ContainsFunc(after, func(other Involved) bool { return other.Student == one.Student }) {
			all = append(all, one.Student)
		}
	}
	return all
}

// check refuses a note that makes no sense.
func (a noteArgs) check(tx *psync.Tx) error {
	err := psync.First(psync.CheckID("id", a.ID), checkMoment("from", a.From), checkYear("from", a.From, tx.Now()),
		psync.CheckText("text", a.Text, MaxText), psync.CheckText("private", a.Private, MaxText), psync.CheckText("work", a.Work, MaxText),
		psync.CheckText("subject", a.Subject, MaxShort), a.checkKind(), a.checkSessions(), a.checkLists())
	if err != nil {
		return err
	}
	if a.To != "" {
		return checkSpan(a.From, a.To, maxExempted)
	}
	return nil
}

func (a noteArgs) checkKind() error {
	switch a.Type {
	case kindObservation:
		if strings.TrimSpace(a.Text) == "" {
			return invalid("text", "what is to be said")
		}
		return psync.OneOf("kind", a.Kind, observations...)
	case kindPunishment:
		return psync.OneOf("kind", a.Kind, punishments...)
	case kindExemption:
		return checkMoment("to", a.To)
	case kindIncident:
		if a.Student != "" || len(a.Involved) == 0 || len(a.Involved) > maxCalls {
			return invalid("involved", "1 to %d pupils", maxCalls)
		}
	}
	return psync.OneOf("kind", a.Kind, "")
}

func (a noteArgs) checkSessions() error {
	if len(a.Sessions) > MaxSessions {
		return psync.Refuse("too_large", "sessions", "at most %d", MaxSessions)
	}
	for i, one := range a.Sessions {
		if err := checkMoment(each("sessions", i)+".from", one.From); err != nil {
			return err
		}
		if one.Minutes < 5 || one.Minutes > maxLesson {
			return invalid(each("sessions", i)+".minutes", "5 to %d", maxLesson)
		}
	}
	return nil
}

func (a noteArgs) checkLists() error {
	if len(a.Reasons) > MaxReasons {
		return psync.Refuse("too_large", "reasons", "at most %d", MaxReasons)
	}
	switch {
	case len(a.Files) > 0 && a.Type != kindPunishment:
		return invalid("files", "work belongs to punishments")
	case len(a.Papers) > 0 && a.Type != kindPunishment && a.Type != kindIncident:
		return invalid("papers", "documents belong to punishments and incidents")
	}
	for i, r := range a.Reasons {
		if err := psync.CheckText(each("reasons", i), r, MaxShort); err != nil {
			return err
		}
	}
	for i, one := range a.Involved {
		if slices.ContainsFunc(a.Involved[:i], func(other Involved) bool { return other.Student == one.Student }) {
			return invalid(each("involved", i), "named twice")
		}
	}
	return nil
}

type strikeArgs struct {
	Type string `json:"type"`
	ID   string `json:"id"`
}

// strike is vie scolaire taking a note back, a teacher's too. The office keeps
// it, the family does not see it any more.
func (s *Service) strike(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.KeepRegister, tx.Scope()); err != nil {
		return err
	}
	var args strikeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.OneOf("type", args.Type, noteKinds...); err != nil {
		return err
	}
	if err := checkNoteID(args.ID); err != nil {
		return err
	}
	var n Note
	seq, err := tx.Get(ctx, args.Type, args.ID, &n)
	switch {
	case err != nil:
		return err
	case seq == 0:
		return psync.Refuse("not_found", "id", "no such note")
	case n.Struck:
		return nil
	}
	n.Struck = true
	tx.Put(args.Type, args.ID, n)
	tx.Effect(effectCarry, carried{Type: args.Type, ID: args.ID})
	return nil
}

// carried is the payload of effectCarry. Removed are pupils whom an incident
// named before.
type carried struct {
	Type    string   `json:"type"`
	ID      string   `json:"id"`
	Removed []string `json:"removed,omitempty"`
}

// carry brings a note, as it is by now, to the pupils whom it is about; and to
// the office, where it stays taken back once vie scolaire took it back.
func (s *Service) carry(ctx context.Context, job *psync.Job) error {
	var c carried
	if err := job.Payload(&c); err != nil {
		return err
	}
	n, ok, err := psync.Find[Note](ctx, s.engine, job.Source(), c.Type, c.ID)
	if err != nil || !ok {
		return err
	}
	id := c.ID
	if kind, course, _ := strings.Cut(job.Source(), ":"); kind == "course" {
		id = of(course, c.ID)
		if n.Struck, err = s.fileNote(ctx, job, c.Type, id, n); err != nil {
			return err
		}
	}
	for _, student := range c.Removed {
		if err := s.showNote(ctx, job, c.Type, id, student, Note{Struck: true}); err != nil {
			return err
		}
	}
	for student, shown := range n.public(c.Type) {
		if err := s.showNote(ctx, job, c.Type, id, student, shown); err != nil {
			return err
		}
	}
	return nil
}

// fileNote puts a teacher's note into the office and says whether it is struck.
func (s *Service) fileNote(ctx context.Context, job *psync.Job, typ, id string, n Note) (struck bool, err error) {
	office := officeScope(s.dir.SchoolOf(n.Student))
	there, _, err := psync.Find[Note](ctx, s.engine, office, typ, id)
	if err != nil {
		return false, err
	}
	n.Struck = n.Struck || there.Struck
	return n.Struck, job.Commit(ctx, office, func(ctx context.Context, tx *psync.Tx) error {
		tx.PutIfChanged(typ, id, n)
		return s.keepForYear(ctx, tx)
	})
}

// public is what each pupil whom a note is about, and their family, may read
// of it: of a visit to the infirmary the time, of an incident their own part.
func (n Note) public(typ string) map[string]Note {
	shown := n
	shown.Private, shown.Student, shown.Name, shown.Involved, shown.Papers = "", "", "", nil, nil
	switch typ {
	case kindInfirmary:
		return map[string]Note{n.Student: {From: n.From, To: n.To, Struck: n.Struck, By: n.By, At: n.At}}
	case kindIncident:
		all := map[string]Note{}
		for _, one := range n.Involved {
			all[one.Student] = Note{From: n.From, Text: one.Text, Acknowledge: n.Acknowledge, Struck: n.Struck, By: n.By, At: n.At}
		}
		return all
	}
	return map[string]Note{n.Student: shown}
}

func (s *Service) showNote(ctx context.Context, job *psync.Job, typ, id, student string, n Note) error {
	return job.Commit(ctx, studentScope(student), func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, typ, id, nil)
		switch {
		case err != nil:
			return err
		case n.Struck && seq > 0:
			tx.Delete(typ, id)
		case !n.Struck:
			tx.PutIfChanged(typ, id, n)
			s.tellLater(tx, ref{typ, id})
		}
		if n.Struck {
			attachment.Release(tx, attachment.Reference{
				School: s.dir.SchoolOf(student), By: n.By.ID, Kind: kindPunishment, ID: typ + "." + bare(id), Scopes: []string{tx.Scope()},
				Files: attachment.Names(n.Files),
			})
		}
		if typ == kindExemption {
			tx.Effect(effectExpect, struct{}{})
		}
		return nil
	})
}

// kindPaper are the documents of a note that its pupil does not see.
const kindPaper = "paper"

// showFiles makes the documents of a note readable for whom they are meant, and
// waits for those that have not arrived. What it shows no more is taken back.
func (s *Service) showFiles(tx *psync.Tx, args noteArgs, before, n Note) {
	here := []string{tx.Scope()}
	if office := officeScope(tx.Actor().School); office != tx.Scope() {
		here = append(here, office)
	}
	ref := attachment.Reference{School: tx.Actor().School, By: tx.Actor().User, ID: args.Type + "." + args.ID}
	ref.Kind, ref.Scopes = kindPaper, here
	show(tx, ref, before.Papers, n.Papers)
	ref.Kind, ref.Scopes = kindPunishment, slices.Concat(here, []string{studentScope(args.Student)})
	show(tx, ref, before.Files, n.Files)
}

func show(tx *psync.Tx, ref attachment.Reference, before, now []File) {
	gone := ref
	gone.Files = slices.DeleteFunc(attachment.Names(before), func(sha string) bool { return slices.Contains(attachment.Names(now), sha) })
	attachment.Release(tx, gone)
	ref.Files, ref.Known = attachment.Names(now), attachment.ReadyNames(now)
	attachment.Refer(tx, ref)
}

// workArrived completes a note whose documents have arrived.
func (s *Service) workArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	typ, id, _ := strings.Cut(a.ID, ".")
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var n Note
		seq, err := tx.Get(ctx, typ, id, &n)
		if err == nil && seq > 0 && n.learn(a.Files) {
			tx.Put(typ, id, n)
			tx.Effect(effectCarry, carried{Type: typ, ID: id})
		}
		return err
	})
}

// learn takes over what is known of documents that arrived.
func (n Note) learn(arrived []File) bool {
	files, papers := attachment.Learn(n.Files, arrived), attachment.Learn(n.Papers, arrived)
	return files || papers
}
