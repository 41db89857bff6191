package timetable

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/directory"
	"preau/api/timetable/ical"
	"preau/storage"
	psync "preau/sync"
)

// A feed shows what was a month ago, and what comes within five.
const (
	feedBack  = 30
	feedAhead = 150
)

// feed is the record "feed" of the server-only scope calendar:U: the secret
// address under which a calendar program reads somebody's lessons. Only a
// digest of the secret is kept.
type feed struct {
	Sum []byte    `json:"sum"`
	At  time.Time `json:"at"`
}

func feedScope(user string) string { return "calendar:" + user }

// OpenFeed makes the address of the actor's feed and returns its token. An
// earlier one stops working.
func (s *Service) OpenFeed(ctx context.Context, a psync.Actor) (token string, err error) {
	if err := s.dir.May(a, directory.FeedCalendar, "user:"+a.User); err != nil {
		return "", err
	}
	secret := rand.Text()
	_, err = s.engine.Commit(ctx, a, feedScope(a.User), func(_ context.Context, tx *psync.Tx) error {
		tx.Put("feed", "feed", feed{digest(secret), tx.Now().UTC()})
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("feed of %s: %w", a.User, err)
	}
	return a.User + "." + secret, nil
}

// CloseFeed takes the address of the actor's feed back.
func (s *Service) CloseFeed(ctx context.Context, a psync.Actor) error {
	if err := s.dir.May(a, directory.FeedCalendar, "user:"+a.User); err != nil {
		return err
	}
	_, err := s.engine.Commit(ctx, a, feedScope(a.User), func(ctx context.Context, tx *psync.Tx) error {
		seq, err := tx.Get(ctx, "feed", "feed", nil)
		if err == nil && seq > 0 {
			tx.Delete("feed", "feed")
		}
		return err
	})
	return err
}

// FeedSince says since when the actor has a feed; false for none.
func (s *Service) FeedSince(ctx context.Context, a psync.Actor) (at time.Time, open bool, err error) {
	if err := s.dir.May(a, directory.FeedCalendar, "user:"+a.User); err != nil {
		return at, false, err
	}
	f, open, err := s.feedOf(ctx, a.User)
	return f.At, open, err
}

func (s *Service) feedOf(ctx context.Context, user string) (f feed, open bool, err error) {
	recs, err := s.engine.Find(ctx, feedScope(user), storage.Key{Type: "feed", ID: "feed"})
	if err != nil || len(recs) == 0 {
		return f, false, err
	}
	return f, true, json.Unmarshal(recs[0].Value, &f)
}

func digest(secret string) []byte {
	sum := sha256.Sum256([]byte("calendar " + secret))
	return sum[:]
}

// Feed is the calendar of whoever made a token. Any other token, one that was
// taken back, and that of somebody who left the school give ErrNotFound.
func (s *Service) Feed(ctx context.Context, token string) ([]byte, error) {
	user, secret, _ := strings.Cut(token, ".")
	if psync.CheckID("token", strings.Repeat("x", 8)+user) != nil || len(user) > 50 {
		return nil, storage.ErrNotFound
	}
	f, open, err := s.feedOf(ctx, user)
	if err != nil {
		return nil, err
	}
	if !open || subtle.ConstantTimeCompare(f.Sum, digest(secret)) != 1 || len(s.dir.Roles(user)) == 0 {
		return nil, storage.ErrNotFound
	}
	return s.calendarOf(ctx, user)
}

// calendarOf is somebody's calendar: the lessons that they have or hold, those
// of their children, the holidays, and what else there is.
func (s *Service) calendarOf(ctx context.Context, user string) ([]byte, error) {
	school := s.dir.SchoolOf(user)
	w, err := s.read(ctx, school, s.stored(school))
	if err != nil {
		return nil, err
	}
	lang, err := s.notices.Language(ctx, user)
	if err != nil {
		return nil, err
	}
	words := sentencesIn(lang)
	today := s.dir.Today(school)
	info, _ := s.dir.School(school)
	c := ical.Calendar{Name: "Préau · " + info.Name, Refresh: time.Hour}
	for _, l := range Expand(w.slots, w.changes, w.calendar, today.AddDays(-feedBack), today.AddDays(feedAhead)) {
		for _, whose := range s.whose(user, l) {
			if !l.Gone { // where it is now says from where
				c.Events = append(c.Events, s.event(school, words, l, whose, w.changes[l.ID]))
			}
		}
	}
	for _, h := range w.calendar.Holidays {
		c.Events = append(c.Events, s.holiday(school, words, h))
	}
	if s.beside != nil {
		others, err := s.beside(ctx, user, today.AddDays(-feedBack), today.AddDays(feedAhead))
		if err != nil {
			return nil, err
		}
		c.Events = append(c.Events, others...)
	}
	return c.Bytes(), nil
}

// whose says on whose account a lesson is somebody's: their own, or their
// children's, by name where they have several.
func (s *Service) whose(user string, l Lesson) []string {
	var all []string
	if slices.Contains(s.heldBy(l.Course, l.Teachers), user) || s.hears(user, l) {
		all = append(all, "")
	}
	children := s.dir.Children(user)
	for _, child := range children {
		if !s.hears(child, l) {
			continue
		}
		name := ""
		if len(children) > 1 {
			pupil, _ := s.dir.Person(child)
			name = pupil.First
		}
		all = append(all, name)
	}
	return all
}

func (s *Service) hears(student string, l Lesson) bool {
	return slices.ContainsFunc(s.dir.AudiencesOf(student), func(c directory.Class) bool { return slices.Contains(l.Audiences, c.Scope()) })
}

func (s *Service) event(school string, words sentences, l Lesson, whose string, c Change) ical.Event {
	summary := cmp.Or(s.subjectName(school, l.Subject, l.Title), words["feed.permanence"])
	summary = words.about(whose, summary)
	if l.Cancelled {
		summary = strings.ReplaceAll(words["feed.cancelled"], "{what}", summary)
	}
	e := ical.Event{
		UID: strings.Join([]string{l.ID, whose, school}, "-") + "@preau", Cancelled: l.Cancelled,
		Start: s.moment(school, l.Date, l.Start), End: s.moment(school, l.Date, l.End),
		Summary: summary, Location: strings.Join(l.Rooms, ", "), Description: s.describe(school, words, l), Category: words["feed.lesson"],
	}
	e.Changed = c.At
	if c.At.IsZero() {
		info, _ := s.dir.School(school)
		e.Changed = s.moment(school, info.Year.Start, "00:00")
	} else {
		e.Sequence = int(c.At.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)).Minutes())
	}
	return e
}

// describe says who holds a lesson, for whom, and what is special about it.
func (s *Service) describe(school string, words sentences, l Lesson) string {
	var who, groups, lines []string
	for _, id := range s.heldBy(l.Course, l.Teachers) {
		who = append(who, s.dir.Named(id).Name)
	}
	known := s.dir.Contents(school).Classes
	for _, a := range l.Audiences {
		groups = append(groups, known[a].Name)
	}
	lines = append(lines, strings.Join(who, ", "), strings.Join(groups, ", "))
	if l.Absent {
		lines = append(lines, words["feed.absent"])
	}
	lines = append(lines, l.Note)
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return line == "" }), "\n")
}

func (s *Service) holiday(school string, words sentences, h directory.Holiday) ical.Event {
	first, _ := time.Parse(time.DateOnly, string(h.Start))
	after, _ := time.Parse(time.DateOnly, string(h.End.AddDays(1)))
	info, _ := s.dir.School(school)
	return ical.Event{
		UID: "holiday-" + string(h.Start) + "-" + school + "@preau", Start: first, End: after, Day: true,
		Summary: h.Name, Category: words["feed.holiday"], Changed: s.moment(school, info.Year.Start, "00:00"),
	}
}
