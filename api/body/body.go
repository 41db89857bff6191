// Package body is text as the people of a school write it: paragraphs and
// lists of runs in a few styles, with links and formulas. It holds no markup
// that a browser would understand; devices draw it by themselves.
package body

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	psync "preau/sync"
)

// Text is a list of blocks.
type Text []Block

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

// Limits of a text.
const (
	MaxBlocks = 1_000
	MaxRuns   = 4_000
	maxIndent = 6
	maxLink   = 2_000 // bytes
)

var (
	kinds    = []string{"", "bullet", "number"}
	markSets = []string{"", "b", "i", "u", "o", "bi", "bu", "bo", "iu", "io", "biu", "bio"}
)

// Of is a text of plain lines, each a paragraph.
func Of(text string) (t Text) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		b := Block{Runs: []Run{}}
		if line != "" {
			b.Runs = append(b.Runs, Run{Text: line})
		}
		t = append(t, b)
	}
	return t
}

// Plain is the text as plain lines.
func (t Text) Plain() string {
	lines := make([]string, len(t))
	for i, b := range t {
		lines[i] = b.Plain()
	}
	return strings.Join(lines, "\n")
}

// Plain is the text of a block.
func (b Block) Plain() (text string) {
	for _, r := range b.Runs {
		text += r.Text
	}
	return text
}

// Empty says whether there is nothing to read.
func (t Text) Empty() bool { return strings.TrimSpace(t.Plain()) == "" }

// Check refuses a text that no editor of ours makes, or that is longer than so
// many characters.
func (t Text) Check(field string, most int) error {
	if len(t) > MaxBlocks {
		return psync.Refuse("too_large", field, "at most %d paragraphs", MaxBlocks)
	}
	runs := 0
	for i, b := range t {
		if err := b.Check(fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
		runs += len(b.Runs)
	}
	if runs > MaxRuns || utf8.RuneCountInString(t.Plain()) > most {
		return psync.Refuse("too_large", field, "at most %d characters", most)
	}
	return nil
}

// Check refuses a block that no editor of ours makes.
func (b Block) Check(field string) error {
	switch {
	case !slices.Contains(kinds, b.Kind):
		return psync.Refuse("invalid", field+".kind", "not a kind of paragraph")
	case b.Indent < 0 || b.Indent > maxIndent:
		return psync.Refuse("invalid", field+".indent", "0 to %d", maxIndent)
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
