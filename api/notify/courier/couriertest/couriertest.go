// Package couriertest is an SMTP server to test against. It keeps what it takes,
// read back by another library than the one that wrote it.
package couriertest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is one that was taken.
type Mail struct {
	From, To   string // of the envelope
	Header     mail.Header
	Subject    string
	Text, HTML string
	Files      map[string][]byte // by name
	TLS        bool              // it came over TLS
	User       string            // who signed in
}

// Server takes mails on loopback.
type Server struct {
	Address string

	tb     testing.TB
	socket net.Listener
	smtp   *smtp.Server
	mu     sync.Mutex
	mails  []Mail
	codes  map[string]int // answered to RCPT, by address
	delay  time.Duration
	guard  Guard
}

// Guard is how a server keeps strangers out.
type Guard struct {
	TLS      *tls.Config
	Always   bool   // TLS from the first byte, and not with STARTTLS
	User     string // whoever is not signed in sends nothing
	Password string
}

// New returns a server that runs until the test ends.
func New(tb testing.TB) *Server {
	tb.Helper()
	return NewGuarded(tb, Guard{})
}

// NewGuarded is New for a server that keeps strangers out.
func NewGuarded(tb testing.TB, g Guard) *Server {
	tb.Helper()
	s := &Server{tb: tb, codes: map[string]int{}, guard: g}
	s.listen("127.0.0.1:0")
	tb.Cleanup(s.Stop)
	return s
}

func (s *Server) listen(address string) {
	s.tb.Helper()
	at, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.Address, s.socket = at.Addr().String(), at
	s.smtp = smtp.NewServer(s)
	s.smtp.ErrorLog = quiet{}
	if s.guard.Always {
		at = tls.NewListener(at, s.guard.TLS)
	} else {
		s.smtp.TLSConfig = s.guard.TLS
	}
	serving := s.smtp                     // Start makes another
	go func() { _ = serving.Serve(at) }() // until Stop
}

// quiet drops what the server says of connections that end.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Stop closes the server; Start opens it again at its address.
func (s *Server) Stop() {
	_ = s.smtp.Close()
	_ = s.socket.Close() // the server knows it only once it serves
}

// Start opens the server again.
func (s *Server) Start() { s.listen(s.Address) }

// Refuse answers RCPT with a code for an address; 0 takes it again.
func (s *Server) Refuse(address string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[address] = code
}

// Delay makes every transaction slow.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Take returns the mails that came since it was asked before.
func (s *Server) Take() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.mails
	s.mails = nil
	return all
}

// NewSession implements [smtp.Backend].
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	_, secret := c.TLSConnectionState()
	return &session{server: s, secret: secret}, nil
}

type session struct {
	server   *Server
	secret   bool
	user     string
	from, to string
}

// AuthMechanisms implements [smtp.AuthSession].
func (c *session) AuthMechanisms() []string {
	if c.server.guard.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth implements [smtp.AuthSession].
func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.guard.User || password != c.server.guard.Password {
			return smtp.ErrAuthFailed
		}
		c.user = user
		return nil
	}), nil
}

func (c *session) Reset()        {}
func (c *session) Logout() error { return nil }

func (c *session) Mail(from string, _ *smtp.MailOptions) error {
	c.server.mu.Lock()
	d := c.server.delay
	c.server.mu.Unlock()
	time.Sleep(d)
	if c.user != c.server.guard.User {
		return smtp.ErrAuthRequired
	}
	c.from = from
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if code := c.server.codes[to]; code != 0 {
		return &smtp.SMTPError{Code: code, Message: "not here"}
	}
	c.to = to
	return nil
}

func (c *session) Data(r io.Reader) error {
	m, err := read(r)
	if err != nil {
		return err
	}
	m.From, m.To, m.TLS, m.User = c.from, c.to, c.secret, c.user
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.server.mails = append(c.server.mails, m)
	return nil
}

func read(r io.Reader) (m Mail, err error) {
	in, err := mail.CreateReader(r)
	if err != nil {
		return m, err
	}
	m.Header, m.Files = in.Header, map[string][]byte{}
	if m.Subject, err = in.Header.Subject(); err != nil {
		return m, err
	}
	for {
		part, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, err
		}
		body, err := io.ReadAll(part.Body)
		if err != nil {
			return m, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if h, attached := part.Header.(*mail.AttachmentHeader); attached {
			name, err := h.Filename()
			if err != nil {
				return m, err
			}
			m.Files[name] = body
			continue
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = text
		} else {
			m.Text = text
		}
	}
}
