package directory

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// scopePrefix opens the scope that holds a school's directory.
const scopePrefix = "directory:"

// Scope is the scope that holds a school's directory.
func Scope(school string) string { return scopePrefix + school }

// Date is a day at the school, "2026-11-23"; dates compare as strings.
type Date string

// DateOf is the day of t in t's own time zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// Valid says whether d is a day of the calendar.
func (d Date) Valid() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

// AddDays returns the day n days later; d must be valid.
func (d Date) AddDays(n int) Date { return DateOf(d.start(time.UTC).AddDate(0, 0, n)) }

// start is the first moment of the day in a time zone.
func (d Date) start(zone *time.Location) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, string(d), zone)
	return t
}

// Span is when something holds: from the day From, until the day To, which is
// the first day that it no longer does. Empty means open.
type Span struct {
	From Date `json:"from,omitempty"`
	To   Date `json:"to,omitempty"`
}

// Holds says whether the span covers a day.
func (s Span) Holds(day Date) bool {
	return s.From <= day && (s.To == "" || day < s.To)
}

// Role is what somebody is in the school.
type Role = string

// The roles of a school. RoleStaff is the vie scolaire.
const (
	RoleStudent   Role = "student"
	RoleGuardian  Role = "guardian"
	RoleTeacher   Role = "teacher"
	RoleStaff     Role = "staff"
	RoleDirection Role = "direction"
	RoleAdmin     Role = "admin"
)

// AllRoles lists the roles in the order in which they are shown.
var AllRoles = []Role{RoleStudent, RoleGuardian, RoleTeacher, RoleStaff, RoleDirection, RoleAdmin}

// Record is one kind of directory record: School, Subject, Person, Class,
// Enrollment, Guardianship, CourseRecord, Teaching, Post, Space or Membership.
type Record interface{ kind() string }

// School is what everyone of a school knows of it.
type School struct {
	ID       string    `json:"-"`
	Name     string    `json:"name"`
	UAI      string    `json:"uai,omitempty"`
	Town     string    `json:"town,omitempty"`
	Timezone string    `json:"timezone"`
	Year     Year      `json:"year"`
	Holidays []Holiday `json:"holidays"`
}

// Year is a school year, both days included.
type Year struct {
	Start Date `json:"start"`
	End   Date `json:"end"`
}

// YearOf is the usual school year of a day; July and August are of the next.
func YearOf(day Date) Year {
	t := day.start(time.UTC)
	autumn := t.Year()
	if t.Month() < time.July {
		autumn--
	}
	return Year{Start: Date(fmt.Sprintf("%d-09-01", autumn)), End: Date(fmt.Sprintf("%d-07-05", autumn+1))}
}

// Holiday is a time without school, both days included.
type Holiday struct {
	Name  string `json:"name"`
	Start Date   `json:"start"`
	End   Date   `json:"end"`
}

// Subject is something taught; Hue (0–359) is its colour everywhere. Code and
// Election say what it is to the ministry: the national code, and how pupils
// come to it ("S" for all of them, "O" and "F" for options); they are not
// shown to anybody.
type Subject struct {
	ID       string `json:"-"`
	Name     string `json:"name"`
	Short    string `json:"short,omitempty"`
	Hue      int    `json:"hue"`
	Code     string `json:"code,omitempty"`
	Election string `json:"election,omitempty"`
}

// Person is somebody of the school; the span is the time spent there. A
// person with Pupil set has a scope student:<id>.
type Person struct {
	ID       string `json:"-"`
	First    string `json:"first"`
	Last     string `json:"last"`
	Usage    string `json:"usage,omitempty"`    // name used instead of Last
	Civility string `json:"civility,omitempty"` // "Mme" or "M."
	Born     Date   `json:"born,omitempty"`     // pupils only: tells homonyms apart
	Pupil    bool   `json:"pupil,omitempty"`
	// Number is what the ministry's programs call the person: ELEVE_ID of a
	// pupil in SIECLE, the id of a teacher in STS, where it may be Local. It is
	// not shown to anybody.
	Number int64  `json:"number,omitempty"`
	Local  bool   `json:"local,omitempty"`
	Source string `json:"source,omitempty"` // the import that brought the person
	Span
}

// Surname is the family name in use.
func (p Person) Surname() string { return cmp.Or(p.Usage, p.Last) }

// Name is the full name, "Inès Benali".
func (p Person) Name() string { return strings.TrimSpace(p.First + " " + p.Surname()) }

