package mail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"preau/api/notify"
	"preau/api/notify/courier"
	"preau/api/notify/courier/couriertest"
	"preau/storage/sqlite"
)

// mailing is a world with a mail server.
type mailing struct {
	*world
	server *couriertest.Server
}

func newMailing(t *testing.T) *mailing {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	w := &mailing{server: couriertest.New(t)}
	office, err := courier.Parse("smtp://" + w.server.Address + "?from=nepasrepondre@ecole.example")
	if err != nil {
		t.Fatal(err)
	}
	w.world = newWorldTold(t, records, notify.Config{Office: office, Key: []byte("a key")})
	w.apply(school()...)
	return w
}

// place is what a person's device holds of their address.
type place struct {
	Address            string
	Confirmed, Failing bool
	Left               int
}

func (w *mailing) place(user string) place {
	return mailbox[place](w.world, user, "address")["address"]
}

// reachable gives a person a confirmed address.
func (w *mailing) reachable(user string) {
	w.t.Helper()
	w.must(user, "notify.address@1", args{"address": user + "@example.org"})
	w.must(user, "notify.confirm@1", args{"code": w.code()})
	if p := w.place(user); !p.Confirmed {
		w.t.Fatalf("not confirmed: %+v", p)
	}
}

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func (w *mailing) code() string {
	w.t.Helper()
	got := w.server.Take()
	if len(got) != 1 {
		w.t.Fatalf("%d mails with a code", len(got))
	}
	return sixDigits.FindString(got[0].Subject)
}

func (w *mailing) wantMails(want ...string) {
	w.t.Helper()
	var got []string
	for _, m := range w.server.Take() {
		got = append(got, m.To+": "+m.Subject)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("mails %q\nwant %q", got, want)
	}
}

// later lets time pass and what is due then happen.
func (w *mailing) later(d time.Duration) {
	w.t.Helper()
	w.now = w.now.Add(d)
	w.settle()
}

// E6, E7: each new message is announced from an address that nobody reads, with
// who wrote, a link, and nothing of what was written.
func TestAMessageIsAnnouncedByMail(t *testing.T) {
	w := newMailing(t)
	w.reachable("nadia")
	w.wantRefusal(w.do("garnier", "mail.send@1", letter("m1-garnier", users("nadia"), args{"subject": "SECRET-SUBJECT", "body": text("SECRET-TEXT")})), "")
	got := w.server.Take()
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	m := got[0]
	if m.From != "nepasrepondre@ecole.example" || m.To != "nadia@example.org" || m.Subject != "Message de Mme Garnier" ||
		m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasPrefix(m.Header.Get("List-Unsubscribe"), "<https://ecole.example/api/mails/stop?") {
		t.Errorf("%+v", m)
	}
	for _, body := range []string{m.Text, m.HTML} {
		if strings.Contains(body, "SECRET") || !strings.Contains(body, "https://ecole.example/messages/lire/m1-garnier") ||
			!strings.Contains(body, "https://ecole.example/reglages/courriel") {
			t.Errorf("the mail says %s", body)
		}
	}
	w.must("nadia", "settings.set@1", args{"lang": "en"})
	w.later(time.Minute)
	w.must("garnier", "mail.reply@1", args{"id": "m2-garnier", "re": "m1-garnier", "body": text("Encore.")})
	w.wantMails("nadia@example.org: Message from Mme Garnier")
}

// E6: in quiet hours mails wait and come as one; what is read meanwhile, or
// muted, is not announced; one mail a day, or none.
func TestWhenMailsAreSent(t *testing.T) {
	w := newMailing(t)
	for _, user := range []string{"nadia", "karim", "rozenn"} {
		w.reachable(user)
	}
	w.must("karim", "settings.set@1", args{"mail": notify.Daily})
	w.must("rozenn", "settings.set@1", args{"mail": notify.Never})
	w.wantRefusal(w.do("viard", "settings.set@1", args{"mail": "hourly"}), "invalid mail")
	everybody := users("nadia", "karim", "rozenn")
	for i := range 2 {
		w.later(time.Minute)
		w.wantRefusal(w.send("viard", fmt.Sprintf("by-day-%d", i), everybody...), "")
	}
	w.wantMails("nadia@example.org: Message de Mme Viard", "nadia@example.org: Message de Mme Viard")
	w.now = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	w.wantRefusal(w.send("viard", "by-night-1", everybody...), "")
	w.wantRefusal(w.send("roussel", "by-night-2", everybody...), "")
	w.wantMails()
	w.must("karim", "mail.read@1", args{"upTo": args{"by-day-0": w.now.UnixMilli()}})
	w.now = time.Date(2026, 11, 24, 6, 1, 0, 0, time.UTC)
	w.settle()
	got := w.server.Take()
	slices.SortFunc(got, func(a, b couriertest.Mail) int { return strings.Compare(a.To, b.To) })
	if len(got) != 2 || got[0].Subject != "3 nouveaux messages" || got[1].Subject != "2 nouveaux messages" {
		t.Errorf("in the morning %+v", got)
	}
}

