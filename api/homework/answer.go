package homework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

type feedbackArgs struct {
	Homework   string            `json:"homework"`
	Student    string            `json:"student"`
	Submission string            `json:"submission"`
	Comment    string            `json:"comment"`
	Correction []attachment.File `json:"correction"`
}

// comment keeps a draft of what a teacher says; the pupil does not see it.
func (s *Service) comment(ctx context.Context, tx *psync.Tx) error {
	return s.say(ctx, tx, StateDraft)
}

// giveBack hands a piece of work back with what the teacher says of it, also
// where nothing was handed in here.
func (s *Service) giveBack(ctx context.Context, tx *psync.Tx) error {
	return s.say(ctx, tx, StateReturned)
}

// again asks a pupil for the work once more.
func (s *Service) again(ctx context.Context, tx *psync.Tx) error {
	return s.say(ctx, tx, StateAgain)
}

// say writes down a feedback and, unless it is a draft, carries it to the
// pupil.
func (s *Service) say(ctx context.Context, tx *psync.Tx, state string) error {
	if err := s.dir.May(tx.Actor(), directory.CommentCopy, tx.Scope()); err != nil {
		return err
	}
	var args feedbackArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	files, err := s.checkFeedback(ctx, tx, args)
	if err != nil {
		return err
	}
	id := pair(args.Homework, args.Student)
	var before Feedback
	seq, err := tx.Get(ctx, "feedback", id, &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	said := Feedback{
		Homework: args.Homework, Student: args.Student, Submission: args.Submission,
		State: state, Comment: args.Comment, Correction: files,
		At: tx.Now().UTC().Truncate(time.Millisecond), Teacher: s.dir.Named(tx.Actor().User),
	}
	tx.Put("feedback", id, said)
	scopes := []string{tx.Scope()}
	if state != StateDraft {
		tx.Effect(effectFeedback, handing{Homework: args.Homework, Student: args.Student, Feedback: &said})
		scopes = append(scopes, studentScope(args.Student))
	}
	referCorrection(tx, id, scopes, before.Correction, files)
	return nil
}

// checkFeedback refuses what is about no copy of this course.
func (s *Service) checkFeedback(ctx context.Context, tx *psync.Tx, args feedbackArgs) ([]attachment.File, error) {
	if err := psync.CheckText("comment", args.Comment, MaxComment); err != nil {
		return nil, err
	}
	if err := s.checkPart(ctx, tx, args.Homework, args.Student); err != nil {
		return nil, err
	}
	if args.Submission != "" {
		var sub Submission
		seq, err := tx.Get(ctx, "submission", args.Submission, &sub)
		if err != nil {
			return nil, err
		}
		if seq == 0 || sub.Homework != args.Homework || sub.Student != args.Student {
			return nil, psync.Refuse("not_found", "submission", "no such copy")
		}
	}
	files, err := attachment.Declared("correction", args.Correction, MaxAttachments)
	if err != nil {
		return nil, err
	}
	return s.files.Complete(ctx, tx.Actor().User, files)
}

// checkPart refuses a pupil who has no part in a homework. One who has left
// the course since, but handed in a copy, keeps the right to an answer.
func (s *Service) checkPart(ctx context.Context, tx *psync.Tx, homework, student string) error {
	if err := psync.CheckID("homework", homework); err != nil {
		return err
	}
	var g Given
	seq, err := tx.Get(ctx, "homework", homework, &g)
	if err == nil && seq == 0 {
		seq, err = tx.Get(ctx, "withdrawn", homework, &g) // copies outlive it
	}
	switch {
	case err != nil:
		return err
	case seq == 0:
		return psync.Refuse("not_found", "homework", "no such homework")
	case slices.Contains(s.pupilsOf(g), student):
		return nil
	}
	copies, err := copiesOf(ctx, tx, homework)
	if err == nil && len(copies[student]) == 0 {
		err = psync.Refuse("not_found", "student", "not a pupil of this homework")
	}
	return err
}

// pupilsOf lists who has to do a homework now.
func (s *Service) pupilsOf(g Given) []string {
	if len(g.Students) > 0 {
		return g.Students
	}
	return s.dir.Pupils(g.Audience)
}

// copiesOf lists the versions handed in for a homework, by pupil.
func copiesOf(ctx context.Context, tx *psync.Tx, homework string) (map[string][]version, error) {
	recs, err := tx.List(ctx, "submission")
	if err != nil {
		return nil, err
	}
	return byStudent(recs, homework)
}

func byStudent(recs []storage.Record, homework string) (map[string][]version, error) {
	all, err := submissionsOf(recs, homework)
	by := map[string][]version{}
	for _, v := range all {
		by[v.Student] = append(by[v.Student], v)
	}
	return by, err
}

// referCorrection makes the files of a correction readable, and those that
// were taken out of it no longer.
func referCorrection(tx *psync.Tx, id string, scopes []string, before, after []attachment.File) {
	ref := attachment.Reference{School: tx.Actor().School, By: tx.Actor().User, Kind: kindFeedback, ID: id}
	ref.Scopes, ref.Files, ref.Known = scopes, attachment.Names(after), attachment.ReadyNames(after)
	attachment.Refer(tx, ref)
	ref.Scopes, ref.Files, ref.Known = scopes, attachment.Names(withoutFiles(before, after)), nil
	attachment.Release(tx, ref)
}

// correctionArrived says of files of a correction what they are, here and,
// where it was handed back, with the pupil.
func (s *Service) correctionArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var f Feedback
		seq, err := tx.Get(ctx, "feedback", a.ID, &f)
		if err != nil || seq == 0 {
			return err
		}
		if attachment.Learn(f.Correction, a.Files) {
			tx.Put("feedback", a.ID, f)
			course := psync.ScopeID(tx.Scope())
			tellRefused(tx, a, "/copies/"+course+"/"+f.Homework+"/"+f.Student, f.Correction)
		}
		tx.Effect(effectFeedback, handing{Homework: f.Homework, Student: f.Student, Arrived: a.Files})
		return nil
	})
}

