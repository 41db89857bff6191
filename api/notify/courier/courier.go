// Package courier hands mails over to an SMTP server.
package courier

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// What a server says for good.
var (
	ErrRefused  = errors.New("courier: the address is refused") // whatever is sent there
	ErrRejected = errors.New("courier: the mail is rejected")   // this one, whoever it is for
)

// patience is for one step of a conversation with the server.
const patience = 15 * time.Second

// Office is an SMTP server and the address that mails come from.
type Office struct {
	host    string
	options []gomail.Option
	from    string
}

// Parse reads "smtp://user:password@host:port?from=nepasrepondre@ecole.example".
// TLS is begun where the server offers it, and from the first byte with smtps;
// ca=FILE names a certificate to believe besides those of the system. A password
// goes over TLS only, or to this machine. Errors do not hold it.
func Parse(address string) (*Office, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" {
		return nil, errors.New("should be smtp://user:password@host:port?from=nobody@ecole.example, or smtps://")
	}
	o := &Office{host: u.Hostname(), from: u.Query().Get("from")}
	if !ValidAddress(o.from) {
		return nil, errors.New("from= should be the address that mails come from")
	}
	o.options = []gomail.Option{gomail.WithTimeout(patience), gomail.WithTLSPolicy(gomail.TLSOpportunistic), gomail.WithPort(587)}
	if u.Scheme == "smtps" {
		o.options = append(o.options, gomail.WithSSL(), gomail.WithPort(465))
	}
	if file := u.Query().Get("ca"); file != "" {
		believed, err := believing(file, o.host)
		if err != nil {
			return nil, err
		}
		o.options = append(o.options, gomail.WithTLSConfig(believed))
	}
	if u.Port() != "" {
		port, err := strconv.Atoi(u.Port())
		if err != nil || port < 1 || port > 65535 {
			return nil, errors.New("the port should be a number")
		}
		o.options = append(o.options, gomail.WithPort(port))
	}
	if secret, given := u.User.Password(); given {
		o.options = append(o.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(secret))
	}
	return o, nil
}

// believing trusts the certificates of a file, and those of the system.
func believing(file, host string) (*tls.Config, error) {
	certificates, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca=: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(certificates) {
		return nil, errors.New("ca= should be a file with a certificate in PEM")
	}
	return &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// ValidAddress says whether s is an address alone, somebody@example.org.
func ValidAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	_, host, _ := strings.Cut(s, "@")
	bad := func(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII || strings.ContainsRune(`"<>()[],;:\`, r) }
	return err == nil && a.Address == s && len(s) <= 254 && strings.Contains(host, ".") && !strings.ContainsFunc(s, bad)
}

// Letter is one mail, in plain text and in HTML. The same ID says that it is
// the same mail: it holds letters, digits and dashes.
type Letter struct {
	ID       string
	To       string
	Subject  string
	Text     string
	HTML     string
	Settings string // address of a page where its reader may stop such mails
	Stop     string // address that a mail program may post to, to stop them (RFC 8058)
	Envelope string // where the server's own mail comes back to when it cannot be delivered
	At       time.Time
	Person   *Person // who wrote it; nil: the server did
	Files    []File
}

// Person is who wrote a mail that is not the server's own: it comes from the
// office's address under their name, and answers go elsewhere.
type Person struct {
	Name       string
	Answers    string   // address that answers, and what cannot be delivered, go to
	References []string // the IDs, whole, of the mails before it; the last is answered
}

// File is what a mail carries.
type File struct {
	Name string
	Type string
	Data []byte
}

// Send hands a mail over. ErrRefused is for the address, ErrRejected for the
// mail; other errors may pass.
func (o *Office) Send(ctx context.Context, l Letter) error {
	msg, err := o.write(l)
	if err != nil {
		return err
	}
	client, err := gomail.NewClient(o.host, o.options...)
	if err != nil {
		return fmt.Errorf("courier: %w", err)
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if err != nil {
		return judged(err)
	}
	return nil
}

// judged tells what is for good from what may pass. That this server may send
// nothing at all, or nothing from its address, is for somebody to mend.
func judged(err error) error {
	failed, ok := errors.AsType[*gomail.SendError](err)
	if !ok || failed.ErrorCode() < 500 {
		return fmt.Errorf("courier: %w", err)
	}
	switch failed.Reason {
	case gomail.ErrSMTPRcptTo:
		return fmt.Errorf("%w: %d", ErrRefused, failed.ErrorCode())
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return fmt.Errorf("%w: %d", ErrRejected, failed.ErrorCode())
	default:
		return fmt.Errorf("courier: %w", err)
	}
}

// write makes the mail. No header holds a line break, whatever a name holds.
func (o *Office) write(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := errors.Join(o.sign(m, l), m.To(l.To)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	m.SetMessageIDWithValue(o.bare(l.ID))
	m.SetDateWithValue(l.At)
	m.Subject(OneLine(l.Subject))
	l.unsubscribe(m)
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	for _, f := range l.Files {
		err := m.AttachReader(OneLine(f.Name), bytes.NewReader(f.Data), gomail.WithFileContentType(gomail.ContentType(f.Type)))
		if err != nil {
			return nil, fmt.Errorf("courier: attach: %w", err)
		}
	}
	return m, nil
}

// unsubscribe says how such mails are stopped: with one click where the mail
// program can, else on a page.
func (l Letter) unsubscribe(m *gomail.Msg) {
	switch {
	case l.Stop != "":
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+OneLine(l.Stop)+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	case l.Settings != "":
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+OneLine(l.Settings)+">")
	}
}

// sign says whom a mail is from, and where answers go.
func (o *Office) sign(m *gomail.Msg, l Letter) error {
	if l.Person == nil {
		m.SetGenHeader("Auto-Submitted", "auto-generated")
		if l.Envelope != "" {
			return errors.Join(m.FromFormat("Préau", o.from), m.EnvelopeFrom(l.Envelope))
		}
		return m.FromFormat("Préau", o.from)
	}
	if n := len(l.Person.References); n > 0 {
		m.SetGenHeaderPreformatted(gomail.HeaderInReplyTo, l.Person.References[n-1])
		m.SetGenHeaderPreformatted(gomail.HeaderReferences, strings.Join(l.Person.References, "\r\n "))
	}
	return errors.Join(
		m.FromFormat(OneLine(l.Person.Name), o.from),
		m.ReplyTo(l.Person.Answers), m.EnvelopeFrom(l.Person.Answers),
	)
}

// MessageID is what the mail of a letter with this ID is called, whole.
func (o *Office) MessageID(id string) string { return "<" + o.bare(id) + ">" }

func (o *Office) bare(id string) string {
	_, host, _ := strings.Cut(o.from, "@")
	return id + "@" + host
}

// OneLine puts a space in the place of every control character.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
}

// Check says hello to the server, and who we are.
func (o *Office) Check(ctx context.Context) error {
	client, err := gomail.NewClient(o.host, o.options...)
	if err != nil {
		return err
	}
	if err := client.DialWithContext(ctx); err != nil {
		return err
	}
	return client.Close()
}
