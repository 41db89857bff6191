package api

import (
	"bytes"
	"context"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Health says how the server is.
type Health struct {
	// Ready says why the server cannot answer now or, when it can, what it has
	// to do without ("": nothing), in words for everybody; nil is always ready.
	Ready func(ctx context.Context) (short string, err error)
	// Token lets a monitor read the figures from elsewhere than this machine;
	// "" lets nobody.
	Token string
	// Version is the version of the program.
	Version string
	// Figures are those of the parts behind the edge; may be nil.
	Figures func(ctx context.Context) []Figure
}

// figures count since the start. They name nobody.
type figures struct {
	started  time.Time
	requests [6]atomic.Int64 // by class of status
	took     [3]histogram    // by kind of request
	live     atomic.Int64
	synced   atomic.Int64
	nothing  atomic.Int64 // of synced, those with nothing new
}

func (s *Server) healthRoutes() {
	s.Route("GET", "/healthz", Public, NoBody, func(c *Call) error {
		return c.Bytes(fiber.StatusOK, fiber.MIMETextPlain, []byte("ok\n"))
	})
	s.Route("GET", "/readyz", Public, NoBody, s.ready)
	s.Route("GET", "/metrics", Public, NoBody, s.metrics)
}

// ready tells a proxy whether to send anybody here. What only some requests
// need is said and no reason to send all of them away.
func (s *Server) ready(c *Call) error {
	if s.leaving() {
		return notReady("stopping")
	}
	said := "ready\n"
	if s.Health.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		short, err := s.Health.Ready(ctx)
		if err != nil {
			return notReady(err.Error())
		}
		if short != "" {
			said = "ready, but " + short + "\n"
		}
	}
	return c.Bytes(fiber.StatusOK, fiber.MIMETextPlain, []byte(said))
}

func notReady(why string) error {
	return &Problem{Status: 503, Code: "unavailable", Message: "not ready: " + why, Retry: 2 * time.Second}
}

// metrics gives the figures in Prometheus' text format.
func (s *Server) metrics(c *Call) error {
	if !s.mayWatch(c) {
		return errNoAddress
	}
	all := s.figures.all(s.Health.Version, s.Now())
	if s.Health.Figures != nil {
		ctx, cancel := context.WithTimeout(c.Context(), 5*time.Second)
		defer cancel()
		all = append(all, s.Health.Figures(ctx)...)
	}
	return c.Bytes(fiber.StatusOK, "text/plain; version=0.0.4", expose(all))
}

// mayWatch lets this machine through, unless it speaks for others as a proxy,
// and whoever knows the token.
func (s *Server) mayWatch(c *Call) bool {
	if token := s.Health.Token; token != "" {
		given := c.Header(fiber.HeaderAuthorization)
		return subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+token)) == 1
	}
	forwarded := c.Header(fiber.HeaderXForwardedFor) + c.Header(fiber.HeaderForwarded) + c.Header(fiber.HeaderXForwardedHost)
	ip, err := netip.ParseAddr(c.fc.Context().RemoteIP().String())
	return err == nil && ip.Unmap().IsLoopback() && forwarded == ""
}

// all lists the figures of the edge and of the process.
func (f *figures) all(version string, now time.Time) []Figure {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	info := Gauge("preau_info", "The program that answers.", 1)
	info.Samples[0].Labels = fmt.Sprintf("{version=%q,go=%q}", version, runtime.Version())
	all := []Figure{
		info,
		Gauge("preau_uptime_seconds", "Seconds since the start.", now.Sub(f.started).Seconds()),
		f.responses(),
		f.durations(),
		Gauge("preau_live_connections", "Devices that listen for changes now.", float64(f.live.Load())),
		Counter("preau_sync_rounds_total", "Rounds of devices that were answered.", float64(f.synced.Load())),
		Counter("preau_sync_rounds_empty_total", "Rounds with nothing new.", float64(f.nothing.Load())),
		Gauge("preau_heap_bytes", "Memory that the program uses.", float64(mem.HeapAlloc)),
		Gauge("preau_goroutines", "Tasks within the program.", float64(runtime.NumGoroutine())),
		Counter("preau_gc_runs_total", "Collections of unused memory.", float64(mem.NumGC)),
		Counter("preau_gc_pause_seconds_total", "How long these held the program up.", float64(mem.PauseTotalNs)/1e9),
	}
	return all
}

func (f *figures) responses() Figure {
	answers := Figure{Name: "preau_http_responses_total", Help: "Answers by class of status.", Kind: "counter"}
	for class := 1; class < len(f.requests); class++ {
		answers.Samples = append(answers.Samples, Sample{Labels: fmt.Sprintf("{class=\"%dxx\"}", class), Value: float64(f.requests[class].Load())})
	}
	return answers
}

func (f *figures) durations() Figure {
	took := Figure{Name: "preau_http_request_seconds", Help: "How long answers took to begin.", Kind: "histogram"}
	for i := range f.took {
		took.Samples = append(took.Samples, f.took[i].samples(requestKinds[i])...)
	}
	return took
}

// count notes the status of each answer, and how long it took.
func (s *Server) count(fc *fiber.Ctx) error {
	begun := s.Now()
	err := fc.Next()
	status := fc.Response().StatusCode()
	if err != nil {
		p, _ := problem(err)
		status = p.Status
	}
	if class := status / 100; class < len(s.figures.requests) {
		s.figures.requests[class].Add(1)
	}
	s.figures.took[requestKind(fc.Context().Path())].add(s.Now().Sub(begun))
	return err
}

// requestKinds are what the durations are told apart by: a slow upload is no
// slow server.
var requestKinds = [...]string{"sync", "upload", "other"}

func requestKind(path []byte) int {
	switch {
	case string(path) == "/api/sync":
		return 0
	case bytes.HasPrefix(path, []byte("/api/uploads")):
		return 1
	}
	return 2
}
