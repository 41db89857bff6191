package information

import (
	"context"
	"fmt"
	"slices"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// Response is what a reader did with an information, in their own scope.
type Response struct {
	Read         *time.Time `json:"read,omitempty"`
	Acknowledged *time.Time `json:"acknowledged,omitempty"`
	// Answers are those given, by child, or under "self".
	Answers map[string]Answered `json:"answers,omitempty"`
}

// Answered is one answer to all questions; of an anonymous one, only when.
type Answered struct {
	At    time.Time `json:"at"`
	Given []Given   `json:"given,omitempty"`
}

// self is the key of an answer that is for no child.
const self = "self"

// keysOf lists under which keys a reader with these children answers.
func (b Broadcast) keysOf(children []directory.Named) []string {
	if !b.PerChild || len(children) == 0 {
		return []string{self}
	}
	keys := make([]string, len(children))
	for i, child := range children {
		keys[i] = child.ID
	}
	return keys
}

// owes says whether a reader was asked for something and did not do it.
func (r Response) owes(b Broadcast, children []directory.Named) bool {
	if b.Acknowledge && r.Acknowledged == nil {
		return true
	}
	return len(b.Questions) > 0 && slices.ContainsFunc(b.keysOf(children), func(key string) bool {
		_, done := r.Answers[key]
		return !done
	})
}

// hearing checks the right of a reader and reads the arguments.
func (s *Service) hearing(tx *psync.Tx, args any) error {
	if err := s.dir.May(tx.Actor(), directory.ReadInformations, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// held is an information that a reader has, and what they did with it.
func (s *Service) held(ctx context.Context, tx *psync.Tx, id string) (c copied, b Broadcast, r Response, err error) {
	if err = psync.CheckID("id", id); err != nil {
		return c, b, r, err
	}
	seq, err := tx.Get(ctx, kind, id, &c)
	if err != nil {
		return c, b, r, err
	}
	there := false
	if seq > 0 {
		b, there, err = s.broadcast(ctx, c.By, id)
	}
	if err == nil && !there {
		err = psync.Refuse("not_found", "id", "no such information")
	}
	if err == nil {
		_, err = tx.Get(ctx, "response", id, &r)
	}
	return c, b, r, err
}

// mostRead is how many informations one act marks as read.
const mostRead = 200

// read remembers that informations were read; nobody else learns of it.
func (s *Service) read(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs []string `json:"ids"`
	}
	if err := s.hearing(tx, &args); err != nil {
		return err
	}
	if len(args.IDs) == 0 || len(args.IDs) > mostRead {
		return psync.Refuse("invalid", "ids", "1 to %d", mostRead)
	}
	for i, id := range args.IDs {
		if err := psync.CheckID(fmt.Sprintf("ids[%d]", i), id); err != nil {
			return err
		}
		if err := markRead(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}

func markRead(ctx context.Context, tx *psync.Tx, id string) error {
	var r Response
	if seq, err := tx.Get(ctx, kind, id, nil); err != nil || seq == 0 {
		return err
	}
	if _, err := tx.Get(ctx, "response", id, &r); err != nil || r.Read != nil {
		return err
	}
	at := acted(tx)
	r.Read = &at
	tx.Put("response", id, r)
	return nil
}

// acknowledge says to the author that this reader knows.
func (s *Service) acknowledge(ctx context.Context, tx *psync.Tx) error {
	var args about
	if err := s.hearing(tx, &args); err != nil {
		return err
	}
	c, b, r, err := s.held(ctx, tx, args.ID)
	switch {
	case err != nil:
		return err
	case !b.Acknowledge:
		return invalid("id", "nobody asks for it")
	case r.Acknowledged != nil:
		return nil
	}
	at := acted(tx)
	r.Acknowledged = &at
	if r.Read == nil {
		r.Read = &at
	}
	tx.Put("response", args.ID, r)
	tx.Effect(effectHeard, hearsay{By: c.By, ID: args.ID, Part: c.Part, User: tx.Actor().User, Acknowledged: at.Format(time.RFC3339)})
	return nil
}

type answerArgs struct {
	ID      string  `json:"id"`
	Child   string  `json:"child"` // of PerChild
	Answers []Given `json:"answers"`
}

// answer answers the questions of a survey, for a child if it asks so. Where
// names are shown the answer may be given again, until the end; an anonymous
// one is final, as nobody can say which it was.
func (s *Service) answer(ctx context.Context, tx *psync.Tx) error {
	var args answerArgs
	if err := s.hearing(tx, &args); err != nil {
		return err
	}
	c, b, r, err := s.held(ctx, tx, args.ID)
	if err != nil {
		return err
	}
	key := args.Child
	if key == "" {
		key = self
	}
	if err := s.mayAnswer(tx, b, c, r, key); err != nil {
		return err
	}
	if err := accept(b.Questions, args.Answers); err != nil {
		return err
	}
	s.keepAnswer(tx, args, key, c, b, r)
	return nil
}

func (s *Service) mayAnswer(tx *psync.Tx, b Broadcast, c copied, r Response, key string) error {
	_, answered := r.Answers[key]
	switch {
	case len(b.Questions) == 0:
		return invalid("id", "nothing is asked")
	case b.Withdrawn != nil:
		return psync.Refuse("withdrawn", "id", "it was withdrawn")
	case !tx.Now().Before(s.ends(b)):
		return psync.Refuse("over", "id", "it has ended")
	case !slices.Contains(b.keysOf(c.Children), key):
		return invalid("child", "nobody asks about them")
	case answered && b.Anonymous:
		return psync.Refuse("already_answered", "id", "once")
	}
	return nil
}

// keepAnswer writes an answer down. One that is anonymous is sealed: only the
// count that follows reads it, and erases it.
func (s *Service) keepAnswer(tx *psync.Tx, args answerArgs, key string, c copied, b Broadcast, r Response) {
	at := acted(tx)
	done := Answered{At: at}
	h := hearsay{By: c.By, ID: args.ID, Part: c.Part, User: tx.Actor().User, Key: key}
	if b.Anonymous {
		tx.Put(typeSealed, args.ID+"."+key, args.Answers)
	} else {
		done.Given = args.Answers
		h.Answer = &done
	}
	if r.Answers == nil {
		r.Answers = map[string]Answered{}
	}
	r.Answers[key] = done
	if r.Read == nil {
		r.Read = &at
	}
	tx.Put("response", args.ID, r)
	tx.Effect(effectHeard, h)
}

// hearsay is the payload of effectHeard, on its way to an author. That
// somebody answered anonymously has no Answer.
type hearsay struct {
	By           string    `json:"by"`
	ID           string    `json:"id"`
	Part         int       `json:"part"`
	User         string    `json:"user"`
	Acknowledged string    `json:"acknowledged,omitempty"`
	Key          string    `json:"key,omitempty"`
	Answer       *Answered `json:"answer,omitempty"`
}

// NamedAnswer is an answer as its author's scope has it.
type NamedAnswer struct {
	Information string           `json:"information"`
	By          directory.Named  `json:"by"`
	Child       *directory.Named `json:"child,omitempty"`
	Answered
}

// heard brings to an author what a reader did.
func (s *Service) heard(ctx context.Context, job *psync.Job) error {
	var h hearsay
	if err := job.Payload(&h); err != nil {
		return err
	}
	return job.Commit(ctx, userScope(h.By), func(ctx context.Context, tx *psync.Tx) error {
		var b Broadcast
		seq, err := tx.Get(ctx, "broadcast", h.ID, &b)
		switch {
		case err != nil || seq == 0 || b.Forgotten:
			return err
		case h.Acknowledged != "":
			return h.note(ctx, tx)
		case h.Answer == nil:
			return s.await(ctx, tx, h)
		}
		a := NamedAnswer{Information: h.ID, By: s.dir.Named(h.User), Answered: *h.Answer}
		if h.Key != self {
			child := s.dir.Named(h.Key)
			a.Child = &child
		}
		tx.Put("surveyAnswer", h.ID+"."+h.User+"."+h.Key, a)
		return nil
	})
}

// note writes down when somebody acknowledged.
func (h hearsay) note(ctx context.Context, tx *psync.Tx) error {
	var r Reach
	if _, err := tx.Get(ctx, "reach", partID(h.ID, h.Part), &r); err != nil {
		return err
	}
	for i := range r.People {
		if r.People[i].ID == h.User {
			r.People[i].Acknowledged = h.Acknowledged
			tx.Put("reach", partID(h.ID, h.Part), r)
		}
	}
	return nil
}
