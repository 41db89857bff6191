package inbound

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"preau/api/body"
	"preau/api/mail"
)

// linesOfHTML reads a text in HTML: paragraphs, lists, four styles and links.
// Nothing else passes, and nothing is fetched.
func linesOfHTML(text string) ([]line, error) {
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return nil, unreadable("html: %v", err)
	}
	var w walker
	w.walk(root, around{}, 0)
	w.finish(around{})
	return w.lines, nil
}

// maxNested is how deep elements are followed.
const maxNested = 200

// around is what holds where an element stands.
type around struct {
	marks  string
	link   string
	kind   string
	lists  int // how many lists lie around
	quoted bool
	exact  bool // white space counts
}

type walker struct {
	lines []line
	runs  []mail.Run
}

// Elements that begin a line, and those of which nothing is read.
var (
	breaking = set(
		atom.P, atom.Div, atom.Li, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre, atom.Tr, atom.Dt, atom.Dd, atom.Hr,
		atom.Ul, atom.Ol, atom.Dl, atom.Blockquote, atom.Table, atom.Tbody, atom.Thead, atom.Tfoot, atom.Figure, atom.Figcaption,
		atom.Main, atom.Aside, atom.Nav, atom.Form, atom.Address, atom.Article, atom.Header, atom.Footer, atom.Section, atom.Body, atom.Center,
	)
	silent = set(
		atom.Head, atom.Title, atom.Style, atom.Script, atom.Noscript, atom.Template, atom.Meta, atom.Link, atom.Base, atom.Iframe,
		atom.Object, atom.Embed, atom.Svg, atom.Math, atom.Img, atom.Picture, atom.Video, atom.Audio, atom.Canvas, atom.Input,
		atom.Select, atom.Textarea, atom.Button, atom.Frame, atom.Frameset, atom.Noframes, atom.Noembed, atom.Applet, atom.Map,
	)
	styles = map[atom.Atom]byte{atom.B: 'b', atom.Strong: 'b', atom.I: 'i', atom.Em: 'i', atom.Sub: 'u', atom.Sup: 'o'}
)

func set(all ...atom.Atom) map[atom.Atom]bool {
	m := map[atom.Atom]bool{}
	for _, a := range all {
		m[a] = true
	}
	return m
}

func (w *walker) walk(n *html.Node, at around, depth int) {
	switch {
	case n.Type == html.TextNode:
		w.text(n.Data, at)
		return
	case n.DataAtom == atom.Br:
		w.end(at)
		return
	case n.Type == html.ElementNode && (silent[n.DataAtom] || n.Namespace != "" || unseen(n)), depth > maxNested:
		return
	}
	inside := within(n, at)
	block := n.Type == html.ElementNode && breaking[n.DataAtom]
	if block {
		w.finish(at)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c, inside, depth+1)
	}
	switch {
	case block:
		w.finish(inside)
	case n.DataAtom == atom.Td || n.DataAtom == atom.Th:
		w.text(" ", inside)
	}
	if n.DataAtom == atom.P && at.lists == 0 {
		w.lines = append(w.lines, line{mail.Block{}, inside.quoted}) // paragraphs stand apart
	}
}

var hidden = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden`)

// unseen says whether a mail program shows nothing of an element.
func unseen(n *html.Node) bool {
	if _, is := attribute(n, "hidden"); is {
		return true
	}
	style, _ := attribute(n, "style")
	return hidden.MatchString(style)
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// within is what holds in an element.
func within(n *html.Node, at around) around {
	switch n.DataAtom {
	case atom.Ul:
		at.kind, at.lists = "bullet", at.lists+1
	case atom.Ol:
		at.kind, at.lists = "number", at.lists+1
	case atom.Blockquote:
		at.quoted = true
	case atom.Pre:
		at.exact = true
	case atom.A:
		at.link = linkOf(n)
	default:
	}
	if mark, is := styles[n.DataAtom]; is {
		at.marks = marked(at.marks, mark)
	}
	return at
}

func linkOf(n *html.Node) string {
	href, _ := attribute(n, "href")
	if href = strings.TrimSpace(href); body.GoodLink(href) {
		return href
	}
	return ""
}

// marked adds a mark in its place; subscript and superscript exclude each other.
func marked(marks string, added byte) string {
	var all strings.Builder
	for _, one := range []byte("biuo") {
		other := added == 'u' && one == 'o' || added == 'o' && one == 'u'
		if one == added || strings.IndexByte(marks, one) >= 0 && !other {
			all.WriteByte(one)
		}
	}
	return all.String()
}

// text adds what is read. White space in a page is one space, and none where a
// line begins.
func (w *walker) text(text string, at around) {
	text = plainBreaks(text)
	if !at.exact {
		text = collapse(text, w.runs)
	}
	for i, part := range strings.Split(text, "\n") {
		if i > 0 {
			w.end(at)
		}
		if part = clean(part); part != "" {
			w.runs = append(w.runs, mail.Run{Text: part, Marks: at.marks, Link: at.link})
		}
	}
}

var spaces = regexp.MustCompile(`[ \t\n]+`)

func collapse(text string, before []mail.Run) string {
	text = spaces.ReplaceAllString(text, " ")
	if n := len(before); n == 0 || strings.HasSuffix(before[n-1].Text, " ") {
		text = strings.TrimPrefix(text, " ")
	}
	return text
}

// finish ends a line that holds something.
func (w *walker) finish(at around) {
	if len(w.runs) > 0 {
		w.end(at)
	}
}

// end ends a line.
func (w *walker) end(at around) {
	b := mail.Block{Runs: honest(w.runs)}
	if at.lists > 0 {
		b.Kind, b.Indent = at.kind, at.lists-1
	}
	w.lines = append(w.lines, line{b, at.quoted})
	w.runs = nil
}

// honest says where a link leads whose words do not tell: behind "ecole.fr" may
// be another address.
func honest(runs []mail.Run) []mail.Run {
	var told []mail.Run
	for i, r := range runs {
		told = append(told, r)
		last := i == len(runs)-1 || runs[i+1].Link != r.Link
		if r.Link == "" || !last {
			continue
		}
		if where := placeOf(r.Link); where != "" && !strings.Contains(strings.ToLower(textOf(runs, r.Link)), where) {
			told = append(told, mail.Run{Text: " (" + where + ")"})
		}
	}
	return told
}

// textOf is the words of a link.
func textOf(runs []mail.Run, link string) string {
	var b strings.Builder
	for _, r := range runs {
		if r.Link == link {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

// placeOf is where a link leads: a host, or an address.
func placeOf(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	if u.Scheme == "mailto" {
		address, _, _ := strings.Cut(u.Opaque, "?")
		return strings.ToLower(clean(address))
	}
	return strings.ToLower(clean(u.Hostname()))
}
