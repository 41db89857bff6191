package notify

import (
	"net"
	"net/url"
	"sync/atomic"
)

// Outcomes are what may become of a push to one browser, in the order of
// [Service.Counts]: sent; gone for ever; to be tried again; refused, which is
// our fault; not sent at all.
var Outcomes = [...]string{"sent", "gone", "later", "refused", "failed"}

// counts are the pushes since the start, by outcome.
type counts [len(Outcomes)]atomic.Int64

func (c *counts) add(v verdict) {
	outcome := 0
	switch {
	case v.gone:
		outcome = 1
	case !v.retry.IsZero():
		outcome = 2
	case v.err != nil && v.status != 0:
		outcome = 3
	case v.err != nil:
		outcome = 4
	}
	c[outcome].Add(1)
}

// Counts tells what became of the pushes since the start, in the order of
// [Outcomes].
func (s *Service) Counts() (n [len(Outcomes)]int64) {
	for i := range n {
		n[i] = s.counts[i].Load()
	}
	return n
}

// Services are the addresses, host and port, at which the push services of the
// browsers answer, and those of the operator's list.
func Services(allow []string) ([]string, error) {
	all := []string{"fcm.googleapis.com:443", "updates.push.services.mozilla.com:443", "web.push.apple.com:443"}
	p, err := parsePlaces(allow)
	if err != nil {
		return nil, err
	}
	for _, host := range p.hosts[len(usualHosts):] {
		all = append(all, net.JoinHostPort(host, "443"))
	}
	for _, origin := range p.origins {
		if u, err := url.Parse(origin); err == nil {
			all = append(all, u.Host)
		}
	}
	return all, nil
}
