package mail

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"preau/api/notify"
	psync "preau/sync"
)

// Notices is what this package asks of notify: to ring for messages. They are
// no notices, as the mailbox lists them already.
type Notices interface {
	Ring(ctx context.Context, tx *psync.Tx, kind string, n notify.News) error
	OnRing(kind string, t notify.Teller)
}

// ring tells the person whose mailbox tx is in that a message came.
func (s *Service) ring(ctx context.Context, tx *psync.Tx, author, id string, p post) error {
	if tx.Scope() == userScope(author) {
		return nil
	}
	return s.notices.Ring(ctx, tx, kindMessage, notify.News{ID: id, About: p.Discussion, By: author, At: p.At})
}

// teller says which messages are news, and what of them a lock screen may show.
type teller struct{ *Service }

// Unseen implements [notify.Teller]: it leaves out messages that are gone from
// the mailbox, read or thrown away, and those of which their reader wants to
// hear nothing: of that discussion, or of that person.
func (t teller) Unseen(ctx context.Context, r notify.Reader, news []notify.News) ([]notify.News, error) {
	var unseen []notify.News
	for _, n := range news {
		news, err := unseenBy(ctx, r, n)
		if err != nil {
			return nil, err
		}
		if news {
			unseen = append(unseen, n)
		}
	}
	return unseen, nil
}

func unseenBy(ctx context.Context, r notify.Reader, n notify.News) (bool, error) {
	var thread Thread
	held, err := r.Get(ctx, "message", n.ID, nil)
	if err != nil || held == 0 {
		return false, err
	}
	hushed, err := r.Get(ctx, "muted", n.By, nil)
	if err != nil || hushed > 0 {
		return false, err
	}
	_, err = r.Get(ctx, "thread", n.About, &thread)
	return !thread.Muted && thread.Folder != Bin && thread.Read < n.At.UnixMilli(), err
}

// Tell implements [notify.Teller]: who wrote, and neither what nor about what.
func (t teller) Tell(ctx context.Context, _ string, news []notify.News) (notify.Notice, error) {
	told, authors, err := t.authors(ctx, news)
	if err != nil || len(told) == 0 {
		return notify.Notice{}, err
	}
	n := notify.Notice{Kind: kindMessage, Path: "/messages", Alert: notify.NewMessage, Title: titled(told, authors)}
	if elsewhere := func(o notify.News) bool { return o.About != told[0].About }; !slices.ContainsFunc(told, elsewhere) {
		n.Path += "/lire/" + told[0].About
	}
	if len(told) > 1 {
		list := named(authors)
		n.Lock = notify.Text{FR: list, EN: list}
	}
	return n, nil
}

// titled says how many messages came; of one, from whom.
func titled(told []notify.News, authors []string) notify.Text {
	switch n := len(told); n {
	case 1:
		if strings.HasPrefix(told[0].By, schoolAuthor) {
			return notify.Text{FR: "Nouveau message – " + authors[0], EN: "New message – " + authors[0]}
		}
		return notify.Text{FR: "Message " + de(authors[0]), EN: "Message from " + authors[0]}
	case notify.MaxNews: // perhaps more
		return notify.Text{FR: fmt.Sprintf("Plus de %d nouveaux messages", n-1), EN: fmt.Sprintf("More than %d new messages", n-1)}
	}
	return notify.Text{FR: fmt.Sprintf("%d nouveaux messages", len(told)), EN: fmt.Sprintf("%d new messages", len(told))}
}

// authors reads who wrote messages, each once, and leaves out what was taken
// back.
func (t teller) authors(ctx context.Context, news []notify.News) (told []notify.News, names []string, err error) {
	for _, n := range news {
		posts, err := t.posts(ctx, n.By, n.ID)
		if err != nil {
			return nil, nil, err
		}
		p, there := posts[n.ID]
		if !there || p.Recalled {
			continue
		}
		told = append(told, n)
		if name := cmp.Or(p.From.Name, t.dir.Display(n.By)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return told, names, nil
}

// mostNamed is how many authors an alert names.
const mostNamed = 3

func named(authors []string) string {
	if len(authors) > mostNamed {
		return strings.Join(authors[:mostNamed], ", ") + "…"
	}
	return strings.Join(authors, ", ")
}

// de puts the French "de" before a name.
func de(name string) string {
	if plain := strings.ToLower(norm.NFD.String(name)); plain != "" && strings.ContainsRune("aeiouh", rune(plain[0])) {
		return "d’" + name
	}
	return "de " + name
}
