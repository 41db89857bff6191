package inbound

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"preau/api/mail"
)

// line is a paragraph of a mail. A quoted one is of the mail that it answers.
type line struct {
	mail.Block
	quoted bool
}

func (l line) text() string {
	var b strings.Builder
	for _, r := range l.Runs {
		b.WriteString(r.Text)
	}
	return b.String()
}

func (l line) blank() bool { return strings.TrimSpace(l.text()) == "" }

func blank(lines []line) bool {
	return !slices.ContainsFunc(lines, func(l line) bool { return !l.blank() })
}

// linesOfText reads a plain text. In flowed text a space at the end of a line
// says that the next goes on with it.
func linesOfText(text string, flowed, joined bool) []line {
	var lines []line
	goesOn := false
	for raw := range strings.SplitSeq(plainBreaks(text), "\n") {
		rest, quoted := unquoted(raw)
		if flowed && !quoted {
			rest = strings.TrimPrefix(rest, " ")
		}
		soft := flowed && strings.HasSuffix(rest, " ") && rest != signature
		if soft && joined {
			rest = strings.TrimSuffix(rest, " ")
		}
		rest = clean(rest)
		if last := len(lines) - 1; goesOn && last >= 0 && lines[last].quoted == quoted && rest != signature {
			lines[last].Runs[0].Text += rest
		} else {
			lines = append(lines, line{mail.Block{Runs: []mail.Run{{Text: rest}}}, quoted})
		}
		goesOn = soft
	}
	return lines
}

// signature is the line before a signature.
const signature = "-- "

// plainBreaks makes one kind of line break out of many.
func plainBreaks(text string) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\f", "\n", "\v", "\n").Replace(text)
}

// unquoted takes the signs of quoting from a line.
func unquoted(raw string) (rest string, quoted bool) {
	rest = raw
	for strings.HasPrefix(rest, ">") {
		quoted = true
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ">"), " ")
	}
	return rest, quoted
}

// clean drops characters that nobody sees, or that turn the reading direction.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n':
			return ' '
		case r == '\u200d', r == '\u200c': // within emoji, and between letters of some languages
			return r
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029', r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
}

// trim leaves out the end of a mail that is for certain not what was written:
// what it quotes, and a signature. If nothing else is left it stays.
func trim(lines []line) []line {
	kept := trimBlank(lines)
	kept = trimBlank(trimQuoted(kept))
	kept = trimBlank(trimSignature(kept))
	if blank(kept) {
		return trimBlank(lines)
	}
	return kept
}

func trimBlank(lines []line) []line {
	for len(lines) > 0 && lines[0].blank() {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1].blank() {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// trimQuoted leaves out what is quoted at the end, and who "wrote" it. What is
// quoted before an answer stays: it is what the answer is about.
func trimQuoted(lines []line) []line {
	n := len(lines)
	for n > 0 && (lines[n-1].quoted || lines[n-1].blank()) {
		n--
	}
	if !slices.ContainsFunc(lines[n:], func(l line) bool { return l.quoted }) {
		return lines
	}
	return lines[:n-introLength(lines[:n])]
}

// maxIntro is over how many lines mail programs break "On … somebody wrote:".
const maxIntro = 3

var intro = regexp.MustCompile(`(?i)^(le|on|am|el|il|op|em)\b.*\b(a écrit|wrote|schrieb|escribió|ha scritto|schreef|escreveu)\b.{0,120}:$`)

// introLength is how many lines at the end say who wrote what is quoted.
func introLength(lines []line) int {
	text := ""
	for n := 1; n <= maxIntro && n <= len(lines); n++ {
		text = strings.TrimSpace(lines[len(lines)-n].text() + " " + text)
		if intro.MatchString(strings.Join(strings.FieldsFunc(text, unicode.IsSpace), " ")) {
			return n
		}
	}
	return 0
}

// maxSignature is how many lines a signature has; more may be more than one.
const maxSignature = 12

func trimSignature(lines []line) []line {
	i := slices.IndexFunc(lines, func(l line) bool { return !l.quoted && strings.TrimRight(l.text(), " \u00a0") == "--" })
	if i < 0 || len(lines)-i > maxSignature {
		return lines
	}
	return lines[:i]
}

// maxGap is how many empty lines in a row are kept.
const maxGap = 1

// bodyOf makes a body of lines; a quoted one is a step further in.
func bodyOf(lines []line) (body mail.Body) {
	gap := 0
	for _, l := range lines {
		if gap++; !l.blank() {
			gap = 0
		}
		if gap > maxGap {
			continue
		}
		b := mail.Block{Kind: l.Kind, Indent: min(l.Indent, deepest), Runs: tidy(l.Runs)}
		if l.quoted && l.Kind == "" && l.Indent == 0 {
			b.Indent = 1
		}
		body = append(body, b)
	}
	return body
}

// deepest is the most that a paragraph is set in.
const deepest = 6

// tidy joins runs of one style, and leaves none without text.
func tidy(runs []mail.Run) []mail.Run {
	tidied := []mail.Run{}
	for _, r := range runs {
		last := len(tidied) - 1
		switch {
		case r.Text == "":
		case last >= 0 && tidied[last].Marks == r.Marks && tidied[last].Link == r.Link:
			tidied[last].Text += r.Text
		default:
			tidied = append(tidied, r)
		}
	}
	if last := len(tidied) - 1; last >= 0 {
		tidied[last].Text = strings.TrimRight(tidied[last].Text, " \u00a0")
	}
	return slices.DeleteFunc(tidied, func(r mail.Run) bool { return r.Text == "" })
}
