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
	Kind   string `json:"kind,omitempty"`   // "": a paragraph; "bullet", "number"
	Indent int    `json:"indent,omitempty"` // 0 to 6 steps
	Runs   []Run  `json:"runs"`
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

var (
	blockKinds = []string{"", "bullet", "number"}
	markSets   = []string{"", "b", "i", "u", "o", "bi", "bu", "bo", "iu", "io", "biu", "bio"}
)

// Text is the body as plain lines.
func (b Body) Text() string {
	lines := make([]string, len(b))
	for i, block := range b {
		for _, r := range block.Runs {
			lines[i] += r.Text
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
		at := fmt.Sprintf("%s[%d]", field, i)
		if !slices.Contains(blockKinds, block.Kind) {
			return psync.Refuse("invalid", at+".kind", "not a kind of paragraph")
		}
		if block.Indent < 0 || block.Indent > maxIndent {
			return psync.Refuse("invalid", at+".indent", "0 to %d", maxIndent)
		}
		for j, r := range block.Runs {
			if err := r.check(fmt.Sprintf("%s.runs[%d]", at, j)); err != nil {
				return err
			}
		}
		runs += len(block.Runs)
	}
	if runs > maxRuns || utf8.RuneCountInString(b.Text()) > MaxBody {
		return psync.Refuse("too_large", field, "at most %d characters", MaxBody)
	}
	return nil
}

func (r Run) check(field string) error {
	switch {
	case !slices.Contains(markSets, r.Marks):
		return psync.Refuse("invalid", field+".marks", "not a style")
	case r.Link != "" && !goodLink(r.Link):
		return psync.Refuse("invalid", field+".link", "only https, http and mailto")
	}
	return nil
}

// goodLink allows addresses that lead out of the app and do nothing else.
func goodLink(link string) bool {
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
