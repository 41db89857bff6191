package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdh"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
	"golang.org/x/sync/errgroup"

	"preau/storage"
	psync "preau/sync"
)

// vapid is how the server shows push services who it is.
type vapid struct {
	public, private string
	contact         string // always https: anything else is taken for an e-mail address, or refused by Apple
}

// parseKeys checks a VAPID key pair.
func parseKeys(public, private, origin string) (vapid, error) {
	secret, err := decodeKey(private)
	if err != nil {
		return vapid{}, fmt.Errorf("private key: %w", err)
	}
	key, err := ecdh.P256().NewPrivateKey(secret)
	if err != nil {
		return vapid{}, fmt.Errorf("private key: %w", err)
	}
	given, err := decodeKey(public)
	if err != nil || !bytes.Equal(given, key.PublicKey().Bytes()) {
		return vapid{}, errors.New("the public key is not that of the private key")
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" {
		return vapid{}, fmt.Errorf("origin %q is not an address", origin)
	}
	return vapid{public: encodeKey(given), private: encodeKey(secret), contact: "https://" + u.Hostname()}, nil
}

// push is the payload of effectPush: a notice to be sent to the browsers of
// its person, or to those named in Subs.
type push struct {
	User   string    `json:"user"`
	Notice string    `json:"notice"`
	Ring   string    `json:"ring,omitempty"` // kind of news, instead of a notice: worded when it is sent
	Seq    int64     `json:"seq,omitempty"`  // of the notice or the news; another means that a newer one follows
	Title  string    `json:"title"`
	Body   string    `json:"body"`
	Lang   string    `json:"lang"`
	Path   string    `json:"path"`
	Tag    string    `json:"tag"`
	Urgent bool      `json:"urgent,omitempty"`
	Until  time.Time `json:"until"`
	Subs   []string  `json:"subs,omitempty"`
	Tries  int       `json:"tries,omitempty"`
}

// push sends a notice, unless it was read or replaced. Browsers that cannot be
// reached now are tried again later, each by itself; those that are gone are
// forgotten.
func (s *Service) push(ctx context.Context, job *psync.Job) error {
	var p push
	if err := job.Payload(&p); err != nil {
		return err
	}
	if s.keys.public == "" || !s.now().Before(p.Until) {
		return nil
	}
	subs, err := s.subscribed(ctx, p.User)
	if err != nil || len(subs) == 0 {
		return err
	}
	p, badge, wanted, err := s.unread(ctx, p)
	if err != nil || !wanted {
		return err
	}
	if len(p.Subs) > 0 {
		for id := range subs {
			if !slices.Contains(p.Subs, id) {
				delete(subs, id)
			}
		}
	}
	return s.settle(ctx, job, p, s.sendAll(ctx, subs, p.message(s.origin, badge), p))
}

// unread counts what a person has not read, and words a push of news; wanted
// says whether what it is about still is among them.
func (s *Service) unread(ctx context.Context, p push) (_ push, badge int, wanted bool, err error) {
	recs, err := s.engine.Find(ctx, "user:"+p.User, storage.Key{Type: "notice"}, storage.Key{Type: "ring"})
	if err != nil {
		return p, 0, false, fmt.Errorf("notices of %s: %w", p.User, err)
	}
	var told []News
	for _, r := range recs {
		count, news, err := s.waiting(ctx, p.User, r)
		if err != nil {
			return p, 0, false, err
		}
		badge += count
		if now := p.Seq == 0 || r.Seq == p.Seq; r.Type == "ring" && r.ID == p.Ring && now {
			told = news
		} else if r.Type == "notice" && r.ID == p.Notice && now {
			wanted = count > 0
		}
	}
	if p.Ring != "" {
		p, wanted, err = s.worded(ctx, p, told)
	}
	return p, badge, wanted, err
}

// waiting is how many things to read a record stands for: a notice for one,
// news for as many as there are.
func (s *Service) waiting(ctx context.Context, user string, r storage.Record) (count int, news []News, err error) {
	if r.Type == "ring" {
		news, err = s.unseen(ctx, user, r)
		return len(news), news, err
	}
	var n record
	if err := json.Unmarshal(r.Value, &n); err != nil {
		return 0, nil, fmt.Errorf("notice %s of %s: %w", r.ID, user, err)
	}
	if n.Read {
		return 0, nil, nil
	}
	return 1, nil, nil
}

// Limits of what a lock screen is sent, in characters.
const (
	maxTitle = 120
	maxBody  = 180
)

// message is the declarative push of the protocol.
func (p push) message(origin string, badge int) []byte {
	type notification struct {
		Title    string `json:"title"`
		Body     string `json:"body"`
		Lang     string `json:"lang"`
		Tag      string `json:"tag"`
		Navigate string `json:"navigate"`
	}
	raw, err := json.Marshal(struct {
		WebPush      int          `json:"web_push"`
		Notification notification `json:"notification"`
		Badge        int          `json:"app_badge"`
		Mutable      bool         `json:"mutable"`
	}{8030, notification{
		first(p.Title, maxTitle), first(p.Body, maxBody), p.Lang, shortHash(p.Tag), origin + "/" + strings.TrimPrefix(p.Path, "/"),
	}, badge, true})
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return raw
}

