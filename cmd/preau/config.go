package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"preau/api/attachment/clamd"
	"preau/api/notify/courier"
	"preau/api/transfer"
)

// Config is how a server runs. Each setting is a variable PREAU_… of the
// environment; some are flags of `preau serve` as well, which win.
type Config struct {
	Data    string // folder of the database, the files and the keys
	Records place  // see recordsKinds
	Blobs   place  // see blobsKinds

	Addr   string // where plain HTTP, or TLS with Host or LAN, is answered
	Plain  string // where plain HTTP leads to TLS, with Host or LAN
	Host   string // public name: TLS with a certificate by ACME
	LAN    bool   // TLS with a certificate of our own, for trials
	ACME   string // directory of the certificate authority; "": Let's Encrypt
	Email  string // told to the certificate authority
	Origin string // public address, "https://ecole.example"

	Proxies      []string        // whose X-Forwarded-* headers are believed
	Egress       []netip.Prefix  // addresses of the schools
	PushHosts    []string        // more push services than the usual ones
	SMTP         *courier.Office // takes mails; nil: none are sent
	MailListen   string          // where mails from outside come in
	MailDomain   string          // for which domain
	Clamd        *clamd.Daemon   // scans what people send; nil: nobody does
	MetricsToken string
	Drain        time.Duration // how long to go on, not ready, before stopping
	Takeover     time.Duration // after which other nodes carry out what one had begun
	Demo         bool          // everybody may be anybody
	Transfers    transfer.Rules
}

// setting is one variable of the environment.
type setting struct {
	name  string
	usual string
	take  func(c *Config, value string) error
}

// settings are all of them. They are read in this order.
var settings = []setting{
	{"DATA", "data", func(c *Config, v string) error { c.Data = v; return nil }},
	{"RECORDS", "", func(c *Config, v string) error { return setPlace(&c.Records, v, recordsKinds) }},
	{"BLOBS", "", func(c *Config, v string) error { return setPlace(&c.Blobs, v, blobsKinds) }},
	{"ADDR", "", func(c *Config, v string) error { return setAddr(&c.Addr, v) }},
	{"PLAIN_ADDR", "", func(c *Config, v string) error { return setAddr(&c.Plain, v) }},
	{"HOST", "", func(c *Config, v string) error { return c.setHost(v) }},
	{"ACME_DIRECTORY", "", func(c *Config, v string) error { return setAddress(&c.ACME, v) }},
	{"ACME_EMAIL", "", func(c *Config, v string) error { c.Email = v; return nil }},
	{"ORIGIN", "", func(c *Config, v string) error { return c.setOrigin(v) }},
	{"PROXIES", "", func(c *Config, v string) error { return c.setProxies(v) }},
	{"SCHOOL_ADDRESSES", "", func(c *Config, v string) error { return c.setEgress(v) }},
	{"PUSH_HOSTS", "", func(c *Config, v string) error { c.PushHosts = list(v); return nil }},
	{"SMTP", "", func(c *Config, v string) (err error) { c.SMTP, err = courier.Parse(v); return err }},
	{"SMTP_LISTEN", "", func(c *Config, v string) error { return setAddr(&c.MailListen, v) }},
	{"MAIL_DOMAIN", "", func(c *Config, v string) error { return c.setMailDomain(v) }},
	{"DRAIN", "", func(c *Config, v string) error { return setTime(&c.Drain, v, 0, time.Minute) }},
	{"TAKEOVER", "2m", func(c *Config, v string) error { return setTime(&c.Takeover, v, 10*time.Second, 10*time.Minute) }},
	{"CLAMD", "", func(c *Config, v string) (err error) { c.Clamd, err = clamd.Parse(v); return err }},
	{"TRANSFER_MOST", "2G", func(c *Config, v string) error { return setBytes(&c.Transfers.Most, v) }},
	{"TRANSFER_PERSON", "10G", func(c *Config, v string) error { return setBytes(&c.Transfers.Person, v) }},
	{"TRANSFER_PUPIL", "2G", func(c *Config, v string) error { return setBytes(&c.Transfers.Pupil, v) }},
	{"TRANSFER_SCHOOL", "200G", func(c *Config, v string) error { return setBytes(&c.Transfers.School, v) }},
	{"TRANSFER_SEALED", "on", func(c *Config, v string) error { return setSwitch(&c.Transfers.Sealed, v) }},
	{"METRICS_TOKEN", "", func(c *Config, v string) error { c.MetricsToken = v; return nil }},
}

// readConfig reads the settings of the environment.
func readConfig(env func(string) string) (Config, error) {
	var c Config
	for _, s := range settings {
		value := strings.TrimSpace(env("PREAU_" + s.name))
		if value == "" {
			value = s.usual
		}
		if value == "" {
			continue
		}
		if err := s.take(&c, value); err != nil {
			return c, fmt.Errorf("PREAU_%s: %w", s.name, err)
		}
	}
	return c, nil
}

