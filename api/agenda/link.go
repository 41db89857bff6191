package agenda

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const maxLink = 2000

// name is a host as the network writes it: labels of letters, digits and
// hyphens, the last of which is no number. What looks like other letters is
// written "xn--…" and shown so.
var name = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// HostOf is the host to which a link leads, as the reader is shown it; empty
// for what nobody should follow: only https, to a name, with nothing before it
// that looks like one. The same as host in link.ts.
func HostOf(link string) string {
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }
	if len(link) > maxLink || !strings.HasPrefix(link, "https://") || strings.ContainsFunc(link, odd) {
		return ""
	}
	u, err := url.Parse(link)
	if err != nil || u.User != nil || !goodPort(u.Port()) {
		return ""
	}
	host := strings.ToLower(u.Hostname())
	if len(host) > 253 || !name.MatchString(host) {
		return ""
	}
	return host
}

func goodPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n > 0 && n <= 65_535
}
