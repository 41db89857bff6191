package notify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	psync "preau/sync"
)

// Alert is what a person may switch off.
type Alert string

// The alerts of the settings. The empty Alert cannot be switched off: that a
// pupil is missing, that somebody signed in.
const (
	NewHomework Alert = "newHomework"
	Returned    Alert = "returned"
	DueSoon     Alert = "dueSoon"
	NewMessage  Alert = "newMessage"
	Timetable   Alert = "timetable"
	NewGrade    Alert = "newGrade"
	Lateness    Alert = "lateness"
	SchoolLife  Alert = "schoolLife"
	Agenda      Alert = "agenda"
	Information Alert = "information"
	Transfers   Alert = "transfers"
	Collects    Alert = "collects"
)

// The ways in which mails tell of something. Never is also how often.
const (
	Each   = "each"
	Digest = "digest"
	Never  = "never"
	Daily  = "daily"
	Weekly = "weekly"
)

// What lock screens show, if not a first name and the kind of news alone.
const (
	Less = "less"
	More = "more"
)

// manner is how news of one kind behave where nobody chose.
type manner struct {
	life time.Duration // how long a push is worth delivering, from when it may ring
	mail string        // Each or Digest
}

// catalogue lists all alerts. What helps on the day itself is not delivered
// the day after; what will still be true next week goes into the digest.
var catalogue = map[Alert]manner{
	"":          {48 * time.Hour, Each},
	NewMessage:  {48 * time.Hour, Each},
	NewHomework: {48 * time.Hour, Digest},
	Returned:    {72 * time.Hour, Digest},
	DueSoon:     {12 * time.Hour, Digest},
	Timetable:   {12 * time.Hour, Digest},
	NewGrade:    {72 * time.Hour, Digest},
	Lateness:    {24 * time.Hour, Digest},
	SchoolLife:  {72 * time.Hour, Digest},
	Agenda:      {24 * time.Hour, Digest},
	Information: {72 * time.Hour, Digest},
	Transfers:   {48 * time.Hour, Digest},
	Collects:    {48 * time.Hour, Digest},
}

func known(a Alert) bool {
	_, there := catalogue[a]
	return there && a != ""
}

// choices are what a person wants to hear, of everything or of one child.
type choices struct {
	Alerts map[Alert]*bool  `json:"alerts,omitempty"` // whether it rings
	Mails  map[Alert]string `json:"mails,omitempty"`  // Each, Digest or Never; "" as usual
}

func (c choices) check(field string) error {
	for a := range c.Alerts {
		if !known(a) {
			return psync.Refuse("invalid", field+"alerts."+string(a), "no such alert")
		}
	}
	for a, how := range c.Mails {
		if !known(a) || a == NewMessage || !slices.Contains([]string{"", Each, Digest, Never}, how) {
			return psync.Refuse("invalid", field+"mails."+string(a), "each, digest or never")
		}
	}
	return nil
}

// settings are the fields of the record "settings" that matter here.
type settings struct {
	choices
	Lang     string             `json:"lang"`
	Children map[string]choices `json:"children"` // by pupil; over the choices for all
	Mail     string             `json:"mail"`     // of messages: Each, Daily or Never
	Digest   string             `json:"digest"`   // Weekly, Daily or Never
	Lock     string             `json:"lock"`     // More: lock screens show what is inside as well
	Quiet    *quiet             `json:"quiet"`
	GradesAt *string            `json:"gradesAt"` // when marks ring; "" at once
	Below    int                `json:"below"`    // only marks below this of 20 ring; 0: all
	LatesAt  int                `json:"latesAt"`  // lateness rings from this one of a month on; 0: each
}

func (s settings) lang() string { return cmp.Or(s.Lang, "fr") }

// wants says whether somebody chose to hear an alert; the school says what
// rings where nobody chose.
func (s settings) wants(r rules, a Alert, student string) bool {
	for _, c := range []choices{s.Children[student], s.choices} {
		if on := c.Alerts[a]; on != nil {
			return *on
		}
	}
	return !slices.Contains(r.Silent, a)
}

