package notify

import (
	"bytes"
	"context"
	"html/template"
	"slices"
	"strings"
	"time"

	"preau/api/notify/courier"
	psync "preau/sync"
)

// effectLetter tells of news by mail.
const effectLetter = "notify.letter"

// letterLife is how long a mail is tried while the mail server cannot be
// reached.
const letterLife = 48 * time.Hour

// digestHour is when mails of a whole day are sent, where the person lives.
const digestHour = 7

// letter is the payload of effectLetter: the newest of some news. With newer
// ones by then, the mail that follows tells these too.
type letter struct {
	Ring string `json:"ring"`
	Seq  int64  `json:"seq"`
}

// mailed is the hidden record "mailed" of user:U, by kind: which news a mail
// has told.
type mailed struct {
	IDs []string `json:"ids"`
}

// mailLater says when news are mailed, if their person asked for it.
func (s *Service) mailLater(ctx context.Context, tx *psync.Tx, kind string, to reader) error {
	var b mailbox
	_, err := tx.Get(ctx, "address", "address", &b)
	if err != nil || !b.takes() || to.set.Mail == Never {
		return err
	}
	due := s.when(to, Notice{}, tx.Now())
	if to.set.Mail == Daily {
		due = morningAfter(tx.Now().In(s.zone(to.user)))
	}
	tx.EffectAt(effectLetter, letter{kind, tx.Seq()}, due)
	return nil
}

func morningAfter(t time.Time) time.Time {
	at := time.Date(t.Year(), t.Month(), t.Day(), digestHour, 0, 0, 0, t.Location())
	if !at.After(t) {
		at = time.Date(t.Year(), t.Month(), t.Day()+1, digestHour, 0, 0, 0, t.Location())
	}
	return at
}

// mail tells a person of news that are news still and that no mail has told.
func (s *Service) mail(ctx context.Context, job *psync.Job) error {
	var l letter
	if err := job.Payload(&l); err != nil {
		return err
	}
	user := psync.ScopeID(job.Source())
	b, err := s.mailboxOf(ctx, user)
	if err != nil || !b.takes() || s.office == nil {
		return err
	}
	set, err := s.settingsOf(ctx, user)
	if err != nil || set.Mail == Never {
		return err
	}
	news, err := s.unmailed(ctx, user, l)
	if err != nil || len(news) == 0 {
		return err
	}
	n, err := s.tellers[l.Ring].Tell(ctx, user, news)
	if err != nil || n.Title == (Text{}) {
		return err
	}
	out := s.newsLetter(n, set.Lang)
	s.address(&out, job, user, b)
	return s.handOver(ctx, job, user, out, func(ctx context.Context, tx *psync.Tx) error {
		return noteMailed(ctx, tx, l.Ring, news)
	})
}

// unmailed reads the news that a mail is to tell; none when newer ones follow.
func (s *Service) unmailed(ctx context.Context, user string, l letter) ([]News, error) {
	var there ring
	at := inScope{s.engine, "user:" + user}
	seq, err := at.Get(ctx, "ring", l.Ring, &there)
	if err != nil || seq != l.Seq {
		return nil, err
	}
	var told mailed
	if _, err := at.Get(ctx, "mailed", l.Ring, &told); err != nil {
		return nil, err
	}
	fresh := slices.DeleteFunc(there.News, func(n News) bool { return slices.Contains(told.IDs, n.ID) })
	return s.tellers[l.Ring].Unseen(ctx, at, fresh)
}

// noteMailed remembers what a mail told, as long as it may be told again.
func noteMailed(ctx context.Context, tx *psync.Tx, kind string, news []News) error {
	var told mailed
	if _, err := tx.Get(ctx, "mailed", kind, &told); err != nil {
		return err
	}
	for _, n := range news {
		told.IDs = append(told.IDs, n.ID)
	}
	tx.Put("mailed", kind, mailed{told.IDs[max(0, len(told.IDs)-2*MaxNews):]})
	return nil
}

// letterID makes the same mail the same at every try.
func letterID(job *psync.Job) string {
	return shortHash(job.Source() + "\x00" + job.At().String())
}

// address says where a mail goes, how it is stopped, and where it comes back to.
func (s *Service) address(l *courier.Letter, job *psync.Job, user string, b mailbox) {
	l.ID, l.To, l.At = letterID(job), b.Address, s.now()
	l.Stop, l.Envelope = s.stopAddress(user, b.Address), s.bounceAddress(user, b.Address)
}

// settingsPath is the screen where mails are set.
const settingsPath = "/reglages/courriel"

// newsLetter words a mail: who wrote, where to read it, how to stop it.
func (s *Service) newsLetter(n Notice, lang string) courier.Letter {
	words := mailWords(lang)
	return words.letter(n.Title.In(lang), []string{n.Lock.In(lang)}, s.origin+n.Path, s.origin+settingsPath)
}

func codeLetter(code, lang string) courier.Letter {
	w := mailWords(lang)
	w.Footer, w.Stop, w.Link = w.CodeFooter, "", ""
	return w.letter(w.Code+" "+code, []string{w.CodeLine}, "", "")
}

// mailText are the words of mails in one language.
type mailText struct {
	Link, Footer, Stop         string
	Code, CodeLine, CodeFooter string
	Digest, DigestLink         string
}

func mailWords(lang string) mailText {
	if lang == "en" {
		return mailText{
			"Read and answer in Préau", "Nobody reads answers to this mail.", "Choose or stop these mails",
			"Your code for Préau:", "Type it in Préau within 30 minutes, and messages will be announced at this address.",
			"You did not ask for it? Somebody mistyped their address. There is nothing to do.",
			"What is new:", "See it all in Préau",
		}
	}
	return mailText{
		"Lire et répondre dans Préau", "Personne ne lit les réponses à ce courriel.", "Régler ou arrêter ces courriels",
		"Votre code pour Préau :", "À taper dans Préau dans les 30 minutes, pour que les messages soient annoncés à cette adresse.",
		"Vous n’avez rien demandé ? Quelqu’un s’est trompé d’adresse. Il n’y a rien à faire.",
		"Quoi de neuf :", "Tout voir dans Préau",
	}
}

var pageOf = template.Must(template.New("").Parse(`<!doctype html>
<p style="font:600 1.1em sans-serif">{{.Title}}</p>
{{range .Lines}}<p style="font-family:sans-serif">{{.}}</p>
{{end}}
{{if .URL}}<p style="font-family:sans-serif"><a href="{{.URL}}">{{.Link}}</a></p>{{end}}
<p style="font:.85em sans-serif;color:#555">{{.Footer}}{{if .Settings}} <a href="{{.Settings}}">{{.Stop}}</a>{{end}}</p>
`))

func (w mailText) letter(title string, lines []string, url, settings string) courier.Letter {
	title = courier.OneLine(title)
	said := []string{}
	for _, line := range lines {
		if line != "" {
			said = append(said, courier.OneLine(line))
		}
	}
	var page bytes.Buffer
	err := pageOf.Execute(&page, struct {
		mailText
		Title         string
		Lines         []string
		URL, Settings string
	}{w, title, said, url, settings})
	if err != nil {
		panic(err) // the template is part of the program
	}
	var text strings.Builder
	text.WriteString(title + "\n")
	for _, part := range append(said, labelled(w.Link, url), w.Footer+"\n"+labelled(w.Stop, settings)) {
		if part != "" {
			text.WriteString("\n" + part + "\n")
		}
	}
	return courier.Letter{Subject: title, Text: text.String(), HTML: page.String(), Settings: settings}
}

func labelled(label, url string) string {
	if url == "" {
		return ""
	}
	return label + " : " + url
}
