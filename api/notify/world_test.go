package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
	"go.uber.org/goleak"

	"preau/api/notify/pushtest"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is the service on a real engine and store, with a push service beside
// it and a clock of its own.
type world struct {
	*Service
	t       testing.TB
	engine  *psync.Engine
	pushes  *pushtest.Server
	private string
	k       map[string]int64

	connections atomic.Int64 // made to the push service

	mu  sync.Mutex
	now time.Time
}

// morning is a Monday in Paris, 11:00.
var morning = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, more ...func(*Config)) *world {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	w := &world{t: t, now: morning, pushes: pushtest.New(""), k: map[string]int64{}}
	h := httptest.NewUnstartedServer(w.pushes)
	h.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			w.connections.Add(1)
		}
	}
	h.Start()
	t.Cleanup(h.Close)
	w.pushes.Origin = h.URL
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w.private = private
	c := Config{
		Log: log, Now: w.clock, Origin: "https://ecole.example",
		PublicKey: public, PrivateKey: private, Allow: []string{h.URL},
	}
	for _, change := range more {
		change(&c)
	}
	w.Service, err = New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.client.CloseIdleConnections)
	mux := psync.NewMux()
	w.Register(mux)
	w.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: psync.AccessFunc(own1), Log: log, Now: w.clock})
	w.Bind(w.engine)
	return w
}

func own1(a psync.Actor) ([]psync.Grant, uint64) {
	return []psync.Grant{{Scope: "user:" + a.User}, {Scope: "school:x"}}, 1
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(t time.Time) {
	w.mu.Lock()
	w.now = t
	w.mu.Unlock()
	w.settle()
}

func (w *world) pass(d time.Duration) { w.at(w.clock().Add(d)) }

func (w *world) settle() {
	w.t.Helper()
	if err := w.engine.Drain(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// tell notifies somebody, from the log of a course.
func (w *world) tell(user string, n Notice) {
	w.t.Helper()
	_, err := w.engine.Commit(w.t.Context(), psync.Actor{}, "course:fr", func(_ context.Context, tx *psync.Tx) error {
		Notify(tx, user, n)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// act sends a mutation as a device does; it returns the code and field of a
// refusal.
func (w *world) act(user, scope, name string, args any) string {
	w.t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		w.t.Fatal(err)
	}
	w.k[user+scope]++
	res, err := w.engine.Sync(w.t.Context(), person(user), &psync.Request{V: 1, Schema: 1, Device: "d_" + user, Mutations: []psync.Mutation{
		{Scope: scope, K: w.k[user+scope], Name: name, Args: raw},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	var answer struct {
		Results []struct {
			OK    bool
			Error *struct{ Code, Field string }
		}
	}
	if err := json.Unmarshal(res.JSON(), &answer); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	switch r := answer.Results[0]; {
	case r.OK:
		return ""
	case r.Error == nil:
		return string(res.JSON())
	default:
		return r.Error.Code + " " + r.Error.Field
	}
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

// notices lists a person's notices by title.
func (w *world) notices(user string) map[string]record {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]record{}
	for _, r := range recs {
		var n record
		if err := json.Unmarshal(r.Value, &n); err != nil {
			w.t.Fatal(err)
		}
		all[n.Title] = n
	}
	return all
}

func (w *world) ids(user string) []string {
	w.t.Helper()
	recs, err := w.engine.Find(w.t.Context(), "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []string
	for _, r := range recs {
		ids = append(ids, r.ID)
	}
	return ids
}

// browser subscribes a browser of a person.
func (w *world) browser(user string) *pushtest.Browser {
	w.t.Helper()
	b := w.pushes.Browser(w.PublicKey())
	if err := w.Subscribe(w.t.Context(), person(user), subscriptionOf(b)); err != nil {
		w.t.Fatal(err)
	}
	return b
}

func subscriptionOf(b *pushtest.Browser) Subscription {
	s := Subscription{Endpoint: b.Endpoint}
	s.Keys.P256dh, s.Keys.Auth = b.P256dh(), b.Auth()
	return s
}

func (w *world) subscriptions(user string) []Listed {
	w.t.Helper()
	all, err := w.Subscriptions(w.t.Context(), person(user))
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// statuses lists how the pushes so far were answered.
func (w *world) statuses() []int {
	var all []int
	for _, p := range w.pushes.Pushes() {
		all = append(all, p.Status)
	}
	return all
}

func (w *world) wantStatuses(want ...int) {
	w.t.Helper()
	if got := w.statuses(); !slices.Equal(got, want) {
		w.t.Errorf("pushes were answered %v, want %v", got, want)
	}
}

func hello(n int) Notice {
	title := fmt.Sprintf("Nouvelle %d", n)
	return Notice{Kind: "homework.new", Path: "/travail/h1", Title: Text{title, fmt.Sprintf("News %d", n)}, Body: Text{"Dedans", "Inside"}, Lock: Text{"Dehors", "Outside"}}
}
