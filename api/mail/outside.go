package mail

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"preau/api/directory"
	"preau/api/notify/courier"
	psync "preau/sync"
)

// Outside is what writing to people who are not of the school stands on: a way
// out, and a domain whose mails come in here.
type Outside struct {
	Courier Courier
	Domain  string // answers go to r-TOKEN@Domain
	Key     []byte // no token can be guessed without it
}

// Courier hands mails over to a mail server.
type Courier interface {
	// Send fails with courier.ErrRefused or courier.ErrRejected for good; what
	// else it fails with may pass.
	Send(ctx context.Context, l courier.Letter) error
	// MessageID is what the mail of a letter with this ID is called.
	MessageID(id string) string
}

// outsider is somebody who is not of the school, as a message that goes to them
// knows them.
type outsider struct {
	Address string `json:"address"`
	Hidden  bool   `json:"hidden,omitempty"` // gets a blind copy
	State   string `json:"state,omitempty"`  // one of those below
}

// What became of a mail to an outsider.
const (
	outWaiting  = ""
	outSent     = "sent"
	outRefused  = "refused"  // the mail server takes nothing for the address
	outRejected = "rejected" // nor this mail
	outLate     = "late"     // it could not be handed over for days
	outBounced  = "bounced"  // it came back
)

// Returned is somebody outside whom a message did not reach, with the reason:
// "refused", "rejected", "late" or "bounced".
type Returned struct {
	Addressee
	Reason string `json:"reason"`
}

// maxAddress is how long an address may be: it names records.
const maxAddress = 120 // bytes

const (
	outsideKey    = "mail:"    // begins the key of an outsider
	outsideAuthor = "outside:" // and the id of one as an author: "outside:X/a@example.org"
)

// CleanAddress is an address as it is written here, with its host in small
// letters; not good if it is none.
func CleanAddress(s string) (address string, good bool) {
	at := strings.LastIndex(s, "@")
	if len(s) > maxAddress || !courier.ValidAddress(s) || at < 0 {
		return "", false
	}
	return s[:at] + strings.ToLower(s[at:]), true
}

// sameAddress compares as mail servers do: nearly none tells capitals.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }

// authorOutside is the id of an outsider as the author of a message in one
// school.
func authorOutside(school, address string) string { return outsideAuthor + school + "/" + address }

// outsideOf takes the id of an author apart; false for people of a school.
func outsideOf(author string) (school, address string, ok bool) {
	rest, ok := strings.CutPrefix(author, outsideAuthor)
	if !ok {
		return "", "", false
	}
	school, address, _ = strings.Cut(rest, "/")
	return school, address, true
}

// schoolOf is the school of an author, of the people or outside.
func (s *Service) schoolOf(author string) string {
	if school, _, ok := outsideOf(author); ok {
		return school
	}
	return s.dir.SchoolOf(author)
}

// display is the name of an author; one outside is called by the address.
func (s *Service) display(author string) string {
	if _, address, ok := outsideOf(author); ok {
		return address
	}
	return s.dir.Display(author)
}

// accountOf is the account whose files an author's messages show: what comes in
// from outside belongs to nobody of the school.
func accountOf(author string) string {
	if school, _, ok := outsideOf(author); ok {
		return outsideAccount(school)
	}
	return author
}

func outsideAccount(school string) string { return "outside." + school }

// External says which roles may write to people outside.
type External struct {
	External []directory.Role `json:"external,omitempty"`
}

func (e External) check() error {
	for i, role := range e.External {
		if !slices.Contains(directory.AllRoles, role) || slices.Contains(e.External[:i], role) {
			return psync.Refuse("invalid", fmt.Sprintf("external[%d]", i), "a role, once")
		}
	}
	return nil
}

// reachOutside says who of a school may write to people outside, and get their
// answers.
func (s *Service) reachOutside(e External) func(user string) bool {
	return func(user string) bool {
		return s.outside != nil && s.dir.Present(user) && isAny(s.dir, user, e.External...)
	}
}

// outwards resolves the key of an outsider.
func (f *sender) outwards(field, key string, name func(address string) string) (Addressee, error) {
	address, good := CleanAddress(strings.TrimPrefix(key, outsideKey))
	switch {
	case !good:
		return Addressee{}, psync.Refuse("invalid", field, "not an address, somebody@example.org")
	case f.svc.outside == nil:
		return Addressee{}, psync.Refuse("unavailable", field, "this server writes to nobody outside")
	case strings.HasSuffix(address, "@"+f.svc.outside.Domain):
		return Addressee{}, psync.Refuse("invalid", field, "an address of answers, where nobody is")
	case !f.outside(f.user):
		return Addressee{}, psync.Refuse("forbidden", field, "writing to people outside is not for this role")
	}
	return Addressee{Key: outsideKey + address, Name: name(address)}, nil
}

