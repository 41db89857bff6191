package inbound

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/api/mail"
)

const head = "From: Le musée <accueil@musee.example>\r\nMessage-ID: <one@musee.example>\r\nMIME-Version: 1.0\r\n"

func lf(text string) []byte {
	return []byte(strings.NewReplacer("\r\n", "\r\n", "\n", "\r\n").Replace(text))
}

// TestReading: what mail programs send becomes what people wrote.
func TestReading(t *testing.T) {
	for name, c := range map[string]struct{ raw, want string }{
		"bare":             {"\nBonjour.\n\nÀ jeudi.\n", "Bonjour.||À jeudi."},
		"quoted-printable": {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nUn =C3=A9t=C3=A9 =\nsec\n", "Un été sec"},
		"base64":           {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte("été")) + "\n", "été"},
		"latin":            {"Content-Type: text/plain; charset=iso-8859-15\n\n\xe9t\xe9 10 \xa4\n", "été 10 €"},
		"no charset":       {"Content-Type: text/plain\n\n\xe9t\xe9 \x80\n", "été €"},
		"made up charset":  {"Content-Type: text/plain; charset=klingon\n\n\xe9t\xe9\n", "été"},
		"utf-16":           {"Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n\n4QAhAA==\n", "á!"},
		"flowed":           {"Content-Type: text/plain; format=flowed\n\nUne phrase \nqui continue.\n Un retrait\n", "Une phrase qui continue.|Un retrait"},
		"alternative":      {"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nclair\n--x\nContent-Type: text/html\n\n<p>riche\n--x--\n", "clair"},
		"only html says":   {"Content-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\n \n--x\nContent-Type: text/html\n\n<p>riche\n--x--\n", "riche"},
		"texts around":     {"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\navant\n--x\nContent-Type: image/png; name=a.png\n\nPNG\n--x\nContent-Type: text/plain\n\naprès\n--x--\n", "avant|après"},
		"gmail": {`Content-Type: text/plain; charset=utf-8

D’accord.

Le mar. 24 nov. 2026 à 08:12, Claire Garnier (Collège Joseph-Collard)
<nepasrepondre@ecole.example> a écrit :

> Bonjour.
> 
> > Avant.
`, "D’accord."},
		"thunderbird":    {"\nFine.\n\nOn 24/11/2026 08:12, Claire wrote:\n> Bonjour\n", "Fine."},
		"answers inside": {"\nLe 24 nov., Claire a écrit :\n> Jeudi ?\nOui.\n> Huit heures ?\nNon, neuf.\n", "Le 24 nov., Claire a écrit :|Jeudi ?|Oui.|Huit heures ?|Non, neuf."},
		"signature":      {"\nOui.\n-- \nPaul\nMusée\n", "Oui."},
		"long signature": {"\nOui.\n-- \n" + strings.Repeat("ligne\n", 20), "Oui.|--|" + strings.TrimSuffix(strings.Repeat("ligne|", 20), "|")},
		"only a quote":   {"\n> Bonjour.\n", "Bonjour."},
		"outlook stays":  {"\nOui.\n\nDe : Claire\nEnvoyé : lundi\nObjet : Sortie\n\nBonjour.\n", "Oui.||De : Claire|Envoyé : lundi|Objet : Sortie||Bonjour."},
		"directions":     {"\nfact\u202efdp.exe \u200bx\x00\x1b[31my\n", "factfdp.exe x[31my"},
		"html": {"Content-Type: text/html; charset=utf-8\n\n<html><head><title>t</title></head><body><div>Un <b>gros</b> <i>mot</i></div><ul><li>a<li>b</ul>" +
			"<a href='https://musee.example/x'>ici</a> <a href='https://musee.example/'>www.musee.example</a></body></html>\n", "Un gros mot|a|b|ici (musee.example) www.musee.example"},
		"gmail html": {"Content-Type: text/html; charset=utf-8\n\n<div dir=ltr>Oui.</div><br><div class=gmail_quote><div class=gmail_attr>Le mar. 24 nov. 2026, Claire a écrit&nbsp;:<br></div><blockquote><p>Bonjour</blockquote></div>\n", "Oui."},
	} {
		m, err := read(append(lf(head), lf(c.raw)...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.ReplaceAll(m.body.Text(), "\n", "|"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if m.from != "accueil@musee.example" || m.id != "<one@musee.example>" {
			t.Errorf("%s: from %q, id %q", name, m.from, m.id)
		}
	}
}

// TestHostileHTML: the cases of the editor's tests, and more.
func TestHostileHTML(t *testing.T) {
	text := func(s string) mail.Body { return mail.Body{{Runs: []mail.Run{{Text: s}}}} }
	for name, c := range map[string]struct {
		html string
		want mail.Body
	}{
		"a script":                 {`a<script>alert("<b>x</b>")</script>b`, text("ab")},
		"a script without an end":  {`a<script>alert(1)`, text("a")},
		"handlers and pictures":    {`<div onclick="x()">a<img src=x onerror="alert(1)"></div>`, text("a")},
		"an address that acts":     {`<a href="javascript:alert(1)">a</a>`, text("a")},
		"the same, hidden":         {`<a href="&#106;ava&#x09;script:alert(1)">a</a>`, text("a")},
		"with a null":              {"<a href=\"java\x00script:alert(1)\">a</a>", text("a")},
		"data, vbscript, file":     {`<a href="data:text/html,x">a</a><a href="vbscript:x">b</a><a href="file:///etc/passwd">c</a>`, text("abc")},
		"styles and their imports": {`<style>@import "https://x.y/z.css"</style><div>a</div>`, text("a")},
		"a style that loads":       {`<div style="background:url(https://x.y/pixel)">a</div>`, text("a")},
		"a frame":                  {`<iframe src="https://x.y"><p>b</p></iframe><div>a`, text("a")},
		"a drawing":                {`<svg><script>x</script><text>b</text></svg>a`, text("a")},
		"mathml and a way out":     {`<math><mtext><table><mglyph><style><img src=x onerror=x></style></table></mtext></math>a`, text("a")},
		"noscript and a way out":   {`<noscript><p title="</noscript><img src=x onerror=x>"></noscript>a`, text(`">a`)},
		"template":                 {`<template><b>x</b></template>a`, text("a")},
		"comments of Word":         {`<!--[if mso]><p>b</p><![endif]-->a<!-- x`, text("a")},
		"half a tag":               {`a < b <`, text("a < b <")},
		"what looks like a tag":    {`1 &lt;b&gt; 2`, text("1 <b> 2")},
		"ends without beginnings":  {`</div></p></b>a</b>`, append(mail.Body{}, text("a")...)},
		"a form":                   {`<form action="https://x.y"><input value=secret><button>Go</button></form>a`, text("a")},
		"a base and a refresh":     {`<base href="https://x.y"><meta http-equiv=refresh content="0;url=https://x.y">a`, text("a")},
		"what nobody is to see":    {`<div style="display:none">b</div><span hidden>c</span>a`, text("a")},
		"styles of ours": {`<p><strong>a</strong><em>b</em><sub>c</sub><sup>d</sup></p>`, mail.Body{{Runs: []mail.Run{
			{Text: "a", Marks: "b"}, {Text: "b", Marks: "i"}, {Text: "c", Marks: "u"}, {Text: "d", Marks: "o"},
		}}}},
		"a link that lies": {`<a href="https://evil.example/login">https://ecole.example</a>`, mail.Body{{Runs: []mail.Run{
			{Text: "https://ecole.example", Link: "https://evil.example/login"}, {Text: " (evil.example)"},
		}}}},
		"lists in lists": {`<ol><li>un<li>deux<ul><li>trois</ul></ol>`, mail.Body{
			{Kind: "number", Runs: []mail.Run{{Text: "un"}}},
			{Kind: "number", Runs: []mail.Run{{Text: "deux"}}},
			{Kind: "bullet", Indent: 1, Runs: []mail.Run{{Text: "trois"}}},
		}},
	} {
		m, err := read([]byte(head + "Content-Type: text/html; charset=utf-8\r\n\r\n" + c.html))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, m.body); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestShapes: mails that nobody writes are refused, quickly.
func TestShapes(t *testing.T) {
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		}
		return b.String() + "\nx\n"
	}
	for name, raw := range map[string]string{
		"deep":         nested(maxDepth + 2),
		"many parts":   "Content-Type: multipart/mixed; boundary=x\n" + strings.Repeat("\n--x\n\na\n", maxParts+1) + "\n--x--\n",
		"long header":  "X-Long: " + strings.Repeat("a", maxHeader) + "\n\na\n",
		"many headers": strings.Repeat("X: y\n", maxHeader/5) + "\na\n",
		"long text":    "\n" + strings.Repeat("a", maxText+1),
		"no header":    "this is no mail",
		"deep html":    "Content-Type: text/html\n\n" + strings.Repeat("<div>", 10_000) + "a",
	} {
		if _, err := read(append(lf(head), lf(raw)...)); !errors.Is(err, mail.ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSenders: one address, said once.
func TestSenders(t *testing.T) {
	for headers, want := range map[string]string{
		"From: a@b.example":                                           "a@b.example",
		"From: =?utf-8?q?Ren=C3=A9?= <a@b.example>":                   "a@b.example",
		"From: \"x@y.example\" <a@b.example>":                         "a@b.example",
		"From: a@b.example, c@d.example":                              "",
		"From: a@b.example\nFrom: c@d.example":                        "",
		"From: a@b.example <c@d.example>":                             "",
		"To: a@b.example":                                             "",
		"From:\n\ta@b.example":                                        "a@b.example",
		"From: a@b.example\nMessage-ID: <x\ty@z>":                     "a@b.example",
		"From: a@b.example\nMessage-ID: " + strings.Repeat("a", 1000): "a@b.example",
	} {
		m, err := read(lf(headers + "\n\nx"))
		if err != nil {
			if want != "" {
				t.Errorf("%q: %v", headers, err)
			}
			continue
		}
		if m.from != want || m.id != "" {
			t.Errorf("%q: %q %q, want %q", headers, m.from, m.id, want)
		}
	}
}

// TestFiles: names and bytes of what a mail carries.
func TestFiles(t *testing.T) {
	raw := `Content-Type: multipart/mixed; boundary=x

--x

Voici.
--x
Content-Type: application/pdf; name="=?utf-8?q?pr=C3=A9vu.pdf?="
Content-Transfer-Encoding: base64

UERG
--x
Content-Type: text/plain
Content-Disposition: attachment; filename*=utf-8''%C3%A9t%C3%A9.txt

été
--x
Content-Type: application/pgp-signature; name=signature.asc

abc
--x
Content-Type: image/png
Content-Disposition: inline

PNG
--x--
`
	m, err := read(append(lf(head), lf(raw)...))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range m.files {
		got[f.name] = string(f.data)
	}
	if diff := cmp.Diff(map[string]string{"prévu.pdf": "PDF", "été.txt": "été", "": "PNG"}, got); diff != "" || m.body.Text() != "Voici." {
		t.Error(diff, m.body)
	}
}

// TestMachines tells people from what answers, or reports, by itself.
func TestMachines(t *testing.T) {
	for name, c := range map[string]struct {
		raw                       string
		automatic, daemon, failed bool
	}{
		"a person":       {"From: a@b.example\n\nx", false, false, false},
		"no":             {"From: a@b.example\nAuto-Submitted: no\n\nx", false, false, false},
		"away":           {"From: a@b.example\nAuto-Submitted: auto-replied (vacation)\n\nx", true, false, false},
		"a list":         {"From: a@b.example\nList-Id: <x.y>\n\nx", true, false, false},
		"bulk":           {"From: a@b.example\nPrecedence: Bulk\n\nx", true, false, false},
		"old bounce":     {"From: MAILER-DAEMON@b.example\n\nHi. This is the qmail-send program.", false, true, true},
		"daemon is away": {"From: postmaster@b.example\nAuto-Submitted: auto-replied\n\nx", true, true, false},
		"failed":         {report("failed"), true, true, true},
		"delayed":        {report("delayed"), true, true, false},
	} {
		m, err := read(lf(c.raw))
		if err != nil {
			t.Fatal(name, err)
		}
		if m.automatic() != c.automatic || m.fromDaemon() != c.daemon || m.failed() != c.failed {
			t.Errorf("%s: automatic %v, from a daemon %v, failed %v", name, m.automatic(), m.fromDaemon(), m.failed())
		}
	}
}

// report is what a mail server says of a mail.
func report(action string) string {
	return `From: Mail Delivery System <MAILER-DAEMON@mx.example>
Auto-Submitted: auto-generated
Content-Type: multipart/report; report-type=delivery-status; boundary=x

--x

Sorry.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; a@b.example
Action: ` + action + `
Status: 5.1.1
--x
Content-Type: message/rfc822

From: x@y.example

Hello
--x--
`
}

// FuzzRead: whatever comes, what is read is a body that our own editor could
// have made, names no server, and holds no character that is not to be seen.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		head + "\r\nBonjour.", head + "Content-Type: text/html\r\n\r\n<p>a<a href='https://x.y/'>b</a><ul><li>c<ol><li>d",
		head + "Content-Type: text/html\r\n\r\n<blockquote><sub><sup><a href=mailto:a@b.c>x</a>\u202e<pre>\n\n a</pre>",
		head + "Content-Type: multipart/alternative; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x\r\nContent-Type: text/html\r\n\r\n<b>b\r\n--x--\r\n",
		head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; filename=a\r\n\r\na\r\n--x--\r\n",
		head + "Content-Type: text/plain; charset=utf-7\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!", report("failed"),
		"From: a@b.c\r\nContent-Type: text/plain; format=flowed; delsp=yes\r\n\r\n> a \r\n>> b \r\n-- \r\nc",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := read(raw)
		if err != nil {
			if !errors.Is(err, mail.ErrUnreadable) {
				t.Fatal(err)
			}
			return
		}
		m.automatic()
		m.failed()
		if err := wellFormed(m.body); err != nil {
			t.Fatalf("%v in %+v", err, m.body)
		}
	})
}

// wellFormed says what is wrong with a body, but for its length.
func wellFormed(body mail.Body) error {
	for _, b := range body {
		for _, r := range b.Runs {
			if r.Text != clean(r.Text) || r.Text == "" || r.Formula || b.Poll != nil {
				return fmt.Errorf("the run %q", r.Text)
			}
		}
		if err := (mail.Answer{Body: mail.Body{short(b)}}).Check(); err != nil {
			return err
		}
	}
	return nil
}

// short is a paragraph of which only the shape is looked at.
func short(b mail.Block) mail.Block {
	runs := []mail.Run{{Text: "x"}}
	for _, r := range b.Runs {
		runs = append(runs, mail.Run{Text: "x", Marks: r.Marks, Link: r.Link})
	}
	b.Runs = runs[:min(len(runs), 1000)]
	return b
}
