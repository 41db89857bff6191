// Package mail is the school's messaging: who may write to whom, messages and
// answers, and the order that each person keeps in their own mailbox.
//
// A message is stored once, in the scope of its author; every mailbox holds a
// small entry that names it, and the engine joins the two when it sends. What
// a person does with a discussion is theirs alone:
//
//	user:U   post M       a message that U wrote, whole; never sent
//	         rest M       the same once it lost text
//	         hold M       what still needs it; never sent
//	         cited M      the messages that pass it on; never sent
//	         message M    entry of a mailbox: who wrote M, in which discussion;
//	                      devices get a [Message]
//	         thread D     what U did with a discussion: read up to, folder …
//	         draft R      a message being written
//	         folder F, category C, contact K
//	         muted P      a person who is not to be heard
//	         sent day     what U sent within a day, for the brakes; never sent
//	         list L       people U may write to; devices get a [List]
//	         report R     a message that U showed to the office, a [Report]
//	office:X report R     the same with its evidence, a [Case]
//	         mailing M    a message to many that waits, or did
//	school:X mail mail    the rules of this school, a [Policy]
//	mail:X   post M       a message of the school itself, or of an outsider;
//	                      the server's alone
//	answer:T answer       what an outsider answers who writes to r-T@…
//
// A discussion has the id of its first message.
package mail

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Who gets the answers to a message.
const (
	ModeAll    = "all"    // everybody who got it
	ModeSender = "sender" // its author alone
	ModeNone   = "none"   // nobody: a message of the system
)

// Addressee is a person ("user:U") or a group ("class:C/guardians") that a
// message was sent to. Count is how many people a group was then.
type Addressee struct {
	Key   string `json:"key"`
	Name  string `json:"name"`
	Count int    `json:"count,omitempty"`
}

// Quote is a message passed on within another, which its new author may have
// altered.
type Quote struct {
	From    string      `json:"from"`
	To      []Addressee `json:"to"`
	Subject string      `json:"subject"`
	At      time.Time   `json:"at"`
	Body    Body        `json:"body"`
	Altered bool        `json:"altered,omitempty"`

	Withdrawn bool `json:"withdrawn,omitempty"` // taken back since, or by the office: nothing to read
}

// Message is a message as one of its readers gets it.
type Message struct {
	Discussion string            `json:"discussion"`
	Subject    string            `json:"subject"`
	Mode       string            `json:"mode"`
	From       directory.Named   `json:"from"`
	To         []Addressee       `json:"to"`
	Cc         []Addressee       `json:"cc,omitempty"`
	Bcc        []Addressee       `json:"bcc,omitempty"`   // for its author alone
	Blind      bool              `json:"blind,omitempty"` // the reader got a blind copy
	Body       Body              `json:"body"`
	Files      []attachment.File `json:"files,omitempty"`
	At         time.Time         `json:"at"`
	Re         string            `json:"re,omitempty"`     // the message that it answers
	Quotes     []Quote           `json:"quotes,omitempty"` // what it passes on, newest first
	Recalled   bool              `json:"recalled,omitempty"`
	Moderated  bool              `json:"moderated,omitempty"` // by the office, not by its author
	Closed     bool              `json:"closed,omitempty"`    // on the first of a discussion that nobody answers any more
	Due        time.Time         `json:"due,omitzero"`        // when it leaves; until then its author alone has it
	Refused    []Addressee       `json:"refused,omitempty"`   // who could no longer be written to when it left; for its author alone
	Returned   []Returned        `json:"returned,omitempty"`  // outsiders whom it did not reach; for its author alone
}

// post is a message as it is stored. Root is who began the discussion.
type post struct {
	Message
	Root    string    `json:"root"`
	Readers []string  `json:"readers"` // who got it openly, without its author
	Hidden  []string  `json:"hidden,omitempty"`
	Large   bool      `json:"large,omitempty"`  // a mailing of the office
	Cites   []located `json:"cites,omitempty"`  // which messages its quotes are, one by one
	Erased  bool      `json:"erased,omitempty"` // its text is gone

	Outside []outsider `json:"outside,omitempty"` // who gets it by mail
	ReBy    string     `json:"reBy,omitempty"`    // who wrote what it answers, if it goes outside
	MailID  string     `json:"mailID,omitempty"`  // Message-ID, whole, of one that came from outside

	stands string // the type that it stands under; "": not yet
}

