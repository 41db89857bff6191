// Package inbound takes mails from outside over SMTP: it listens, reads what
// comes, has it looked at by a virus scanner, and hands answers over to package
// mail. It relays nothing, knows no mailbox but the addresses that package mail
// expects answers at, and says "250" only once all is on disk.
package inbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/net/netutil"
	"golang.org/x/sync/semaphore"

	"preau/api/attachment"
	"preau/api/mail"
)

// Limits of what comes in.
const (
	maxMail    = 16 << 20 // bytes: 10 MB of files in base64, and the text
	maxLine    = 4_000    // bytes
	maxConns   = 100
	maxPerHost = 10 // connections of one address at a time
	maxReading = 4  // mails in memory at a time
	idle       = 2 * time.Minute
	deciding   = 3 * time.Minute // to scan a mail and store it
)

// Receiver is what happens to answers; mail.Service is one.
type Receiver interface {
	Expects(ctx context.Context, address string) error
	Take(ctx context.Context, address string, a mail.Answer) error
	Bounce(ctx context.Context, address string) error
}

// Config is what a Server stands on. TLS may be nil: then STARTTLS is not
// offered.
type Config struct {
	Domain   string
	Receiver Receiver
	Scanner  attachment.Scanner
	TLS      *tls.Config
	Log      *slog.Logger
	Now      func() time.Time
}

// Server takes mails.
type Server struct {
	config  Config
	smtp    *smtp.Server
	guests  *guests
	reading *semaphore.Weighted
}

// New returns a Server; Serve runs it.
func New(c Config) *Server {
	s := &Server{config: c, guests: newGuests(c.Now), reading: semaphore.NewWeighted(maxReading)}
	s.smtp = smtp.NewServer(s)
	s.smtp.Domain, s.smtp.TLSConfig = c.Domain, c.TLS
	s.smtp.MaxRecipients, s.smtp.MaxMessageBytes, s.smtp.MaxLineLength = 1, maxMail, maxLine
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = idle, idle
	s.smtp.ErrorLog = quiet{}
	return s
}

// Serve takes mails from a listener until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.smtp.Serve(netutil.LimitListener(l, maxConns)); !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

// Close stops listening, and waits for mails under way until ctx ends.
func (s *Server) Close(ctx context.Context) error {
	err := s.smtp.Shutdown(ctx)
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return errors.Join(err, s.smtp.Close())
}

// quiet drops what the library says of connections that break off.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// NewSession implements [smtp.Backend].
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	host := hostOf(c.Conn().RemoteAddr())
	if !s.guests.enter(host) {
		return nil, tooBusy
	}
	return &session{server: s, host: host}, nil
}

func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return host
}

// session is one connection. It takes one mail for one address at a time.
type session struct {
	server *Server
	host   string
	from   string
	to     string
}

// Reset implements [smtp.Session].
func (c *session) Reset() { c.from, c.to = "", "" }

// Logout implements [smtp.Session].
func (c *session) Logout() error {
	c.server.guests.leave(c.host)
	return nil
}

// Mail implements [smtp.Session].
func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	if c.server.guests.unwelcome(c.host) {
		return tooBusy
	}
	c.from = from
	return nil
}

// Rcpt implements [smtp.Session]: whoever guesses addresses is soon turned away,
// and learns nothing from the answers.
func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if c.server.guests.unwelcome(c.host) {
		return tooBusy
	}
	ctx, cancel := context.WithTimeout(context.Background(), deciding)
	defer cancel()
	err := c.server.config.Receiver.Expects(ctx, to)
	if errors.Is(err, mail.ErrNobody) {
		c.server.guests.missed(c.host)
	}
	c.to = to
	return c.server.answer(ctx, err)
}

