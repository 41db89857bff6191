package mail

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Why a mail from outside is not taken, for good but for ErrLater.
var (
	ErrNobody     = errors.New("mail: nobody reads this address") // or no more
	ErrSender     = errors.New("mail: not from the address that was written to")
	ErrClosed     = errors.New("mail: the discussion is closed")
	ErrUnreadable = errors.New("mail: not a message")
	ErrLater      = errors.New("mail: messaging is closed for now")
)

// Answer is a mail from outside, read and found clean.
type Answer struct {
	From   string // the address that its header names
	MailID string // its Message-ID, whole; "" if it has none
	Body   Body
	Files  []AnsweredFile
}

// AnsweredFile is what such a mail carries. One with a virus has no bytes.
type AnsweredFile struct {
	Name     string
	Data     []byte
	SHA      string // of the bytes, even when they are gone
	Size     int64
	Infected bool
}

// Expects says whether somebody outside may answer at an address.
func (s *Service) Expects(ctx context.Context, address string) error {
	token, err := s.tokenOf(address)
	if err == nil {
		_, err = s.expected(ctx, token)
	}
	return err
}

func (s *Service) tokenOf(address string) (string, error) {
	if s.outside == nil {
		return "", ErrNobody
	}
	token, ok := s.outside.tokenOf(address)
	if !ok {
		return "", ErrNobody
	}
	return token, nil
}

// exchange is what an outsider answers: a message, what began its discussion,
// and who of the school gets the answer.
type exchange struct {
	answerTo
	post    post
	root    post
	readers []string
}

// expected reads what is answered at an address.
func (s *Service) expected(ctx context.Context, token string) (e exchange, err error) {
	if e.answerTo, err = s.answerOf(ctx, token); err != nil {
		return e, err
	}
	rules, err := s.policy(ctx, e.School)
	switch {
	case err != nil:
		return e, err
	case rules.Frozen:
		return e, ErrLater
	}
	if e.post, e.root, err = s.answered(ctx, e.answerTo); err != nil {
		return e, err
	}
	e.readers = slices.DeleteFunc(e.everybody(), func(id string) bool { return !s.reachOutside(rules.External)(id) })
	if !slices.Contains(e.readers, e.Author) {
		return e, ErrNobody
	}
	return e, nil
}

// answerOf reads where an answer at an address leads.
func (s *Service) answerOf(ctx context.Context, token string) (to answerTo, err error) {
	recs, err := s.engine.Find(ctx, answerScope(token), storage.Key{Type: "answer", ID: "answer"})
	if err != nil {
		return to, fmt.Errorf("address of an answer: %w", err)
	}
	if len(recs) == 0 {
		return to, ErrNobody
	}
	if to, err = decode[answerTo](recs[0].Value); err == nil && !s.now().Before(to.Until) {
		err = ErrNobody
	}
	return to, err
}

// answered reads the message that is answered, and what began its discussion.
func (s *Service) answered(ctx context.Context, to answerTo) (p, root post, err error) {
	posts, err := s.posts(ctx, to.Author, to.Message)
	if err != nil {
		return p, root, err
	}
	p, there := posts[to.Message]
	if !there || p.Recalled {
		return p, root, ErrNobody
	}
	if root = p; to.Message != p.Discussion {
		if posts, err = s.posts(ctx, p.Root, p.Discussion); err != nil {
			return p, root, err
		}
		if root, there = posts[p.Discussion]; !there {
			return p, root, ErrNobody
		}
	}
	if root.Closed {
		return p, root, ErrClosed
	}
	return p, root, nil
}

// everybody is who of the school would get an answer, by its mode.
func (e exchange) everybody() []string {
	people := []string{e.Author}
	if e.root.Mode == ModeAll && !e.Hidden {
		people = append(people, e.root.From.ID)
		people = append(people, e.root.Readers...)
	}
	return without(people, "")
}

// Take lets a mail from outside into the discussion that it answers. When it
// returns nil all of it is on disk; taking the same one twice is harmless.
func (s *Service) Take(ctx context.Context, address string, a Answer) error {
	token, err := s.tokenOf(address)
	if err != nil {
		return err
	}
	e, err := s.expected(ctx, token)
	if err != nil {
		return err
	}
	if !sameAddress(a.From, e.Address) {
		return ErrSender
	}
	if err := a.Check(); err != nil {
		return err
	}
	id := a.id(token)
	p := s.answerOut(e, a)
	if p.Files, err = s.storeFiles(ctx, e.School, a.Files); err != nil {
		return err
	}
	_, err = s.engine.Commit(ctx, psync.Actor{School: e.School}, mailScope(e.School), func(ctx context.Context, tx *psync.Tx) error {
		if _, there, err := postIn(ctx, tx, id); err != nil || there {
			return err
		}
		p.At = tx.Now().UTC().Truncate(time.Millisecond)
		putPost(tx, id, p)
		hold(tx, id, p)
		tx.Effect(effectDeliver, delivery{ID: id})
		s.refer(tx, id, p)
		return nil
	})
	return err
}