// rings says whether a notice is to ring: it is wanted, and beyond the
// thresholds of its person.
func (s settings) rings(r rules, n Notice) bool {
	switch {
	case !s.wants(r, n.Alert, n.Student):
		return false
	case n.Alert == NewGrade && s.Below > 0:
		return n.Level != nil && *n.Level < s.Below*100
	case n.Alert == Lateness && s.LatesAt > 0:
		return n.Times >= s.LatesAt
	}
	return true
}

// mails says how mails tell of an alert about a pupil.
func (s settings) mails(a Alert, student string) string {
	return cmp.Or(s.Children[student].Mails[a], s.Mails[a], catalogue[a].mail)
}

// rules is the record "alertRules" of school:X, id "alertRules": what holds for
// people of a school who chose nothing else.
type rules struct {
	Quiet     *quiet  `json:"quiet,omitempty"`
	GradesAt  string  `json:"gradesAt,omitempty"`  // "18:00"
	Silent    []Alert `json:"silent,omitempty"`    // do not ring
	DigestDay int     `json:"digestDay,omitempty"` // of the week, 1 is Monday
	DigestAt  string  `json:"digestAt,omitempty"`
}

// A digest comes before the weekend unless a school says otherwise.
const (
	usualDigestDay = 5
	usualDigestAt  = "17:00"
)

func (r rules) check() error {
	switch {
	case r.Quiet != nil && !r.Quiet.valid():
		return psync.Refuse("invalid", "quiet", "from and to are times of day, 21:00")
	case r.GradesAt != "" && !timeOfDay(r.GradesAt):
		return psync.Refuse("invalid", "gradesAt", "a time of day, 18:00")
	case r.DigestAt != "" && !timeOfDay(r.DigestAt):
		return psync.Refuse("invalid", "digestAt", "a time of day, 17:00")
	case r.DigestDay < 0 || r.DigestDay > 7:
		return psync.Refuse("invalid", "digestDay", "1 to 7")
	}
	for i, a := range r.Silent {
		if !known(a) || slices.Contains(r.Silent[:i], a) {
			return psync.Refuse("invalid", fmt.Sprintf("silent[%d]", i), "no such alert")
		}
	}
	return nil
}

// setRules changes what holds in a school.
func (s *Service) setRules(_ context.Context, tx *psync.Tx) error {
	if s.may == nil {
		return psync.Refuse("forbidden", "", "nobody may")
	}
	if err := s.may(tx.Actor(), tx.Scope()); err != nil {
		return err
	}
	var r rules
	if err := tx.Args(&r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	tx.PutIfChanged("alertRules", "alertRules", r)
	return nil
}

// rulesFor reads the rules that hold for a person.
func (s *Service) rulesFor(ctx context.Context, user string) (r rules, err error) {
	if s.school == nil {
		return r, nil
	}
	school := s.school(user)
	if school == "" {
		return r, nil
	}
	r, _, err = psync.Find[rules](ctx, s.engine, "school:"+school, "alertRules", "alertRules")
	return r, err
}

// gradesAt is when marks ring for somebody; "" at once.
func (s settings) gradesAt(r rules) string {
	if s.GradesAt != nil {
		return *s.GradesAt
	}
	return r.GradesAt
}

// next is the first moment from t on at which the clock shows so; t itself if
// it is no time of day.
func next(t time.Time, at string) time.Time {
	minutes, ok := clock(at)
	if !ok {
		return t
	}
	day := time.Date(t.Year(), t.Month(), t.Day(), minutes/60, minutes%60, 0, 0, t.Location())
	if day.Before(t) {
		day = time.Date(t.Year(), t.Month(), t.Day()+1, minutes/60, minutes%60, 0, 0, t.Location())
	}
	return day
}
