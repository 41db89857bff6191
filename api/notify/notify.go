// Package notify tells people what is new: a notice is a record of the scope
// user:U, which their devices show, and then a web push to the browsers that
// asked for it.
//
// A notice is written first and pushed afterwards, each as an effect, so that
// neither is lost. What one hour brings of one kind is one notice (Tag). A
// push says no more than a lock screen may show, waits for the end of the
// quiet hours, and is not sent for what was read in the meantime.
//
// News that another part of the app lists already ring without a notice
// ([Service.Ring]), and say how many there are by the time they do.
//
// Whoever confirmed an address ("address" of user:U) gets a mail for such news:
// for each, or once a day.
//
// Subscriptions are records "sub" of the server-only scope push:U.
package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"preau/api/notify/courier"
	"preau/storage"
	psync "preau/sync"
)

// Text is the same sentence in each language of the interface.
type Text struct {
	FR string `json:"fr"`
	EN string `json:"en"`
}

// In picks a language; French unless it is "en".
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.FR
}

// Notice is one line of news for one person.
type Notice struct {
	Kind    string `json:"kind"`
	Student string `json:"student,omitempty"` // whom it is about
	Path    string `json:"path"`              // screen that it opens
	Alert   Alert  `json:"alert,omitempty"`

	// ID makes the notice one: it is written once, however often it is sent.
	// Empty: an id of its own.
	ID string `json:"id,omitempty"`
	// Tag gathers: while the notice of the same tag is unread, the next one
	// takes its place, and Many tells how many there are ("{n}").
	Tag  string `json:"tag,omitempty"`
	Many Text   `json:"many,omitzero"`

	Title Text `json:"title"` // fit for a lock screen
	Lock  Text `json:"lock"`  // second line of a lock screen; may be empty
	Body  Text `json:"body"`  // second line inside the app

	// Urgent notices of something due before noon after a quiet night do not
	// wait for its end.
	Urgent bool      `json:"urgent,omitempty"`
	Due    time.Time `json:"due,omitzero"`

	// What the thresholds of people look at, and nobody is sent: of a mark, its
	// hundredths of a point of 20, where it has any; of a lateness, which one of
	// its month it is.
	Level *int `json:"level,omitempty"`
	Times int  `json:"times,omitempty"`
}

// record is a notice as a device sees it.
type record struct {
	Kind    string    `json:"kind"`
	Student string    `json:"student,omitempty"`
	Alert   Alert     `json:"alert,omitempty"`
	Title   string    `json:"title"`
	Body    string    `json:"body"`
	Path    string    `json:"path"`
	At      time.Time `json:"at"`
	Read    bool      `json:"read"`
	Tag     string    `json:"tag,omitempty"`
	Count   int       `json:"count,omitempty"`
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Commit(ctx context.Context, a psync.Actor, scope string, r psync.Rule) (seq int64, err error)
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Config is what a Service stands on.
type Config struct {
	Log  *slog.Logger
	Now  func() time.Time
	Zone func(user string) *time.Location // where a person lives; nil: Europe/Paris

	// School tells of which school somebody is, and May whether somebody may set
	// the rules of alerts in a scope school:X. Without them there are none.
	School func(user string) string
	May    func(a psync.Actor, scope string) error

	// Origin is the address of this server, "https://ecole.example": the
	// contact given to push services, and what notifications open.
	Origin string
	// PublicKey and PrivateKey are the server's VAPID keys, base64url. Without
	// them nothing is pushed.
	PublicKey, PrivateKey string
	// Office takes mails; nil: none are sent. Key makes the codes that confirm
	// addresses.
	Office *courier.Office
	Key    []byte
	// Domain is where mails that come back are taken; "" if they are not.
	Domain string
	// Allow lists more push services than the usual ones: host names, which
	// stand for what is below them too, and origins with a scheme and port
	// ("http://127.0.0.1:8282"), which stand for exactly that address, on this
	// machine if need be.
	Allow []string
}

// Service writes notices and sends pushes. Safe for concurrent use.
type Service struct {
	engine  Engine
	devices Devices
	log     *slog.Logger
	now     func() time.Time
	zone    func(user string) *time.Location
	school  func(user string) string
	may     func(a psync.Actor, scope string) error
	origin  string
	keys    vapid
	places  places
	client  *http.Client
	pace    *pace
	tests   *pace
	counts  counts

	tellers map[string]Teller
	office  *courier.Office
	key     []byte
	domain  string
}

// Errors of the configuration.
var errConfig = errors.New("notify: bad configuration")

// New returns a Service. Before use: Register its rules and Bind the engine.
// It refuses keys that are none and an origin that push services would not
// accept as a contact.
func New(c Config) (*Service, error) {
	s := &Service{
		log: c.Log, now: c.Now, zone: c.Zone, school: c.School, may: c.May, domain: c.Domain, origin: strings.TrimSuffix(c.Origin, "/"),
		pace: newPace(), tests: newPace(), tellers: map[string]Teller{}, office: c.Office, key: c.Key,
	}
	if s.zone == nil {
		s.zone = func(string) *time.Location { return paris() }
	}
	var err error
	if s.places, err = parsePlaces(c.Allow); err != nil {
		return nil, fmt.Errorf("%w: %w", errConfig, err)
	}
	if c.PublicKey != "" || c.PrivateKey != "" {
		if s.keys, err = parseKeys(c.PublicKey, c.PrivateKey, s.origin); err != nil {
			return nil, fmt.Errorf("%w: %w", errConfig, err)
		}
	}
	s.client = newClient(s.places)
	return s, nil
}

func paris() *time.Location {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC
	}
	return zone
}

