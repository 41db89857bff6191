package mail

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"preau/api/body"
	psync "preau/sync"
)

// Body is the text of a message, as package body has it, with polls.
type Body []Block

// Block is a paragraph or a line of a list, or a poll.
type Block struct {
	Kind   string `json:"kind,omitempty"` // as of a [body.Block], or "poll"
	Indent int    `json:"indent,omitempty"`
	Runs   []Run  `json:"runs"`
	Poll   *Poll  `json:"poll,omitempty"` // of kind "poll", which has no runs
}

// Run is a piece of text in one style.
type Run = body.Run

// MaxBody is how long a body may be, in characters.
const MaxBody = 20_000

// kindPoll is the kind of a paragraph that asks.
const kindPoll = "poll"

// Text is the body as plain lines.
func (b Body) Text() string {
	lines := make([]string, len(b))
	for i, block := range b {
		lines[i] = block.plain().Plain()
		if block.Poll != nil {
			lines[i] += block.Poll.text()
		}
	}
	return strings.Join(lines, "\n")
}

// plain is a block that asks nothing.
func (b Block) plain() body.Block { return body.Block{Kind: b.Kind, Indent: b.Indent, Runs: b.Runs} }

// check refuses a body that no editor of ours makes.
func (b Body) check(field string) error {
	if len(b) > body.MaxBlocks {
		return psync.Refuse("too_large", field, "at most %d paragraphs", body.MaxBlocks)
	}
	runs := 0
	for i, block := range b {
		if err := block.check(fmt.Sprintf("%s[%d]", field, i)); err != nil {
			return err
		}
		runs += len(block.Runs)
	}
	if runs > body.MaxRuns || utf8.RuneCountInString(b.Text()) > MaxBody {
		return psync.Refuse("too_large", field, "at most %d characters", MaxBody)
	}
	return b.checkPolls(field)
}

func (b Block) check(field string) error {
	switch {
	case (b.Kind == kindPoll) != (b.Poll != nil) || b.Poll != nil && len(b.Runs) > 0:
		return psync.Refuse("invalid", field+".poll", "a poll is a paragraph of its own")
	case b.Poll != nil:
		b.Kind = ""
		if err := b.plain().Check(field); err != nil {
			return err
		}
		return b.Poll.check(field + ".poll")
	}
	return b.plain().Check(field)
}

// empty says whether there is nothing to read.
func (b Body) empty() bool { return strings.TrimSpace(b.Text()) == "" }
