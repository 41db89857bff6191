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
	// Ready says why the server cannot answer now; nil is always ready.
	Ready func(ctx context.Context) error
	// Token lets a monitor read the figures from elsewhere than this machine;
	// "" lets nobody.
	Token string
	// Version is the version of the program.
	Version string
}

// figures count since the start. They name nobody.
type figures struct {
	started  time.Time
	requests [6]atomic.Int64 // by class of status
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

func (s *Server) ready(c *Call) error {
	if s.Health.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		if err := s.Health.Ready(ctx); err != nil {
			s.Log.Warn("not ready", "error", err)
			return &Problem{Status: 503, Code: "unavailable", Message: "not ready", Retry: 2 * time.Second}
		}
	}
	return c.Bytes(fiber.StatusOK, fiber.MIMETextPlain, []byte("ready\n"))
}

// metrics gives the figures in Prometheus' text format.
func (s *Server) metrics(c *Call) error {
	if !s.mayWatch(c) {
		return errNoAddress
	}
	return c.Bytes(fiber.StatusOK, "text/plain; version=0.0.4", s.figures.text(s.Health.Version, s.Now()))
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

func (f *figures) text(version string, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "preau_info{version=%q,go=%q} 1\n", version, runtime.Version())
	fmt.Fprintf(&b, "preau_uptime_seconds %d\n", int64(now.Sub(f.started).Seconds()))
	for class := 1; class < len(f.requests); class++ {
		fmt.Fprintf(&b, "preau_http_responses_total{class=\"%dxx\"} %d\n", class, f.requests[class].Load())
	}
	fmt.Fprintf(&b, "preau_live_connections %d\n", f.live.Load())
	fmt.Fprintf(&b, "preau_sync_rounds_total %d\n", f.synced.Load())
	fmt.Fprintf(&b, "preau_sync_rounds_empty_total %d\n", f.nothing.Load())
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	fmt.Fprintf(&b, "preau_heap_bytes %d\n", mem.HeapAlloc)
	fmt.Fprintf(&b, "preau_goroutines %d\n", runtime.NumGoroutine())
	return b.Bytes()
}

// count notes the status of each answer.
func (s *Server) count(fc *fiber.Ctx) error {
	err := fc.Next()
	status := fc.Response().StatusCode()
	if err != nil {
		p, _ := problem(err)
		status = p.Status
	}
	if class := status / 100; class < len(s.figures.requests) {
		s.figures.requests[class].Add(1)
	}
	return err
}
