package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/notify"
	"preau/api/notify/courier"
	"preau/storage"
	psync "preau/sync"
)

const (
	effectOutward = "mail.outward"
	effectLapse   = "mail.lapse"
)

// outPatience is how long a mail is tried that cannot be handed over; its author
// is told then.
const outPatience = 3 * 24 * time.Hour

// outLife is how long the effect itself may take: a server may have been down.
const outLife = 60 * 24 * time.Hour

// answerLife is for how long an outsider may answer a message.
const answerLife = 365 * 24 * time.Hour

// parcel is the payload of effectOutward: one message to one outsider.
type parcel struct {
	ID      string `json:"id"`
	Address string `json:"address"`
}

// answerTo is the record "answer" of the scope answer:TOKEN: which message an
// outsider answers at that address.
type answerTo struct {
	School  string    `json:"school"`
	Author  string    `json:"author"`
	Message string    `json:"message"`
	Address string    `json:"address"`
	Hidden  bool      `json:"hidden,omitempty"` // got a blind copy, and answers the author alone
	Until   time.Time `json:"until"`
}

func answerScope(token string) string { return "answer:" + token }

// sendOut sends a message to the outsiders whom it has not reached, once all its
// files are there.
func sendOut(tx *psync.Tx, id string, p post) {
	if p.Recalled || !p.Due.IsZero() || slices.ContainsFunc(p.Files, awaited) {
		return
	}
	for _, o := range p.Outside {
		if o.State == outWaiting {
			tx.Effect(effectOutward, parcel{id, o.Address})
		}
	}
}

// awaited says whether it is not known yet what becomes of a file.
func awaited(f attachment.File) bool { return !f.Ready() && f.Problem == "" }

// outward hands a message over for one outsider. It may go twice, under one
// Message-ID, if the server dies between the two steps.
func (s *Service) outward(ctx context.Context, job *psync.Job) error {
	var to parcel
	if err := job.Payload(&to); err != nil {
		return err
	}
	author := authorOf(job.Source())
	posts, err := s.posts(ctx, author, to.ID)
	if err != nil {
		return err
	}
	p := posts[to.ID]
	i := slices.IndexFunc(p.Outside, func(o outsider) bool { return o.Address == to.Address })
	if i < 0 || p.Outside[i].State != outWaiting || p.Recalled || p.Erased || s.outside == nil || !s.dir.Present(author) {
		return nil
	}
	token, err := s.expect(ctx, job, to.ID, p, p.Outside[i])
	if err != nil {
		return err
	}
	l, err := s.letterOut(ctx, to.ID, p, p.Outside[i], token)
	if err != nil {
		return err
	}
	state, err := s.handOut(ctx, job, l)
	if err != nil {
		return err
	}
	return s.outcome(ctx, job, author, to, state)
}

// expect opens the address that an outsider answers a message at.
func (s *Service) expect(ctx context.Context, job *psync.Job, id string, p post, o outsider) (token string, err error) {
	author := p.From.ID
	token = s.outside.token(author, id, o.Address)
	return token, job.Commit(ctx, answerScope(token), func(_ context.Context, tx *psync.Tx) error {
		until := job.At().Add(answerLife).UTC().Truncate(time.Second)
		tx.PutIfChanged("answer", "answer", answerTo{s.dir.SchoolOf(author), author, id, o.Address, o.Hidden, until})
		tx.EffectAt(effectLapse, struct{}{}, until)
		return nil
	})
}

// lapse closes an address at which nobody may answer any more.
func (s *Service) lapse(ctx context.Context, job *psync.Job) error {
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var to answerTo
		seq, err := tx.Get(ctx, "answer", "answer", &to)
		if err != nil || seq == 0 {
			return err
		}
		tx.Delete("answer", "answer")
		tx.Effect(effectLetGo, letting{Author: to.Author, Messages: []string{to.Message}, Answer: true})
		return nil
	})
}

// handOut says what became of a mail; an error is for trying again.
func (s *Service) handOut(ctx context.Context, job *psync.Job, l courier.Letter) (state string, err error) {
	err = s.outside.Courier.Send(ctx, l)
	switch {
	case err == nil:
		return outSent, nil
	case errors.Is(err, courier.ErrRefused):
		return outRefused, nil
	case errors.Is(err, courier.ErrRejected):
		return outRejected, nil
	case s.now().Sub(job.At()) > outPatience:
		return outLate, nil
	}
	s.log.WarnContext(ctx, "a mail to the outside waits", "tries", job.Tries(), "error", err)
	return "", err
}

// outcome notes what became of a mail, and tells its author if it did not
// arrive.
func (s *Service) outcome(ctx context.Context, job *psync.Job, author string, to parcel, state string) error {
	return s.repost(ctx, job, author, to.ID, func(ctx context.Context, tx *psync.Tx, p post) error {
		i := slices.IndexFunc(p.Outside, func(o outsider) bool { return o.Address == to.Address })
		if i < 0 || !moves(p.Outside[i].State, state) {
			return nil
		}
		p.Outside = slices.Clone(p.Outside)
		p.Outside[i].State = state
		if state == outSent {
			putPost(tx, to.ID, p)
			return nil
		}
		p.Returned = append(p.Returned, Returned{p.addressee(to.Address), state})
		putPost(tx, to.ID, p)
		notify.Notify(tx, author, returnedNotice(to.ID, p, to.Address))
		return s.touch(ctx, tx, to.ID, p)
	})
}

