package homework

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

type giveArgs struct {
	ID          string            `json:"id"`
	Title       string            `json:"title"`
	Text        string            `json:"text"`
	Due         string            `json:"due"`
	Return      string            `json:"return"`
	Late        string            `json:"late"`
	Minutes     int               `json:"minutes"`
	Attachments []attachment.File `json:"attachments"`
	Students    []string          `json:"students"`
	Lesson      string            `json:"lesson"`
}

// give gives a piece of work to the audience of a course, or to some of it.
// Giving the same one again changes nothing.
func (s *Service) give(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.GiveHomework, tx.Scope()); err != nil {
		return err
	}
	var args giveArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	g, err := s.newWork(tx, args)
	if err != nil {
		return err
	}
	if there, err := known(ctx, tx, args.ID); there || err != nil {
		return err
	}
	if g.Attachments, err = s.files.Complete(ctx, tx.Actor().User, g.Attachments); err != nil {
		return err
	}
	tx.Put("homework", args.ID, g)
	s.follow(tx, args.ID, Given{}, g, newsNew)
	return nil
}

// newWork makes and checks a piece of work out of what a teacher sent.
func (s *Service) newWork(tx *psync.Tx, args giveArgs) (Given, error) {
	if err := psync.CheckID("id", args.ID); err != nil {
		return Given{}, err
	}
	course, ok := s.dir.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return Given{}, psync.Refuse("not_found", "", "no such course")
	}
	due, err := parseTime("due", args.Due)
	if err != nil {
		return Given{}, err
	}
	files, err := attachment.Declared("attachments", args.Attachments, MaxAttachments)
	if err != nil {
		return Given{}, err
	}
	g := Given{
		Homework: Homework{
			Course: course.ID, Subject: course.Subject, Title: args.Title, Text: args.Text,
			Given: acted(tx), Due: due, Return: args.Return, Late: args.Late, Minutes: args.Minutes,
			Attachments: files, Teacher: s.dir.Named(tx.Actor().User), Lesson: args.Lesson,
		},
		Students: args.Students, Audience: course.Audience,
	}
	if err := checkLesson(g.Lesson); err != nil {
		return Given{}, err
	}
	if err := g.check(tx.Now()); err != nil {
		return Given{}, err
	}
	return g, s.checkStudents(g.Students, nil, course)
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Millisecond)
}

// checkStudents refuses chosen pupils who are not of the course, unless they
// were chosen before: a pupil may have left since.
func (s *Service) checkStudents(chosen, before []string, c directory.Course) error {
	if chosen == nil {
		return nil
	}
	if len(chosen) == 0 || len(chosen) > MaxStudents {
		return invalid("students", "1 to %d pupils", MaxStudents)
	}
	pupils := s.dir.Pupils(c.Audience)
	for i, id := range chosen {
		at := fmt.Sprintf("students[%d]", i)
		switch {
		case slices.Contains(chosen[:i], id):
			return invalid(at, "named twice")
		case !slices.Contains(pupils, id) && !slices.Contains(before, id):
			return invalid(at, "not a pupil of this course")
		}
	}
	return nil
}

// known says whether a homework was given already, withdrawn or not.
func known(ctx context.Context, tx *psync.Tx, id string) (bool, error) {
	for _, typ := range []string{"homework", "withdrawn"} {
		seq, err := tx.Get(ctx, typ, id, nil)
		if seq > 0 || err != nil {
			return seq > 0, err
		}
	}
	return false, nil
}

type editArgs struct {
	ID          string             `json:"id"`
	Title       *string            `json:"title"`
	Text        *string            `json:"text"`
	Due         *string            `json:"due"`
	Return      *string            `json:"return"`
	Late        *string            `json:"late"`
	Minutes     *int               `json:"minutes"`
	Attachments *[]attachment.File `json:"attachments"`
	Students    *[]string          `json:"students"`
}