// setSwitch reads "on" or "off".
func setSwitch(to *bool, v string) error {
	if v != "on" && v != "off" {
		return fmt.Errorf("%q should be on or off", v)
	}
	*to = v == "on"
	return nil
}

// setBytes reads "500M", "2G": powers of 1024.
func setBytes(to *int64, v string) error {
	unit := map[byte]int64{'M': 1 << 20, 'G': 1 << 30, 'T': 1 << 40}[v[len(v)-1]]
	n, err := strconv.ParseInt(v[:len(v)-1], 10, 32)
	if err != nil || unit == 0 || n < 1 {
		return fmt.Errorf("%q should be a number with M, G or T behind it, such as 2G", v)
	}
	*to = n * unit
	return nil
}

// flags adds the arguments of `preau serve`.
func (c *Config) flags(args []string, help io.Writer) error {
	set := flag.NewFlagSet("serve", flag.ContinueOnError)
	set.SetOutput(help)
	set.StringVar(&c.Data, "data", c.Data, "`folder` of the database, the files and the keys")
	set.Func("addr", "`address` to listen on", func(v string) error { return setAddr(&c.Addr, v) })
	set.Func("plain", "`address` that leads to TLS, with -host or -lan", func(v string) error { return setAddr(&c.Plain, v) })
	set.Func("host", "public `name`: TLS on :443 with a certificate by ACME", c.setHost)
	set.BoolVar(&c.LAN, "lan", c.LAN, "TLS on the local network, for trials: phones accept the server's own certificate once")
	set.Func("origin", "public `address`, if it is not -host", c.setOrigin)
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	return c.complete()
}

// complete fills in what follows from the rest.
func (c *Config) complete() error {
	if c.Host != "" && c.LAN {
		return errors.New("choose either a public name (-host) or the local network (-lan)")
	}
	if err := c.completeOutside(); err != nil {
		return err
	}
	usual := [2]string{"localhost:8080", ""}
	switch {
	case c.Host != "":
		usual = [2]string{":443", ":80"}
	case c.LAN:
		usual = [2]string{":8443", ":8080"}
	}
	c.Addr, c.Plain = or(c.Addr, usual[0]), or(c.Plain, usual[1])
	if c.Records == (place{}) {
		c.Records = place{"sqlite", filepath.Join(c.Data, "preau.db")}
	}
	if c.Blobs == (place{}) {
		c.Blobs = place{"file", filepath.Join(c.Data, "blobs")}
	}
	if c.Origin == "" && c.Host != "" {
		c.Origin = "https://" + c.Host
	}
	return nil
}

func or(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}

func setAddr(at *string, v string) error {
	_, port, err := net.SplitHostPort(v)
	if err != nil || port == "" {
		return fmt.Errorf("%q should be host:port, such as localhost:8080", v)
	}
	*at = v
	return nil
}

func setAddress(at *string, v string) error {
	u, err := url.Parse(v)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fmt.Errorf("%q should be an address, such as https://ecole.example", v)
	}
	*at = v
	return nil
}

func (c *Config) setOrigin(v string) error {
	v = strings.TrimSuffix(v, "/")
	u, err := url.Parse(v)
	if err == nil && u.Path+u.RawQuery+u.Fragment != "" {
		return fmt.Errorf("%q should have nothing behind the host", v)
	}
	return setAddress(&c.Origin, v)
}

func (c *Config) setHost(v string) error {
	if strings.ContainsAny(v, ":/ ") || !strings.Contains(v, ".") || net.ParseIP(v) != nil {
		return fmt.Errorf("%q should be a public name alone, such as ecole.example", v)
	}
	c.Host = strings.ToLower(v)
	return nil
}

func setTime(to *time.Duration, v string, least, most time.Duration) (err error) {
	*to, err = time.ParseDuration(v)
	if err != nil || *to < least || *to > most {
		return fmt.Errorf("%q should be a time from %v to %v, such as 15s", v, least, most)
	}
	return nil
}

func (c *Config) setProxies(v string) error {
	for _, p := range list(v) {
		if _, err := prefix(p); err != nil {
			return err
		}
		c.Proxies = append(c.Proxies, p)
	}
	return nil
}

func (c *Config) setEgress(v string) error {
	for _, p := range list(v) {
		network, err := prefix(p)
		if err != nil {
			return err
		}
		c.Egress = append(c.Egress, network)
	}
	return nil
}

// prefix reads an IP address or a network.
func prefix(v string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(v); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return p, fmt.Errorf("%q should be an IP address or a network, such as 192.0.2.0/24", v)
	}
	return p, nil
}

func list(v string) []string {
	return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' })
}
