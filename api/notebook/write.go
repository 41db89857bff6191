package notebook

import (
	"context"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	psync "preau/sync"
)

// Limits of what a person sends.
const (
	MaxTitle = 200    // characters
	MaxText  = 20_000 // characters
	MaxFiles = 20     // of each half
	maxAhead = 400 * 24 * time.Hour
)

type writeArgs struct {
	ID       string         `json:"id"`
	Date     directory.Date `json:"date"`
	Start    string         `json:"start"`
	End      string         `json:"end"`
	Title    string         `json:"title"`
	Category string         `json:"category"`
	Planned  Part           `json:"planned"`
	Done     Part           `json:"done"`
	Show     string         `json:"show"`
	ShowAt   string         `json:"showAt"` // of AtTime
}

func invalid(field, problem string) error { return psync.Refuse("invalid", field, "%s", problem) }

// write writes the page of a lesson, whole. It is refused with "conflict" when
// somebody else wrote it since the teacher saw it.
func (s *Service) write(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.WriteNotebook, tx.Scope()); err != nil {
		return err
	}
	var args writeArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	e, err := s.newEntry(tx, args)
	if err != nil {
		return err
	}
	var before Entry
	seq, err := tx.Get(ctx, "entry", args.ID, &before)
	if err != nil {
		return err
	}
	if err := tx.CheckBase(seq, before); err != nil {
		return err
	}
	if err := s.complete(ctx, tx, &e); err != nil {
		return err
	}
	tx.Delete("erased", args.ID)
	tx.Put("entry", args.ID, e)
	s.follow(tx, args.ID, before, e)
	return nil
}

// complete says of files that are there already what they are.
func (s *Service) complete(ctx context.Context, tx *psync.Tx, e *Entry) (err error) {
	for _, p := range []*Part{&e.Planned, &e.Done} {
		if p.Files, err = s.files.Complete(ctx, tx.Actor().User, p.Files); err != nil {
			return err
		}
	}
	return nil
}

// newEntry makes and checks a page out of what a teacher sent.
func (s *Service) newEntry(tx *psync.Tx, a writeArgs) (Entry, error) {
	course, ok := s.dir.Course(psync.ScopeID(tx.Scope()))
	if !ok {
		return Entry{}, psync.Refuse("not_found", "", "no such course")
	}
	e := Entry{
		Course: course.ID, Subject: course.Subject, Date: a.Date, Start: a.Start, End: a.End,
		Title: strings.TrimSpace(a.Title), Category: a.Category, Planned: a.Planned, Done: a.Done, Show: a.Show,
		Teacher: s.dir.Named(tx.Actor().User), At: acted(tx),
	}
	var err error
	for _, err = range []error{
		checkID(a.ID), e.checkTime(), psync.CheckText("title", e.Title, MaxTitle),
		psync.OneOf("category", e.Category, categories...), psync.OneOf("show", e.Show, AtStart, AtOnce, AtTime),
		checkPart("planned", &e.Planned), checkPart("done", &e.Done),
	} {
		if err != nil {
			return Entry{}, err
		}
	}
	if e.Title == "" && e.Planned.empty() && e.Done.empty() {
		return Entry{}, invalid("done", "nothing is written")
	}
	e.ShowAt, err = s.shownAt(tx, e, a.ShowAt)
	return e, err
}

// checkID refuses what is neither an id of a device nor that of a lesson,
// "<slot>.2026-11-24".
func checkID(id string) error {
	slot, day, lesson := strings.Cut(id, ".")
	if lesson && !directory.Date(day).Valid() {
		return invalid("id", "not the id of a lesson")
	}
	return psync.CheckID("id", slot)
}

func checkPart(field string, p *Part) (err error) {
	if err := p.Text.Check(field+".text", MaxText); err != nil {
		return err
	}
	if p.Text.Empty() {
		p.Text = nil
	}
	p.Files, err = attachment.Declared(field+".files", p.Files, MaxFiles)
	return err
}

func (e Entry) checkTime() error {
	switch {
	case !e.Date.Valid():
		return invalid("date", "not a day")
	case !clock(e.Start):
		return invalid("start", "not a time of day")
	case e.End != "" && (!clock(e.End) || e.End <= e.Start):
		return invalid("end", "not a time after the start")
	}
	return nil
}

func clock(s string) bool {
	_, err := time.Parse("15:04", s)
	return err == nil && len(s) == 5
}

// shownAt is the moment from which the class reads an entry.
func (s *Service) shownAt(tx *psync.Tx, e Entry, chosen string) (at time.Time, err error) {
	switch e.Show {
	case AtOnce:
		return e.At, nil
	case AtStart:
		at, err = time.ParseInLocation("2006-01-02 15:04", string(e.Date)+" "+e.Start, s.dir.Location(tx.Actor().School))
	default:
		at, err = time.Parse(time.RFC3339, chosen)
	}
	if err != nil || at.After(tx.Now().Add(maxAhead)) || at.Before(tx.Now().Add(-maxAhead)) {
		return at, invalid("showAt", "not a time of about this year")
	}
	return at.UTC().Truncate(time.Second), nil
}

// acted is when the person acted by the device's clock, believed as far as it
// lies in the past.
func acted(tx *psync.Tx) time.Time {
	at := time.UnixMilli(tx.At())
	if tx.At() == 0 || at.After(tx.Now()) {
		at = tx.Now()
	}
	return at.UTC().Truncate(time.Second)
}

type idArgs struct {
	ID string `json:"id"`
}

// named reads the argument of erase and restore, once the right is looked at.
func (s *Service) named(tx *psync.Tx) (id string, err error) {
	if err := s.dir.May(tx.Actor(), directory.WriteNotebook, tx.Scope()); err != nil {
		return "", err
	}
	var args idArgs
	if err := tx.Args(&args); err != nil {
		return "", err
	}
	return args.ID, checkID(args.ID)
}

// erase takes a page out of the notebook. It can be restored.
func (s *Service) erase(ctx context.Context, tx *psync.Tx) error {
	return s.become(ctx, tx, "entry", "erased")
}

// restore undoes an erasure.
func (s *Service) restore(ctx context.Context, tx *psync.Tx) error {
	return s.become(ctx, tx, "erased", "entry")
}

// become makes a record of one type one of another; twice is no error.
func (s *Service) become(ctx context.Context, tx *psync.Tx, from, to string) error {
	id, err := s.named(tx)
	if err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, to, id, nil); seq > 0 || err != nil {
		return err
	}
	var e Entry
	seq, err := tx.Get(ctx, from, id, &e)
	if err != nil {
		return err
	}
	if seq == 0 {
		return psync.Refuse("not_found", "id", "no such page")
	}
	tx.Delete(from, id)
	tx.Put(to, id, e)
	if to == "entry" {
		s.follow(tx, id, Entry{}, e)
	} else {
		s.follow(tx, id, e, Entry{})
	}
	return nil
}
