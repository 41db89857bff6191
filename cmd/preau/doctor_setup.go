package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"preau/api/attachment"
	"preau/api/attachment/clamd"
	"preau/api/notify"
)

// settings looks for variables that nobody reads.
func (d *doctor) settings(context.Context) (all []finding) {
	for _, pair := range d.environ {
		name, _, _ := strings.Cut(pair, "=")
		short, ours := strings.CutPrefix(name, "PREAU_")
		if !ours || strings.HasPrefix(short, "TEST_") || isSetting(short) {
			continue
		}
		all = append(all, finding{mend, name + " is no setting, and is not heeded", "remove it, or correct its name: README.md lists the settings"})
	}
	if all == nil {
		all = append(all, good("records in %s, files in %s", d.config.Records, d.config.Blobs))
	}
	return all
}

func isSetting(name string) bool {
	return slices.ContainsFunc(settings, func(s setting) bool { return s.name == name })
}

// address looks at where the devices are to find the server, and over what.
func (d *doctor) address(context.Context) []finding {
	c := d.config
	if c.LAN {
		return []finding{{note, "TLS of our own on the local network", "for trials only: a school needs a public name (-host)"}}
	}
	u, err := url.Parse(c.Origin)
	switch {
	case c.Origin == "" || err != nil:
		return []finding{{note, "no public address", "phones reach only a public name: set PREAU_HOST, or PREAU_ORIGIN behind a proxy"}}
	case u.Scheme != "https" && !isLocal(u.Hostname()):
		return []finding{{mend, c.Origin + " is not secure", "phones install nothing and keep no session over http: give PREAU_ORIGIN an https address"}}
	case c.Host != "" && u.Hostname() != c.Host:
		return []finding{{mend, fmt.Sprintf("the certificate is for %s, and devices are sent to %s", c.Host, u.Hostname()), "make PREAU_HOST and PREAU_ORIGIN the same, or leave PREAU_ORIGIN out"}}
	}
	return []finding{good("%s", c.Origin)}
}

func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// proxies looks at whose word on addresses is taken.
func (d *doctor) proxies(context.Context) (all []finding) {
	c := d.config
	fronted := c.Host == "" && !c.LAN && strings.HasPrefix(c.Origin, "https:")
	switch {
	case fronted && len(c.Proxies) == 0:
		return []finding{{mend, "a proxy stands in front, and PREAU_PROXIES names none", "list its address in PREAU_PROXIES: without, all people count as one when passwords are guessed"}}
	case c.Host != "" && len(c.Proxies) > 0:
		all = append(all, finding{note, "proxies are trusted although this server ends TLS itself", "leave PREAU_PROXIES out unless a proxy passes connections on"})
	}
	for _, p := range c.Proxies {
		if network, err := prefix(p); err == nil && network.Bits() < 8 {
			all = append(all, finding{mend, p + " trusts nearly everybody", "list only the addresses of your own proxies in PREAU_PROXIES"})
		}
	}
	if all == nil {
		all = append(all, good("%d trusted", len(c.Proxies)))
	}
	return all
}

// clock sets this machine's time against all that is dated already.
func (d *doctor) clock(context.Context) []finding {
	now := d.now()
	const todo = "set the clock (timedatectl set-ntp true): lateness of copies and the ends of sessions depend on it"
	if d.seen.After(now.Add(time.Minute)) {
		return []finding{{mend, fmt.Sprintf("it is %s, and something was already written at %s", now.UTC().Format(time.RFC3339), d.seen.UTC().Format(time.RFC3339)), todo}}
	}
	if now.Before(oldest) {
		return []finding{{mend, "it is " + now.UTC().Format(time.DateOnly), todo}}
	}
	return []finding{good("%s, later than all that was written", now.UTC().Format(time.RFC3339))}
}

// oldest is before any true date on which this program runs.
var oldest = time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)

// zones makes sure that the school day is known.
func (d *doctor) zones(context.Context) []finding {
	zone, err := time.LoadLocation("Europe/Paris")
	if err == nil {
		summer, winter := time.Date(2026, 7, 1, 0, 0, 0, 0, zone), time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
		if summer.UTC().Hour() == 22 && winter.UTC().Hour() == 23 {
			return []finding{good("Europe/Paris has its summer time")}
		}
	}
	return []finding{{mend, fmt.Sprintf("Europe/Paris is not known rightly: %v", err), "unset ZONEINFO, or point it to a whole zoneinfo.zip"}}
}

