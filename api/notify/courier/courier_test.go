package courier_test

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
)

func office(t *testing.T, s *couriertest.Server) *courier.Office {
	t.Helper()
	o, err := courier.Parse("smtp://" + s.Address + "?from=nepasrepondre@ecole.example")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAddressesOfServers(t *testing.T) {
	for address, ok := range map[string]bool{
		"smtp://localhost?from=a@b.example":               true,
		"smtps://me:secret@mail.example?from=a@b.example": true,
		"smtp://localhost":                                false,
		"smtp://localhost?from=Me <a@b.example>":          false,
		"smtp://localhost:0?from=a@b.example":             false,
		"http://localhost?from=a@b.example":               false,
		"smtp://me:sec%zzret@x?from=a@b.example":          false,
		"smtp://localhost?from=a@b.example&ca=/nowhere":   false,
		"smtp://localhost?from=a@b.example&ca=courier.go": false,
	} {
		_, err := courier.Parse(address)
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "sec") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAddressesOfPeople(t *testing.T) {
	for address, ok := range map[string]bool{
		"nadia@example.org": true, "n.b+ecole@mail.example.org": true,
		"": false, "nadia": false, "nadia@local": false, "Nadia <n@example.org>": false, "n@example.org,x@example.org": false,
		"n@example.org\r\nBcc: x@example.org": false, "é@example.org": false, `"a b"@example.org`: false,
		strings.Repeat("n", 250) + "@example.org": false,
	} {
		if courier.ValidAddress(address) != ok {
			t.Errorf("%q", address)
		}
	}
}

// A name with line breaks adds no header, in subject or anywhere.
func TestNamesAddNoHeaders(t *testing.T) {
	s := couriertest.New(t)
	err := office(t, s).Send(t.Context(), courier.Letter{
		ID: "one", To: "n@example.org", Subject: "Message de X\r\nBcc: eve@example.org\nX-Evil: 1", Text: "T", HTML: "<p>T",
		Settings: "https://ecole.example/a\r\nX-Evil: 1", At: time.Now(),
	})
	got := s.Take()
	if err != nil || len(got) != 1 {
		t.Fatal(err, got)
	}
	if h := got[0].Header; h.Has("Bcc") || h.Has("X-Evil") || !strings.HasPrefix(got[0].Subject, "Message de X  Bcc:") {
		t.Errorf("%+v", got[0])
	}
}

// TestSecrecy: mails go over TLS where a server has it, and the password over
// nothing else. A certificate that nobody vouches for is not believed.
func TestSecrecy(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	believe := "&ca=" + ca
	for _, c := range []struct {
		name, scheme, login, more string
		guard                     couriertest.Guard
		works                     bool
	}{
		{"no TLS", "smtp", "", "", couriertest.Guard{}, true},
		{"STARTTLS", "smtp", "", believe, couriertest.Guard{TLS: web.TLS}, true},
		{"STARTTLS of a stranger", "smtp", "", "", couriertest.Guard{TLS: web.TLS}, false},
		{"STARTTLS and a password", "smtp", "ecole:secret@", believe, couriertest.Guard{TLS: web.TLS, User: "ecole", Password: "secret"}, true},
		{"a wrong password", "smtp", "ecole:wrong@", believe, couriertest.Guard{TLS: web.TLS, User: "ecole", Password: "secret"}, false},
		{"no password", "smtp", "", believe, couriertest.Guard{TLS: web.TLS, User: "ecole", Password: "secret"}, false},
		{"smtps", "smtps", "ecole:secret@", believe, couriertest.Guard{TLS: web.TLS, Always: true, User: "ecole", Password: "secret"}, true},
		{"smtps of a stranger", "smtps", "", "", couriertest.Guard{TLS: web.TLS, Always: true}, false},
		{"smtps without TLS", "smtps", "", believe, couriertest.Guard{}, false},
	} {
		s := couriertest.NewGuarded(t, c.guard)
		o, err := courier.Parse(c.scheme + "://" + c.login + s.Address + "?from=nepasrepondre@ecole.example" + c.more)
		if err != nil {
			t.Fatal(c.name, err)
		}
		l := courier.Letter{ID: "one", To: "n@example.org", Subject: "S", Text: "T", HTML: "T", At: time.Now()}
		err = o.Send(t.Context(), l)
		got := s.Take()
		if (err == nil) != c.works || len(got) != map[bool]int{true: 1}[c.works] || errors.Is(err, courier.ErrRefused) || errors.Is(err, courier.ErrRejected) {
			t.Errorf("%s: %v, %d mails", c.name, err, len(got))
			continue
		}
		if c.works && (got[0].TLS != (c.guard.TLS != nil) || got[0].User != c.guard.User) {
			t.Errorf("%s: over TLS %v, by %q", c.name, got[0].TLS, got[0].User)
		}
		if (o.Check(t.Context()) == nil) != c.works && c.name != "no password" {
			t.Errorf("%s: the check says otherwise", c.name)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %v", c.name, err)
		}
	}
}

// TestMailsOfPeople: they come from the office's address, are answered
// elsewhere, follow others and carry files.
func TestMailsOfPeople(t *testing.T) {
	s := couriertest.New(t)
	err := office(t, s).Send(t.Context(), courier.Letter{
		ID: "two", To: "n@example.org", Subject: "S", Text: "T", HTML: "<p>T", At: time.Now(),
		Person: &courier.Person{Name: "Claire \"G\"\r\nBcc: eve@example.org", Answers: "r-x@reponse.example", References: []string{"<a@b.example>", "<c@d.example>"}},
		Files:  []courier.File{{Name: "Été\r\nX: y.txt", Type: "text/plain", Data: []byte("été\n.\n")}},
	})
	got := s.Take()
	if err != nil || len(got) != 1 {
		t.Fatal(err, got)
	}
	m := got[0]
	from, _ := m.Header.AddressList("From")
	to, _ := m.Header.AddressList("Reply-To")
	refs, _ := m.Header.MsgIDList("References")
	re, _ := m.Header.MsgIDList("In-Reply-To")
	id, _ := m.Header.MessageID()
	if m.From != "r-x@reponse.example" || from[0].Address != "nepasrepondre@ecole.example" || !strings.HasPrefix(from[0].Name, "Claire ") || to[0].Address != "r-x@reponse.example" {
		t.Errorf("%s %v %v", m.From, from, to)
	}
	if !slices.Equal(refs, []string{"a@b.example", "c@d.example"}) || !slices.Equal(re, []string{"c@d.example"}) || "<"+id+">" != office(t, s).MessageID("two") {
		t.Errorf("%v %v %s", refs, re, id)
	}
	if m.Header.Has("Bcc") || m.Header.Has("Auto-Submitted") || len(m.Files) != 1 {
		t.Errorf("%+v", m)
	}
	for name, data := range m.Files {
		if strings.ContainsAny(name, "\r\n") || string(data) != "été\n.\n" {
			t.Errorf("%q %q", name, data)
		}
	}
}

func TestWhatServersAnswer(t *testing.T) {
	s := couriertest.New(t)
	o := office(t, s)
	l := courier.Letter{ID: "one", To: "n@example.org", Subject: "S", Text: "T", HTML: "T", At: time.Now()}
	s.Refuse(l.To, 550)
	if err := o.Send(t.Context(), l); !errors.Is(err, courier.ErrRefused) {
		t.Errorf("550: %v", err)
	}
	s.Refuse(l.To, 450)
	if err := o.Send(t.Context(), l); err == nil || errors.Is(err, courier.ErrRefused) {
		t.Errorf("450: %v", err)
	}
	s.Stop()
	if err := o.Send(t.Context(), l); err == nil || errors.Is(err, courier.ErrRefused) {
		t.Errorf("down: %v", err)
	}
	if err := o.Check(t.Context()); err == nil {
		t.Error("a server that is down passes the check")
	}
	s.Start()
	if err := o.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
