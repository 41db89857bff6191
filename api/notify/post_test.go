package notify

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
)

// mailWorld is a world with a mail server, in which Nadia has an address.
func mailWorld(t *testing.T) (*world, *couriertest.Server) {
	t.Helper()
	server := couriertest.New(t)
	office, err := courier.Parse("smtp://" + server.Address + "?from=nepasrepondre@ecole.example")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, inSchool, func(c *Config) { c.Office, c.Key, c.Domain = office, []byte("a key"), "reponse.ecole.example" })
	w.must("nadia", "user:nadia", "notify.address@1", args{"address": "nadia@example.org"})
	code := regexp.MustCompile(`\d{6}`).FindString(server.Take()[0].Subject)
	w.must("nadia", "user:nadia", "notify.confirm@1", args{"code": code})
	return w, server
}

func subjects(mails []couriertest.Mail) (all []string) {
	for _, m := range mails {
		all = append(all, m.Subject)
	}
	return all
}

func wantMails(t *testing.T, server *couriertest.Server, want ...string) []couriertest.Mail {
	t.Helper()
	mails := server.Take()
	if got := subjects(mails); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("mails %q, want %q", got, want)
	}
	return mails
}

// Whoever saw the alert on the phone gets no mail of it.
func TestAMailWaitsForThePushToBeSeen(t *testing.T) {
	w, server := mailWorld(t)
	w.set("nadia", args{"mails": args{"newGrade": "each"}})
	w.tell("nadia", about(NewGrade, "ines", 1))
	w.pass(29 * time.Minute)
	wantMails(t, server)
	w.pass(2 * time.Minute)
	mails := wantMails(t, server, "Nouvelle 1")
	if strings.Contains(mails[0].Text+mails[0].HTML, "Dedans") {
		t.Error("a mail says what the inside of the app does")
	}
	w.tell("nadia", about(NewGrade, "ines", 2))
	w.pass(10 * time.Minute)
	w.must("nadia", "user:nadia", "notice.read@1", args{"ids": w.ids("nadia")})
	w.pass(time.Hour)
	wantMails(t, server)
	missing := about("", "ines", 3)
	missing.Urgent, missing.Due = true, w.clock()
	w.tell("nadia", missing)
	wantMails(t, server, "Nouvelle 3")
}

// A week is one mail, before the weekend; what was read is not in it.
func TestTheDigest(t *testing.T) {
	w, server := mailWorld(t)
	w.tell("nadia", about(NewHomework, "ines", 1))
	w.must("nadia", "user:nadia", "notice.read@1", args{"ids": w.ids("nadia")})
	for i := 2; i < 5; i++ {
		w.pass(20 * time.Hour)
		w.tell("nadia", about(NewGrade, "ines", i))
	}
	wantMails(t, server)
	friday := time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	w.at(friday.Add(-time.Minute))
	wantMails(t, server)
	w.at(friday)
	mail := wantMails(t, server, "Quoi de neuf : 3")[0]
	for line, there := range map[string]bool{"Nouvelle 1": false, "Nouvelle 2": true, "Nouvelle 3": true, "Nouvelle 4": true, "Dedans": false} {
		if strings.Contains(mail.Text, line) != there {
			t.Errorf("%q in the digest: %v", line, !there)
		}
	}
	w.at(friday.Add(8 * 24 * time.Hour))
	wantMails(t, server) // nothing came
	w.set("nadia", args{"digest": "daily"})
	w.tell("nadia", about(Returned, "ines", 6))
	w.pass(25 * time.Hour)
	wantMails(t, server, "Quoi de neuf : 1")
	w.set("nadia", args{"digest": "never"})
	w.tell("nadia", about(Returned, "ines", 7))
	w.pass(8 * 24 * time.Hour)
	wantMails(t, server)
	w.set("nadia", args{"digest": "daily", "children": args{"ines": args{"mails": args{"returned": "never"}}}})
	w.tell("nadia", about(Returned, "ines", 8))
	w.tell("nadia", about(Returned, "noe", 9))
	w.pass(25 * time.Hour)
	wantMails(t, server, "Quoi de neuf : 1")
}

// One click stops all mails, as RFC 8058 wants it; the person lets them come
// again.
func TestOneClickStopsMails(t *testing.T) {
	w, server := mailWorld(t)
	w.set("nadia", args{"mails": args{"newGrade": "each"}})
	w.tell("nadia", about(NewGrade, "ines", 1))
	w.pass(time.Hour)
	header := wantMails(t, server, "Nouvelle 1")[0].Header
	if header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Errorf("%v", header)
	}
	at, err := url.Parse(strings.Trim(header.Get("List-Unsubscribe"), "<>"))
	if err != nil || at.Path != StopPath {
		t.Fatal(at, err)
	}
	user, proof := at.Query().Get("u"), at.Query().Get("t")
	for _, wrong := range [][2]string{{"karim", proof}, {user, proof[1:]}, {user, ""}, {"", ""}, {strings.Repeat("x", 500), proof}} {
		if err := w.Stop(t.Context(), wrong[0], wrong[1]); err == nil {
			t.Errorf("%q stops mails", wrong)
		}
	}
	for range 2 {
		if err := w.Stop(t.Context(), user, proof); err != nil {
			t.Fatal(err)
		}
	}
	w.tell("nadia", about(NewGrade, "ines", 2))
	w.pass(time.Hour)
	wantMails(t, server)
	w.must("nadia", "user:nadia", "notify.mails@1", args{"on": true})
	w.tell("nadia", about(NewGrade, "ines", 3))
	w.pass(time.Hour)
	wantMails(t, server, "Nouvelle 3")
	if got := w.act("malo", "user:nadia", "notify.mails@1", args{"on": false}); got != "forbidden scope" {
		t.Errorf("somebody else: %q", got)
	}
}

// An address whose mails come back gets none until it is confirmed again.
func TestMailsThatComeBack(t *testing.T) {
	w, server := mailWorld(t)
	w.set("nadia", args{"mails": args{"newGrade": "each"}})
	w.tell("nadia", about(NewGrade, "ines", 1))
	w.pass(time.Hour)
	from := wantMails(t, server, "Nouvelle 1")[0].From
	if !strings.HasSuffix(from, "@reponse.ecole.example") {
		t.Fatalf("the envelope is from %q", from)
	}
	for _, strange := range []string{"r-abc@reponse.ecole.example", "avis-!@reponse.ecole.example", "avis-@x", ""} {
		if ours, err := w.Bounced(t.Context(), strange); ours || err != nil {
			t.Errorf("%q: %v %v", strange, ours, err)
		}
	}
	forged := from[:strings.Index(from, "@")-2] + "00@reponse.ecole.example"
	for _, back := range []struct {
		address string
		failing bool
	}{{forged, false}, {strings.ToUpper(from), true}} {
		if ours, err := w.Bounced(t.Context(), back.address); !ours || err != nil {
			t.Errorf("%q: %v %v", back.address, ours, err)
		}
		if b, err := w.mailboxOf(t.Context(), "nadia"); err != nil || b.Failing != back.failing {
			t.Errorf("after %q: %+v %v", back.address, b, err)
		}
	}
	w.tell("nadia", about(NewGrade, "ines", 2))
	w.pass(time.Hour)
	wantMails(t, server)
}
