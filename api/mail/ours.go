package mail

import (
	"slices"
	"strings"
)

// withoutOurs leaves out of an answer what it repeats of the mail that it
// answers, where a mail program quotes without marking it: below a block like
// "De : … Objet : …" must be nothing but what was sent, word for word. If
// anything else stands there all of it stays.
func withoutOurs(body Body, sent pageOut) Body {
	for i := range body {
		end := headEnd(body[i:])
		if end == 0 {
			continue
		}
		rest := string(foldLetters(body[i+end:].Text()))
		if kept := trimmedEnd(body[:i]); !kept.empty() && sent.holds(rest) {
			return kept
		}
	}
	return body
}

// holds says whether some letters are part of a mail, in either of its forms.
func (o pageOut) holds(letters string) bool {
	return strings.Contains(string(foldLetters(o.text())), letters) || strings.Contains(string(foldLetters(o.plain())), letters)
}

// plain is the mail as its HTML reads.
func (o pageOut) plain() string {
	all := []string{o.Body.Text()}
	for _, q := range o.Quotes {
		all = append(all, "Message transféré De : "+nameOut(q.From), "Objet : "+q.Subject, q.Body.Text())
	}
	return strings.Join(append(all, o.footer()...), "\n")
}

// maxHead is how many lines say of a quoted mail from whom it is.
const maxHead = 8

// The words by which such a block begins and ends.
var (
	headBegins = []string{"de :", "de:", "from:", "-----message d'origine-----", "-----message d’origine-----", "-----original message-----"}
	headEnds   = []string{"objet :", "objet:", "subject:"}
)

// headEnd is how many lines a block takes that says of whom a mail is and what
// about; 0 where none begins.
func headEnd(body Body) int {
	begins := func(line string, words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(line, w) })
	}
	for i, b := range body[:min(len(body), maxHead)] {
		line := strings.ToLower(strings.Join(strings.Fields(Body{b}.Text()), " "))
		switch {
		case i == 0 && !begins(line, headBegins):
			return 0
		case begins(line, headEnds):
			return i + 1
		}
	}
	return 0
}

// trimmedEnd leaves out empty lines at the end, and the rule that stands before
// what is quoted.
func trimmedEnd(body Body) Body {
	for len(body) > 0 && strings.Trim(body[len(body)-1:].Text(), "_- \u00a0") == "" {
		body = body[:len(body)-1]
	}
	return body
}