// handing is the payload of effectFeedback: what is handed back, as it was
// said, since the course may hold the next draft by now; or files of it that
// have arrived.
type handing struct {
	Homework string            `json:"homework"`
	Student  string            `json:"student"`
	Feedback *Feedback         `json:"feedback,omitempty"`
	Arrived  []attachment.File `json:"arrived,omitempty"`
}

// handBack carries a feedback to its pupil.
func (s *Service) handBack(ctx context.Context, job *psync.Job) error {
	var h handing
	if err := job.Payload(&h); err != nil {
		return err
	}
	return job.Commit(ctx, studentScope(h.Student), func(ctx context.Context, tx *psync.Tx) error {
		var f Feedback
		seq, err := tx.Get(ctx, "feedback", h.Homework, &f)
		if err != nil {
			return err
		}
		if h.Feedback == nil {
			if seq > 0 && attachment.Learn(f.Correction, h.Arrived) {
				tx.Put("feedback", h.Homework, f)
			}
			return nil
		}
		f = *h.Feedback
		f.Student = ""
		tx.PutIfChanged("feedback", h.Homework, f)
		tx.Effect(effectAlert, news{Kind: f.State, Homework: h.Homework, Course: psync.ScopeID(job.Source()), Students: []string{h.Student}})
		return nil
	})
}

type remindArgs struct {
	Homework string   `json:"homework"`
	Students []string `json:"students"`
}

// remindPause keeps a hasty second tap from ringing twice.
const remindPause = time.Hour

// remind rings the pupils who have handed in nothing yet; the others are left
// out without a word.
func (s *Service) remind(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.RemindPupils, tx.Scope()); err != nil {
		return err
	}
	var args remindArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	g, _, err := current(ctx, tx, "homework", args.Homework)
	if err != nil {
		return err
	}
	if err := s.checkReminded(g, args.Students); err != nil {
		return err
	}
	missing, err := s.missing(ctx, tx, args)
	if err != nil || len(missing) == 0 {
		return err
	}
	now := tx.Now().UTC().Truncate(time.Millisecond)
	for _, student := range missing {
		tx.Put("reminder", pair(args.Homework, student), mark{args.Homework, student, now})
	}
	tx.Effect(effectAlert, news{Kind: newsReminder, Homework: args.Homework, Course: g.Course, Students: missing})
	return nil
}

func (s *Service) checkReminded(g Given, students []string) error {
	if len(students) == 0 || len(students) > MaxStudents {
		return invalid("students", "1 to %d pupils", MaxStudents)
	}
	pupils := s.pupilsOf(g)
	for i, id := range students {
		at := fmt.Sprintf("students[%d]", i)
		switch {
		case slices.Contains(students[:i], id):
			return invalid(at, "named twice")
		case !slices.Contains(pupils, id):
			return psync.Refuse("not_found", at, "not a pupil of this homework")
		}
	}
	return nil
}

// missing keeps the pupils without a copy who were not reminded just now.
func (s *Service) missing(ctx context.Context, tx *psync.Tx, args remindArgs) ([]string, error) {
	copies, err := copiesOf(ctx, tx, args.Homework)
	if err != nil {
		return nil, err
	}
	var left []string
	for _, student := range args.Students {
		var last mark
		if _, err := tx.Get(ctx, "reminder", pair(args.Homework, student), &last); err != nil {
			return nil, err
		}
		if len(copies[student]) == 0 && tx.Now().Sub(last.At) >= remindPause {
			left = append(left, student)
		}
	}
	return left, nil
}

type seenArgs struct {
	Homework string `json:"homework"`
	Student  string `json:"student"`
}

// seen notes that a teacher has opened a copy, once.
func (s *Service) seen(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.ReadCopies, tx.Scope()); err != nil {
		return err
	}
	var args seenArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := s.checkPart(ctx, tx, args.Homework, args.Student); err != nil {
		return err
	}
	id := pair(args.Homework, args.Student)
	seq, err := tx.Get(ctx, "seen", id, nil)
	if err == nil && seq == 0 {
		tx.Put("seen", id, mark{args.Homework, args.Student, acted(tx)})
	}
	return err
}
