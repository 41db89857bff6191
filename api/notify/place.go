package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// usualHosts are the push services of the browsers there are.
var usualHosts = []string{
	"fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com",
}

// maxEndpoint is how long an endpoint may be.
const maxEndpoint = 1024

// places are the push services that may be talked to.
type places struct {
	hosts   []string // each with what is below it, https on port 443
	origins []string // exactly these
	local   []string // the addresses of origins, "127.0.0.1:8282"
}

// parsePlaces reads the operator's list.
func parsePlaces(allow []string) (places, error) {
	p := places{hosts: slices.Clone(usualHosts)}
	for _, entry := range allow {
		if !strings.Contains(entry, "://") {
			if !hostName(entry) {
				return p, fmt.Errorf("%q is not a host name", entry)
			}
			p.hosts = append(p.hosts, entry)
			continue
		}
		u, err := url.Parse(entry)
		if err != nil || u.Port() == "" || u.Path != "" && u.Path != "/" {
			return p, fmt.Errorf("%q is not an origin with a port", entry)
		}
		ip, err := netip.ParseAddr(u.Hostname())
		if err != nil {
			return p, fmt.Errorf("%q: the host of an origin must be an address", entry)
		}
		p.origins = append(p.origins, u.Scheme+"://"+u.Host)
		p.local = append(p.local, net.JoinHostPort(ip.String(), u.Port()))
	}
	return p, nil
}

// hostName says whether s is a plain host name with a dot, in lower case.
func hostName(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		plain := func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, plain) {
			return false
		}
	}
	return len(s) <= 253 && strings.Contains(s, ".")
}

var errEndpoint = errors.New("not the address of a push service")

// check parses an endpoint and says whether it may be talked to. It decides on
// the parsed parts, never on the text.
func (p places) check(endpoint string) (*url.URL, error) {
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }
	if len(endpoint) > maxEndpoint || strings.ContainsFunc(endpoint, odd) {
		return nil, errEndpoint
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Opaque != "" || u.User != nil || u.Fragment != "" || u.Host == "" {
		return nil, errEndpoint
	}
	if slices.Contains(p.origins, u.Scheme+"://"+u.Host) {
		return u, nil
	}
	if u.Scheme != "https" || u.Port() != "" && u.Port() != "443" || strings.HasSuffix(u.Host, ":") || !p.hosting(u.Hostname()) {
		return nil, errEndpoint
	}
	return u, nil
}

func (p places) hosting(host string) bool {
	return hostName(host) && slices.ContainsFunc(p.hosts, func(allowed string) bool {
		return host == allowed || strings.HasSuffix(host, "."+allowed)
	})
}

// Time-outs of talking to a push service.
const (
	dialTime = 5 * time.Second
	sendTime = 10 * time.Second
)

var errAddress = errors.New("address not allowed")

// newClient makes the client for push services: no proxy, no redirects, few
// connections, and whatever a name resolves to is checked when it is dialled.
func newClient(p places) *http.Client { return newClientWith(p, nil) }

func newClientWith(p places, resolver *net.Resolver) *http.Client {
	dialer := &net.Dialer{Timeout: dialTime, Resolver: resolver, ControlContext: p.dialling}
	return &http.Client{
		Timeout: sendTime,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            dialer.DialContext,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        8,
			MaxIdleConnsPerHost:    2,
			IdleConnTimeout:        time.Minute,
			TLSHandshakeTimeout:    dialTime,
			ResponseHeaderTimeout:  sendTime,
			MaxResponseHeaderBytes: 16 << 10,
		},
	}
}

// dialling refuses connections to anything but the public Internet, port 443,
// and the operator's own addresses.
func (p places) dialling(_ context.Context, _, address string, _ syscall.RawConn) error {
	if slices.Contains(p.local, address) {
		return nil
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || to.Port() != 443 || !public(to.Addr()) {
		return fmt.Errorf("%s: %w", address, errAddress)
	}
	return nil
}

// special are the parts of the address space that look public and are not.
var special = func() []netip.Prefix {
	var all []netip.Prefix
	for _, s := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
		"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	} {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}()

// unicast6 is the only part of IPv6 from which public addresses are given.
var unicast6 = netip.MustParsePrefix("2000::/3")

// public says whether an address is one of the public Internet.
func public(ip netip.Addr) bool {
	if ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.Is4In6() {
		return false
	}
	if ip.Is6() && !unicast6.Contains(ip) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(ip) })
}
