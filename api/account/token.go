package account

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"strings"
)

const (
	secretBytes  = 32
	sessionBytes = 18 // every request carries it: 144 bits are enough
)

// token is what the session cookie holds: who, and the secret that proves it.
// Cookies given before tokens were shortened name the device as well.
type token struct {
	user, device string
	secret       []byte
}

func (t token) String() string {
	if t.device != "" {
		return "1." + t.user + "." + t.device + "." + encode64(t.secret)
	}
	return t.user + "." + encode64(t.secret)
}

// parseToken reads a cookie; it never trusts more than its form.
func parseToken(s string) (t token, ok bool) {
	if len(s) > 256 {
		return t, false
	}
	parts := strings.Split(s, ".")
	if len(parts) == 2 {
		t.user = parts[0]
		t.secret, ok = decode64(parts[1], sessionBytes)
		return t, ok && validUser(t.user)
	}
	if len(parts) != 4 || parts[0] != "1" || !validUser(parts[1]) || !validDevice(parts[2]) {
		return t, false
	}
	secret, ok := decode64(parts[3], secretBytes)
	return token{parts[1], parts[2], secret}, ok
}

// opens finds the device whose secret a token holds, in use or ended.
func (t token) opens(st *state) (id string, d device, ok bool) {
	secret := sum(t.secret)
	for id, d := range st.devices {
		if sameText(d.Secret, secret) && (t.device == "" || t.device == id) {
			return id, d, true
		}
	}
	return "", device{}, false
}

func newSessionSecret() []byte { return newSecret()[:sessionBytes] }

func newSecret() []byte {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails
	return b
}

// idEncoding spells ids in 5 bits a character, without capitals.
var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func newDeviceID() string {
	b := make([]byte, 10)
	rand.Read(b)
	return "d_" + idEncoding.EncodeToString(b)
}

// ticketID names a pairing or a sheet: 128 random bits and then the person,
// so that any node finds the account with nothing else to look up.
func ticketID(user string) string {
	b := make([]byte, 16)
	rand.Read(b)
	return idEncoding.EncodeToString(b) + user
}

const ticketIDPrefix = 26

// ticketUser is the person that a ticket id belongs to.
func ticketUser(id string) (user string, ok bool) {
	if len(id) <= ticketIDPrefix || !words(id) {
		return "", false
	}
	user = id[ticketIDPrefix:]
	return user, validUser(user)
}

func validUser(s string) bool   { return len(s) > 0 && len(s) <= 64 && words(s) }
func validDevice(s string) bool { return len(s) > 2 && len(s) <= 64 && s[:2] == "d_" && words(s) }

// words says whether s holds nothing but letters, digits, '-' and '_'.
func words(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// maxKnown is how many people one browser remembers having signed in.
const maxKnown = 6

// known is the cookie of a browser on which people signed in before: a random
// number and, for each of them, a tag that only the server can make. It opens
// nothing; it lets a person's own browser keep its own count of wrong
// passwords, so that nobody locks them out from elsewhere.
type known struct {
	browser string
	tags    []string
}

func parseKnown(s string) known {
	parts := strings.Split(s, ".")
	if len(s) > 512 || len(parts) < 3 || len(parts) > 2+maxKnown || parts[0] != "1" {
		return known{}
	}
	if _, ok := decode64(parts[1], 16); !ok {
		return known{}
	}
	return known{parts[1], parts[2:]}
}

func (k known) String() string {
	return strings.Join(append([]string{"1", k.browser}, k.tags...), ".")
}

// knows says whether the person signed in on this browser before.
func (s *Service) knows(k known, user string) bool {
	want, found := s.tag(k.browser, user), false
	for _, tag := range k.tags {
		found = hmac.Equal([]byte(tag), []byte(want)) || found
	}
	return found && k.browser != "" && user != ""
}

// remember adds a person to a browser's cookie, the latest first.
func (s *Service) remember(k known, user string) known {
	if s.knows(k, user) {
		return k
	}
	if k.browser == "" {
		k.browser = encode64(newSecret()[:16])
	}
	tags := append([]string{s.tag(k.browser, user)}, k.tags...)
	return known{k.browser, tags[:min(len(tags), maxKnown)]}
}

func (s *Service) tag(browser, user string) string {
	return encode64(derive(s.keys.known, browser, user)[:16])
}
