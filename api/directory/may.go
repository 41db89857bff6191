package directory

import (
	"slices"
	"strings"
	"time"

	psync "preau/sync"
)

// Action is something a person may want to do in a scope.
type Action string

// What people do. Every rule of every area asks for one of these.
const (
	GiveHomework     Action = "give homework"
	EditHomework     Action = "edit homework"
	WithdrawHomework Action = "withdraw homework" // and restore it
	ReadCopies       Action = "read copies"
	CommentCopy      Action = "comment a copy" // and return it, or ask again
	RemindPupils     Action = "remind pupils"
	HandIn           Action = "hand in"
	ReadStudent      Action = "read what concerns a pupil"
	TickHomework     Action = "tick homework"
	ChangeSettings   Action = "change settings"
	ReadNotices      Action = "read notices"
	ManageDevices    Action = "manage devices" // and pair new ones
	ReadDirectory    Action = "read the directory"
	ManageDirectory  Action = "manage the directory"
	PrintActivation  Action = "print activation sheets"
	ManageAccounts   Action = "manage accounts"
	TrustDevices     Action = "trust a pupil's devices"
	UseMail          Action = "use a mailbox"     // write, read and put away
	ModerateMail     Action = "moderate messages" // stop, withdraw and close
	RuleMail         Action = "set the rules of messaging"
	RuleAlerts       Action = "set the rules of alerts"
	KeepDocuments    Action = "keep documents"
	SendFiles        Action = "send files by a link"
	CollectFiles     Action = "collect files by a link"
	AskFiles         Action = "ask a class for files"
	DropFiles        Action = "drop files"
	RuleDocuments    Action = "set the quotas of documents"
	MakeSpace        Action = "make a space"
	ReadSpace        Action = "read a space"
	LeadSpace        Action = "lead a space" // its name, its members, its end
	LeaveSpace       Action = "leave a space"
	ArrangeTimetable Action = "arrange the timetable"
	WriteNotebook    Action = "write the cahier de textes"
	FeedCalendar     Action = "feed a calendar"
	Assess           Action = "assess pupils"          // enter marks and levels, publish them, set how averages are made
	RuleGrades       Action = "set the rules of marks" // and the periods of the year
	RuleSkills       Action = "set the framework of competences"
	Appraise         Action = "appraise pupils"       // for their report cards
	Conclude         Action = "conclude report cards" // what the council of a class says
	PublishCards     Action = "publish report cards"
	RuleCards        Action = "set the rules of report cards" // and the dates of councils
	AcknowledgeCard  Action = "acknowledge a report card"
	TakeRoll         Action = "take the roll" // and write to a pupil's record
	KeepRegister     Action = "keep the register of absences"
	JustifyAbsence   Action = "justify an absence" // and acknowledge
	SetReasons       Action = "set the reasons for absences"
	SetHours         Action = "set the opening hours"
	PlanMeals        Action = "publish the menu of the canteen"
	WatchAllergens   Action = "mark allergens"
	KeepAgenda       Action = "keep an agenda"                 // of one's own
	InviteSchool     Action = "put into the school's agenda"   // and change what anybody put there
	InviteClass      Action = "put into the agenda of a class" // or group, or the team of a class
	TidyClassAgenda  Action = "change the agenda of a class"   // whoever put it there
	Inform           Action = "write informations"
	InformSchool     Action = "inform the school" // all of it, or a level
	InformClass      Action = "inform a class"
	InformGroup      Action = "inform a group"
	ReadInformations Action = "read informations"   // acknowledge and answer them
	ExportCards      Action = "export report cards" // with the numbers of pupils, to the ministry
)

// relation is how a person stands to the subject of a scope.
type relation string

const (
	owner     relation = "owner"     // of user:U
	pupil     relation = "pupil"     // is student:S; or a pupil, of user:U
	guardian  relation = "guardian"  // reads student:S by a guardianship
	teacher   relation = "teacher"   // of course:K today, substitutes too
	instructs relation = "instructs" // teaches class:C or group:G today
	educator  relation = "educator"  // owner who teaches, or works in vie scolaire or direction
	member    relation = "member"    // of space:E today
	lead      relation = "lead"      // of space:E today, while working in the school
	colleague relation = "colleague" // works in the scope's school, whatever they do
	staff     relation = "staff"     // vie scolaire of the scope's school
	main      relation = "main"      // main teacher of the class of council:C
	direction relation = "direction" // of the scope's school
	admin     relation = "admin"     // of the scope's school
)