// moves says whether a mail whose state is known may come to another.
func moves(was, state string) bool {
	return was == outWaiting || was == outSent && state == outBounced
}

// addressee is an outsider as the message names them.
func (p post) addressee(address string) Addressee {
	for _, a := range slices.Concat(p.To, p.Cc, p.Bcc) {
		if a.Key == outsideKey+address {
			return a
		}
	}
	return Addressee{Key: outsideKey + address, Name: address}
}

// returnedNotice tells an author that a message did not arrive.
func returnedNotice(id string, p post, address string) notify.Notice {
	return notify.Notice{
		Kind: "mail.returned", Path: "/messages/lire/" + p.Discussion, ID: "returned." + shortSum(id, address),
		Title: notify.Text{FR: "Un message n’est pas arrivé", EN: "A message did not arrive"},
		Body:  notify.Text{FR: address + " : " + p.Subject, EN: address + ": " + p.Subject},
	}
}

// letterOut is the mail of a message for one outsider.
func (s *Service) letterOut(ctx context.Context, id string, p post, o outsider, token string) (courier.Letter, error) {
	author := p.From.ID
	files, lost, err := s.filesOut(ctx, author, p.Files)
	if err != nil {
		return courier.Letter{}, err
	}
	before, err := s.references(ctx, p, o.Address)
	if err != nil {
		return courier.Letter{}, err
	}
	page := s.pageOut(p, o, lost)
	who, _ := s.dir.Person(author)
	subject := p.Subject
	if p.Re != "" {
		subject = "Re : " + subject
	}
	return courier.Letter{
		ID: s.outside.letterID(author, id, o.Address), To: o.Address, Subject: subject,
		Text: page.text(), HTML: page.html(), At: p.At, Files: files,
		Person: &courier.Person{
			Name: fmt.Sprintf("%s (%s)", who.Name(), page.school), Answers: s.outside.answersTo(token), References: before,
		},
	}, nil
}

// pageOut is a message as one outsider reads it; lost are files that cannot go.
func (s *Service) pageOut(p post, o outsider, lost []string) pageOut {
	info, _ := s.dir.School(s.dir.SchoolOf(p.From.ID))
	return pageOut{post: p, lost: lost, school: info.Name, all: p.Mode == ModeAll && !o.Hidden, self: outsideKey + o.Address}
}

// filesOut reads the files that a message carries, and names those that cannot
// go.
func (s *Service) filesOut(ctx context.Context, author string, all []attachment.File) (files []courier.File, lost []string, err error) {
	for _, f := range all {
		if !f.Ready() {
			lost = append(lost, f.Name)
			continue
		}
		data, err := s.readFile(ctx, author, f.SHA)
		if errors.Is(err, storage.ErrNotFound) {
			lost = append(lost, f.Name)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		files = append(files, courier.File{Name: f.Name, Type: f.Type, Data: data})
	}
	return files, lost, nil
}

func (s *Service) readFile(ctx context.Context, user, sha string) ([]byte, error) {
	c, err := s.files.Open(ctx, psync.Actor{School: s.dir.SchoolOf(user), User: user}, sha, attachment.Original)
	if err != nil {
		return nil, fmt.Errorf("file of a mail: %w", err)
	}
	r, err := c.Read(ctx, 0, -1)
	if err != nil {
		return nil, fmt.Errorf("file of a mail: %w", err)
	}
	defer r.Close()
	return io.ReadAll(r)
}

// references are the mails that an outsider has of a discussion and that a
// message follows: what began it, what it answers.
func (s *Service) references(ctx context.Context, p post, address string) (ids []string, err error) {
	if p.Re == "" {
		return nil, nil
	}
	for _, at := range []struct{ author, id string }{{p.Root, p.Discussion}, {p.ReBy, p.Re}} {
		posts, err := s.posts(ctx, at.author, at.id)
		if err != nil {
			return nil, err
		}
		before, there := posts[at.id]
		if name := s.mailName(at.id, before, address); there && name != "" && !slices.Contains(ids, name) {
			ids = append(ids, name)
		}
	}
	return ids, nil
}

// mailName is what a message is called in the mailbox of an outsider; "" if
// they have it not.
func (s *Service) mailName(id string, p post, address string) string {
	if _, from, ok := outsideOf(p.From.ID); ok && sameAddress(from, address) {
		return p.MailID
	}
	if slices.ContainsFunc(p.Outside, func(o outsider) bool { return o.Address == address }) {
		return s.outside.Courier.MessageID(s.outside.letterID(p.From.ID, id, address))
	}
	return ""
}

// namesOut are the people of a message as an outsider may know them: no address
// but their own.
func namesOut(all []Addressee, self string) []string {
	var names []string
	for _, a := range all {
		if a.Key != self {
			names = append(names, nameOut(groupName(a)))
		}
	}
	return names
}

// nameOut is a name that is no address.
func nameOut(name string) string {
	if strings.Contains(name, "@") {
		return "une autre personne"
	}
	return name
}

// groupName says a group as its readers would.
func groupName(a Addressee) string {
	_, part, group := strings.Cut(a.Key, "/")
	if !group || strings.HasPrefix(a.Key, outsideKey) {
		return a.Name
	}
	words := map[string]string{
		"students": "les élèves de ", "guardians": "les parents de ", "teachers": "les professeurs de ", "members": "",
	}
	if strings.HasPrefix(a.Key, "school:") {
		whole := map[string]string{"teachers": "les professeurs", "staff": "la vie scolaire", "direction": "la direction"}
		return whole[part]
	}
	return words[part] + a.Name
}
