package mail

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// Limits of a message.
const (
	MaxSubject   = 250 // characters
	MaxFiles     = 10
	MaxFileBytes = 10 << 20 // of all files of a message together
	maxQuotes    = 50
	maxMessage   = 512 << 10 // bytes of its JSON: as evidence it fits into one record
)

// content is what all messages have, and the draft that ends with them.
type content struct {
	ID    string            `json:"id"`
	Body  Body              `json:"body"`
	Files []attachment.File `json:"files"`
	Draft string            `json:"draft"`
}

// sendArgs begin a discussion. To, Cc and Bcc hold keys of addressees; Names are
// how those outside were called when they were typed, by key.
type sendArgs struct {
	Subject string            `json:"subject"`
	Mode    string            `json:"mode"`
	To      []string          `json:"to"`
	Cc      []string          `json:"cc"`
	Bcc     []string          `json:"bcc"`
	Names   map[string]string `json:"names"`
	Quotes  []quoted          `json:"quotes"`
	content
}

// quoted names a message that is passed on, with its text when that was
// altered.
type quoted struct {
	Message string `json:"message"`
	Body    *Body  `json:"body"`
}

// sent is the value of the result of mail.send and mail.reply.
type sent struct {
	At     time.Time `json:"at"`
	People int       `json:"people"` // who get it
}

// send begins a discussion: its recipients are looked at one by one, when it
// arrives here and not when it was written.
func (s *Service) send(ctx context.Context, tx *psync.Tx) error {
	var args sendArgs
	from, err := s.write(ctx, tx, &args, &args.content)
	if err != nil || from == nil {
		return err
	}
	p := post{Root: tx.Actor().User}
	p.Discussion, p.Subject, p.Mode = args.ID, strings.TrimSpace(args.Subject), args.Mode
	names, err := namesOf(ctx, tx, args.Names)
	if err != nil {
		return err
	}
	if err := from.address(&p, args, names); err != nil {
		return err
	}
	if p.Quotes, p.Cites, err = s.quote(ctx, tx, args.Quotes); err != nil {
		return err
	}
	if err := from.brake(ctx, tx, p, args.content); err != nil {
		return err
	}
	remember(tx, p)
	return s.post(ctx, tx, from, p, args.content)
}

// write begins to send: it reads and checks the arguments, of which c is a
// part, and finds who sends. It is nobody when the message was sent before.
func (s *Service) write(ctx context.Context, tx *psync.Tx, args interface{ check() error }, c *content) (*sender, error) {
	if err := s.begin(tx, args); err != nil {
		return nil, err
	}
	if err := args.check(); err != nil {
		return nil, err
	}
	if done, err := s.already(ctx, tx, c.ID); done || err != nil {
		return nil, err
	}
	return s.sender(ctx, tx.Actor())
}

// address fills in who gets a message.
func (f *sender) address(p *post, args sendArgs, names func(address string) string) error {
	if n := len(args.To) + len(args.Cc) + len(args.Bcc); n > f.most {
		return psync.Refuse("too_many_recipients", "to", "%d of at most %d", n, f.most)
	}
	var to, cc, bcc []string
	var err error
	if p.To, to, err = f.resolve("to", args.To, names); err != nil {
		return err
	}
	if p.Cc, cc, err = f.resolve("cc", args.Cc, names); err != nil {
		return err
	}
	if p.Bcc, bcc, err = f.resolve("bcc", args.Bcc, names); err != nil {
		return err
	}
	p.Readers = without(slices.Concat(to, cc), f.user)
	p.Hidden = slices.DeleteFunc(without(bcc, f.user), func(id string) bool { return slices.Contains(p.Readers, id) })
	p.Outside = outsiders(slices.Concat(p.To, p.Cc), p.Bcc)
	if p.people() == 0 {
		return psync.Refuse("invalid", "to", "nobody would get it")
	}
	return f.unmixed(*p)
}

// without sorts people, each once, and leaves one out.
func without(ids []string, user string) []string {
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == user })
}

