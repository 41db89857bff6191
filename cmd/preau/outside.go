package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"preau/api/mail"
	"preau/api/mail/inbound"
	"preau/api/notify"
)

// setMailDomain takes the domain that answers from outside come to.
func (c *Config) setMailDomain(v string) error {
	if strings.ContainsAny(v, "@:/ ") || !strings.Contains(v, ".") || net.ParseIP(v) != nil {
		return fmt.Errorf("%q should be a domain alone, such as reponse.ecole.example", v)
	}
	c.MailDomain = strings.ToLower(v)
	return nil
}

// completeOutside holds that what belongs together is set together.
func (c *Config) completeOutside() error {
	if (c.MailListen == "") != (c.MailDomain == "") {
		return errors.New("PREAU_SMTP_LISTEN and PREAU_MAIL_DOMAIN are set together: where mails come in, and for which domain")
	}
	return nil
}

// lacks names the settings that are missing for people to write outside.
func (c *Config) lacks() (names []string) {
	for _, part := range []struct {
		name string
		set  bool
	}{{"PREAU_SMTP", c.SMTP != nil}, {"PREAU_SMTP_LISTEN", c.MailListen != ""}, {"PREAU_MAIL_DOMAIN", c.MailDomain != ""}, {"PREAU_CLAMD", c.Clamd != nil}} {
		if !part.set {
			names = append(names, part.name)
		}
	}
	return names
}

// outside is what writing to people outside stands on; nil where a part is
// missing.
func (a *App) outside() *mail.Outside {
	if len(a.config.lacks()) > 0 {
		return nil
	}
	return &mail.Outside{Courier: a.config.SMTP, Domain: a.config.MailDomain, Key: a.keys.Accounts}
}

// bounceDomain is where the server's own mails come back to; "" if nothing
// listens there.
func (a *App) bounceDomain() string {
	if len(a.config.lacks()) > 0 {
		return ""
	}
	return a.config.MailDomain
}

// incoming tells mails of the server's own that come back from answers of
// people outside.
type incoming struct {
	*mail.Service
	notices *notify.Service
}

// Expects implements [inbound.Receiver].
func (r incoming) Expects(ctx context.Context, address string) error {
	if r.notices.Awaits(address) {
		return nil
	}
	return r.Service.Expects(ctx, address)
}

// Bounce implements [inbound.Receiver].
func (r incoming) Bounce(ctx context.Context, address string) error {
	ours, err := r.notices.Bounced(ctx, address)
	if ours || err != nil {
		return err
	}
	return r.Service.Bounce(ctx, address)
}

// openPost listens for mails from outside.
func (a *App) openPost() (err error) {
	if len(a.config.lacks()) > 0 {
		if a.config.MailListen != "" {
			a.log.Warn("no mails are taken from outside", "missing", strings.Join(a.config.lacks(), " "))
		}
		return nil
	}
	if a.post.socket, err = net.Listen("tcp", a.config.MailListen); err != nil {
		return fmt.Errorf("PREAU_SMTP_LISTEN: %w", err)
	}
	a.post.server = inbound.New(inbound.Config{
		Domain: a.config.MailDomain, Receiver: incoming{a.mail, a.notices}, Scanner: a.config.Clamd, TLS: a.fronts.mailTLS(a.config.Host), Log: a.log, Now: a.now,
	})
	return nil
}

// post is where mails from outside come in; empty where none do.
type post struct {
	socket net.Listener
	server *inbound.Server
}

func (p post) serve() error {
	if p.server == nil {
		return nil
	}
	return p.server.Serve(p.socket)
}

func (p post) shut(ctx context.Context) error {
	if p.server == nil {
		return nil
	}
	return p.server.Close(ctx)
}

// close frees the socket of a server that never ran.
func (p post) close() error {
	if p.socket == nil {
		return nil
	}
	if err := p.socket.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// mailTLS is the certificate of the main socket for mails; nil without one. Mail
// servers seldom say whom they believe to talk to.
func (f fronts) mailTLS(host string) *tls.Config {
	if f.secret == nil {
		return nil
	}
	c := f.secret.Clone()
	c.NextProtos = nil
	if named := c.GetCertificate; named != nil && host != "" {
		c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			hello.ServerName = host
			return named(hello)
		}
	}
	return c
}
