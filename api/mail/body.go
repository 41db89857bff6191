package mail

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	psync "preau/sync"
)

// Body is the text of a message: blocks of runs. It holds no markup that a
// browser would understand; devices draw it by themselves.
type Body []Block

// Block is a paragraph or a line of a list.
type Block struct {
	Kind   string `json:"kind,omitempty"`   // "": a paragraph; "bullet", "number", "poll"
	Indent int    `json:"indent,omitempty"` // 0 to 6 steps
	Runs   []Run  `json:"runs"`
	Poll   *Poll  `json:"poll,omitempty"` // of kind "poll", which has no runs
}

// Run is a piece of text in one style. Marks are, in this order, any of b
// (bold), i (italic), u (subscript) or o (superscript); a formula is TeX.
type Run struct {
	Text    string `json:"text"`
	Marks   string `json:"marks,omitempty"`
	Link    string `json:"link,omitempty"`
	Formula bool   `json:"formula,omitempty"`
}

// Limits of a body.
const (
	MaxBody   = 20_000 // characters
	maxBlocks = 1_000
	maxRuns   = 4_000
	maxIndent = 6
	maxLink   = 2_000 // bytes
)

// kindPoll is the kind of a paragraph that asks.
const kindPoll = "poll"

var (
	blockKinds = []string{"", "bullet", "number", kindPoll}
	markSets   = []string{"", "b", "i", "u", "o", "bi", "bu", "bo", "iu", "io", "biu", "bio"}
)

// Text is the body as plain lines.
func (b Body) Text() string {
	lines := make([]string, len(b))
	for i, block := range b {
		for _, r := range block.Runs {
			lines[i] += r.Text
		}
		if block.Poll != nil {
			lines[i] += block.Poll.text()
		}
	}
	return strings.Join(lines, "\n")
}

// check refuses a body that no editor of ours makes.
func (b Body) check(field string) error {
	if len(b) > maxBlocks {
		return psync.Refuse("too_large", field, "at most %d paragraphs", maxBlocks)
	}
	runs := 0
	for i, block := range b {
		if err := block.check(fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
		runs += len(block.Runs)
	}
	if runs > maxRuns || utf8.RuneCountInString(b.Text()) > MaxBody {
		return psync.Refuse("too_large", field, "at most %d characters", MaxBody)
	}
	return b.checkPolls(field)
}

func (b Block) check(field string) error {
	switch {
	case !slices.Contains(blockKinds, b.Kind):
		return psync.Refuse("invalid", field+".kind", "not a kind of paragraph")
	case b.Indent < 0 || b.Indent > maxIndent:
		return psync.Refuse("invalid", field+".indent", "0 to %d", maxIndent)
	case (b.Kind == kindPoll) != (b.Poll != nil) || b.Poll != nil && len(b.Runs) > 0:
		return psync.Refuse("invalid", field+".poll", "a poll is a paragraph of its own")
	case b.Poll != nil:
		return b.Poll.check(field + ".poll")
	}
	for i, r := range b.Runs {
		if err := r.check(fmt.Sprintf("%s.runs[%d]", field, i)); err != nil {
			return err
		}
	}
	return nil
}

func (r Run) check(field string) error {
	switch {
	case !slices.Contains(markSets, r.Marks):
		return psync.Refuse("invalid", field+".marks", "not a style")
	case r.Link != "" && !GoodLink(r.Link):
		return psync.Refuse("invalid", field+".link", "only https, http and mailto")
	}
	return nil
}

// GoodLink allows addresses that lead out of the app and do nothing else.
func GoodLink(link string) bool {
	u, err := url.Parse(link)
	if err != nil || len(link) > maxLink || strings.ContainsFunc(link, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return false
	}
	switch u.Scheme {
	case "https", "http":
		return u.Host != ""
	case "mailto":
		return strings.Contains(u.Opaque, "@")
	}
	return false
}

// empty says whether there is nothing to read.
func (b Body) empty() bool { return strings.TrimSpace(b.Text()) == "" }
