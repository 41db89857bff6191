package notify

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	psync "preau/sync"
)

func TestPushesReachEveryBrowserOfAPerson(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.browser("ines")
	}
	w.browser("malo")
	w.tell("ines", hello(1))
	w.wantStatuses(201, 201, 201)
	for _, p := range w.pushes.Pushes() {
		if p.Ack != 100 || !strings.Contains(p.Message, "Nouvelle 1") {
			t.Errorf("%+v", p)
		}
	}
}

// The library would write its delimiter and padding behind the slice, into
// whatever follows, and race when one message goes to several browsers.
func TestTheMessageIsCopied(t *testing.T) {
	w := newWorld(t)
	memory := []byte("MESSAGE" + "NEIGHBOUR" + strings.Repeat("x", 4096))
	before := bytes.Clone(memory)
	message := memory[:7]
	var all sync.WaitGroup
	for range 8 {
		b := w.pushes.Browser(w.PublicKey())
		all.Go(func() {
			res, err := w.post(t.Context(), subscription{Endpoint: b.Endpoint, P256dh: b.P256dh(), Auth: b.Auth()}, message, push{User: "u", Tag: "t", Until: w.clock().Add(time.Hour)})
			if err != nil || res.StatusCode != 201 {
				t.Error(res, err)
				return
			}
			res.Body.Close()
		})
	}
	all.Wait()
	if !bytes.Equal(memory, before) {
		t.Error("the neighbour was written over")
	}
}

func TestHeadersAreWhatServicesWant(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	n := hello(1)
	w.tell("ines", n)
	n.Urgent, n.Due, n.Title = true, morning.Add(20*time.Hour), Text{FR: "Urgent"}
	w.tell("ines", n)
	all := w.pushes.Pushes()
	if all[0].Urgency != "normal" || all[1].Urgency != "high" {
		t.Errorf("urgencies %s, %s", all[0].Urgency, all[1].Urgency)
	}
	for _, p := range all {
		if len(p.Topic) != 24 || p.TTL != int(catalogue[NewHomework].life.Seconds()) {
			t.Errorf("topic %q, TTL %d", p.Topic, p.TTL)
		}
	}
	if all[0].Topic == all[1].Topic {
		t.Error("two notices share a topic")
	}
}

// What a listener learns from the length is one of four numbers.
func TestLengthsAreHidden(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	for i, length := range []int{1, 50, 118, 400} {
		n := hello(i)
		n.Title, n.Lock = Text{FR: strings.Repeat("é", length)}, Text{FR: strings.Repeat("☃", length)}
		w.tell("ines", n)
	}
	for _, p := range w.pushes.Pushes() {
		if p.Status != 201 || !slices.Contains([]int{512, 1024, 2048, 4096}, p.Size) {
			t.Errorf("status %d, %d bytes", p.Status, p.Size)
		}
	}
	for message, want := range map[int]uint32{1: 512, 409: 512, 410: 1024, 921: 1024, 922: 2048, 1945: 2048, 3993: 4096, 3994: 0} {
		if got, ok := recordSize(message); got != want || ok != (want > 0) {
			t.Errorf("%d bytes go into %d", message, got)
		}
	}
}

