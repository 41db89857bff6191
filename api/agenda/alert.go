package agenda

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/notify"
	psync "preau/sync"
)

// What happens in the coming days is told, within two days of being written,
// and not before it could have been taken back.
const (
	alertDays = 7
	alertLife = 48 * time.Hour
	undoTime  = 2 * time.Minute
)

// What is told of an event.
const (
	newsAdded     = "added"
	newsMoved     = "moved"
	newsCancelled = "cancelled"
	newsRestored  = "restored" // it is after all
)

// news is the payload of effectAlert. Gone is the event, where it was taken
// out and nothing of it is left to read.
type news struct {
	Event  string         `json:"event"`
	Kind   string         `json:"kind"`
	Day    directory.Date `json:"day,omitempty"`  // of an event of every week
	At     time.Time      `json:"at,omitzero"`    // when it became so
	Soon   bool           `json:"soon,omitempty"` // it was to be in the coming days
	Gone   *Event         `json:"gone,omitempty"`
	By     string         `json:"by"`
	School string         `json:"school"`
}

// announce has those concerned told in a while, in scopes of more than one.
func (s *Service) announce(tx *psync.Tx, n news) {
	if strings.HasPrefix(tx.Scope(), "user:") {
		return
	}
	n.By, n.School = tx.Actor().User, tx.Actor().School
	tx.EffectAt(effectAlert, n, tx.Now().Add(undoTime))
}

// tell makes a change news. What is written of an event before anybody was
// told of it, and what is taken back at once, is not.
func (s *Service) tell(tx *psync.Tx, id, kind string, day directory.Date, before, e Event) Event {
	now := tx.Now().UTC()
	if now.Sub(before.Made) <= undoTime {
		return e
	}
	undone := kind == newsRestored && now.Sub(before.Changed) <= undoTime
	e.Changed = now
	if !undone {
		_, soon := s.next(tx.Actor().School, before, day)
		s.announce(tx, news{Event: id, Kind: kind, Day: day, At: now, Soon: soon})
	}
	return e
}

// next is the first time of an event, or that of one of its days, in the
// coming days.
func (s *Service) next(school string, e Event, day directory.Date) (Occurrence, bool) {
	today := s.dir.Today(school)
	for _, o := range e.Occurrences(today, today.AddDays(alertDays), today) {
		if day == "" || o.Day() == day {
			return o, true
		}
	}
	return Occurrence{}, false
}

// alert tells those concerned of an event, as it is by now. What has become of
// it since is told by its own news.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var n news
	if err := job.Payload(&n); err != nil {
		return err
	}
	e, there, err := s.find(ctx, job.Source(), n.Event)
	if err != nil || there == (n.Gone != nil) {
		return err
	}
	if n.Gone != nil {
		e = *n.Gone
	}
	when, soon := s.next(n.School, e, n.Day)
	switch {
	case n.Kind == newsAdded && e.Cancelled, n.Kind != newsAdded && n.Gone == nil && !e.Changed.Equal(n.At):
		return nil
	case !soon && n.Soon:
		when = e.on(e.days()[0])
	case !soon:
		return nil
	}
	tell, ctx := errgroup.WithContext(ctx)
	tell.SetLimit(8) // so that the store commits in groups
	for _, to := range s.concerned(job.Source(), n) {
		tell.Go(func() error { return s.notices.Deliver(ctx, job, to.user, s.notice(n, e, when, to)) })
	}
	return tell.Wait()
}

// reader is one person to be told; children are those of theirs whom it
// concerns, where they have others.
type reader struct {
	user, student string
	children      []string
}

// concerned lists who is to be told of what is in a scope, but for the one who
// wrote it.
func (s *Service) concerned(scope string, n news) []reader {
	kind, _, _ := strings.Cut(scope, ":")
	audience, team := strings.CutSuffix(scope, "/staff")
	var people []string
	families := map[string]reader{}
	switch {
	case kind == "school":
		people = s.dir.People(n.School)
	case team:
		people = slices.Concat(s.teachers(audience), s.dir.Holding(n.School, directory.RoleStaff), s.dir.Holding(n.School, directory.RoleDirection))
	default:
		people = s.teachers(audience)
		for _, student := range s.dir.Pupils(audience) {
			s.addFamily(families, student)
		}
	}
	for _, user := range people {
		if _, known := families[user]; !known {
			families[user] = reader{user: user}
		}
	}
	delete(families, n.By)
	var all []reader
	for _, r := range families {
		all = append(all, r)
	}
	return all
}

func (s *Service) teachers(audience string) []string {
	var all []string
	for _, c := range s.dir.CoursesOf(audience) {
		all = append(all, c.Teachers...)
	}
	return all
}

// addFamily adds a pupil and who looks after them.
func (s *Service) addFamily(to map[string]reader, student string) {
	for _, one := range directory.Family(s.dir, student) {
		r := to[one.User]
		r.user, r.student = one.User, cmp.Or(r.student, student)
		if one.Child != "" {
			r.children = append(r.children, one.Child)
		}
		to[one.User] = r
	}
}

// notice words the news; what the event is called stays off lock screens. All
// of one day are one notice.
func (s *Service) notice(n news, e Event, when Occurrence, to reader) notify.Notice {
	path := "/agenda/" + n.Event
	if n.Gone != nil {
		path = "/agenda"
	}
	fill := func(l sentences, text string) string {
		return l.about(to.children, strings.ReplaceAll(text, "{day}", l.day(when.Day())))
	}
	return notify.Notice{
		Kind: "agenda." + n.Kind, Student: to.student, Path: path, Alert: notify.Agenda,
		Tag:   strings.Join([]string{"agenda", string(when.Day()), to.student}, "."),
		Title: say(n.Kind+".title", fill),
		Lock:  say("when", func(l sentences, _ string) string { return l.moment(when.Start) }),
		Body: say("body", func(l sentences, text string) string {
			return strings.NewReplacer("{title}", e.Title, "{when}", l.place(l.moment(when.Start), e.Place)).Replace(text)
		}),
		Many: say("many", fill), Urgent: true, Due: s.moment(n.School, when.Start),
	}
}

// moment is a time of the school's clock; whole days begin at midnight.
func (s *Service) moment(school, at string) time.Time {
	layout := "2006-01-02T15:04"[:len(at)]
	t, _ := time.ParseInLocation(layout, at, s.dir.Location(school))
	return t
}
