package mail

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// pageOut words a message as a mail to somebody outside, in French as the school
// does.
type pageOut struct {
	post
	lost   []string // files that cannot go
	school string
	all    bool   // answers reach everybody
	self   string // the key of who gets it
}

// footer says who else has the message, and where an answer goes.
func (o pageOut) footer() (lines []string) {
	for _, name := range o.lost {
		lines = append(lines, "Pièce jointe supprimée : "+name)
	}
	if names := namesOut(slices.Concat(o.To, o.Cc), o.self); len(names) > 0 {
		lines = append(lines, "Ce message va aussi à : "+strings.Join(names, ", ")+".")
	}
	to := "à son auteur"
	if o.all && len(o.Readers) > 0 {
		to = "à son auteur et aux autres personnes de l’établissement qui ont reçu ce message"
	}
	return append(lines,
		fmt.Sprintf("Envoyé par %s, %s.", o.From.Name, o.school),
		"Pour répondre, répondez simplement à ce courriel : votre réponse arrive "+to+".",
	)
}

func (o pageOut) text() string {
	var b strings.Builder
	b.WriteString(textOut(o.Body))
	for _, q := range o.Quotes {
		fmt.Fprintf(&b, "\n\n---------- Message transféré ----------\nDe : %s\nObjet : %s\n\n%s", nameOut(q.From), q.Subject, textOut(q.Body))
	}
	b.WriteString("\n\n-- \n" + strings.Join(o.footer(), "\n") + "\n")
	return b.String()
}

// textOut is a body in plain lines, with its lists and links.
func textOut(body Body) string {
	lines := make([]string, len(body))
	number := map[int]int{}
	for i, block := range body {
		var line strings.Builder
		line.WriteString(strings.Repeat("  ", block.Indent))
		switch block.Kind {
		case "bullet":
			line.WriteString("- ")
		case "number":
			number[block.Indent]++
			fmt.Fprintf(&line, "%d. ", number[block.Indent])
		default:
			clear(number)
		}
		for _, r := range block.Runs {
			line.WriteString(runOut(r))
		}
		if block.Poll != nil {
			line.WriteString(block.Poll.text())
		}
		lines[i] = line.String()
	}
	return strings.Join(lines, "\n")
}

func (o pageOut) html() string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<meta charset=\"utf-8\">\n")
	writeHTML(&b, o.Body)
	for _, q := range o.Quotes {
		fmt.Fprintf(&b, "<hr>\n<p><b>Message transféré</b><br>De : %s<br>Objet : %s</p>\n<blockquote>\n", html.EscapeString(nameOut(q.From)), html.EscapeString(q.Subject))
		writeHTML(&b, q.Body)
		b.WriteString("</blockquote>\n")
	}
	b.WriteString("<hr>\n<p style=\"color:#555;font-size:.85em\">")
	for i, line := range o.footer() {
		if i > 0 {
			b.WriteString("<br>")
		}
		b.WriteString(html.EscapeString(line))
	}
	b.WriteString("</p>\n")
	return b.String()
}

// writeHTML writes a body as a mail program shows it. Lines of a list are
// paragraphs with a bullet: lists in lists are drawn differently everywhere.
func writeHTML(b *strings.Builder, body Body) {
	number := map[int]int{}
	for _, block := range body {
		fmt.Fprintf(b, "<p style=\"margin:0 0 .6em %dem\">", 2*block.Indent)
		switch block.Kind {
		case "bullet":
			b.WriteString("• ")
		case "number":
			number[block.Indent]++
			fmt.Fprintf(b, "%d. ", number[block.Indent])
		default:
			clear(number)
		}
		for _, r := range block.Runs {
			b.WriteString(runHTML(r))
		}
		if block.Poll != nil {
			b.WriteString(strings.ReplaceAll(html.EscapeString(block.Poll.text()), "\n", "<br>"))
		}
		b.WriteString("</p>\n")
	}
}

func runOut(r Run) string {
	if r.Link == "" || r.Link == r.Text {
		return r.Text
	}
	return r.Text + " <" + r.Link + ">"
}

func runHTML(r Run) string {
	text := html.EscapeString(r.Text)
	for _, mark := range r.Marks {
		tag := map[rune]string{'b': "b", 'i': "i", 'u': "sub", 'o': "sup"}[mark]
		text = "<" + tag + ">" + text + "</" + tag + ">"
	}
	if r.Link != "" {
		text = "<a href=\"" + html.EscapeString(r.Link) + "\">" + text + "</a>"
	}
	return text
}