// policy is who may do what, and in which kinds of scope. What is not written
// here is forbidden.
var policy = map[Action]struct {
	kind string
	who  []relation
}{
	GiveHomework:     {"course", []relation{teacher}},
	EditHomework:     {"course", []relation{teacher}},
	WithdrawHomework: {"course", []relation{teacher}},
	ReadCopies:       {"course", []relation{teacher}},
	CommentCopy:      {"course", []relation{teacher}},
	RemindPupils:     {"course", []relation{teacher}},

	Assess:     {"course", []relation{teacher}},
	RuleGrades: {"school", []relation{direction, admin}},
	RuleSkills: {"school", []relation{direction, admin}},

	Appraise:        {"course", []relation{teacher}},
	Conclude:        {"council", []relation{main, direction}},
	PublishCards:    {"council", []relation{direction}},
	RuleCards:       {"school", []relation{direction, admin}},
	AcknowledgeCard: {"student", []relation{guardian}},

	HandIn:      {"student", []relation{pupil}},
	ReadStudent: {"student", []relation{pupil, guardian, staff, direction}},

	TrustDevices: {"student", []relation{staff, direction}},

	TickHomework:   {"user", []relation{pupil}},
	ChangeSettings: {"user", []relation{owner}},
	ReadNotices:    {"user", []relation{owner}},
	ManageDevices:  {"user", []relation{owner}},
	UseMail:        {"user", []relation{owner}},
	KeepDocuments:  {"user", []relation{owner}},
	SendFiles:      {"user", []relation{owner}},
	CollectFiles:   {"user", []relation{educator}},
	AskFiles:       {"class group", []relation{instructs, staff, direction}},
	DropFiles:      {"user", []relation{owner}},

	ReadDirectory:   {"school", []relation{staff, direction, admin}},
	PrintActivation: {"school", []relation{staff, direction, admin}},
	ManageDirectory: {"school", []relation{admin}},
	ManageAccounts:  {"school", []relation{admin}},
	ModerateMail:    {"office", []relation{staff, direction}},
	MakeSpace:       {"school", []relation{colleague}},

	RuleMail:      {"school", []relation{direction, admin}},
	RuleAlerts:    {"school", []relation{direction, admin}},
	RuleDocuments: {"school", []relation{direction, admin}},
	ExportCards:   {"school", []relation{direction}},

	ReadSpace:  {"space", []relation{member, direction}},
	LeadSpace:  {"space", []relation{lead, direction}},
	LeaveSpace: {"space", []relation{member}},

	ArrangeTimetable: {"timetable", []relation{staff, direction}},
	WriteNotebook:    {"course", []relation{teacher}},
	FeedCalendar:     {"user", []relation{owner}},
	TakeRoll:         {"course", []relation{teacher}},
	KeepRegister:     {"office", []relation{staff, direction}},
	JustifyAbsence:   {"student", []relation{guardian}},
	SetReasons:       {"school", []relation{staff, direction}},
	SetHours:         {"school", []relation{staff, direction}},
	PlanMeals:        {"school", []relation{staff, direction, admin}},
	WatchAllergens:   {"user", []relation{owner}},

	KeepAgenda:      {"user", []relation{owner}},
	InviteSchool:    {"school", []relation{staff, direction, admin}},
	InviteClass:     {"class group", []relation{instructs, staff, direction}},
	TidyClassAgenda: {"class group", []relation{staff, direction}},

	Inform:           {"user", []relation{educator}},
	InformSchool:     {"school", []relation{staff, direction}},
	InformClass:      {"class", []relation{instructs, staff, direction}},
	InformGroup:      {"group", []relation{instructs, staff, direction}},
	ReadInformations: {"user", []relation{owner}},
}

