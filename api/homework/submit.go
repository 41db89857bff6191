package homework

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	psync "preau/sync"
)

// grace is how long after the date a copy still counts that was handed in
// before it on a device without network.
const grace = 24 * time.Hour

type submitArgs struct {
	ID       string   `json:"id"`
	Homework string   `json:"homework"`
	Pages    []string `json:"pages"`
	Text     string   `json:"text"`
}

// submitAnswer is the value of the result of homework.submit.
type submitAnswer struct {
	Receipt *Receipt `json:"receipt,omitempty"`
	Version int      `json:"version"`
	State   string   `json:"state"`
}

// submit hands in a version of a copy. Earlier ones stay. Pages that are not
// there yet are waited for; handing in the same version again changes nothing.
func (s *Service) submit(ctx context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.HandIn, tx.Scope()); err != nil {
		return err
	}
	var args submitArgs
	if err := tx.Args(&args); err != nil {
		return err
	}
	if err := args.check(); err != nil {
		return err
	}
	var there Submission
	seq, err := tx.Get(ctx, "submission", args.ID, &there)
	if err != nil {
		return err
	}
	if seq > 0 {
		tx.Answer(submitAnswer{there.Receipt, there.Version, there.State})
		return nil
	}
	return s.handIn(ctx, tx, args)
}

func (a submitArgs) check() error {
	for _, err := range []error{
		psync.CheckID("id", a.ID), psync.CheckID("homework", a.Homework), psync.CheckText("text", a.Text, MaxText),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case len(a.Pages) > MaxPages:
		return psync.Refuse("too_large", "pages", "at most %d pages", MaxPages)
	case len(a.Pages) == 0 && strings.TrimSpace(a.Text) == "":
		return invalid("pages", "a page or a text")
	}
	for i, sha := range a.Pages {
		at := fmt.Sprintf("pages[%d]", i)
		switch {
		case !attachment.ValidSHA(sha):
			return invalid(at, "not a name of a file")
		case slices.Contains(a.Pages[:i], sha):
			return invalid(at, "named twice")
		}
	}
	return nil
}

// handIn adds a version to the copy of a pupil.
func (s *Service) handIn(ctx context.Context, tx *psync.Tx, args submitArgs) error {
	earlier, err := versions(ctx, tx, args.Homework)
	if err != nil {
		return err
	}
	g, err := s.locate(ctx, tx.Actor(), args.Homework, earlier)
	if err != nil {
		return err
	}
	lateBy, err := s.lateness(ctx, tx, args.Homework, g, earlier)
	if err != nil {
		return err
	}
	sub := Submission{
		Homework: args.Homework, Course: g.Course, Version: len(earlier) + 1, Text: args.Text,
		By: tx.Actor().User, CreatedAt: acted(tx), LateBy: int64(lateBy.Seconds()),
	}
	if n := len(earlier); n > 0 {
		sub.Version, sub.Replaces = earlier[n-1].Version+1, earlier[n-1].id
	}
	if sub.Pages, err = s.pages(ctx, tx.Actor().User, args.Pages); err != nil {
		return err
	}
	s.complete(tx, args.ID, &sub)
	tx.Put("submission", args.ID, sub)
	tx.Answer(submitAnswer{sub.Receipt, sub.Version, sub.State})
	tx.Effect(effectDeliver, delivery{args.ID})
	attachment.Refer(tx, attachment.Reference{
		School: tx.Actor().School, By: tx.Actor().User, Kind: kindSubmission, ID: args.ID,
		Scopes: []string{tx.Scope(), courseScope(g.Course)}, Files: attachment.Names(sub.Pages), Known: attachment.ReadyNames(sub.Pages),
	})
	return nil
}

// version is a submission with its id.
type version struct {
	Submission
	id string
}

// versions lists the versions of the copy of a homework, oldest first.
func versions(ctx context.Context, tx *psync.Tx, homework string) ([]version, error) {
	recs, err := tx.List(ctx, "submission")
	if err != nil {
		return nil, err
	}
	all, err := submissionsOf(recs, homework)
	slices.SortFunc(all, func(a, b version) int { return cmp.Compare(a.Version, b.Version) })
	return all, err
}

// submissionsOf keeps the submissions of one homework.
func submissionsOf(recs []storage.Record, homework string) ([]version, error) {
	var all []version
	for _, r := range recs {
		v := version{id: r.ID}
		if err := json.Unmarshal(r.Value, &v.Submission); err != nil {
			return nil, fmt.Errorf("submission %s: %w", r.ID, err)
		}
		if v.Homework == homework {
			all = append(all, v)
		}
	}
	return all, nil
}

// locate finds a homework of a pupil: in the pupil's own scope, in the classes
// and groups whose work they may hand in, or by an earlier copy, since what was
// begun may always be ended. A withdrawn one is refused as such.
func (s *Service) locate(ctx context.Context, pupil psync.Actor, id string, earlier []version) (Given, error) {
	attended := s.dir.Attended(pupil)
	course, err := s.courseOf(ctx, pupil, id, attended)
	if err != nil {
		return Given{}, err
	}
	if n := len(earlier); n > 0 && course == "" {
		course = earlier[n-1].Course
	}
	if course != "" {
		g, ok, err := psync.Find[Given](ctx, s.engine, courseScope(course), "homework", id)
		if err != nil || ok {
			return g, err
		}
	}
	return Given{}, s.explain(ctx, id, course, attended)
}

