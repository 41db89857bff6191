// Package courier hands mails over to an SMTP server.
package courier

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// ErrRefused says that the server takes nothing for this address, now or later.
var ErrRefused = errors.New("courier: the address is refused")

// patience is for one step of a conversation with the server.
const patience = 15 * time.Second

// Office is an SMTP server and the address that mails come from.
type Office struct {
	host    string
	options []gomail.Option
	from    string
}

// Parse reads "smtp://user:password@host:port?from=nepasrepondre@ecole.example".
// TLS is begun where the server offers it, and from the first byte with smtps.
// Errors do not hold the password.
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
	At       time.Time
}

// Send hands a mail over. ErrRefused is for the address; other errors may pass.
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
	if failed, ok := errors.AsType[*gomail.SendError](err); ok && failed.Reason == gomail.ErrSMTPRcptTo && failed.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %d", ErrRefused, failed.ErrorCode())
	}
	if err != nil {
		return fmt.Errorf("courier: %w", err)
	}
	return nil
}

// write makes the mail. No header holds a line break, whatever a name holds.
func (o *Office) write(l Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := errors.Join(m.FromFormat("Préau", o.from), m.To(l.To)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	_, host, _ := strings.Cut(o.from, "@")
	m.SetMessageIDWithValue(l.ID + "@" + host)
	m.SetDateWithValue(l.At)
	m.Subject(OneLine(l.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.Settings != "" {
		m.SetGenHeaderPreformatted("List-Unsubscribe", "<"+OneLine(l.Settings)+">")
	}
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	return m, nil
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