// entry is a message in a mailbox: who wrote it, the day, and the discussion
// unless it begins one: [by, day] or [by, day, discussion].
type entry []string

func newEntry(id string, p post) entry {
	e := entry{p.From.ID, strconv.Itoa(dayOf(p.At))}
	if id != p.Discussion {
		e = append(e, p.Discussion)
	}
	return e
}

func (e entry) by() string { return e[0] }

func (e entry) day() (int, error) {
	if len(e) < 2 {
		return 0, errors.New("no day")
	}
	return strconv.Atoi(e[1])
}

func (e entry) discussion(id string) string {
	if len(e) > 2 {
		return e[2]
	}
	return id
}

// Thread is what one person did with a discussion. Without one, and when its
// folder is gone, it lies in the inbox; nothing is read.
type Thread struct {
	Read       int64     `json:"read,omitempty"`   // messages up to here are read: Unix milliseconds
	Folder     string    `json:"folder,omitempty"` // "": the inbox
	Was        string    `json:"was,omitempty"`    // the folder before the bin
	Binned     time.Time `json:"binned,omitzero"`
	Moved      time.Time `json:"moved,omitzero"` // when it came to where it lies, but for the bin
	Categories []string  `json:"categories,omitempty"`
	Purged     bool      `json:"purged,omitempty"` // its messages are being deleted
	Muted      bool      `json:"muted,omitempty"`  // new messages make no badge and no alert
}

// The folders that everybody has beside the inbox.
const (
	Archive = "archive"
	Bin     = "bin"
)

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Person(id string) (directory.Person, bool)
	People(school string) []string
	Holding(school string, role directory.Role) []string
	Follow(kind string)
	Present(id string) bool
	SchoolOf(id string) string
	Display(id string) string
	School(id string) (directory.School, bool)
	Named(id string) directory.Named
	Today(school string) directory.Date
	Location(school string) *time.Location
	Roles(id string) []directory.Role
	Classes(school string) []directory.Class
	Class(audience string) (directory.Class, bool)
	ClassOf(student string) (directory.Class, bool)
	AudiencesOf(student string) []directory.Class
	Pupils(audience string) []string
	Guardians(student string) []string
	Children(guardian string) []string
	CoursesOf(audience string) []directory.Course
	TaughtBy(user string) []directory.Course
	SpacesOf(user string) []directory.Space
	MembersOf(school, space string) []string
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Devices is what this package asks about the devices of people.
type Devices interface {
	// Quarantined says whether a device is so new to a pupil's account that it
	// may not write to many people or to somebody new.
	Quarantined(ctx context.Context, a psync.Actor) (bool, error)
}

// Config is what a Service stands on.
type Config struct {
	Directory Directory
	Files     *attachment.Service
	Notices   Notices
	Outside   *Outside // nil: nobody writes outside
	Log       *slog.Logger
	Now       func() time.Time
}