// answerOut is an answer as it is stored, but for its files.
func (s *Service) answerOut(e exchange, a Answer) post {
	p := post{Root: e.post.Root, Readers: e.readers, MailID: a.MailID}
	p.Discussion, p.Subject, p.Mode, p.Re = e.post.Discussion, e.root.Subject, e.root.Mode, e.Message
	p.From = directory.Named{ID: authorOutside(e.School, e.Address), Name: e.Address}
	p.Body = withoutOurs(a.Body, s.pageOut(e.post, outsider{Address: e.Address, Hidden: e.Hidden}, nil))
	for _, id := range e.readers {
		p.To = append(p.To, Addressee{Key: userScope(id), Name: s.dir.Display(id)})
	}
	return p
}

// Check refuses, with ErrUnreadable, what is no message of ours.
func (a Answer) Check() error {
	if err := a.Body.check("body"); err != nil {
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	if a.Body.empty() && len(a.Files) == 0 {
		return fmt.Errorf("%w: it says nothing", ErrUnreadable)
	}
	total := int64(0)
	for _, f := range a.Files {
		total += f.Size
	}
	if len(a.Files) > MaxFiles || total > MaxFileBytes {
		return fmt.Errorf("%w: at most %d files of %d bytes together", ErrUnreadable, MaxFiles, MaxFileBytes)
	}
	return nil
}

// id makes the same mail the same message: by its Message-ID, or else by all
// that it says.
func (a Answer) id(token string) string {
	if a.MailID != "" {
		return "in-" + shortSum(token, a.MailID)
	}
	parts := []string{token, a.Body.Text()}
	for _, f := range a.Files {
		parts = append(parts, f.SHA)
	}
	return "in-" + shortSum(parts...)
}

// shortSum makes a short name out of what something is about.
func shortSum(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// storeFiles hands the files of a mail over as if they had been uploaded. What
// had a virus is a line of the list and nothing more.
func (s *Service) storeFiles(ctx context.Context, school string, all []AnsweredFile) (files []attachment.File, err error) {
	for _, f := range all {
		shown := attachment.File{SHA: f.SHA, Name: attachment.CleanName(f.Name, ""), Size: f.Size}
		if slices.ContainsFunc(files, func(o attachment.File) bool { return o.SHA == f.SHA }) {
			continue // once is enough
		}
		if f.Infected {
			shown.Problem = problemInfected
			files = append(files, shown)
			continue
		}
		shown.Waiting = true
		up := attachment.Upload{SHA: f.SHA, Name: f.Name, Size: f.Size}
		err := s.files.Arrived(ctx, psync.Actor{School: school, User: outsideAccount(school)}, up, bytes.NewReader(f.Data))
		if err != nil {
			return nil, fmt.Errorf("keep a file from outside: %w", err)
		}
		files = append(files, shown)
	}
	return s.files.Complete(ctx, outsideAccount(school), files)
}

// problemInfected is what a file is that had a virus.
const problemInfected = "infected"

// NewAnsweredFile is a file that was found clean.
func NewAnsweredFile(name string, data []byte) AnsweredFile {
	sum := sha256.Sum256(data)
	return AnsweredFile{Name: name, Data: data, SHA: "sha256-" + hex.EncodeToString(sum[:]), Size: int64(len(data))}
}

// Bounce notes that a message to which an address belongs came back from
// outside. Its author is told, once.
func (s *Service) Bounce(ctx context.Context, address string) error {
	token, err := s.tokenOf(address)
	if err != nil {
		return err
	}
	to, err := s.answerOf(ctx, token)
	if err != nil {
		return err
	}
	_, err = s.engine.Commit(ctx, psync.Actor{School: to.School}, answerScope(token), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(effectBounce, to)
		return nil
	})
	return err
}

// bounced carries a message's coming back to where it is.
func (s *Service) bounced(ctx context.Context, job *psync.Job) error {
	var to answerTo
	if err := job.Payload(&to); err != nil {
		return err
	}
	return s.outcome(ctx, job, to.Author, parcel{to.Message, to.Address}, outBounced)
}

const effectBounce = "mail.bounce"
