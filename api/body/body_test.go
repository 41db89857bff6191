package body_test

import (
	"errors"
	"strings"
	"testing"

	"preau/api/body"
	psync "preau/sync"
)

// Only what an editor of ours makes is taken.
func TestCheck(t *testing.T) {
	line := func(b body.Block) body.Text { return body.Text{{Runs: []body.Run{{Text: "x"}}}, b} }
	run := func(r body.Run) body.Text { return line(body.Block{Runs: []body.Run{r}}) }
	for want, text := range map[string]body.Text{
		"":                              append(run(body.Run{Text: "x^2", Formula: true}), body.Block{Kind: "bullet", Indent: 6, Runs: []body.Run{{Text: "x", Marks: "bio", Link: "https://a.example"}}}),
		"invalid done[1].kind":          line(body.Block{Kind: "h1"}),
		"invalid done[1].indent":        line(body.Block{Indent: 7}),
		"invalid done[1].runs[0].marks": run(body.Run{Text: "x", Marks: "ib"}),
		"invalid done[1].runs[0].link":  run(body.Run{Text: "x", Link: "javascript:alert(1)"}),
		"too_large done":                run(body.Run{Text: strings.Repeat("é", 98)}),
	} {
		got, refused := "", (*psync.Refusal)(nil)
		if errors.As(text.Check("done", 99), &refused) {
			got = refused.Code + " " + refused.Field
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if body.Of("a\n\nb\n").Check("done", 99) != nil || body.Of("a\n\nb").Plain() != "a\n\nb" || !body.Of(" \n").Empty() {
		t.Error("plain lines are no text")
	}
	many := make(body.Text, body.MaxBlocks+1)
	if many.Check("done", 99) == nil {
		t.Error("too many paragraphs were taken")
	}
}

// TestHostileLinks: nothing but addresses that lead out of the app.
func TestHostileLinks(t *testing.T) {
	for link, want := range map[string]bool{
		"https://ecole.example/a?b#c": true, "http://ecole.example": true, "mailto:a@b.example": true,
		"javascript:alert(1)": false, "JaVaScRiPt:alert(1)": false, "data:text/html,x": false, "//evil.example": false, "/api/session": false,
		"https:": false, "vbscript:x": false, "blob:https://a/b": false, "https://a b": false, "java\nscript:x": false, "file:///etc/passwd": false,
		"mailto:": false, "tel:1": false, "": false,
	} {
		if got := body.GoodLink(link); got != want {
			t.Errorf("%q: %v", link, got)
		}
	}
}