// courseOf is the course of a homework that is the pupil's, or "".
func (s *Service) courseOf(ctx context.Context, pupil psync.Actor, id string, attended []directory.Attendance) (string, error) {
	places := append([]directory.Attendance{{Audience: studentScope(pupil.User)}}, attended...)
	for _, a := range places {
		h, ok, err := psync.Find[Homework](ctx, s.engine, a.Audience, "homework", id)
		if err != nil {
			return "", err
		}
		if ok && a.Covers(h.Given) {
			return h.Course, nil
		}
	}
	return "", nil
}

// explain tells a homework that was withdrawn from one that never was there.
func (s *Service) explain(ctx context.Context, id, course string, attended []directory.Attendance) error {
	courses := []string{course}
	for _, a := range attended {
		for _, c := range s.dir.CoursesOf(a.Audience) {
			courses = append(courses, c.ID)
		}
	}
	for _, c := range courses {
		if c == "" {
			continue
		}
		_, ok, err := psync.Find[Given](ctx, s.engine, courseScope(c), "withdrawn", id)
		if err != nil {
			return err
		}
		if ok {
			return psync.Refuse("withdrawn", "homework", "the homework was withdrawn")
		}
	}
	return psync.Refuse("not_found", "homework", "no such homework")
}

// lateness says by how much a copy handed in now is late, or refuses it. The
// server's clock decides. What was asked for again has no date any more, and a
// copy whose pages could not be read may always be mended.
func (s *Service) lateness(ctx context.Context, tx *psync.Tx, id string, g Given, earlier []version) (time.Duration, error) {
	if g.Return != ReturnFile {
		return 0, invalid("homework", "it is not to be handed in here")
	}
	var said Feedback
	seq, err := tx.Get(ctx, "feedback", id, &said)
	if err != nil {
		return 0, err
	}
	if seq > 0 && said.State == StateAgain {
		return 0, nil
	}
	by, ok := late(g.Due, tx.Now(), time.UnixMilli(tx.At()), g.Late == LateAccept || mending(earlier))
	if !ok {
		return 0, psync.Refuse("too_late", "homework", "late copies are not taken")
	}
	return by, nil
}

// mending says whether the last version cannot be read in part.
func mending(earlier []version) bool {
	n := len(earlier)
	return n > 0 && slices.ContainsFunc(earlier[n-1].Pages, func(f attachment.File) bool { return f.Problem != "" })
}

// late is the rule: a copy received by the date is in time, and so is one
// handed in by then on its device that is received within the grace. Any other
// is late by the server's clock, and taken only where late copies are.
func late(due, received, acted time.Time, accepted bool) (by time.Duration, ok bool) {
	by = received.Sub(due)
	inTunnel := acted.UnixMilli() > 0 && !acted.After(due) && by <= grace
	if by <= 0 || inTunnel {
		return 0, true
	}
	return max(by, time.Second), accepted
}

// pages makes the pages of a copy out of their names: those that the pupil
// has uploaded are known, the others waited for.
func (s *Service) pages(ctx context.Context, user string, names []string) ([]attachment.File, error) {
	owned, err := s.files.Owned(ctx, user, names...)
	if err != nil {
		return nil, err
	}
	pages := make([]attachment.File, 0, len(names))
	for _, sha := range names {
		f, ok := owned[sha]
		if !ok {
			f = attachment.File{SHA: sha, Waiting: true}
		}
		pages = append(pages, f)
	}
	return pages, nil
}

// complete settles the state of a copy: received, with its receipt, once every
// page is there.
func (s *Service) complete(tx *psync.Tx, id string, sub *Submission) {
	sub.State = StateWaiting
	for _, f := range sub.Pages {
		if !f.Ready() {
			return
		}
	}
	sub.State = StateReceived
	if sub.LateBy > 0 {
		sub.State = StateLate
	}
	sub.ReceivedAt = tx.Now().UTC().Truncate(time.Millisecond)
	sub.Receipt = s.receipt(psync.ScopeID(tx.Scope()), id, *sub)
}

// pagesArrived completes a copy whose pages have arrived. A page that turned
// out to be unreadable is shown to its pupil, who is told at once.
func (s *Service) pagesArrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var sub Submission
		seq, err := tx.Get(ctx, "submission", a.ID, &sub)
		if err != nil || seq == 0 || sub.State != StateWaiting || !attachment.Learn(sub.Pages, a.Files) {
			return err
		}
		s.complete(tx, a.ID, &sub)
		tx.Put("submission", a.ID, sub)
		tx.Effect(effectDeliver, delivery{a.ID})
		for i, f := range sub.Pages {
			if f.Problem != "" && slices.ContainsFunc(a.Files, func(g attachment.File) bool { return g.SHA == f.SHA }) {
				notify.Notify(tx, sub.By, unreadablePage(a.ID, sub, i))
				break
			}
		}
		return nil
	})
}

// delivery is the payload of effectDeliver: a submission of the source scope.
type delivery struct {
	Submission string `json:"submission"`
}

// deliver carries a submission, as it is by now, to its course.
func (s *Service) deliver(ctx context.Context, job *psync.Job) error {
	var d delivery
	if err := job.Payload(&d); err != nil {
		return err
	}
	sub, ok, err := psync.Find[Submission](ctx, s.engine, job.Source(), "submission", d.Submission)
	if err != nil || !ok {
		return err
	}
	sub.Student = psync.ScopeID(job.Source())
	return job.Commit(ctx, courseScope(sub.Course), func(_ context.Context, tx *psync.Tx) error {
		tx.PutIfChanged("submission", d.Submission, sub)
		return nil
	})
}