// Apple takes an https contact; the library makes anything else an e-mail
// address, "mailto:mailto:…" included. The push service of the tests refuses
// such a one.
func TestTheContactIsHTTPS(t *testing.T) {
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	for origin, want := range map[string]string{
		"https://ecole.example":      "https://ecole.example",
		"https://ecole.example:8443": "https://ecole.example",
		"http://localhost:8080":      "https://localhost",
	} {
		k, err := parseKeys(public, private, origin)
		if err != nil || k.contact != want {
			t.Errorf("%s: %q, %v", origin, k.contact, err)
		}
	}
	for _, bad := range []Config{
		{PublicKey: public, PrivateKey: "AAAA", Origin: "https://a.example"},
		{PublicKey: "AAAA", PrivateKey: private, Origin: "https://a.example"},
		{PublicKey: public, PrivateKey: private, Origin: "ecole.example"},
		{PublicKey: public, PrivateKey: private, Origin: "https://a.example", Allow: []string{"http://push.example:80"}},
		{PublicKey: public, PrivateKey: private, Origin: "https://a.example", Allow: []string{"*.example"}},
	} {
		if _, err := New(bad); !errors.Is(err, errConfig) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestOnlyGoneSubscriptionsAreForgotten(t *testing.T) {
	for status, kept := range map[int]bool{
		201: true, 200: true, 202: true, 400: true, 401: true, 403: true, 413: true, 429: true, 500: true, 502: true, 503: true, 307: true,
		404: false, 410: false,
	} {
		w := newWorld(t)
		w.browser("ines")
		w.pushes.Answer(1, status, "")
		w.tell("ines", hello(1))
		w.wantStatuses(status)
		if got := len(w.subscriptions("ines")) == 1; got != kept {
			t.Errorf("%d: kept %v", status, got)
		}
	}
}

func TestTroubleIsTriedAgainUntilItIsTooLate(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.pushes.Answer(3, 503, "")
	w.tell("ines", hello(1))
	for range 20 {
		w.pass(5 * time.Minute)
	}
	w.wantStatuses(503, 503, 503, 201)
	if got := w.pushes.Pushes()[3]; got.Ack != 100 || got.TTL >= int(catalogue[NewHomework].life.Seconds()) {
		t.Errorf("%+v", got)
	}

	w.pushes.Answer(1000, 500, "")
	w.tell("ines", hello(2))
	for range 80 {
		w.pass(time.Hour)
	}
	n := len(w.statuses())
	w.pass(100 * time.Hour)
	if len(w.statuses()) != n || n > 60 {
		t.Errorf("%d pushes, then %d", n, len(w.statuses()))
	}
	if len(w.subscriptions("ines")) != 1 {
		t.Error("the subscription is gone")
	}
}

// One browser in trouble does not make the others ring twice.
func TestOnlyTheOneInTroubleIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.browser("ines")
	w.browser("ines")
	w.pushes.Answer(1, 500, "")
	w.tell("ines", hello(1))
	w.pass(10 * time.Minute)
	got := w.statuses()
	slices.Sort(got)
	if !slices.Equal(got, []int{201, 201, 201, 500}) {
		t.Errorf("answered %v", got)
	}
	tokens := map[string]int{}
	for _, p := range w.pushes.Pushes() {
		if p.Status == 201 {
			tokens[p.Token]++
		}
	}
	if len(tokens) != 3 {
		t.Errorf("reached %v", tokens)
	}
}

// 429 with Retry-After silences the whole origin, in both forms of the header.
func TestRetryAfterIsObeyedPerOrigin(t *testing.T) {
	for _, header := range []string{"7200", morning.Add(2 * time.Hour).Format(http.TimeFormat)} {
		w := newWorld(t)
		w.browser("ines")
		w.browser("malo")
		w.pushes.Answer(1, 429, header)
		w.tell("ines", hello(1))
		w.tell("malo", hello(1))
		w.wantStatuses(429)
		w.pass(119 * time.Minute)
		w.wantStatuses(429)
		w.pass(2 * time.Minute)
		w.wantStatuses(429, 201, 201)
	}
}

func TestRetryAfter(t *testing.T) {
	now := morning
	for header, want := range map[string]time.Time{
		"":          {},
		"0":         {},
		"-5":        {},
		"soon":      {},
		"60":        now.Add(time.Minute),
		"999999999": now.Add(24 * time.Hour),
		now.Add(-time.Hour).Format(http.TimeFormat):      {},
		now.Add(time.Hour).Format(http.TimeFormat):       now.Add(time.Hour),
		now.Add(100 * time.Hour).Format(http.TimeFormat): now.Add(24 * time.Hour),
	} {
		if got := retryAfter(header, now); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func TestSubscriptionsOfAnotherKeyAreStale(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ines")
	old := w.keys
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	if w.keys, err = parseKeys(public, private, "https://ecole.example"); err != nil {
		t.Fatal(err)
	}
	w.tell("ines", hello(1))
	w.wantStatuses()
	if all := w.subscriptions("ines"); len(all) != 1 || !all[0].Stale {
		t.Errorf("%+v", all)
	}
	w.keys = old
	if err := w.Subscribe(t.Context(), person("ines"), subscriptionOf(b)); err != nil {
		t.Fatal(err)
	}
	if all := w.subscriptions("ines"); len(all) != 1 || all[0].Stale || !all[0].Current {
		t.Errorf("%+v", all)
	}
}

func TestAtMostEightBrowsers(t *testing.T) {
	w := newWorld(t)
	first := w.browser("ines")
	for range 8 {
		w.pass(time.Minute)
		w.browser("ines")
	}
	all := w.subscriptions("ines")
	if len(all) != 8 || slices.ContainsFunc(all, func(l Listed) bool { return l.Endpoint == first.Endpoint }) {
		t.Errorf("%d subscriptions", len(all))
	}
}

// A browser handed from one person to another rings for the last only.
func TestABrowserRingsForOnePerson(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ines")
	if err := w.Subscribe(t.Context(), person("malo"), subscriptionOf(b)); err != nil {
		t.Fatal(err)
	}
	w.settle()
	w.tell("ines", hello(1))
	w.wantStatuses()
	w.tell("malo", hello(2))
	w.wantStatuses(201)
}

func TestUnsubscribedAndRevokedDevicesAreSilent(t *testing.T) {
	w := newWorld(t)
	b := w.browser("ines")
	if err := w.Unsubscribe(t.Context(), person("ines"), b.Endpoint); err != nil {
		t.Fatal(err)
	}
	w.browser("ines")
	if err := w.Forget(t.Context(), "ines", "d_other"); err != nil {
		t.Fatal(err)
	}
	if len(w.subscriptions("ines")) != 1 {
		t.Error("another device was forgotten")
	}
	if err := w.Forget(t.Context(), "ines", "d_ines"); err != nil {
		t.Fatal(err)
	}
	w.tell("ines", hello(1))
	w.wantStatuses()
}

func TestATestRingsAtOnceAndSaysHowItWent(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	gone := w.browser("ines")
	w.pushes.Forget(gone.Endpoint)
	w.at(time.Date(2026, 11, 23, 23, 0, 0, 0, time.UTC)) // in the night
	all, err := w.Test(t.Context(), person("ines"))
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	for _, one := range all {
		if one.OK != (one.Endpoint != gone.Endpoint) || one.OK != (one.Status == 201) {
			t.Errorf("%+v", one)
		}
	}
	if len(w.subscriptions("ines")) != 1 {
		t.Error("the one that is gone stayed")
	}
	_, err = w.Test(t.Context(), person("ines"))
	if r := new(psync.Refusal); !errors.As(err, &r) || r.Code != "too_many" {
		t.Errorf("again at once: %v", err)
	}
}

func TestWithoutKeysNothingIsPushed(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	w.keys = vapid{}
	w.tell("ines", hello(1))
	w.wantStatuses()
	if len(w.ids("ines")) != 1 {
		t.Error("the notice is missing")
	}
}

// A service that does not answer is given up, and tried again.
func TestASilentServiceIsGivenUp(t *testing.T) {
	w := newWorld(t)
	w.client.Timeout = 50 * time.Millisecond
	w.browser("ines")
	w.pushes.Delay(300 * time.Millisecond)
	w.tell("ines", hello(1))
	w.pushes.Delay(0)
	w.client.Timeout = sendTime
	w.pass(10 * time.Minute)
	if all := w.pushes.Pushes(); len(all) == 0 || all[len(all)-1].Status != 201 {
		t.Errorf("%+v", all)
	}
}

// The connection of each answer is used again: sixty pushes, a few connections.
func TestBodiesAreClosed(t *testing.T) {
	w := newWorld(t)
	w.browser("ines")
	for i := range 60 {
		w.tell("ines", hello(i))
	}
	if n := w.connections.Load(); len(w.statuses()) != 60 || n > 8 {
		t.Errorf("%d pushes over %d connections", len(w.statuses()), n)
	}
}
