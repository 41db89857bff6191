package api_test

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"preau/api"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// school is a server with an engine whose one rule keeps notes.
type school struct {
	*edge
	engine *psync.Engine
	open   *openSessions
}

// openSessions are sessions that can be ended.
type openSessions struct {
	mu    sync.Mutex
	ended error
	token string      // of Inès, if it is not her name
	is    psync.Actor // she, if somebody else
}

func (o *openSessions) Authenticate(_ context.Context, token string) (psync.Actor, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended != nil {
		return psync.Actor{}, o.ended
	}
	return tokens{cmp.Or(o.token, "ines"): cmp.Or(o.is, ines)}.Authenticate(context.Background(), token)
}

func (o *openSessions) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = err
}

type note struct {
	Text string `json:"text"`
}

func keepNote(_ context.Context, tx *psync.Tx) error {
	var n struct {
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	if err := tx.Args(&n); err != nil {
		return err
	}
	if n.Text == "" {
		return psync.Refuse("invalid", "text", "a note has a text")
	}
	tx.Put("note", n.ID, note{n.Text})
	return nil
}

// openSchool serves an engine on a store of its own. Everybody reads these
// scopes, beside their own.
func openSchool(t testing.TB, scopes ...string) *school {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := psync.NewMux()
	mux.Mutation("note.keep@1", "user:*", keepNote)
	access := psync.AccessFunc(func(a psync.Actor) ([]psync.Grant, uint64) {
		grants := []psync.Grant{{Scope: "user:" + a.User}}
		for _, s := range scopes {
			grants = append(grants, psync.Grant{Scope: s})
		}
		return grants, 1
	})
	s := &school{open: &openSessions{}}
	s.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: access, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error("engine:", err)
		}
		if err := records.Close(); err != nil {
			t.Error("close records:", err)
		}
	})
	s.edge = serve(t, api.Deps{Engine: s.engine, Sessions: s.open})
	return s
}

