package mail

import (
	"context"
	"slices"
	"strings"

	psync "preau/sync"
)

// replyArgs answer a message of the actor's mailbox.
type replyArgs struct {
	Re  string `json:"re"`
	All bool   `json:"all"`
	content
}

// reply goes on with a discussion: to the author of a message alone, or to all
// who take part.
func (s *Service) reply(ctx context.Context, tx *psync.Tx) error {
	var args replyArgs
	from, err := s.write(ctx, tx, &args, &args.content)
	if err != nil || from == nil {
		return err
	}
	re, err := s.held(ctx, tx, "re", args.Re)
	if err != nil {
		return err
	}
	root, err := s.root(ctx, tx, args.Re, re)
	if err != nil {
		return err
	}
	p := post{Root: re.Root}
	p.Discussion, p.Subject, p.Mode, p.Re = re.Discussion, root.Subject, root.Mode, args.Re
	if err := from.answer(&p, root, re, args.All); err != nil {
		return err
	}
	if err := from.brake(ctx, tx, p, args.content); err != nil {
		return err
	}
	return s.post(ctx, tx, from, p, args.content)
}

func (a replyArgs) check() error {
	if err := a.content.check(false); err != nil {
		return err
	}
	return psync.CheckID("re", a.Re)
}

// root is the message that began a discussion, unless that was closed.
func (s *Service) root(ctx context.Context, tx *psync.Tx, id string, p post) (post, error) {
	first, there, err := p, true, error(nil)
	if id != p.Discussion {
		first, there, err = s.postOf(ctx, tx, p.Root, p.Discussion)
	}
	switch {
	case err != nil:
		return first, err
	case !there:
		return first, psync.Refuse("gone", "re", "the discussion is over")
	case first.Closed:
		return first, psync.Refuse("closed", "re", "the discussion was closed")
	}
	return first, nil
}

// answering says who may get an answer. Whoever wrote to somebody and asked for
// answers gets theirs; all others must be people the actor may write to,
// unless somebody who works in the school has brought them together.
func (f *sender) answering(root, re post) func(id string) bool {
	dir, invited := f.svc.dir, []string{root.From.ID, re.From.ID}
	together := f.svc.works(root.From.ID) && root.From.ID != f.user && dir.Present(root.From.ID)
	return func(id string) bool {
		return dir.Present(id) && (together || slices.Contains(invited, id) || f.book.reaches(id))
	}
}

// answer fills in who gets an answer.
func (f *sender) answer(p *post, root, re post, all bool) error {
	if root.Mode == ModeNone {
		return psync.Refuse("no_reply", "re", "nobody reads answers to this message")
	}
	if all && root.Mode != ModeAll && root.From.ID != f.user {
		return psync.Refuse("forbidden", "all", "answers go to the author alone")
	}
	everyone := without(append(slices.Clone(root.Readers), root.From.ID), f.user)
	people := slices.DeleteFunc(f.answered(everyone, re, all), func(id string) bool { return !f.svc.dir.Present(id) })
	if err := f.answerOutside(p, root, re, all); err != nil {
		return err
	}
	if len(people)+len(p.Outside) == 0 {
		return psync.Refuse("gone", "re", "nobody is left to answer")
	}
	may := f.answering(root, re)
	var to []Addressee
	for _, id := range people {
		if !may(id) {
			return psync.Refuse("recipient_not_allowed", "all", "%s may not be written to", id)
		}
		to = append(to, Addressee{Key: userScope(id), Name: f.svc.dir.Display(id)})
	}
	p.Readers = people
	if all && slices.Equal(people, everyone) {
		to = slices.DeleteFunc(everybody(root, f.user), isOutside)
	}
	p.To = slices.Concat([]Addressee{}, to, p.To)
	return f.unmixed(*p)
}

// answered lists who of the school gets an answer.
func (f *sender) answered(everyone []string, re post, all bool) []string {
	switch {
	case all:
		return slices.Clone(everyone)
	case re.From.ID == f.user:
		return without(slices.Clone(re.Readers), f.user)
	}
	return without([]string{re.From.ID}, f.user)
}

// answerOutside has an answer go to those outside who take part, or to whoever
// it answers. With an answer to all, one who got a blind copy gets another:
// nobody is to know.
func (f *sender) answerOutside(p *post, root, re post, all bool) error {
	switch one, out := addresseeOutside(re.From.ID); {
	case out && !all:
		p.To = []Addressee{one}
	case out && !slices.ContainsFunc(root.openOutside(), func(a Addressee) bool { return a.Key == one.Key }):
		p.To, p.Bcc = root.openOutside(), []Addressee{one}
	case all:
		p.To = root.openOutside()
	case re.From.ID == f.user:
		p.To = re.openOutside()
	}
	p.Outside = outsiders(p.To, p.Bcc)
	if len(p.Outside) == 0 {
		return nil
	}
	p.ReBy = re.From.ID
	if !f.outside(f.user) {
		return psync.Refuse("forbidden", "all", "writing to people outside is not for this role")
	}
	return nil
}

func addresseeOutside(author string) (Addressee, bool) {
	_, address, ok := outsideOf(author)
	return Addressee{Key: outsideKey + address, Name: address}, ok
}

func isOutside(a Addressee) bool { return strings.HasPrefix(a.Key, outsideKey) }

// everybody is the addressees of an answer to all, groups as groups.
func everybody(root post, user string) []Addressee {
	to := []Addressee{}
	if root.From.ID != user {
		to = append(to, Addressee{Key: userScope(root.From.ID), Name: root.From.Name})
	}
	for _, a := range slices.Concat(root.To, root.Cc) {
		if a.Key != userScope(user) {
			to = append(to, a)
		}
	}
	return to
}