// Actions lists every action, for the authorisation matrix.
func Actions() []Action {
	var all []Action
	for a := range policy {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// May says whether a person may do something in a scope now: nil, or a
// Refusal "forbidden". It is the one place that decides. Anything unknown (a
// person, a scope, another school, an action) is forbidden.
func (d *Directory) May(a psync.Actor, do Action, scope string) error {
	s := d.school(a.School)
	day := d.day(s)
	kind, id, _ := strings.Cut(scope, ":")
	rule := policy[do]
	if s.present(a.User, day) && slices.Contains(strings.Fields(rule.kind), kind) {
		for _, r := range rule.who {
			if s.stands(a.User, r, kind, id, day) {
				return nil
			}
		}
	}
	return psync.Refuse("forbidden", "", "%s may not %s in %s", a.User, do, scope)
}

// afterLeaving is for how many days a pupil may hand in the work of a class or
// group that they have left: a phone may have been without network.
const afterLeaving = 14

// Attendance is a class or group whose work a pupil may hand in, if it was
// given before Until; the zero Until is for one that the pupil is in.
type Attendance struct {
	Audience string
	Until    time.Time
}

// Covers says whether work given at a moment is the pupil's.
func (a Attendance) Covers(given time.Time) bool {
	return a.Until.IsZero() || given.Before(a.Until)
}

// Attended lists the classes and groups whose work a pupil may hand in now:
// those of today, then those left in the last days. It belongs to [HandIn].
func (d *Directory) Attended(a psync.Actor) []Attendance {
	s := d.school(a.School)
	day := d.day(s)
	if !s.present(a.User, day) || !s.people[a.User].Pupil {
		return nil
	}
	var now, left []Attendance
	for _, c := range s.audiencesOf(a.User, day) {
		now = append(now, Attendance{Audience: c.Scope()})
	}
	for _, e := range s.enrollmentsOf[a.User] {
		if _, known := s.audience(e.Audience); known && e.leftLately(day) {
			left = append(left, Attendance{e.Audience, e.To.start(s.zone())})
		}
	}
	return append(now, left...)
}

// leftLately says whether an enrollment that held has ended not long ago.
func (e Enrollment) leftLately(day Date) bool {
	return e.From < e.To && e.To <= day && day < e.To.AddDays(afterLeaving)
}

// stands says whether a present person is in a relation to a scope.
func (s *snapshot) stands(user string, r relation, kind, id string, day Date) bool {
	switch r {
	case owner:
		return id == user
	case pupil:
		return id == user && s.people[user].Pupil
	case guardian:
		return slices.Contains(s.children(user, day), id)
	case teacher:
		course, ok := s.course(id, day)
		return ok && s.courses[id].Holds(day) && course.TaughtBy(user)
	case instructs:
		return s.contains(kind, id, day) && s.instructs(user, audienceOf(kind, id), day)
	case educator:
		return id == user && (s.is(user, RoleTeacher, day) || s.holds(user, day, RoleStaff, RoleDirection))
	case member, lead:
		m, in := s.membership(user, id, day)
		return in && (r == member || m.Lead && s.works(user, day))
	case main:
		return s.leads(user, id, day)
	case colleague:
		return s.contains(kind, id, day) && s.works(user, day)
	case staff, direction, admin:
		return s.contains(kind, id, day) && s.holds(user, day, Role(r))
	}
	return false
}

// leads says whether a person is a main teacher of a class.
func (s *snapshot) leads(user, class string, day Date) bool {
	c, known := s.audience(KindClass + ":" + class)
	return known && c.Holds(day) && slices.Contains(c.Main, user) && s.works(user, day)
}

// contains says whether a scope of the kinds school, office, timetable, student,
// class, group, space and council is of this school.
func (s *snapshot) contains(kind, id string, day Date) bool {
	switch kind {
	case "school", "office", "timetable":
		return id == s.id
	case "student":
		return s.people[id].Pupil && s.present(id, day)
	case "class", "group":
		c, known := s.audience(audienceOf(kind, id))
		return known && c.Holds(day) && (kind == KindClass || !strings.Contains(id, "/"))
	case "council":
		class, known := s.audience(KindClass + ":" + id)
		return known && class.Holds(day)
	case "space":
		space, known := s.spaces[id]
		return known && space.Holds(day)
	}
	return false
}

// audienceOf is the class or group of a scope, also of "class:C/staff".
func audienceOf(kind, id string) string {
	return kind + ":" + strings.TrimSuffix(id, "/staff")
}

// instructs says whether somebody teaches a course of a class or group.
func (s *snapshot) instructs(user, audience string, day Date) bool {
	return slices.ContainsFunc(s.taughtBy(user, day), func(c Course) bool { return c.Audience == audience })
}