func (a sendArgs) check() error {
	for _, err := range []error{
		a.content.check(len(a.Quotes) > 0), psync.CheckText("subject", a.Subject, MaxSubject),
		psync.OneOf("mode", a.Mode, ModeAll, ModeSender),
	} {
		if err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(a.Subject) == "":
		return psync.Refuse("invalid", "subject", "a message has a subject")
	case len(a.To)+len(a.Cc)+len(a.Bcc) == 0:
		return psync.Refuse("invalid", "to", "a message is for somebody")
	case len(a.Names) > MaxRecipients:
		return psync.Refuse("too_large", "names", "at most %d", MaxRecipients)
	case len(a.Quotes) > maxQuotes:
		return psync.Refuse("too_large", "quotes", "at most %d messages", maxQuotes)
	}
	return nil
}

// check refuses what cannot be sent; bare says that a text is not needed.
func (c content) check(bare bool) error {
	if err := psync.CheckID("id", c.ID); err != nil {
		return err
	}
	if err := c.Body.check("body"); err != nil {
		return err
	}
	if c.Body.empty() && len(c.Files) == 0 && !bare {
		return psync.Refuse("invalid", "body", "nothing was written")
	}
	total := int64(0)
	for _, f := range c.Files {
		total += f.Size
	}
	if total > MaxFileBytes {
		return psync.Refuse("too_large", "files", "at most %d bytes together", MaxFileBytes)
	}
	_, err := attachment.Declared("files", c.Files, MaxFiles)
	return err
}

// already answers as before when a message was sent. An id that stands for
// somebody else's message is refused.
func (s *Service) already(ctx context.Context, tx *psync.Tx, id string) (bool, error) {
	var e entry
	if seq, err := tx.Get(ctx, "message", id, &e); err != nil {
		return false, err
	} else if seq > 0 && e.by() != tx.Actor().User {
		return false, psync.Refuse("conflict", "id", "another message is called so")
	}
	p, there, err := postIn(ctx, tx, id)
	if err != nil || !there {
		return false, err
	}
	tx.Answer(sent{p.At, p.people()})
	return true, nil
}

// post writes a message down and sends it on its way.
func (s *Service) post(ctx context.Context, tx *psync.Tx, from *sender, p post, c content) (err error) {
	id, user := c.ID, tx.Actor().User
	p.From, p.At, p.Body = s.dir.Named(user), tx.Now().UTC().Truncate(time.Millisecond), c.Body
	if p.Files, err = s.owned(ctx, user, c.Files); err != nil {
		return err
	}
	if _, size, err := psync.Digest(p.Message); err != nil || size > maxMessage {
		return cmp.Or(err, psync.Refuse("too_large", "body", "at most %d bytes with what it passes on", maxMessage))
	}
	p.Due = from.due(p, p.At)
	p.Large = !p.Due.IsZero() && s.works(user)
	putPost(tx, id, p)
	tx.Put("message", id, newEntry(id, p))
	hold(tx, id, p)
	if c.Draft != "" {
		if err := remove(ctx, tx, "draft", c.Draft); err != nil {
			return err
		}
	}
	s.depart(tx, id, p)
	tx.Answer(sent{p.At, p.people()})
	return nil
}

// owned says of files what is known of them already.
func (s *Service) owned(ctx context.Context, user string, declared []attachment.File) ([]attachment.File, error) {
	files, err := attachment.Declared("files", declared, MaxFiles)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return s.files.Complete(ctx, user, files)
}

// shownAtOnce is in how many mailboxes one effect makes files readable.
const shownAtOnce = 200

// refer makes the files of a message readable in all its mailboxes.
func (s *Service) refer(tx *psync.Tx, id string, p post) {
	for some := range slices.Chunk(p.scopes(), shownAtOnce) {
		attachment.Refer(tx, s.reference(id, p, some))
	}
}

// scopes are the mailboxes of a message, its author's first.
func (p post) scopes() []string {
	scopes := p.home()
	for _, r := range slices.Concat(p.Readers, p.Hidden) {
		scopes = append(scopes, userScope(r))
	}
	return scopes
}

