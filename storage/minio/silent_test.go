package minio_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"preau/storage"
	"preau/storage/minio"
	"preau/storage/minio/miniotest"
)

// line leads to a server, and can be made to fail.
type line struct {
	host  string
	fault atomic.Pointer[func(http.ResponseWriter, *http.Request)] // nil: none
}

func lineTo(t *testing.T, host string) *line {
	t.Helper()
	l := &line{}
	through := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: host}); r.Out.Host = r.In.Host }, // which is signed
		Transport: &http.Transport{DisableKeepAlives: true},
	}
	var under sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		under.Add(1)
		defer under.Done()
		if fault := l.fault.Load(); fault != nil {
			(*fault)(w, r)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.CloseClientConnections(); under.Wait(); s.Close() })
	l.host = strings.TrimPrefix(s.URL, "http://")
	return l
}

// faults are ways in which a server does not answer.
var faults = map[string]func(http.ResponseWriter, *http.Request){
	"silent": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	},
	"reset": func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	},
	"cut": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100000")
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		_, _ = io.WriteString(w, "<half")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	},
	"busy": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
}

// A server that does not answer is told from one that has not what is asked
// for, and nobody waits long for it.
func unavailable(t *testing.T, host string) {
	l := lineTo(t, host)
	s := open(t, l.host, "unavailable", "")
	put(t, s, "there", strings.Repeat("x", 1000))
	s.Patience(300 * time.Millisecond)
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			l.fault.Store(&fault)
			for what, call := range calls(s) {
				if name == "cut" && what != "open" && what != "list" && what != "parts" {
					continue // whose answer is its head alone
				}
				if err := soon(t, call); !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("%s: %v", what, err)
				}
			}
			l.fault.Store(nil)
			if _, err := s.Stat(t.Context(), "there"); err != nil {
				t.Error("afterwards:", err)
			}
		})
	}
}

// soon is what a call returns, unless it takes for ever.
func soon(t *testing.T, call func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := call(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func calls(s *minio.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"stat": func(ctx context.Context) error { _, err := s.Stat(ctx, "there"); return err },
		"open": func(ctx context.Context) error {
			r, _, err := s.Open(ctx, "there", 0, -1)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = io.Copy(io.Discard, r)
			return err
		},
		"list": func(ctx context.Context) error {
			return s.List(ctx, "", func(storage.Blob) bool { return true })
		},
		"put": func(ctx context.Context) error {
			return s.Put(ctx, "new", strings.NewReader(strings.Repeat("y", 100_000)), 100_000, nil)
		},
		"parts": func(ctx context.Context) error {
			s.Parts(50_000, 5<<20)
			defer s.Parts(5<<30, 64<<20)
			return s.Put(ctx, "more", strings.NewReader(strings.Repeat("y", 100_000)), 100_000, nil)
		},
		"delete": func(ctx context.Context) error { return s.Delete(ctx, "none") },
	}
}

// Whoever reads or writes slowly is not taken for a silent server.
func slow(t *testing.T, host string) {
	s := open(t, host, "slow", "")
	s.Patience(300 * time.Millisecond)
	in := &slowly{strings.NewReader(strings.Repeat("x", 4000))}
	if err := s.Put(t.Context(), "slow", in, 4000, nil); err != nil {
		t.Fatal(err)
	}
	r, _, err := s.Open(t.Context(), "slow", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := io.Copy(io.Discard, &slowly{r}); n != 4000 || err != nil {
		t.Error(n, err)
	}
	if err := s.List(t.Context(), "", func(storage.Blob) bool { time.Sleep(400 * time.Millisecond); return true }); err != nil {
		t.Error(err)
	}
}

// slowly takes its time before it reads.
type slowly struct{ io.Reader }

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(200 * time.Millisecond)
	return s.Reader.Read(p[:min(len(p), 1000)])
}

// No server at all is said when the store is opened, and soon.
func TestSilentServerIsSaid(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := miniotest.Address(ln.Addr().String(), miniotest.Owner, miniotest.Secret, miniotest.Bucket, "tls=0")
	ln.Close()
	if _, err = minio.Open(t.Context(), address); err == nil || !strings.Contains(err.Error(), "the server does not answer") {
		t.Errorf("got %v", err)
	}
}