// first keeps the first n characters of a text.
func first(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-1]) + "…"
}

// verdict is how a push service answered.
type verdict struct {
	sub    string
	status int
	gone   bool      // never again
	retry  time.Time // not before; zero: it is settled
	err    error
}

// sendAll sends a message to several browsers.
func (s *Service) sendAll(ctx context.Context, subs map[string]subscription, message []byte, p push) []verdict {
	var mu sync.Mutex
	var all []verdict
	var g errgroup.Group
	g.SetLimit(4)
	for id, sub := range subs {
		g.Go(func() error {
			v := s.send(ctx, sub, message, p)
			v.sub = id
			s.counts.add(v)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, v)
			return nil
		})
	}
	_ = g.Wait() // its functions return nil
	return all
}

// send sends a message to one browser.
func (s *Service) send(ctx context.Context, sub subscription, message []byte, p push) verdict {
	if sub.Vapid != s.keys.public {
		return verdict{err: errors.New("subscribed with another key")}
	}
	u, err := s.places.check(sub.Endpoint)
	if err != nil {
		return verdict{err: err}
	}
	origin := u.Scheme + "://" + u.Host
	if until := s.pace.until(origin, s.now()); !until.IsZero() {
		return verdict{retry: until}
	}
	res, err := s.post(ctx, sub, message, p)
	if err != nil {
		return s.unreached(ctx, err, p)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10)) // only so that the connection can be used again
	return s.judge(ctx, origin, res, p)
}

// post encrypts and sends. The library appends to the slice that it is given,
// so each message is a copy of its own.
func (s *Service) post(ctx context.Context, sub subscription, message []byte, p push) (*http.Response, error) {
	size, ok := recordSize(len(message))
	if !ok {
		return nil, fmt.Errorf("message of %d bytes: %w", len(message), webpush.ErrMaxPadExceeded)
	}
	urgency := webpush.UrgencyNormal
	if p.Urgent {
		urgency = webpush.UrgencyHigh
	}
	return webpush.SendNotificationWithContext(ctx, slices.Clip(bytes.Clone(message)),
		&webpush.Subscription{Endpoint: sub.Endpoint, Keys: webpush.Keys{P256dh: sub.P256dh, Auth: sub.Auth}},
		&webpush.Options{
			HTTPClient:      s.client,
			RecordSize:      size,
			Subscriber:      s.keys.contact,
			Topic:           shortHash(p.User + "\x00" + p.Tag),
			TTL:             max(int(p.Until.Sub(s.now()).Seconds()), 60),
			Urgency:         urgency,
			VAPIDPublicKey:  s.keys.public,
			VAPIDPrivateKey: s.keys.private,
		})
}

// overhead is what encryption adds: salt, record size, key id, the server's
// one-time key, a delimiter and a tag.
const overhead = 16 + 4 + 1 + 65 + 1 + 16

// recordSize picks the length of the body: a few sizes, so that the length of
// a text is not seen, and none more than services must take.
func recordSize(message int) (size uint32, ok bool) {
	for _, size := range []int{512, 1024, 2048, 4096} {
		if message+overhead <= size {
			return uint32(size), true
		}
	}
	return 0, false
}

// unreached judges an error without an answer.
func (s *Service) unreached(ctx context.Context, err error, p push) verdict {
	if errors.Is(err, errAddress) || errors.Is(err, webpush.ErrMaxPadExceeded) {
		s.log.ErrorContext(ctx, "push not sent", "user", p.User, "error", err)
		return verdict{err: err}
	}
	return verdict{err: err, retry: s.now().Add(backoff(p.Tries))}
}

// judge decides what an answer means. A subscription is forgotten only when
// the service says that it does not exist any more.
func (s *Service) judge(ctx context.Context, origin string, res *http.Response, p push) verdict {
	v := verdict{status: res.StatusCode}
	switch {
	case res.StatusCode < 300:
	case res.StatusCode == http.StatusNotFound, res.StatusCode == http.StatusGone:
		v.gone = true
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500:
		asked := retryAfter(res.Header.Get("Retry-After"), s.now())
		v.retry = later(asked, s.now().Add(backoff(p.Tries)))
		if res.StatusCode == http.StatusTooManyRequests || !asked.IsZero() {
			s.pace.block(origin, v.retry, s.now())
		}
	default:
		// Our fault, or a redirect: the subscription is kept.
		v.err = errors.New("refused")
		s.log.ErrorContext(ctx, "push service refuses", "origin", origin, "status", res.StatusCode, "user", p.User)
	}
	return v
}