// edit changes some fields of a piece of work. It is refused with "conflict"
// when somebody else changed it since the teacher saw it.
func (s *Service) edit(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.EditHomework, tx.Scope()); err != nil {
		return err
	}
	var args editArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	before, seq, err := current(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	after, err := s.edited(ctx, tx, before, args)
	if err != nil {
		return err
	}
	tx.Put("homework", args.ID, after)
	s.follow(tx, args.ID, before, after, newsNew)
	return nil
}

// current reads a homework of this course; field names the argument that holds
// its id. A withdrawn one is refused as such.
func current(ctx context.Context, tx *psync.Tx, field, id string) (g Given, seq int64, err error) {
	if err := psync.CheckID(field, id); err != nil {
		return g, 0, err
	}
	if seq, err = tx.Get(ctx, "homework", id, &g); seq > 0 || err != nil {
		return g, seq, err
	}
	seq, err = tx.Get(ctx, "withdrawn", id, nil)
	if err == nil && seq > 0 {
		err = psync.Refuse("withdrawn", field, "the homework was withdrawn")
	} else if err == nil {
		err = psync.Refuse("not_found", field, "no such homework")
	}
	return g, 0, err
}

func (s *Service) edited(ctx context.Context, tx *psync.Tx, before Given, args editArgs) (Given, error) {
	after := before
	set(&after.Title, args.Title)
	set(&after.Text, args.Text)
	set(&after.Return, args.Return)
	set(&after.Late, args.Late)
	set(&after.Minutes, args.Minutes)
	after.EditedAt = acted(tx)
	var err error
	if args.Due != nil {
		if after.Due, err = parseTime("due", *args.Due); err != nil {
			return after, err
		}
	}
	if args.Students != nil {
		if after.Students, err = s.reselected(before, *args.Students); err != nil {
			return after, err
		}
	}
	if args.Attachments != nil {
		if after.Attachments, err = s.reattached(ctx, tx.Actor().User, before, *args.Attachments); err != nil {
			return after, err
		}
	}
	return after, after.check(tx.Now())
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

// reselected is the new choice of pupils; none chosen is everybody.
func (s *Service) reselected(before Given, students []string) ([]string, error) {
	if len(students) == 0 {
		return nil, nil
	}
	course, ok := s.dir.Course(before.Course)
	if !ok {
		return nil, psync.Refuse("not_found", "", "no such course")
	}
	return students, s.checkStudents(students, before.Students, course)
}

// reattached is the new list of files; those that stay keep what is known of
// them.
func (s *Service) reattached(ctx context.Context, user string, before Given, files []attachment.File) ([]attachment.File, error) {
	files, err := attachment.Declared("attachments", files, MaxAttachments)
	if err != nil {
		return nil, err
	}
	if files, err = s.files.Complete(ctx, user, files); err != nil {
		return nil, err
	}
	for i, f := range files {
		for _, old := range before.Attachments {
			if old.SHA == f.SHA {
				old.Name = f.Name
				files[i] = old
			}
		}
	}
	return files, nil
}

type idArgs struct {
	ID string `json:"id"`
}

// withdraw takes a piece of work back from its audience. Copies stay where
// they are, and the work can be restored.
func (s *Service) withdraw(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.WithdrawHomework, tx.Scope()); err != nil {
		return err
	}
	var args idArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	var g Given
	seq, err := tx.Get(ctx, "withdrawn", args.ID, nil)
	if seq > 0 || err != nil {
		return err // it is already
	}
	if g, _, err = current(ctx, tx, "id", args.ID); err != nil {
		return err
	}
	tx.Delete("homework", args.ID)
	tx.Put("withdrawn", args.ID, g)
	s.follow(tx, args.ID, g, Given{}, newsWithdrawn)
	return nil
}

// restore undoes a withdrawal.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.WithdrawHomework, tx.Scope()); err != nil {
		return err
	}
	var args idArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, "homework", args.ID, nil); seq > 0 || err != nil {
		return err // it is there
	}
	var g Given
	seq, err := tx.Get(ctx, "withdrawn", args.ID, &g)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "id", "no such homework")
	}
	tx.Delete("withdrawn", args.ID)
	tx.Put("homework", args.ID, g)
	s.follow(tx, args.ID, Given{}, g, newsNone)
	return nil
}
