package courier_test

import (
	"errors"
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