// Display is the name as the school says it, "Mme Garnier".
func (p Person) Display() string {
	if p.Pupil || p.Civility == "" {
		return p.Name()
	}
	return p.Civility + " " + p.Surname()
}

// Named is a person as records show them.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// The kinds of Class, which are also the kinds of their scopes.
const (
	KindClass = "class"
	KindGroup = "group"
)

// Class is a class or a group: pupils who are taught together.
type Class struct {
	ID     string `json:"-"`
	Name   string `json:"name"`
	Level  string `json:"level,omitempty"`
	Kind   string `json:"kind"` // KindClass or KindGroup
	Source string `json:"source,omitempty"`
	// Main are the main teachers ("professeur principal").
	Main []string `json:"main,omitempty"`
	Span
}

// Scope is what homework calls the audience: "class:C" or "group:G".
func (c Class) Scope() string { return c.Kind + ":" + c.ID }

// Equal says whether nothing differs.
func (c Class) Equal(d Class) bool { return reflect.DeepEqual(c, d) }

// Enrollment puts a pupil in a class or group, Audience being its scope.
type Enrollment struct {
	ID       string `json:"-"`
	Student  string `json:"student"`
	Audience string `json:"audience"`
	Source   string `json:"source,omitempty"`
	Span
}

// Guardianship links an adult to a pupil. Rights follow the link, not the
// person: a legal guardian (level 1 or 2) follows the class, one who Reads
// also reads what concerns this pupil alone; level 0 without Reads is a
// contact and reads nothing.
type Guardianship struct {
	ID       string `json:"-"`
	Guardian string `json:"guardian"`
	Student  string `json:"student"`
	Relation string `json:"relation,omitempty"` // one of Relations, or not said
	Level    int    `json:"level"`
	Reads    bool   `json:"reads"`
	Source   string `json:"source,omitempty"`
	Span
}

// Relations are what an adult can be to a pupil.
var Relations = []string{"mother", "father", "sibling", "grandparent", "family", "educator", "foster", "tutor", "other"}

// Legal says whether the link is that of a legal guardian.
func (g Guardianship) Legal() bool { return g.Level == 1 || g.Level == 2 }

// CourseRecord is a subject taught to an audience, as stored.
type CourseRecord struct {
	ID       string `json:"-"`
	Subject  string `json:"subject"`
	Audience string `json:"audience"`
	Source   string `json:"source,omitempty"`
	Span
}

// Course is a subject taught to an audience, with its teachers of the day.
type Course struct {
	ID           string
	School       string
	Subject      string
	SubjectName  string
	Audience     string // "class:C" or "group:G"
	AudienceName string
	Teachers     []string
}

// Title names the course, "Français · 5e B".
func (c Course) Title() string { return c.SubjectName + " · " + c.AudienceName }

// TaughtBy says whether a person teaches the course.
func (c Course) TaughtBy(user string) bool { return slices.Contains(c.Teachers, user) }

// Teaching gives a course to a teacher for a time; For names the teacher who
// is replaced by a substitute.
type Teaching struct {
	ID      string `json:"-"`
	Course  string `json:"course"`
	Teacher string `json:"teacher"`
	For     string `json:"for,omitempty"`
	Source  string `json:"source,omitempty"`
	Span
}

// Post gives a person a role in the school: RoleTeacher, RoleStaff,
// RoleDirection or RoleAdmin.
type Post struct {
	ID     string `json:"-"`
	Person string `json:"person"`
	Role   Role   `json:"role"`
	Source string `json:"source,omitempty"`
	Span
}

// Space is a collaborative space: people of the school who do something
// together, in whatever class they are.
type Space struct {
	ID          string `json:"-"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Owner       string `json:"owner"` // who made it
	Span
}

// Scope is what the members of the space read.
func (s Space) Scope() string { return "space:" + s.ID }

// Membership puts a person in a space. A lead decides who else is in it.
type Membership struct {
	ID     string `json:"-"`
	Space  string `json:"space"`
	Person string `json:"person"`
	Lead   bool   `json:"lead,omitempty"`
	Span
}

func (School) kind() string       { return "school" }
func (Subject) kind() string      { return "subject" }
func (Person) kind() string       { return "person" }
func (Class) kind() string        { return "class" }
func (Enrollment) kind() string   { return "enrollment" }
func (Guardianship) kind() string { return "guardianship" }
func (CourseRecord) kind() string { return "course" }
func (Teaching) kind() string     { return "teaching" }
func (Post) kind() string         { return "post" }
func (Space) kind() string        { return "space" }
func (Membership) kind() string   { return "membership" }