// Service holds the rules of messaging. Safe for concurrent use.
type Service struct {
	dir     Directory
	files   *attachment.Service
	notices Notices
	outside *Outside
	log     *slog.Logger
	now     func() time.Time
	engine  Engine

	devices Devices
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(c Config) *Service {
	return &Service{dir: c.Directory, files: c.Files, notices: c.Notices, outside: c.Outside, log: c.Log, now: c.Now}
}

// Bind gives the service the engine that it reads other scopes through, and
// what it asks about devices.
func (s *Service) Bind(e Engine, d Devices) { s.engine, s.devices = e, d }

// The effects of this package.
const (
	effectDeliver  = "mail.deliver"
	effectRelease  = "mail.release"
	effectMailing  = "mail.mailing"
	effectStop     = "mail.stop"
	effectReport   = "mail.report"
	effectWithdraw = "mail.withdraw"
	effectClose    = "mail.close"
	effectDecided  = "mail.decided"
	effectPurge    = "mail.purge"
	effectLists    = "mail.lists"
	effectSweep    = "mail.sweep"
	effectWarn     = "mail.warn"
	effectBallot   = "mail.ballot"
	effectHold     = "mail.hold"
	effectLetGo    = "mail.letgo"
	effectErase    = "mail.erase"
	effectCite     = "mail.cite"
	effectUncite   = "mail.uncite"
	effectUnquote  = "mail.unquote"
	effectUnpoll   = "mail.unpoll"
	effectForget   = "mail.forget"
	effectSettled  = "mail.settled"
)

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files, to notify who words messages that came.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("mail.send@1", "user:*", s.send)
	mux.Mutation("mail.reply@1", "user:*", s.reply)
	mux.Mutation("mail.recall@1", "user:*", s.recall)
	mux.Mutation("mail.read@1", "user:*", s.read)
	mux.Mutation("mail.file@1", "user:*", s.file)
	mux.Mutation("mail.restore@1", "user:*", s.restore)
	mux.Mutation("mail.purge@1", "user:*", s.purge)
	mux.Mutation("mail.categorize@1", "user:*", s.categorize)
	mux.Mutation("mail.draft@1", "user:*", s.draft)
	mux.Mutation("mail.discard@1", "user:*", s.discard)
	mux.Mutation("mail.folder@1", "user:*", s.folder)
	mux.Mutation("mail.unfolder@1", "user:*", s.unfolder)
	mux.Mutation("mail.category@1", "user:*", s.category)
	mux.Mutation("mail.uncategory@1", "user:*", s.uncategory)
	mux.Mutation("mail.forget@1", "user:*", s.forget)
	mux.Mutation("mail.report@1", "user:*", s.report)
	mux.Mutation("mail.moderate@1", "office:*", s.moderate)
	mux.Mutation("mail.reopen@1", "office:*", s.reopen)
	mux.Mutation("mail.stop@1", "office:*", s.stop)
	mux.Mutation("mail.policy@1", "school:*", s.setPolicy)
	mux.Mutation("mail.vote@1", "user:*", s.vote)
	mux.Mutation("mail.mute@1", "user:*", s.mute)
	mux.Mutation("mail.hush@1", "user:*", s.hush)

	mux.Effect(effectDeliver, s.deliver)
	mux.Effect(effectMailing, s.mailing)
	mux.Effect(effectStop, s.stopped)
	mux.Effect(effectReport, s.openCase)
	mux.Effect(effectWithdraw, s.takeAway)
	mux.Effect(effectClose, s.closeDiscussion)
	mux.Effect(effectDecided, s.tellReporter)
	mux.Later(effectRelease, releasePatience, s.release)
	mux.Effect(effectPurge, s.purgeMessages)
	mux.Effect(effectLists, s.listPeople)
	mux.Effect(effectBallot, s.count)
	mux.Effect(effectWarn, s.warn)
	mux.Effect(effectHold, s.holdRoot)
	mux.Effect(effectLetGo, s.letGo)
	mux.Effect(effectCite, s.cite)
	mux.Effect(effectUncite, s.uncite)
	mux.Effect(effectUnquote, s.unquote)
	mux.Effect(effectUnpoll, s.unpoll)
	mux.Effect(effectForget, s.forgetCases)
	mux.Effect(effectSettled, s.forgetReport)
	mux.Later(effectErase, sweepPatience, s.erase)
	mux.Effect(effectBounce, s.bounced)
	mux.Later(effectSweep, sweepPatience, s.sweep)
	mux.Later(effectOutward, outLife, s.outward)
	mux.Later(effectLapse, 2*answerLife, s.lapse)
	s.dir.Follow(effectLists)

	mux.Hide(kindPost)
	mux.Hide(kindRest)
	mux.Hide(kindHold)
	mux.Hide(kindCited)
	mux.Hide("evidence")
	mux.Hide("ballot")
	mux.Hide(kindDepartures)
	mux.Join("message", s.joinMessages)
	mux.Join("list", s.joinLists)

	s.files.OnArrived(kindMessage, s.filesArrived)
	s.notices.OnRing(kindMessage, teller{s})
}

// kindMessage is the kind of record that shows files.
const kindMessage = "message"

func userScope(user string) string { return "user:" + user }

// begin checks the right and reads the arguments of a person's act.
func (s *Service) begin(tx *psync.Tx, args any) error {
	if err := s.dir.May(tx.Actor(), directory.UseMail, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}