// E8: an address counts once its code was typed: five tries, half an hour.
func TestAnAddressIsConfirmed(t *testing.T) {
	w := newMailing(t)
	w.wantRefusal(w.do("nadia", "notify.address@1", args{"address": "n@example.org\r\nBcc: x@example.org"}), "invalid address")
	w.wantRefusal(w.do("nadia", "notify.address@1", args{"address": "Nadia <n@example.org>"}), "invalid address")
	w.wantRefusal(w.do("nadia", "notify.confirm@1", args{"code": "000000"}), "gone code")
	w.must("nadia", "notify.address@1", args{"address": "n@example.org"})
	code := w.code()
	w.wantRefusal(w.send("viard", "m1-viard", "user:nadia"), "")
	w.wantMails()
	w.wantRefusal(w.do("nadia", "notify.confirm@1", args{"code": "1"}), "invalid code")
	wrong := "000000"
	if code == wrong {
		wrong = "000001"
	}
	for left := 4; left >= 0; left-- {
		w.must("nadia", "notify.confirm@1", args{"code": wrong})
		if p := w.place("nadia"); p.Confirmed || p.Left != left {
			t.Fatalf("%+v with %d left", p, left)
		}
	}
	w.wantRefusal(w.do("nadia", "notify.confirm@1", args{"code": code}), "gone code")
	w.must("nadia", "notify.address@1", args{"address": "n@example.org"})
	second := w.code()
	w.now = w.now.Add(31 * time.Minute)
	w.wantRefusal(w.do("nadia", "notify.confirm@1", args{"code": second}), "gone code")
	w.reachable("nadia")
	w.must("nadia", "notify.address@1", args{"address": ""})
	w.wantRefusal(w.send("viard", "m2-viard", "user:nadia"), "")
	w.wantMails()
}

// Nobody has strangers mailed at will, and a server without mail says so.
func TestCodesAreFew(t *testing.T) {
	w := newMailing(t)
	for range 5 {
		w.must("nadia", "notify.address@1", args{"address": "n@example.org"})
	}
	w.wantRefusal(w.do("nadia", "notify.address@1", args{"address": "n@example.org"}), "too_many address")
	w.later(25 * time.Hour)
	w.must("nadia", "notify.address@1", args{"address": "n@example.org"})
	w.wantRefusal(newWorld(t).do("nadia", "notify.address@1", args{"address": "n@example.org"}), "unavailable")
}

// An address that the mail server refuses is shown as such and left alone.
func TestARefusedAddressIsShown(t *testing.T) {
	w := newMailing(t)
	w.reachable("nadia")
	w.server.Refuse("nadia@example.org", 550)
	w.wantRefusal(w.send("viard", "m1-viard", "user:nadia"), "")
	if p := w.place("nadia"); !p.Failing {
		t.Errorf("%+v", p)
	}
	w.server.Refuse("nadia@example.org", 0)
	w.later(time.Minute)
	w.wantRefusal(w.send("viard", "m2-viard", "user:nadia"), "")
	w.wantMails()
	w.reachable("nadia")
}

// A mail server that is down or slow loses nothing.
func TestAMailServerThatIsDown(t *testing.T) {
	w := newMailing(t)
	w.reachable("nadia")
	w.server.Stop()
	w.wantRefusal(w.send("viard", "m1-viard", "user:nadia"), "")
	w.later(2 * time.Minute)
	w.wantMails()
	w.server.Start()
	w.server.Delay(300 * time.Millisecond)
	w.later(10 * time.Minute)
	w.wantMails("nadia@example.org: Message de Mme Viard")
	w.later(time.Hour)
	w.wantMails()
	w.server.Stop()
	w.wantRefusal(w.send("viard", "m2-viard", "user:nadia"), "")
	w.later(49 * time.Hour)
	w.server.Start()
	w.later(time.Hour)
	w.wantMails()
}
