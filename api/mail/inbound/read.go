package inbound

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // the alphabets of old mails
	gomail "github.com/emersion/go-message/mail"
	"golang.org/x/text/encoding/charmap"

	"preau/api/mail"
)

// Limits of the shape of a mail. Nobody writes one beyond them.
const (
	maxHeader = 64 << 10 // bytes, of the mail and of each part
	maxDepth  = 10
	maxParts  = 100
	maxText   = 1 << 20 // bytes of one text
	maxID     = 250     // bytes of a Message-ID
)

// letter is a mail as it was read. Texts are all texts as they came, for the
// scanner; body is the one that is shown.
type letter struct {
	header message.Header
	from   string
	id     string
	body   mail.Body
	texts  [][]byte
	files  []file
	status [][]byte // reports of delivery
}

type file struct {
	name string
	data []byte
}

func unreadable(format string, args ...any) error {
	return fmt.Errorf("%w: %s", mail.ErrUnreadable, fmt.Sprintf(format, args...))
}

// read takes a mail apart. Its error is mail.ErrUnreadable.
func read(raw []byte) (*letter, error) {
	e, err := message.ReadWithOptions(bytes.NewReader(raw), &message.ReadOptions{MaxHeaderBytes: maxHeader})
	if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return nil, unreadable("header: %v", err)
	}
	m := &letter{header: e.Header, id: cleanID(e.Header.Get("Message-Id"))}
	m.from = sender(e.Header)
	r := reader{letter: m}
	lines, err := r.part(e, 0)
	if err != nil {
		return nil, err
	}
	if m.body = bodyOf(trim(lines)); m.body == nil {
		m.body = mail.Body{}
	}
	return m, nil
}

// sender is the one address that a mail says it is from; "" if it is none.
func sender(h message.Header) string {
	all, err := (&gomail.Header{Header: h}).AddressList("From")
	if err != nil || len(all) != 1 || len(h.Values("From")) != 1 {
		return ""
	}
	return all[0].Address
}

// cleanID is a Message-ID that may be repeated in a header; "" if it may not.
func cleanID(id string) string {
	id = strings.TrimSpace(id)
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }
	if len(id) < 3 || len(id) > maxID || id[0] != '<' || id[len(id)-1] != '>' || strings.ContainsFunc(id[1:len(id)-1], odd) {
		return ""
	}
	return id
}

// reader goes through the parts of a mail.
type reader struct {
	*letter
	parts int
}

// part reads one part, with all that are in it, and returns its text.
func (r *reader) part(e *message.Entity, depth int) ([]line, error) {
	if r.parts++; r.parts > maxParts || depth > maxDepth {
		return nil, unreadable("more than %d parts, or %d in each other", maxParts, maxDepth)
	}
	if inner := e.MultipartReader(); inner != nil {
		kind, _, _ := e.Header.ContentType()
		return r.several(inner, kind == "multipart/alternative", depth)
	}
	return r.leaf(e)
}

// several reads the parts of a multipart: of alternatives the first text that
// says something, else all texts.
func (r *reader) several(inner message.MultipartReader, choose bool, depth int) (all []line, err error) {
	for {
		e, err := inner.NextPart()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if e == nil || err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return nil, unreadable("part: %v", err)
		}
		some, err := r.part(e, depth+1)
		switch {
		case err != nil:
			return nil, err
		case choose && !blank(all):
		case choose:
			all = some
		default:
			all = append(all, some...)
		}
	}
}

// unshown are parts that are no files to anybody.
var unshown = []string{"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}

// leaf reads a text or a file.
func (r *reader) leaf(e *message.Entity) ([]line, error) {
	kind, params, _ := e.Header.ContentType()
	name, attached := nameOf(e.Header)
	data, err := io.ReadAll(e.Body)
	if err != nil {
		return nil, unreadable("body: %v", err)
	}
	text := kind == "text/plain" || kind == "text/html" || kind == ""
	switch {
	case text && !attached && len(data) > maxText:
		return nil, unreadable("a text of %d bytes", len(data))
	case text && !attached:
		r.texts = append(r.texts, data)
		if kind == "text/html" {
			return linesOfHTML(decoded(data))
		}
		return linesOfText(decoded(data), strings.EqualFold(params["format"], "flowed"), strings.EqualFold(params["delsp"], "yes")), nil
	case kind == "message/delivery-status":
		r.status = append(r.status, data)
		r.texts = append(r.texts, data)
	case slices.Contains(unshown, kind), len(data) == 0:
		r.texts = append(r.texts, data)
	default:
		r.files = append(r.files, file{name, data})
	}
	return nil, nil
}

// nameOf is the name of a file, and whether a part is one.
func nameOf(h message.Header) (name string, attached bool) {
	disposition, params, _ := h.ContentDisposition()
	_, kind, _ := h.ContentType()
	name = params["filename"]
	if name == "" {
		name = kind["name"]
	}
	return encodedWord(name), strings.EqualFold(disposition, "attachment") || name != ""
}

// encodedWord reads a name that is written as words of a subject are: many
// programs do so.
func encodedWord(name string) string {
	var h message.Header
	h.Set("Subject", name)
	if text, err := h.Text("Subject"); err == nil {
		return text
	}
	return name
}

// decoded is a text in UTF-8; one that says nothing of its alphabet and is not
// UTF-8 is most likely of an old Windows.
func decoded(data []byte) string {
	if !utf8.Valid(data) {
		if western, err := charmap.Windows1252.NewDecoder().Bytes(data); err == nil {
			data = western
		}
	}
	return strings.ToValidUTF8(string(data), "")
}

// automatic says whether a machine wrote a mail by itself.
func (m *letter) automatic() bool {
	said := strings.ToLower(strings.TrimSpace(m.header.Get("Auto-Submitted")))
	if said != "" && said != "no" {
		return true
	}
	precedence := strings.ToLower(strings.TrimSpace(m.header.Get("Precedence")))
	return slices.Contains([]string{"bulk", "junk", "list", "auto_reply"}, precedence) ||
		m.header.Has("X-Autoreply") || m.header.Has("X-Autorespond") || m.header.Has("List-Id")
}

// fromDaemon says whether a mail comes from a mail server itself.
func (m *letter) fromDaemon() bool {
	local, _, _ := strings.Cut(strings.ToLower(m.from), "@")
	return local == "mailer-daemon" || local == "postmaster"
}

// failed says whether a mail reports that another did not arrive.
func (m *letter) failed() bool {
	if len(m.status) == 0 {
		return m.fromDaemon() && !m.automaticReply()
	}
	return slices.ContainsFunc(m.status, func(status []byte) bool {
		for l := range strings.Lines(strings.ToLower(string(status))) {
			field, value, _ := strings.Cut(l, ":")
			if strings.TrimSpace(field) == "action" && strings.HasPrefix(strings.TrimSpace(value), "failed") {
				return true
			}
		}
		return false
	})
}

func (m *letter) automaticReply() bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(m.header.Get("Auto-Submitted"))), "auto-replied")
}