// write has the server itself keep a note.
func (s *school) write(scope, id, text string) {
	s.t.Helper()
	_, err := s.engine.Commit(context.Background(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
		tx.Put("note", id, note{text})
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

const pull = `{"v":1,"schema":1,"device":"d_ines","cursors":{%s}}`

func keep(k int, args string) string {
	return fmt.Sprintf(`{"v":1,"schema":1,"device":"d_ines","mutations":[{"scope":"user:ines","k":%d,"name":"note.keep@1","at":1,"args":%s}]}`, k, args)
}

func TestSyncOverHTTP(t *testing.T) {
	s := openSchool(t)
	s.write("user:ines", "n1", "bonjour")
	got := s.send("POST", "/api/sync", fmt.Sprintf(pull, ""))
	if got.StatusCode != 200 || !strings.Contains(got.text, `[1,"note","n1",{"text":"bonjour"}]`) {
		t.Fatalf("first pull: %d %s", got.StatusCode, got.text)
	}
	got = s.send("POST", "/api/sync", fmt.Sprintf(pull, `"user:ines":[1,1,0]`))
	if got.StatusCode != 204 || got.text != "" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("nothing new: %d %q %v", got.StatusCode, got.text, got.Header)
	}
	got = s.send("POST", "/api/sync", keep(1, `{"id":"n2","text":"été"}`))
	if got.StatusCode != 200 || !strings.Contains(got.text, `"ok":true`) {
		t.Errorf("push: %d %s", got.StatusCode, got.text)
	}
	got = s.send("POST", "/api/sync", keep(2, `{"id":"n3","text":""}`))
	if got.StatusCode != 200 || !strings.Contains(got.text, `"code":"invalid"`) {
		t.Errorf("refused push: %d %s", got.StatusCode, got.text)
	}
}

func TestSyncErrors(t *testing.T) {
	s := openSchool(t)
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"not JSON":        {"{", 400, "malformed"},
		"array":           {"[]", 400, "malformed"},
		"other device":    {`{"v":1,"schema":1,"device":"d_other","cursors":{}}`, 409, "unknown_device"},
		"cursor ahead":    {fmt.Sprintf(pull, `"user:ines":[1,99,0]`), 503, "behind"},
		"too large":       {`{"v":1,"device":"` + strings.Repeat("x", psync.MaxRequest) + `"}`, 413, "too_large"},
		"nested":          {`{"v":1,"digest":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 400, "malformed"},
		"cursor no scope": {fmt.Sprintf(pull, `"":[1,1,0]`), 422, "invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.send("POST", "/api/sync", c.body)
			got.want(t, c.status, c.code)
			if c.status == 503 && got.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
	s.send("POST", "/api/sync", "{}", "Content-Type: text/plain").want(t, 415, "malformed")
	s.open.end(api.ErrRevoked)
	if got := s.send("POST", "/api/sync", fmt.Sprintf(pull, "")); got.StatusCode != 401 || !strings.Contains(got.text, `"wipe":true`) {
		t.Errorf("revoked: %d %s", got.StatusCode, got.text)
	}
}

// What was answered with nothing is answered with 401 once the session ended.
func TestSyncAgainAfterTheSession(t *testing.T) {
	s := openSchool(t)
	s.write("user:ines", "n1", "a")
	body := fmt.Sprintf(pull, `"user:ines":[1,1,0]`)
	for range 3 {
		s.send("POST", "/api/sync", body).want(t, 204, "")
	}
	s.open.end(api.ErrRevoked)
	s.send("POST", "/api/sync", body).want(t, 401, "signed_out")
}

// A device may send its request compressed.
func TestDeflatedRequests(t *testing.T) {
	s := openSchool(t)
	s.write("user:ines", "n1", "a")
	const coded = "Content-Encoding: deflate"
	current := deflated(fmt.Sprintf(pull, `"user:ines":[1,1,0]`))
	for range 3 {
		s.send("POST", "/api/sync", current, coded).want(t, 204, "")
	}
	s.write("user:ines", "n2", "b")
	if got := s.send("POST", "/api/sync", current, coded); got.StatusCode != 200 || !strings.Contains(got.text, `"n2"`) {
		t.Errorf("after a commit: %d %s", got.StatusCode, got.text)
	}
	for name, c := range map[string]struct {
		body, coding string
		status       int
		code         string
	}{
		"a bomb":             {deflated(strings.Repeat(" ", 64<<20)), "deflate", 413, "too_large"},
		"one byte too long":  {deflated(strings.Repeat(" ", psync.MaxRequest+1)), "deflate", 413, "too_large"},
		"cut off":            {current[:len(current)-3], "deflate", 400, "malformed"},
		"something behind":   {current + "x", "deflate", 400, "malformed"},
		"not compressed":     {fmt.Sprintf(pull, ""), "deflate", 400, "malformed"},
		"compressed, unsaid": {deflated(fmt.Sprintf(pull, "")), "", 400, "malformed"},
		"unknown coding":     {current, "br", 415, "malformed"},
		"twice":              {current, "deflate, deflate", 415, "malformed"},
		"a mistake inside":   {deflated(`{"v":1,"schema":1,"device":"d_other","cursors":{}}`), "deflate", 409, "unknown_device"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.coding != "" {
				headers = []string{"Content-Encoding: " + c.coding}
			}
			s.send("POST", "/api/sync", c.body, headers...).want(t, c.status, c.code)
		})
	}
}

// deflated is a text as a browser's CompressionStream("deflate") gives it.
func deflated(text string) string {
	var b strings.Builder
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a Builder takes everything
	_ = w.Close()
	return b.String()
}

// The longest request that the protocol allows is read; one byte more is not,
// whether its length is declared or not.
func TestLongestSyncRequest(t *testing.T) {
	s := openSchool(t)
	body := fmt.Sprintf(pull, "")
	body += strings.Repeat(" ", psync.MaxRequest-len(body))
	s.send("POST", "/api/sync", body).want(t, 200, "")
	s.send("POST", "/api/sync", body+" ").want(t, 413, "too_large")
	for text, want := range map[string]string{body: "HTTP/1.1 200 ", body + " ": "HTTP/1.1 413 "} {
		conn, err := net.Dial("tcp", s.addr)
		check(t, err)
		defer conn.Close()
		go fmt.Fprintf(conn, "POST /api/sync HTTP/1.1\r\nHost: x\r\nCookie: %s=ines\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
			api.SessionCookie, len(text), text)
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Errorf("%d bytes in a chunk: %q %v, want %q", len(text), got, err, want)
		}
	}
}

func TestSyncIsCompressedAsAccepted(t *testing.T) {
	s := openSchool(t)
	for i := range 50 {
		s.write("user:ines", fmt.Sprintf("n%d", i), strings.Repeat("devoir ", 10))
	}
	plain := s.send("POST", "/api/sync", fmt.Sprintf(pull, ""), "Accept-Encoding: identity")
	for accept, want := range map[string]string{
		"br": "br", "gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "br", "GZIP;q=0.5, br;q=0.1": "gzip",
		"*": "br", "br;q=0, *;q=0.5": "zstd", "deflate": "", "br;q=2": "", "identity": "",
	} {
		got := s.send("POST", "/api/sync", fmt.Sprintf(pull, ""), "Accept-Encoding: "+accept)
		if coding := got.Header.Get("Content-Encoding"); coding != want {
			t.Errorf("%q: coded as %q, want %q", accept, coding, want)
		}
		if text := uncoded(t, want, got.text); untimed(text) != untimed(plain.text) {
			t.Errorf("%q: another text", accept)
		} else if want != "" && len(got.text) > len(text)/4 {
			t.Errorf("%q: %d bytes of %d", accept, len(got.text), len(text))
		}
	}
	small := s.send("POST", "/api/sync", fmt.Sprintf(pull, `"user:ines":[1,49,0]`), "Accept-Encoding: br")
	if small.StatusCode != 200 || small.Header.Get("Content-Encoding") != "" {
		t.Errorf("a small answer: %d, coded as %q", small.StatusCode, small.Header.Get("Content-Encoding"))
	}
}

var times = regexp.MustCompile(`"(now|lease)":"[^"]*"`)

// untimed is an answer without the times in it, which pass between two.
func untimed(text string) string { return times.ReplaceAllString(text, "") }

func uncoded(t *testing.T, coding, text string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(text)
	var err error
	switch coding {
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zstd":
		r, err = zstd.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatalf("read %s: %v", coding, err)
	}
	return out.String()
}

// listener reads server-sent events.
type listener struct {
	t      testing.TB
	lines  *bufio.Scanner
	closed func()
}

func (s *school) listen() *listener {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+s.addr+"/api/live", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: s.token})
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("live: %d %v", res.StatusCode, res.Header)
	}
	l := &listener{t: s.t, lines: bufio.NewScanner(res.Body), closed: func() { cancel(); res.Body.Close() }}
	s.t.Cleanup(l.closed)
	return l
}