// mostMixed is how many people a refusal names.
const mostMixed = 5

// unmixed refuses a message to people outside and, at once, to people of the
// school who may not write there (E96): it would bring them together.
func (f *sender) unmixed(p post) error {
	if len(p.Outside) == 0 {
		return nil
	}
	var without []string
	for _, id := range slices.Concat(p.Readers, p.Hidden) {
		if !f.outside(id) {
			without = append(without, f.svc.dir.Display(id))
		}
	}
	if len(without) == 0 {
		return nil
	}
	names := strings.Join(without[:min(len(without), mostMixed)], ", ")
	if more := len(without) - mostMixed; more > 0 {
		names += fmt.Sprintf(" +%d", more)
	}
	return psync.Refuse("mixed", "to", "%s", names)
}

// outsiders are those among addressees, each once. One who is written to openly
// gets no blind copy.
func outsiders(open, blind []Addressee) (all []outsider) {
	add := func(some []Addressee, hidden bool) {
		for _, a := range some {
			address, ok := strings.CutPrefix(a.Key, outsideKey)
			if ok && !slices.ContainsFunc(all, func(o outsider) bool { return sameAddress(o.Address, address) }) {
				all = append(all, outsider{Address: address, Hidden: hidden})
			}
		}
	}
	add(open, false)
	add(blind, true)
	return all
}

// keys are what outsiders are counted by.
func (p post) keysOutside() (keys []string) {
	for _, o := range p.Outside {
		keys = append(keys, outsideKey+o.Address)
	}
	return keys
}

// openOutside are the outsiders who take part in a discussion openly.
func (p post) openOutside() (all []Addressee) {
	for _, a := range slices.Concat(p.To, p.Cc) {
		if isOutside(a) {
			all = append(all, a)
		}
	}
	return all
}

// maxTyped is how long a name that was typed for an address may be.
const maxTyped = 100 // characters

// namesOf says how outsiders are called: as they were first written down.
func namesOf(ctx context.Context, tx *psync.Tx, typed map[string]string) (func(address string) string, error) {
	recs, err := tx.List(ctx, "contact")
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, r := range recs {
		c, err := decode[contact](r.Value)
		if err != nil {
			return nil, err
		}
		known[r.ID] = c.Name
	}
	return func(address string) string {
		if name := known[outsideKey+address]; name != "" {
			return name
		}
		for key, name := range typed {
			if sameAddress(key, outsideKey+address) && cleanTyped(name) != "" {
				return cleanTyped(name)
			}
		}
		return address
	}, nil
}

// cleanTyped is a name on one line.
func cleanTyped(name string) string {
	name = strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(name); len(runes) > maxTyped {
		return string(runes[:maxTyped])
	}
	return name
}

// token is the secret part of the address that an outsider answers a message
// at. It is the same each time.
func (o *Outside) token(author, message, address string) string {
	return o.sum("mail.reply", author, message, address)
}

// letterID makes the mail of a message to an outsider the same at every try.
func (o *Outside) letterID(author, message, address string) string {
	return o.sum("mail.letter", author, message, address)
}

func (o *Outside) sum(parts ...string) string {
	mac := hmac.New(sha256.New, o.Key)
	_, _ = mac.Write([]byte(strings.Join(parts, "\x00"))) // it never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}

// answerPrefix begins the addresses that outsiders answer at.
const answerPrefix = "r-"

func (o *Outside) answersTo(token string) string { return answerPrefix + token + "@" + o.Domain }

// tokenOf takes the token out of an address that mail comes in for.
func (o *Outside) tokenOf(address string) (token string, ok bool) {
	local, host, _ := strings.Cut(address, "@")
	if !sameAddress(host, o.Domain) || len(local) < len(answerPrefix) || !strings.EqualFold(local[:len(answerPrefix)], answerPrefix) {
		return "", false
	}
	token = strings.ToLower(local[len(answerPrefix):])
	odd := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }
	return token, len(token) == tokenLength && !strings.ContainsFunc(token, odd)
}

const tokenLength = 32