// retryAfter reads the header in both of its forms, at most a day away.
func retryAfter(header string, now time.Time) time.Time {
	if header == "" {
		return time.Time{}
	}
	at, err := http.ParseTime(header)
	if seconds, bad := strconv.Atoi(header); bad == nil && seconds >= 0 {
		at, err = now.Add(time.Duration(min(seconds, 86400))*time.Second), nil
	}
	if err != nil || !at.After(now) {
		return time.Time{}
	}
	return earlier(at, now.Add(24*time.Hour))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// backoff doubles from half a minute to two hours, spread over its second half.
func backoff(tries int) time.Duration {
	full := min(30*time.Second<<min(tries, 10), 2*time.Hour)
	return full/2 + rand.N(full/2)
}

// settle forgets browsers that are gone and tries again those that could not
// be reached.
func (s *Service) settle(ctx context.Context, job *psync.Job, p push, all []verdict) error {
	again := p
	again.Subs = nil
	again.Tries++
	var due time.Time
	for _, v := range all {
		if !v.retry.IsZero() {
			again.Subs = append(again.Subs, v.sub)
			due = later(due, v.retry)
		}
	}
	slices.Sort(again.Subs)
	return job.Commit(ctx, pushScope(p.User), func(_ context.Context, tx *psync.Tx) error {
		for _, v := range all {
			if v.gone {
				tx.Delete("sub", v.sub)
			}
		}
		if len(again.Subs) > 0 && due.Before(p.Until) {
			tx.EffectAt(effectPush, again, due)
		}
		return nil
	})
}

// pace remembers, per origin, until when a push service wants to be left
// alone.
type pace struct {
	mu     sync.Mutex
	blocks map[string]time.Time
}

func newPace() *pace { return &pace{blocks: map[string]time.Time{}} }

// until returns when an origin may be talked to again; zero: now.
func (p *pace) until(origin string, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.blocks[origin]; at.After(now) {
		return at
	}
	return time.Time{}
}

// block leaves an origin alone until then.
func (p *pace) block(origin string, until, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for o, at := range p.blocks {
		if !at.After(now) {
			delete(p.blocks, o)
		}
	}
	p.blocks[origin] = later(p.blocks[origin], until)
}

// testPause is how long a person waits between two test pushes.
const testPause = 10 * time.Second

// Tried is how the push service of one browser took a test.
type Tried struct {
	Endpoint string `json:"endpoint"`
	Status   int    `json:"status"` // of its answer; 0: none came
	OK       bool   `json:"ok"`
}

// Test rings all browsers of a person at once, quiet hours or not, and says
// how each push service took it.
func (s *Service) Test(ctx context.Context, a psync.Actor) ([]Tried, error) {
	now := s.now()
	if !s.tests.until(a.User, now).IsZero() {
		return nil, psync.Refuse("too_many", "", "wait a moment before the next test")
	}
	s.tests.block(a.User, now.Add(testPause), now)
	subs, err := s.subscribed(ctx, a.User)
	if err != nil || s.keys.public == "" {
		return []Tried{}, err
	}
	p, err := s.testPush(ctx, a)
	if err != nil {
		return nil, err
	}
	_, badge, _, err := s.unread(ctx, p)
	if err != nil {
		return nil, err
	}
	verdicts := s.sendAll(ctx, subs, p.message(s.origin, badge), p)
	tried := []Tried{}
	for _, v := range verdicts {
		tried = append(tried, Tried{Endpoint: subs[v.sub].Endpoint, Status: v.status, OK: v.err == nil && v.retry.IsZero() && !v.gone})
	}
	slices.SortFunc(tried, func(a, b Tried) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return tried, s.forgetGone(ctx, a, verdicts)
}

func (s *Service) testPush(ctx context.Context, a psync.Actor) (push, error) {
	set, err := s.settingsOf(ctx, a.User)
	title := Text{"Les alertes arrivent bien ici", "Alerts reach this device"}
	return push{
		User: a.User, Title: title.In(set.Lang), Lang: set.lang(),
		Path: "/", Tag: "test", Urgent: true, Until: s.now().Add(5 * time.Minute),
	}, err
}

// Language is the language that somebody reads, "fr" or "en".
func (s *Service) Language(ctx context.Context, user string) (string, error) {
	set, err := s.settingsOf(ctx, user)
	return set.lang(), err
}

func (s *Service) settingsOf(ctx context.Context, user string) (set settings, err error) {
	set, _, err = psync.Find[settings](ctx, s.engine, "user:"+user, "settings", "settings")
	return set, err
}

func (s *Service) forgetGone(ctx context.Context, a psync.Actor, all []verdict) error {
	var gone []string
	for _, v := range all {
		if v.gone {
			gone = append(gone, v.sub)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.forget(ctx, a, a.User, func(id string, _ subscription) bool { return slices.Contains(gone, id) })
}
