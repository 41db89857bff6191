// Package api is the HTTP edge of Préau: it reads requests, finds out who
// asks, hands over to the rules in its sub-folders and turns their errors into
// statuses. It holds no rule of a school.
//
// A file of routes is a function of kind [Routes]; cmd/preau lists them in
// [Deps]. Each route says who may call it and how long its body may be, and is
// recorded: [Server.Table] is what the authorisation matrix is checked
// against. Handlers get a [Call], whose strings are copies that outlive the
// request, and return an error, which errors.go translates.
package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Limits of one connection.
const (
	maxHead  = 8 << 10   // bytes of a request head
	maxBody  = 256 << 10 // bytes kept in memory before a handler decides
	maxConns = 10_000
)

// Timeouts is how long clients may take. Uploads, downloads and live
// connections may take longer, as long as bytes move.
type Timeouts struct {
	Head  time.Duration // to send a request head, once begun
	Read  time.Duration // to send a whole request
	Write time.Duration // to take an answer
	Idle  time.Duration // between two requests
}

var usualTimeouts = Timeouts{Head: 10 * time.Second, Read: 15 * time.Second, Write: 30 * time.Second, Idle: 60 * time.Second}

// Deps are what the edge stands on. Log, Now and Sessions are required; a part
// whose dependency is nil is not served.
type Deps struct {
	Log      *slog.Logger
	Now      func() time.Time
	Sessions Sessions
	Roles    func(user string) []string // roles of a person, for routes with [Only]
	Routes   []Routes

	Engine  Engine   // POST /api/sync, GET /api/live
	Uploads *Uploads // /api/uploads
	App     fs.FS    // the built web application; may be empty
	Passes  Passes   // for the manifest; may be nil
	Health  Health
	Proxies []string // addresses or networks whose X-Forwarded-* are believed

	Timeouts Timeouts // zero: the usual ones
}

// Server answers HTTP requests.
type Server struct {
	Deps
	app     *fiber.App
	routes  []Route
	assets  *assets
	pages   []header // of everything but the API
	figures figures
	outage  outage
	ctx     context.Context // ends when the server has closed
	stop    context.CancelFunc
	here    context.Context // ends when the server is about to close
	leave   context.CancelFunc
}

// New builds a server with all its routes.
func New(d Deps) (*Server, error) {
	s := &Server{Deps: d, pages: withPolicy(policy), assets: &assets{}}
	s.figures.started = d.Now()
	s.Timeouts = cmp.Or(d.Timeouts, usualTimeouts)
	if err := s.loadApp(); err != nil {
		return nil, err
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.here, s.leave = context.WithCancel(s.ctx)
	s.app = fiber.New(s.config())
	s.app.Use(s.count, s.recover, s.headers, s.guardOrigin)
	if s.Uploads != nil {
		if err := s.Uploads.open(s.ctx, s.Log); err != nil {
			s.Log.Warn("uploads go on without some pieces", "error", err)
		}
	}
	for _, register := range append(s.own(), d.Routes...) {
		register(s)
	}
	if s.App != nil {
		s.appRoutes()
	}
	return s, nil
}

func (s *Server) loadApp() (err error) {
	if s.App == nil {
		return nil
	}
	if s.assets, err = loadAssets(s.App); err != nil {
		return fmt.Errorf("read the application: %w", err)
	}
	if s.assets.page != nil {
		s.pages = withPolicy(pagePolicy(s.assets.page.plain))
	}
	return nil
}

// own lists the routes of this package whose dependency is there.
func (s *Server) own() []Routes {
	own := []Routes{(*Server).healthRoutes}
	if s.App != nil {
		own = append(own, (*Server).manifestRoutes)
	}
	if s.Engine != nil {
		own = append(own, (*Server).syncRoutes, (*Server).liveRoutes)
	}
	if s.Uploads != nil {
		own = append(own, s.Uploads.routes)
	}
	return own
}

func (s *Server) config() fiber.Config {
	return fiber.Config{
		// Strings of one request must not be overwritten by the next.
		Immutable:                    true,
		StrictRouting:                true,
		CaseSensitive:                true,
		EnableTrustedProxyCheck:      true,
		TrustedProxies:               s.Proxies,
		ProxyHeader:                  fiber.HeaderXForwardedFor,
		EnableIPValidation:           true,
		ReadTimeout:                  s.Timeouts.Read,
		WriteTimeout:                 s.Timeouts.Write,
		IdleTimeout:                  s.Timeouts.Idle,
		Concurrency:                  maxConns,
		ReadBufferSize:               maxHead,
		BodyLimit:                    maxBody,
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		DisableStartupMessage:        true,
		ErrorHandler:                 s.fail,
	}
}

// Serve answers requests on a listener until [Server.Close], which may even
// come first.
func (s *Server) Serve(ln net.Listener) error {
	// The HTTP server knows its listener only once it serves.
	unhook := context.AfterFunc(s.ctx, func() { _ = ln.Close() })
	defer unhook()
	err := s.app.Listener(&strictListener{Listener: ln, patience: s.Timeouts.Head})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Leave makes the server say that it is about to close: it is not ready any
// more, says goodbye to live connections and asks clients to come back on new
// ones. It still answers.
func (s *Server) Leave() { s.leave() }

func (s *Server) leaving() bool { return s.here.Err() != nil }

// Close leaves, stops accepting, waits for the requests under way until ctx
// ends, and returns.
func (s *Server) Close(ctx context.Context) error {
	s.leave()
	defer s.stop()
	err := s.app.ShutdownWithContext(ctx)
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

var errNoAddress = Fail(fiber.StatusNotFound, "not_found", "no such address")