// next is the next event and its data; "" when the stream has ended.
func (l *listener) next() (event, data string) {
	for l.lines.Scan() {
		line := l.lines.Text()
		if e, ok := strings.CutPrefix(line, "event: "); ok {
			event = e
		}
		if d, ok := strings.CutPrefix(line, "data: "); ok {
			return event, d
		}
	}
	return "", ""
}

func (l *listener) want(event, data string) {
	l.t.Helper()
	if e, d := l.next(); e != event || !strings.Contains(d, data) {
		l.t.Errorf("got %q %q, want %q %q", e, d, event, data)
	}
}

func TestLivePokes(t *testing.T) {
	s := openSchool(t, "class:5B9")
	l := s.listen()
	l.want("hello", "{}")
	s.write("user:ines", "n1", "a")
	l.want("poke", `{"user:ines":1}`)
	s.write("class:5B9", "n1", "a")
	// Within 1.5 s, and the first may be told twice.
	for event, data := l.next(); !strings.Contains(data, `"class:5B9":1`); event, data = l.next() {
		if event != "poke" || data != `{"user:ines":1}` {
			t.Fatalf("got %q %q", event, data)
		}
	}
}

func TestLiveEndsWithTheSession(t *testing.T) {
	s := openSchool(t)
	l := s.listen()
	l.want("hello", "{}")
	start := time.Now()
	s.open.end(api.ErrRevoked)
	s.engine.Hub().Kick("ines")
	l.want("bye", `"code":"signed_out"`)
	l.want("", "")
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
}

// When the server stops, the stream says goodbye first.
func TestLiveEndsWithTheServer(t *testing.T) {
	s := openSchool(t)
	l := s.listen()
	l.want("hello", "{}")
	closed := make(chan error, 1)
	go func() { closed <- s.server.Close(context.Background()) }()
	l.want("bye", `"delay":`)
	l.want("", "")
	l.closed()
	s.client.CloseIdleConnections()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(3 * time.Second):
		t.Error("the server does not stop")
	}
}

func TestLiveNeedsASession(t *testing.T) {
	s := openSchool(t)
	s.token = ""
	s.send("GET", "/api/live", "").want(t, 401, "signed_out")
}