// Bind gives the service the engine that it commits through.
func (s *Service) Bind(e Engine) { s.engine = e }

// Devices is what this package asks about the devices of people.
type Devices interface {
	// Quarantined says whether a device is so new to a pupil's account that it
	// may not say where mails go.
	Quarantined(ctx context.Context, a psync.Actor) (bool, error)
}

// Ask tells the service who knows devices. Without, none is in quarantine.
func (s *Service) Ask(d Devices) { s.devices = d }

// The effects of this package. None has an order: each notice is its own.
const (
	effectNotice = "notify.notice"
	effectPush   = "notify.push"
)

// noticeLife is how long the writing of a notice is retried, pushLife how long
// a push is at most tried, its wait included.
const (
	noticeLife = 7 * 24 * time.Hour
	pushLife   = 5 * 24 * time.Hour
)

// Register adds the rules of this package to the engine's mux.
func (s *Service) Register(mux *psync.Mux) {
	mux.Later(effectNotice, noticeLife, s.notice)
	mux.Later(effectPush, pushLife, s.push)
	mux.Later(effectMoved, noticeLife, s.movedAway)
	mux.Later(effectLetter, letterLife, s.mail)
	mux.Later(effectPost, letterLife, s.mailOne)
	mux.Later(effectDigest, letterLife, s.sendDigest)
	mux.Later(effectCode, codeLife, s.sendCode)
	for _, typ := range []string{"ring", "mailed", "asked", "digest"} {
		mux.Hide(typ)
	}
	mux.Mutation("notify.address@1", "user:*", s.setAddress)
	mux.Mutation("notify.confirm@1", "user:*", s.confirm)
	mux.Mutation("notify.mails@1", "user:*", s.setMails)
	mux.Mutation("notify.rules@1", "school:*", s.setRules)
	mux.Mutation("notice.read@1", "user:*", s.read)
	mux.Mutation("notice.dismiss@1", "user:*", s.dismiss)
	mux.Mutation("settings.set@1", "user:*", s.set)
}

// addressed is the payload of effectNotice.
type addressed struct {
	User   string `json:"user"`
	Notice Notice `json:"notice"`
}

// Notify tells a person something once this commit is durable.
func Notify(tx *psync.Tx, user string, n Notice) {
	tx.Effect(effectNotice, addressed{user, n})
}

func (s *Service) notice(ctx context.Context, job *psync.Job) error {
	var a addressed
	if err := job.Payload(&a); err != nil {
		return err
	}
	if a.Notice.ID == "" {
		a.Notice.ID = fmt.Sprintf("n%s-%d", strings.ReplaceAll(job.Source(), ":", "-"), job.Seq())
	}
	return s.Deliver(ctx, job, a.User, a.Notice)
}

// Deliver writes notices to a person, exactly once for this job: call it once
// per person and job, with all that the job has to tell.
func (s *Service) Deliver(ctx context.Context, job *psync.Job, user string, notices ...Notice) error {
	r, err := s.rulesFor(ctx, user)
	if err != nil {
		return err
	}
	return job.Commit(ctx, "user:"+user, func(ctx context.Context, tx *psync.Tx) error {
		var set settings
		if _, err := tx.Get(ctx, "settings", "settings", &set); err != nil {
			return err
		}
		for _, n := range notices {
			if err := s.write(ctx, tx, reader{user, set, r}, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// reader is a person with what they, and their school, chose.
type reader struct {
	user  string
	set   settings
	rules rules
}

// write puts one notice and says when it is to be pushed and mailed.
func (s *Service) write(ctx context.Context, tx *psync.Tx, to reader, n Notice) error {
	id, count, known, err := s.place(ctx, tx, n)
	if err != nil || known {
		return err
	}
	title, lock, lang := n.Title, n.Lock, to.set.lang()
	if to.set.Lock == More {
		lock = n.Body
	}
	if count > 1 {
		title, lock = fill(n.Many, count), Text{}
	}
	r := record{
		Kind: n.Kind, Student: n.Student, Alert: n.Alert, Title: title.In(lang), Body: n.Body.In(lang),
		Path: n.Path, At: tx.Now().UTC(), Tag: n.Tag,
	}
	if count > 1 {
		r.Count = count
	}
	tx.Put("notice", id, r)
	if to.set.rings(to.rules, n) {
		at := s.when(to, n, tx.Now())
		tx.EffectAt(effectPush, push{
			User: to.user, Notice: id, Seq: tx.Seq(), Title: r.Title, Body: lock.In(lang), Lang: lang,
			Path: n.Path, Tag: cmp.Or(n.Tag, id), Urgent: n.Urgent, Until: until(n.Alert, at, tx.Now()),
		}, at)
	}
	return s.mailNotice(ctx, tx, to, id, n)
}

// until is how long a push is worth delivering that may ring at a moment, the
// zero time being now.
func until(a Alert, at, now time.Time) time.Time {
	return later(at, now).Add(catalogue[a].life).UTC()
}

// fill says in how many things a gathered notice stands for.
func fill(t Text, n int) Text {
	number := fmt.Sprint(n)
	return Text{strings.ReplaceAll(t.FR, "{n}", number), strings.ReplaceAll(t.EN, "{n}", number)}
}
