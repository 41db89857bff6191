package api_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"preau/api"
	psync "preau/sync"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),  // ends within 10 s
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"), // of benchmarks, the same
	)
}

// tokens are sessions by token.
type tokens map[string]psync.Actor

func (t tokens) Authenticate(_ context.Context, token string) (psync.Actor, error) {
	if token == "revoked" {
		return psync.Actor{}, api.ErrRevoked
	}
	a, ok := t[token]
	if !ok {
		return psync.Actor{}, api.ErrSignedOut
	}
	return a, nil
}

var ines = psync.Actor{School: "s1", User: "ines", Device: "d_ines"}

// edge is a server on a port of its own.
type edge struct {
	t      testing.TB
	addr   string
	client *http.Client
	server *api.Server
	token  string
}

func serve(t testing.TB, d api.Deps) *edge {
	t.Helper()
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Sessions == nil {
		d.Sessions = tokens{"ines": ines}
	}
	server, err := api.New(d)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Error("close:", err)
		}
		if err := <-served; err != nil {
			t.Error("serve:", err)
		}
	})
	return &edge{t: t, addr: ln.Addr().String(), client: &http.Client{Transport: transport}, server: server, token: "ines"}
}

// send makes a request; headers are "Name: value".
func (e *edge) send(method, path, body string, headers ...string) *answer {
	e.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://"+e.addr+path, r)
	if err != nil {
		e.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if e.token != "" {
		req.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: e.token})
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
	res, err := e.client.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	return &answer{Response: res, text: string(text)}
}

type answer struct {
	*http.Response
	text string
}

// code is the error code of an answer, "" if it is no error.
func (a *answer) code() string {
	var body struct {
		Error struct{ Code string }
	}
	if json.Unmarshal([]byte(a.text), &body) != nil {
		return ""
	}
	return body.Error.Code
}

// field is what an error says is wrong.
func (a *answer) field() string {
	var body struct {
		Error struct{ Field string }
	}
	_ = json.Unmarshal([]byte(a.text), &body)
	return body.Error.Field
}

// want checks the status and, for an error, the code.
func (a *answer) want(t testing.TB, status int, code string) {
	t.Helper()
	if a.StatusCode != status || a.code() != code {
		t.Errorf("got %d %q, want %d %q: %s", a.StatusCode, a.code(), status, code, a.text)
	}
}