// Data implements [smtp.Session].
func (c *session) Data(r io.Reader) error {
	ctx, cancel := context.WithTimeout(context.Background(), deciding)
	defer cancel()
	if err := c.server.reading.Acquire(ctx, 1); err != nil {
		return tooBusy
	}
	defer c.server.reading.Release(1)
	raw, err := io.ReadAll(r)
	if err != nil {
		return c.server.answer(ctx, err)
	}
	return c.server.answer(ctx, c.server.take(ctx, c.from, c.to, raw))
}

// take decides on a mail.
func (s *Server) take(ctx context.Context, from, to string, raw []byte) error {
	m, err := read(raw)
	if err != nil {
		return err
	}
	switch {
	case from == "" || m.fromDaemon():
		if m.failed() {
			return s.config.Receiver.Bounce(ctx, to)
		}
		return nil // it says that somebody is away, or that a mail is late
	case m.automatic():
		return errAutomatic
	}
	a, err := s.examine(ctx, m)
	if err != nil {
		return err
	}
	return s.config.Receiver.Take(ctx, to, a)
}

// examine has all of a mail looked at. A text with a virus is for nobody; of a
// file with one, its name is left.
func (s *Server) examine(ctx context.Context, m *letter) (mail.Answer, error) {
	a := mail.Answer{From: m.from, MailID: m.id, Body: m.body}
	for _, text := range m.texts {
		finding, err := s.scan(ctx, text)
		if err != nil {
			return a, err
		}
		if finding != "" {
			return a, errInfected
		}
	}
	for _, f := range m.files {
		file := mail.NewAnsweredFile(f.name, f.data)
		finding, err := s.scan(ctx, f.data)
		if err != nil {
			return a, err
		}
		if finding != "" {
			file.Data, file.Infected = nil, true
		}
		a.Files = append(a.Files, file)
	}
	return a, nil
}

// answer words what became of a command. Other servers get no cause, and what
// may pass they try again.
func (s *Server) answer(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[*smtp.SMTPError](err); ok {
		return said
	}
	for _, w := range words {
		if errors.Is(err, w.err) {
			return &smtp.SMTPError{Code: w.code, EnhancedCode: w.enhanced, Message: w.text}
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, smtp.ErrDataReset) || errors.Is(err, smtp.ErrTooLongLine) {
		return later // it broke off
	}
	s.config.Log.WarnContext(ctx, "a mail from outside has to come again", "error", err)
	return later
}

// What a mail is refused for besides what package mail says.
var (
	errAutomatic = errors.New("inbound: written by a machine")
	errInfected  = errors.New("inbound: a virus in the text")
)

var (
	later   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Come again later"}
	tooBusy = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too much at once, come again later"}
)

// words are what other servers are told; people read them in what comes back.
var words = []struct {
	err      error
	code     int
	enhanced smtp.EnhancedCode
	text     string
}{
	{mail.ErrNobody, 550, smtp.EnhancedCode{5, 1, 1}, "No such address here (adresse inconnue)"},
	{mail.ErrSender, 550, smtp.EnhancedCode{5, 7, 1}, "Answer from the address that was written to (repondez depuis l'adresse qui a recu le message)"},
	{mail.ErrClosed, 550, smtp.EnhancedCode{5, 7, 1}, "The discussion was closed by the school (l'etablissement a ferme cette discussion)"},
	{mail.ErrLater, 451, smtp.EnhancedCode{4, 7, 1}, "The school takes no messages for now, come again later"},
	{mail.ErrUnreadable, 554, smtp.EnhancedCode{5, 6, 0}, fmt.Sprintf("Not taken: empty, unreadable, longer than %d characters, or more than %d files of 10 MB together", mail.MaxBody, mail.MaxFiles)},
	{errAutomatic, 550, smtp.EnhancedCode{5, 7, 1}, "Automatic answers are not taken (les reponses automatiques ne sont pas acceptees)"},
	{errInfected, 550, smtp.EnhancedCode{5, 7, 1}, "A virus was found (un virus a ete trouve)"},
}