// home is the mailbox of a message's author; none of one from outside.
func (p post) home() []string {
	if homeOf(p.From.ID) != userScope(p.From.ID) {
		return nil
	}
	return []string{userScope(p.From.ID)}
}

func (s *Service) reference(id string, p post, scopes []string) attachment.Reference {
	return attachment.Reference{
		School: s.schoolOf(p.From.ID), By: accountOf(p.From.ID), Kind: kindMessage, ID: id, Scopes: scopes,
		Files: attachment.Names(p.Files), Known: attachment.ReadyNames(p.Files),
	}
}

// quote copies messages of the sender's mailbox with what they pass on
// themselves, the newest first.
func (s *Service) quote(ctx context.Context, tx *psync.Tx, quotes []quoted) (all []Quote, of []located, err error) {
	var pairs []quotation
	for i, q := range quotes {
		some, err := s.quoteOne(ctx, tx, fmt.Sprintf("quotes[%d]", i), q)
		if err != nil {
			return nil, nil, err
		}
		pairs = append(pairs, some...)
	}
	if len(pairs) > maxQuotes {
		return nil, nil, psync.Refuse("too_large", "quotes", "at most %d messages", maxQuotes)
	}
	slices.SortStableFunc(pairs, func(a, b quotation) int { return b.At.Compare(a.At) })
	for _, q := range pairs {
		all, of = append(all, q.Quote), append(of, q.of)
	}
	return all, of, nil
}

// quotation is a quote with what it is of.
type quotation struct {
	Quote
	of located
}

// quoteOne copies a message, with the text that its new author gave it, and
// what it passes on.
func (s *Service) quoteOne(ctx context.Context, tx *psync.Tx, at string, q quoted) ([]quotation, error) {
	p, err := s.held(ctx, tx, at+".message", q.Message)
	if err != nil {
		return nil, err
	}
	quote := Quote{From: p.From.Name, To: p.To, Subject: p.Subject, At: p.At, Body: p.Body}
	if q.Body != nil {
		if err := q.Body.check(at + ".body"); err != nil {
			return nil, err
		}
		quote.Body, quote.Altered = *q.Body, !slices.EqualFunc(*q.Body, p.Body, sameBlock)
	}
	all := []quotation{{quote, locate(p.From.ID, q.Message)}}
	for i, passed := range p.Quotes {
		all = append(all, quotation{passed, p.Cites[i]})
	}
	return all, nil
}

func sameBlock(a, b Block) bool {
	return a.Kind == b.Kind && a.Indent == b.Indent && slices.Equal(a.Runs, b.Runs) && a.Poll.equal(b.Poll)
}

// held reads a message of the actor's mailbox.
func (s *Service) held(ctx context.Context, tx *psync.Tx, field, id string) (post, error) {
	e, err := entryOf(ctx, tx, field, id)
	if err != nil {
		return post{}, err
	}
	p, there, err := s.postOf(ctx, tx, e.by(), id)
	if err == nil && (!there || p.Recalled) {
		err = psync.Refuse("gone", field, "the message was taken back")
	}
	return p, err
}

// entryOf reads an entry of the actor's mailbox, which must be there.
func entryOf(ctx context.Context, tx *psync.Tx, field, id string) (e entry, err error) {
	if err := psync.CheckID(field, id); err != nil {
		return nil, err
	}
	seq, err := tx.Get(ctx, "message", id, &e)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", field, "no such message")
	}
	return e, err
}

// contact is somebody whom a person wrote to.
type contact struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"` // the last time, to the day
}

// remember adds to the address book whom a message went to.
func remember(tx *psync.Tx, p post) {
	day := tx.Now().UTC().Truncate(24 * time.Hour)
	for _, to := range slices.Concat(p.To, p.Cc, p.Bcc) {
		tx.PutIfChanged("contact", to.Key, contact{to.Name, day})
	}
}

// delivery is the payload of effectDeliver.
type delivery struct {
	ID    string `json:"id"`
	Again bool   `json:"again,omitempty"` // to those alone who have it
}

// decode reads a stored value.
func decode[T any](raw []byte) (v T, err error) {
	err = json.Unmarshal(raw, &v)
	return v, err
}
