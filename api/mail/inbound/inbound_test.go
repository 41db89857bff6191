package inbound

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
	"preau/api/mail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const known = "r-known@reponse.example"

// desk notes what it is handed, and answers as it is told.
type desk struct {
	mu      sync.Mutex
	taken   []mail.Answer
	bounced int
	says    error
}

func (d *desk) Expects(_ context.Context, address string) error {
	if address != known {
		return mail.ErrNobody
	}
	return nil
}

func (d *desk) Take(_ context.Context, _ string, a mail.Answer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.says == nil {
		d.taken = append(d.taken, a)
	}
	return d.says
}

func (d *desk) Bounce(context.Context, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bounced++
	return nil
}

// take returns what was handed over since it was asked before.
func (d *desk) take() []mail.Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := d.taken
	d.taken = nil
	return all
}

// maxTest is how large a mail may be here: the race detector makes large ones
// slow.
const maxTest = 1 << 20

// office is a server under test.
type office struct {
	*desk
	at string
}

func open(t *testing.T, change func(*Config)) *office {
	t.Helper()
	o := &office{desk: &desk{}}
	c := Config{Domain: "reponse.example", Receiver: o.desk, Scanner: harmless{}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	if change != nil {
		change(&c)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.at = l.Addr().String()
	s := New(c)
	s.smtp.MaxMessageBytes = maxTest
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Close(ctx) // connections that a test left open are cut
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return o
}

// harmless stands where no test is about viruses.
type harmless struct{}

func (harmless) Scan(context.Context, io.Reader) (string, error) { return "", nil }

// client talks over a bare socket.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

func (o *office) dial(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial("tcp", o.at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{t, conn, bufio.NewReader(conn)}
	c.want("220")
	return c
}

// hears reads one answer, of however many lines.
func (c *client) hears() string {
	c.t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		l, err := c.r.ReadString('\n')
		if err != nil {
			return "cut"
		}
		if len(l) < 4 || l[3] == ' ' {
			return strings.TrimSpace(l)
		}
	}
}

func (c *client) want(code string) string {
	c.t.Helper()
	got := c.hears()
	if !strings.HasPrefix(got, code) {
		c.t.Fatalf("heard %q, want %s", got, code)
	}
	return got
}

func (c *client) say(text string) {
	c.t.Helper()
	_ = c.conn.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := c.conn.Write([]byte(text)); err != nil {
		c.t.Logf("say: %v", err)
	}
}

func (c *client) ask(command, code string) string {
	c.t.Helper()
	c.say(command + "\r\n")
	return c.want(code)
}

// begin goes as far as DATA.
func (c *client) begin(from string) {
	c.t.Helper()
	c.ask("EHLO other.example", "250")
	c.ask("MAIL FROM:<"+from+">", "250")
	c.ask("RCPT TO:<"+known+">", "250")
	c.ask("DATA", "354")
}

// send sends a whole mail and returns the answer.
func (o *office) send(t *testing.T, from string, raw []byte) string {
	t.Helper()
	c := o.dial(t)
	defer c.conn.Close()
	c.begin(from)
	c.say(string(raw) + "\r\n.\r\n")
	return c.hears()
}

func TestAnAnswerIsTaken(t *testing.T) {
	o := open(t, nil)
	if got := o.send(t, "a@musee.example", []byte(head+"\r\nBonjour.\r\n..\r\n")); !strings.HasPrefix(got, "250") {
		t.Fatal(got)
	}
	got := o.take()
	if len(got) != 1 || got[0].From != "accueil@musee.example" || got[0].Body.Text() != "Bonjour.\n." {
		t.Errorf("%+v", got)
	}
}

// TestWhatIsAnswered: other servers are told what to do, and never why.
func TestWhatIsAnswered(t *testing.T) {
	o := open(t, nil)
	for _, c := range []struct {
		says error
		want string
	}{
		{mail.ErrSender, "550 5.7.1"},
		{mail.ErrClosed, "550 5.7.1"},
		{mail.ErrNobody, "550 5.1.1"},
		{mail.ErrLater, "451 4.7.1"},
		{fmt.Errorf("x: %w", mail.ErrUnreadable), "554 5.6.0"},
		{errors.New("secret path /data/preau.db"), "451 4.3.0"},
	} {
		o.mu.Lock()
		o.says = c.says
		o.mu.Unlock()
		if got := o.send(t, "a@b.example", []byte(head+"\r\nx")); !strings.HasPrefix(got, c.want) || strings.Contains(got, "secret") {
			t.Errorf("%v: %q", c.says, got)
		}
	}
	for name, c := range map[string]struct{ from, raw, want string }{
		"away":     {"a@b.example", head + "Auto-Submitted: auto-replied\r\n\r\nx", "550 5.7.1"},
		"no mail":  {"a@b.example", "x", "554"},
		"bounce":   {"", report("failed"), "250"},
		"delay":    {"", report("delayed"), "250"},
		"from <>":  {"", head + "\r\nx", "250"},
		"too long": {"a@b.example", head + "\r\n" + strings.Repeat(strings.Repeat("a", 998)+"\r\n", maxTest/1000+1), "552 5.3.4"},
	} {
		if got := o.send(t, c.from, lf(c.raw)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if o.bounced != 1 || len(o.take()) != 0 {
		t.Errorf("%d bounces", o.bounced)
	}
}

// TestStrangers: one address at a time, none that is not expected, and whoever
// guesses is turned away.
func TestStrangers(t *testing.T) {
	o := open(t, nil)
	c := o.dial(t)
	c.ask("EHLO x", "250")
	c.ask("MAIL FROM:<a@b.example>", "250")
	first := c.ask("RCPT TO:<r-other@reponse.example>", "550")
	for _, other := range []string{"postmaster@reponse.example", "root@elsewhere.example", "r-known@elsewhere.example", `"r-known\"@x"@reponse.example`} {
		if got := c.ask("RCPT TO:<"+other+">", "550"); got != first {
			t.Errorf("%s is told from others: %q", other, got)
		}
	}
	c.ask("DATA", "502")
	c.ask("RCPT TO:<"+known+">", "250")
	c.ask("RCPT TO:<"+known+">", "452")
	c.ask("VRFY "+known, "252")
	c.ask("EXPN all", "502")
	c.ask("AUTH PLAIN AGEAYg==", "5")
	for range maxMissed - 5 {
		c.ask("RSET", "250")
		c.ask("MAIL FROM:<a@b.example>", "250")
		c.ask("RCPT TO:<nobody@reponse.example>", "550")
	}
	c.ask("RSET", "250")
	c.ask("MAIL FROM:<a@b.example>", "421")
}

func TestManyConnections(t *testing.T) {
	o := open(t, nil)
	for range maxPerHost {
		o.dial(t).ask("EHLO x", "250")
	}
	last := o.dial(t)
	last.ask("EHLO x", "421")
}

// TestSmuggling: only CRLF, a dot and CRLF end a mail; what looks like it in
// other line breaks is text, and no second mail is born of it.
func TestSmuggling(t *testing.T) {
	o := open(t, nil)
	for _, end := range []string{"\n.\n", "\r.\r", "\n.\r\n", "\r\n.\n", "\r\n.\r", "\n\n.\n\n", "\r\n\x00.\r\n", "\r\n.\x00\r\n"} {
		evil := end + "MAIL FROM:<evil@b.example>\r\nRCPT TO:<" + known + ">\r\nDATA\r\n" + "From: evil@b.example\r\n\r\nevil\r\n"
		got := o.send(t, "a@b.example", []byte(head+"\r\nBonjour."+evil))
		taken := o.take()
		if !strings.HasPrefix(got, "250") || len(taken) != 1 || taken[0].From != "accueil@musee.example" {
			t.Errorf("%q: %s, %d mails", end, got, len(taken))
		}
	}
}

// TestAbuse: whatever is said, nothing is taken, nothing hangs, and the next one
// is served.
func TestAbuse(t *testing.T) {
	o := open(t, nil)
	for name, said := range map[string]string{
		"long line":      "EHLO " + strings.Repeat("a", 1<<20) + "\r\n",
		"no line":        strings.Repeat("a", 1<<20),
		"binary":         "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n",
		"http":           "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
		"header first":   head + "\r\nx\r\n.\r\n",
		"all at once":    "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nQUIT\r\n",
		"long line data": "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nDATA\r\n" + head + "\r\n" + strings.Repeat("a", 1<<20) + "\r\n.\r\n",
		"broken off":     "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nDATA\r\n" + head + "\r\nhalf a mail",
		"bdat broken":    "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nBDAT 999999\r\n" + head + "\r\nhalf a mail",
		"bdat huge":      "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nBDAT 4294967295 LAST\r\nx",
		"bdat reset":     "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<" + known + ">\r\nBDAT 3\r\nabcRSET\r\n",
	} {
		conn, err := net.Dial("tcp", o.at) // and it speaks before it is greeted
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		_, _ = conn.Write([]byte(said))
		_, _ = bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if got := o.send(t, "a@b.example", []byte(head+"\r\nBonjour.")); !strings.HasPrefix(got, "250") {
			t.Errorf("after %s: %s", name, got)
		}
		if got := o.take(); len(got) != 1 || got[0].Body.Text() != "Bonjour." {
			t.Errorf("after %s: %v", name, got)
		}
	}
}

// TestChunks: a mail that comes in chunks is a mail like others.
func TestChunks(t *testing.T) {
	o := open(t, nil)
	c := o.dial(t)
	c.ask("EHLO x", "250")
	c.ask("MAIL FROM:<a@b.example>", "250")
	c.ask("RCPT TO:<"+known+">", "250")
	text := head + "\r\nBonjour."
	c.say(fmt.Sprintf("BDAT 10\r\n%sBDAT %d LAST\r\n%s", text[:10], len(text)-10, text[10:]))
	c.want("250")
	c.want("250")
	if got := o.take(); len(got) != 1 || got[0].Body.Text() != "Bonjour." {
		t.Error(got)
	}
}

// TestSecrecy: with a certificate mails come over TLS, and what was said before
// does not count.
func TestSecrecy(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	o := open(t, func(c *Config) { c.TLS = web.TLS })
	c := o.dial(t)
	c.ask("EHLO x", "250")
	c.ask("MAIL FROM:<before@b.example>", "250")
	c.ask("STARTTLS", "220")
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	secret := tls.Client(c.conn, &tls.Config{RootCAs: roots, ServerName: "example.com"})
	c.conn, c.r = secret, bufio.NewReader(secret)
	c.ask("RCPT TO:<"+known+">", "502")
	c.begin("a@b.example")
	c.say(head + "\r\nBonjour.\r\n.\r\n")
	c.want("250")
	if got := o.take(); len(got) != 1 {
		t.Error(got)
	}
}

// TestViruses (E24, E25) runs a real ClamAV: a virus in the text, in whatever
// part or encoding, is for nobody; of a file with one the name is left; while the
// scanner is away, mails have to come again.
func TestViruses(t *testing.T) {
	daemon := clamdtest.Start(t)
	scanner, err := clamd.Parse(daemon.Unix)
	if err != nil {
		t.Fatal(err)
	}
	o := open(t, func(c *Config) { c.Scanner = scanner })
	eicar := string(clamdtest.EICAR())
	coded := base64.StdEncoding.EncodeToString(clamdtest.EICAR())
	for name, raw := range map[string]string{
		"plain":           head + "\n" + eicar,
		"base64":          head + "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + coded,
		"html":            head + "Content-Type: text/html\n\n<p>" + eicar,
		"the other part":  head + "Content-Type: multipart/alternative; boundary=x\n\n--x\n\nBonjour\n--x\nContent-Type: text/html\n\n<!-- " + eicar + " -->\n--x--\n",
		"quoted, trimmed": head + "\nBonjour\n> " + eicar,
	} {
		if got := o.send(t, "a@b.example", lf(raw)); !strings.HasPrefix(got, "550 5.7.1") || len(o.take()) != 0 {
			t.Errorf("%s: %s", name, got)
		}
	}

	raw := lf(head + "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nVoici.\n--x\nContent-Type: text/plain; name=bon.txt\n\nbon\n--x\n" +
		"Content-Type: application/pdf; name=facture.pdf\nContent-Transfer-Encoding: base64\n\n" + coded + "\n--x--\n")
	if got := o.send(t, "a@b.example", raw); !strings.HasPrefix(got, "250") {
		t.Fatal(got)
	}
	got := o.take()[0].Files
	if len(got) != 2 || got[0].Infected || string(got[0].Data) != "bon" || !got[1].Infected || got[1].Data != nil || got[1].Name != "facture.pdf" {
		t.Errorf("%+v", got)
	}

	daemon.Stop()
	if got := o.send(t, "a@b.example", raw); !strings.HasPrefix(got, "451") || len(o.take()) != 0 {
		t.Errorf("without scanner: %s", got)
	}
	daemon.Restart()
	if got := o.send(t, "a@b.example", raw); !strings.HasPrefix(got, "250") || len(o.take()) != 1 {
		t.Errorf("the scanner is back: %s", got)
	}
}
