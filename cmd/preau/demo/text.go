package demo

import (
	"strings"

	"preau/api/body"
)

// richText makes a text of lines. What stands between stars is bold, what
// stands between dollars is a formula, and what follows "- " is a list.
func richText(text string) (t body.Text) {
	for line := range strings.SplitSeq(text, "\n") {
		b := body.Block{Runs: []body.Run{}}
		if rest, listed := strings.CutPrefix(line, "- "); listed {
			b.Kind, line = "bullet", rest
		}
		for i, part := range strings.Split(line, "*") {
			b.Runs = append(b.Runs, formulas(part, i%2 == 1)...)
		}
		t = append(t, b)
	}
	return t
}

func formulas(text string, bold bool) (runs []body.Run) {
	for i, part := range strings.Split(text, "$") {
		r := body.Run{Text: part, Formula: i%2 == 1}
		if bold {
			r.Marks = "b"
		}
		if part != "" {
			runs = append(runs, r)
		}
	}
	return runs
}
