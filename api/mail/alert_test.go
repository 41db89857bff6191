package mail

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"preau/api/notify"
	"preau/api/notify/pushtest"
	"preau/storage/sqlite"
)

// ringing is a world in which browsers are rung.
type ringing struct {
	*world
	pushes *pushtest.Server
	heard  int // pushes that were looked at
}

func newRinging(t *testing.T) *ringing {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	w := &ringing{pushes: pushtest.New("")}
	h := httptest.NewServer(w.pushes)
	t.Cleanup(func() {
		h.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	w.pushes.Origin = h.URL
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	w.world = newWorldTold(t, records, notify.Config{PublicKey: public, PrivateKey: private, Allow: []string{h.URL}})
	w.apply(school()...)
	return w
}

// browser rings for a person from now on.
func (w *ringing) browser(user string) {
	w.t.Helper()
	b := w.pushes.Browser(w.notices.PublicKey())
	sub := notify.Subscription{Endpoint: b.Endpoint}
	sub.Keys.P256dh, sub.Keys.Auth = b.P256dh(), b.Auth()
	if err := w.notices.Subscribe(w.t.Context(), person(user), sub); err != nil {
		w.t.Fatal(err)
	}
}

// rang is what browsers showed since the last look: title, second line, where
// it leads, and the number on the icon.
func (w *ringing) rang() (all []string) {
	w.t.Helper()
	pushes := w.pushes.Pushes()
	for _, p := range pushes[w.heard:] {
		var m struct {
			Notification struct{ Title, Body, Navigate, Tag string }
			Badge        int `json:"app_badge"`
		}
		if err := json.Unmarshal([]byte(p.Message), &m); err != nil || p.Status != 201 || m.Notification.Tag == "" {
			w.t.Fatalf("push %+v: %v", p, err)
		}
		all = append(all, fmt.Sprint(m.Notification.Title, "|", m.Notification.Body, "|", m.Notification.Navigate, "|", m.Badge))
	}
	w.heard = len(pushes)
	return all
}

func (w *ringing) wantRang(want ...string) {
	w.t.Helper()
	if got := w.rang(); !slices.Equal(got, want) {
		w.t.Errorf("rang %q\nwant %q", got, want)
	}
}

const atSchool = "https://ecole.example/messages"

// E3, E6: every message rings for who gets it, and not for who wrote it. A lock
// screen says who wrote, and neither text nor subject.
func TestAMessageRings(t *testing.T) {
	w := newRinging(t)
	w.browser("nadia")
	w.browser("garnier")
	w.wantRefusal(w.send("garnier", "m1-garnier", "user:nadia"), "")
	w.wantRang("Message de Mme Garnier||" + atSchool + "/lire/m1-garnier|1")
	w.must("nadia", "settings.set@1", args{"lang": "en"})
	w.now = w.now.Add(time.Minute)
	w.must("garnier", "mail.reply@1", args{"id": "m2-garnier", "re": "m1-garnier", "body": text("Encore.")})
	w.wantRang("2 new messages|Mme Garnier|" + atSchool + "/lire/m1-garnier|2")
	w.wantRefusal(w.send("viard", "m3-viard", "user:nadia"), "")
	w.wantRang("3 new messages|Mme Garnier, Mme Viard|" + atSchool + "|3")
	for _, user := range []string{"nadia", "garnier", "viard"} {
		if left := w.found(user, "notice", ""); len(left) > 0 {
			t.Errorf("%s has notices beside the mailbox: %s", user, left[0].Value)
		}
		if seen := mailbox[any](w.world, user, "ring"); len(seen) > 0 {
			t.Errorf("a device of %s is sent what rang", user)
		}
	}
}

// Elision: the name of a pupil may begin with a vowel.
func TestTheFrenchOfNames(t *testing.T) {
	for name, want := range map[string]string{
		"Inès Benali": "d’Inès Benali", "Élodie": "d’Élodie", "Malo": "de Malo", "Hélène": "d’Hélène", "Mme Petit": "de Mme Petit", "": "de ",
	} {
		if got := de(name); got != want {
			t.Errorf("%q: %q", name, got)
		}
	}
}

// What came in the night rings once, in the morning, unless it was read.
func TestMessagesWaitForTheMorning(t *testing.T) {
	w := newRinging(t)
	w.browser("nadia")
	w.browser("karim")
	w.now = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC) // 22:00 in Paris
	w.wantRefusal(w.send("garnier", "m1-garnier", "user:nadia", "user:karim"), "")
	w.now = w.now.Add(time.Minute)
	w.wantRefusal(w.send("viard", "m2-viard", "user:nadia"), "")
	w.wantRang()
	w.must("karim", "mail.read@1", args{"upTo": map[string]int64{"m1-garnier": w.now.UnixMilli()}})
	w.now = time.Date(2026, 11, 24, 6, 1, 0, 0, time.UTC)
	w.settle()
	w.wantRang("2 nouveaux messages|Mme Garnier, Mme Viard|" + atSchool + "|2")
}

// Nothing rings for what somebody wants to hear nothing of.
func TestWhatDoesNotRing(t *testing.T) {
	for name, quiet := range map[string]func(w *ringing){
		"a muted discussion": func(w *ringing) {
			w.must("nadia", "mail.mute@1", args{"ids": []string{"m1-garnier"}, "muted": true})
		},
		"a muted person": func(w *ringing) {
			w.must("nadia", "mail.hush@1", args{"people": []string{"garnier"}, "muted": true})
		},
		"the alert is off": func(w *ringing) {
			w.must("nadia", "settings.set@1", args{"alerts": args{"newMessage": false}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRinging(t)
			w.browser("nadia")
			w.wantRefusal(w.send("garnier", "m1-garnier", "user:nadia"), "")
			w.wantRang("Message de Mme Garnier||" + atSchool + "/lire/m1-garnier|1")
			quiet(w)
			w.now = w.now.Add(time.Minute)
			w.must("garnier", "mail.reply@1", args{"id": "m2-garnier", "re": "m1-garnier", "body": text("Encore.")})
			w.wantRang()
		})
	}
}

// A message that was taken back, purged or thrown away before it could ring is
// not told.
func TestWhatIsGoneDoesNotRing(t *testing.T) {
	for name, end := range map[string]func(w *ringing){
		"taken back": func(w *ringing) { w.must("garnier", "mail.recall@1", args{"message": "m1-garnier"}) },
		"in the bin": func(w *ringing) { w.must("nadia", "mail.file@1", args{"ids": []string{"m1-garnier"}, "folder": Bin}) },
		"purged": func(w *ringing) {
			w.must("nadia", "mail.file@1", args{"ids": []string{"m1-garnier"}, "folder": Bin})
			w.must("nadia", "mail.purge@1", args{"ids": []string{"m1-garnier"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newRinging(t)
			w.browser("nadia")
			w.now = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
			w.wantRefusal(w.send("garnier", "m1-garnier", "user:nadia"), "")
			end(w)
			w.now = time.Date(2026, 11, 24, 6, 1, 0, 0, time.UTC)
			w.settle()
			w.wantRang()
		})
	}
}

// However many come, what is remembered of them stays small.
func TestManyMessagesAreToldTogether(t *testing.T) {
	w := newRinging(t)
	w.now = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	w.browser("nadia")
	for i := range 2 * notify.MaxNews {
		w.wantRefusal(w.send("viard", fmt.Sprintf("letter-%03d", i), "user:nadia"), "")
	}
	w.now = time.Date(2026, 11, 24, 6, 1, 0, 0, time.UTC)
	w.settle()
	w.wantRang(fmt.Sprintf("Plus de 30 nouveaux messages|Mme Viard|%s|%d", atSchool, notify.MaxNews))
}
