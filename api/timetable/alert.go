package timetable

import (
	"context"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api/directory"
	"preau/api/notify"
	psync "preau/sync"
)

// Changes of the coming days ring, within two days of being made, and not
// before they could have been taken back.
const (
	alertDays = 7
	alertLife = 48 * time.Hour
	undoTime  = 2 * time.Minute
)

// What is told of a lesson.
const (
	newsCancelled = "cancelled"
	newsMoved     = "moved"
	newsReplaced  = "replaced"
	newsRooms     = "rooms"
	newsAbsent    = "absent"
	newsExtra     = "extra"
	newsNote      = "note"
	newsRestored  = "restored" // it is held after all
)

// news is one line of the payload of effectAlert: a change, and whom it
// concerns. Restored holds what the change was before it was taken back, since
// nothing of it is left to read.
type news struct {
	Change   string  `json:"change"`
	By       string  `json:"by"`
	Restored *Change `json:"restored,omitempty"`
}

// newsOf says what is to be told of a change that moved; nothing of days far
// away or past, nor of what is taken back before anybody was told.
func (s *Service) newsOf(tx *psync.Tx, id string, was, is Change) (news, bool) {
	n := news{Change: id, By: tx.Actor().User}
	told := was.Date != "" && tx.Now().Sub(was.At) > undoTime
	switch {
	case is.Date == "" && !told:
		return n, false
	case is.Date == "":
		n.Restored = &was
		return n, s.soon(tx.Actor().School, was)
	default:
		return n, s.soon(tx.Actor().School, is)
	}
}

// soon says whether a change is of today or the coming days.
func (s *Service) soon(school string, c Change) bool {
	today := s.dir.Today(school)
	last := today.AddDays(alertDays)
	return within(c.Date, today, last) || c.To != nil && within(c.To.Date, today, last)
}

// alert tells those concerned what has become of lessons, as it is by now.
func (s *Service) alert(ctx context.Context, job *psync.Job) error {
	var all []news
	if err := job.Payload(&all); err != nil {
		return err
	}
	school := psync.ScopeID(job.Source())
	w, err := s.read(ctx, school, s.stored(school))
	if err != nil {
		return err
	}
	letters := map[string][]notify.Notice{}
	for _, n := range all {
		s.addLetters(letters, school, n, w)
	}
	tell, ctx := errgroup.WithContext(ctx)
	tell.SetLimit(8) // so that the store commits in groups
	for user, notices := range letters {
		tell.Go(func() error { return s.notices.Deliver(ctx, job, user, notices...) })
	}
	return tell.Wait()
}

// addLetters words one piece of news for everybody whom it concerns. What was
// taken back or made again meanwhile is told by its own news.
func (s *Service) addLetters(letters map[string][]notify.Notice, school string, n news, w week) {
	c, there := w.changes[n.Change]
	if there == (n.Restored != nil) {
		return
	}
	if n.Restored != nil {
		c = *n.Restored
	}
	slot, known := w.slots[c.Slot]
	switch {
	case c.Extra != nil:
		slot = *c.Extra
	case !known:
		return
	}
	for _, to := range s.concerned(slot, c, n.By) {
		letters[to.User] = append(letters[to.User], s.notice(school, kindOf(c, n), slot, c, to))
	}
}

// kindOf is the one thing to say of a change.
func kindOf(c Change, n news) string {
	switch {
	case n.Restored != nil && c.Extra == nil:
		return newsRestored
	case n.Restored != nil, c.Cancelled:
		return newsCancelled
	case c.Extra != nil:
		return newsExtra
	case c.To != nil:
		return newsMoved
	case len(c.Teachers) > 0 || c.Subject != "":
		return newsReplaced
	case c.Absent:
		return newsAbsent
	case len(c.Rooms) > 0:
		return newsRooms
	}
	return newsNote
}

// concerned lists the pupils of a lesson, their guardians and who holds it, but
// for the one who changed it.
func (s *Service) concerned(slot Slot, c Change, by string) []directory.Relative {
	var all []directory.Relative
	seen := map[string]bool{}
	for _, audience := range slot.Audiences {
		for _, student := range s.dir.Pupils(audience) {
			if !seen[student] {
				seen[student] = true
				all = append(all, directory.Family(s.dir, student)...)
			}
		}
	}
	for _, teacher := range union(s.heldBy(slot.Course, slot.Teachers), s.heldBy("", c.Teachers)) {
		if teacher != by && !seen[teacher] {
			all = append(all, directory.Relative{User: teacher})
		}
	}
	return all
}

// notice words what became of a lesson. All news of one day are one notice.
func (s *Service) notice(school, kind string, slot Slot, c Change, to directory.Relative) notify.Notice {
	day, start := c.Date, slot.Start
	subject := s.subjectName(school, slot.Subject, slot.Title)
	line := notify.Notice{
		Kind: "timetable." + kind, Student: to.Student, Path: screen(day, to), Alert: notify.Timetable,
		Tag: strings.Join([]string{"timetable", string(day), to.Student}, "."), Urgent: true, Due: s.moment(school, day, start),
	}
	line.Title = say(kind+".title", func(l sentences, t string) string {
		return l.about(to.Child, strings.ReplaceAll(t, "{subject}", l.subject(subject, t)))
	})
	line.Lock = say("when", func(l sentences, t string) string { return l.when(t, day, start) })
	line.Body = say(kind+".body", func(l sentences, t string) string { return s.body(school, l, t, slot, c) })
	line.Many = say("many", func(l sentences, t string) string {
		return l.about(to.Child, strings.ReplaceAll(t, "{day}", l.day(day)))
	})
	return line
}

// body is the second line: when, and what is new.
func (s *Service) body(school string, l sentences, text string, slot Slot, c Change) string {
	to := Place{c.Date, slot.Start, slot.End}
	if c.To != nil {
		to = *c.To
	}
	rooms, teachers := c.Rooms, c.Teachers
	if c.Extra != nil {
		rooms = c.Extra.Rooms
	}
	var people []string
	for _, n := range teachers {
		people = append(people, n.Name)
	}
	if len(people) == 0 && c.Subject != "" {
		people = []string{s.subjectName(school, c.Subject, "")}
	}
	said := strings.NewReplacer(
		"{when}", l.when(l["when"], c.Date, slot.Start), "{to}", l.when(l["when"], to.Date, to.Start),
		"{rooms}", strings.Join(rooms, ", "), "{people}", strings.Join(people, ", "),
	).Replace(text)
	if c.Note != "" {
		said += " " + c.Note
	}
	return said
}

// moment is a time of the school's clock.
func (s *Service) moment(school string, day directory.Date, at string) time.Time {
	t, _ := time.ParseInLocation("2006-01-02 15:04", string(day)+" "+at, s.dir.Location(school))
	return t
}

// screen is the address of the screen that an alert opens.
func screen(day directory.Date, to directory.Relative) string {
	path := "/emploi-du-temps/" + string(day)
	if to.Child != "" {
		path += "?enfant=" + to.Student
	}
	return path
}