// dialPatience is for one push service.
const dialPatience = 3 * time.Second

// push tries to reach the push services.
func (d *doctor) push(ctx context.Context) []finding {
	if d.offline {
		return []finding{good("not tried")}
	}
	services, err := notify.Services(d.config.PushHosts)
	if err != nil {
		return []finding{{mend, fmt.Sprintf("PREAU_PUSH_HOSTS: %v", err), "correct it: host names, or origins with a port"}}
	}
	all := make([]finding, len(services))
	var each sync.WaitGroup
	for i, address := range services {
		each.Go(func() { all[i] = dial(ctx, address) })
	}
	each.Wait()
	return all
}

func dial(ctx context.Context, address string) finding {
	d := net.Dialer{Timeout: dialPatience}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return finding{note, fmt.Sprintf("%s is not reached: %v", address, err), "let the server connect to it, or alerts of these browsers wait and lapse after two days"}
	}
	_ = conn.Close() // it was only to see who answers
	return good("%s answers", address)
}

// mailPatience is for the mail server.
const mailPatience = 10 * time.Second

// mail says hello to the mail server.
func (d *doctor) mail(ctx context.Context) []finding {
	if d.config.SMTP == nil {
		return []finding{good("none is sent: PREAU_SMTP is not set")}
	}
	if d.offline {
		return []finding{good("not tried")}
	}
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	if err := d.config.SMTP.Check(ctx); err != nil {
		return []finding{{mend, fmt.Sprintf("the mail server is not reached: %v", err), "correct PREAU_SMTP, or let the server connect to it: mails wait, and lapse after two days"}}
	}
	return []finding{good("the mail server answers")}
}

// scanPatience is for the scanner, which looks at three files.
const scanPatience = 30 * time.Second

// scanner asks the scanner who it is, and has it look at what it must find.
func (d *doctor) scanner(ctx context.Context) []finding {
	daemon := d.config.Clamd
	if daemon == nil {
		return []finding{good("files are not scanned: PREAU_CLAMD is not set")}
	}
	ctx, cancel := context.WithTimeout(ctx, scanPatience)
	defer cancel()
	version, err := daemon.Version(ctx)
	if err == nil {
		err = daemon.Check(ctx, attachment.MaxSize)
	}
	switch {
	case err == nil:
		return []finding{good("%s answers", version)}
	case errors.Is(err, clamd.ErrBlind):
		return []finding{{mend, "the scanner does not find the test virus", "let freshclam fetch its signatures, and restart it"}}
	case errors.Is(err, clamd.ErrSmall):
		return []finding{{mend, "the scanner takes no files of 25 MB: they are refused", "set StreamMaxLength 26M in clamd.conf"}}
	case errors.Is(err, clamd.ErrLax):
		return []finding{{mend, "the scanner passes files that it does not look into", "set AlertExceedsMax yes in clamd.conf"}}
	}
	return []finding{{mend, fmt.Sprintf("the scanner does not answer: %v", err), "start clamd, or correct PREAU_CLAMD: files that people send are held until it answers"}}
}

// outside looks at whether people could write to people outside, and be
// answered.
func (d *doctor) outside(ctx context.Context) []finding {
	c := d.config
	switch missing := c.lacks(); {
	case c.MailListen == "":
		return []finding{good("schools cannot have people write outside: PREAU_SMTP_LISTEN is not set")}
	case len(missing) > 0:
		return []finding{{mend, "no mails are taken from outside: " + strings.Join(missing, ", ") + " is missing", "set it, or leave PREAU_SMTP_LISTEN and PREAU_MAIL_DOMAIN out"}}
	case d.offline:
		return []finding{good("answers to %s", c.MailDomain)}
	}
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	hosts, err := net.DefaultResolver.LookupMX(ctx, c.MailDomain)
	if err != nil || len(hosts) == 0 {
		return []finding{{mend, fmt.Sprintf("no mail server is known for %s: %v", c.MailDomain, err), "add an MX record that names this server, and let port 25 through: answers from outside get lost"}}
	}
	return []finding{good("answers to %s come to %s", c.MailDomain, strings.TrimSuffix(hosts[0].Host, "."))}
}
