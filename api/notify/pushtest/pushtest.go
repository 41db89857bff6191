// Package pushtest is a push service to test against: it takes web pushes as
// Mozilla's autopush does, checks them as strictly as any service there is, and
// passes them on to Firefox over its WebSocket protocol, or to browsers that
// only exist in a Go test ([Server.Browser]).
//
// It can be told to misbehave: [Server.Answer] and [Server.Delay], or from
// outside POST /control. GET /log tells what came.
package pushtest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBody is what every push service must take, and the most that this one
// does.
const maxBody = 4096

// Push is one push that came, whatever was answered.
type Push struct {
	Token   string    `json:"token"`
	Status  int       `json:"status"` // of the answer
	Reason  string    `json:"reason,omitempty"`
	Size    int       `json:"size"`
	TTL     int       `json:"ttl"`
	Topic   string    `json:"topic,omitempty"`
	Urgency string    `json:"urgency,omitempty"`
	At      time.Time `json:"at"`
	Ack     int       `json:"ack,omitempty"`     // Firefox's word: 100 is delivered
	Message string    `json:"message,omitempty"` // as decrypted, by browsers of Go tests only
	body    []byte
}

// Server is the push service. It is an [http.Handler]; Origin is where it can
// be reached, "http://127.0.0.1:8282".
type Server struct {
	Origin string

	mu       sync.Mutex
	channels map[string]*channel // by token
	links    map[string]*link    // by uaid
	pushes   []*Push
	answers  []answer
	delay    time.Duration
	version  int
}

// channel is one subscription.
type channel struct {
	token, id, uaid string
	key             string // VAPID key with which it was made; "": any
	gone            bool
	browser         *Browser
}

// answer is a misbehaviour that was asked for.
type answer struct {
	Status     int    `json:"status"`
	RetryAfter string `json:"retryAfter,omitempty"`
	Location   string `json:"location,omitempty"`
	Times      int    `json:"times,omitempty"`
}

// New returns a push service reached at origin.
func New(origin string) *Server {
	return &Server{Origin: origin, channels: map[string]*channel{}, links: map[string]*link{}}
}

// Answer makes the next pushes, as many as times says, be answered so and
// otherwise ignored.
func (s *Server) Answer(times, status int, retryAfter string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, answer{Status: status, RetryAfter: retryAfter, Times: times})
}

// Redirect makes the next push be redirected.
func (s *Server) Redirect(to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, answer{Status: http.StatusTemporaryRedirect, Location: to, Times: 1})
}

// Delay makes every answer wait.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Pushes lists what came, oldest first.
func (s *Server) Pushes() []Push {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Push, 0, len(s.pushes))
	for _, p := range s.pushes {
		all = append(all, *p)
	}
	return all
}

// Forget forgets a subscription as if its browser had unsubscribed: pushes to
// it are answered 410 from now on.
func (s *Server) Forget(endpoint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.channels[endpoint[strings.LastIndexByte(endpoint, '/')+1:]]; c != nil {
		c.gone = true
	}
}

// ServeHTTP answers browsers, application servers and tests.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		s.connect(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/wpush/v2/"):
		s.receive(w, r)
	case r.Method == http.MethodPost && r.URL.Path == "/control":
		s.control(w, r)
	case r.Method == http.MethodGet && r.URL.Path == "/log":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(s.Pushes())
	default:
		http.NotFound(w, r)
	}
}

// control reads {"status":429,"retryAfter":"5","times":2} or {"delay":"1s"}.
func (s *Server) control(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		answer
		Delay string `json:"delay"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if d, err := time.ParseDuration(asked.Delay); err == nil {
		s.Delay(d)
	}
	if asked.Status != 0 {
		s.Answer(max(asked.Times, 1), asked.Status, asked.RetryAfter)
	}
	w.WriteHeader(http.StatusNoContent)
}

// receive takes a push.
func (s *Server) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return
	}
	p := &Push{
		Token: strings.TrimPrefix(r.URL.Path, "/wpush/v2/"), Size: len(body), body: body,
		Topic: r.Header.Get("Topic"), Urgency: r.Header.Get("Urgency"), At: time.Now(),
	}
	p.TTL, err = strconv.Atoi(r.Header.Get("TTL"))
	s.mu.Lock()
	delay := s.delay
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := s.asked()
	if wrong.Status == 0 {
		wrong.Status, p.Reason = s.judge(p, r, err)
	}
	p.Status = wrong.Status
	s.pushes = append(s.pushes, p)
	if wrong.RetryAfter != "" {
		w.Header().Set("Retry-After", wrong.RetryAfter)
	}
	if wrong.Location != "" {
		w.Header().Set("Location", wrong.Location)
	}
	w.Header().Set("TTL", strconv.Itoa(p.TTL))
	w.WriteHeader(p.Status)
	if p.Status == http.StatusCreated {
		s.deliver(r.Context(), p)
	}
}

// asked takes the next misbehaviour, if there is one.
func (s *Server) asked() answer {
	if len(s.answers) == 0 {
		return answer{}
	}
	a := s.answers[0]
	if s.answers[0].Times--; s.answers[0].Times <= 0 {
		s.answers = s.answers[1:]
	}
	return a
}

// judge checks a push as the RFCs and the strictest of services do.
func (s *Server) judge(p *Push, r *http.Request, ttl error) (status int, reason string) {
	c := s.channels[p.Token]
	switch {
	case c == nil:
		return http.StatusNotFound, "no such subscription"
	case c.gone:
		return http.StatusGone, "unsubscribed"
	case p.Size > maxBody:
		return http.StatusRequestEntityTooLarge, "more than 4096 bytes"
	case ttl != nil || p.TTL < 0:
		return http.StatusBadRequest, "TTL is missing"
	case r.Header.Get("Content-Encoding") != "aes128gcm":
		return http.StatusBadRequest, "not aes128gcm"
	case !slices.Contains([]string{"", "very-low", "low", "normal", "high"}, p.Urgency):
		return http.StatusBadRequest, "no such urgency"
	}
	if topic, err := base64.RawURLEncoding.DecodeString(p.Topic); err != nil || len(p.Topic) > 32 || p.Topic != "" && len(topic) == 0 {
		return http.StatusBadRequest, "not a topic"
	}
	if err := checkVAPID(r.Header.Get("Authorization"), s.Origin, c.key, time.Now()); err != nil {
		return http.StatusForbidden, err.Error()
	}
	return http.StatusCreated, ""
}

// deliver passes a push on to its browser.
func (s *Server) deliver(ctx context.Context, p *Push) {
	c := s.channels[p.Token]
	if c.browser != nil {
		message, err := c.browser.decrypt(p.body)
		if err != nil {
			p.Ack, p.Reason = 101, err.Error()
			return
		}
		p.Ack, p.Message = 100, string(message)
		return
	}
	s.version++
	if l := s.links[c.uaid]; l != nil {
		l.push(ctx, c, p, strconv.Itoa(s.version))
	}
}

// add makes a subscription and returns its endpoint.
func (s *Server) add(c *channel) string {
	c.token = rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.token] = c
	return s.Origin + "/wpush/v2/" + c.token
}
