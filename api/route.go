package api

import (
	"context"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

// Sessions tells who holds a session token. It returns [ErrSignedOut] for a
// token that is not valid, or [ErrRevoked] when its device was revoked and
// must delete what it holds.
type Sessions interface {
	Authenticate(ctx context.Context, token string) (psync.Actor, error)
}

// Routes registers the routes of one file.
type Routes func(*Server)

// Handler answers one request. What it returns as an error is translated by
// the table in errors.go.
type Handler func(*Call) error

// Access says who may call a route.
type Access struct {
	level access
	roles []string
}

type access int

const (
	public access = iota
	optional
	signedIn
)

// Who may call a route.
var (
	Public   = Access{level: public}   // anybody; no session is looked up
	Optional = Access{level: optional} // anybody; a session, if there is one, is looked up
	SignedIn = Access{level: signedIn} // whoever has a session
)

// Only lets persons pass who have one of the roles.
func Only(roles ...string) Access { return Access{level: signedIn, roles: roles} }

func (a Access) String() string {
	if len(a.roles) > 0 {
		return strings.Join(a.roles, "|")
	}
	return [...]string{"public", "optional", "signed in"}[a.level]
}

// Body limits of a route, in bytes.
const (
	NoBody   = 0        // a body is refused
	Small    = 16 << 10 // a form
	Streamed = -1       // the handler reads [Call.Body] and sets its own limit
	Blank    = -2       // nothing, or an object without fields
)

// Route is one line of the table of routes.
type Route struct {
	Method, Path string
	Access       Access
	Limit        int64
}

// Table lists every registered route, in order.
func (s *Server) Table() []Route { return slices.Clone(s.routes) }

// Route registers a handler. Path parameters are written ":name". A GET route
// answers HEAD as well.
func (s *Server) Route(method, path string, who Access, limit int64, h Handler) {
	s.routes = append(s.routes, Route{Method: method, Path: path, Access: who, Limit: limit})
	serve := func(fc *fiber.Ctx) error { return s.serve(fc, who, limit, h) }
	s.app.Add(method, path, serve)
	if method == fiber.MethodGet {
		s.app.Add(fiber.MethodHead, path, serve)
	}
}

func (s *Server) serve(fc *fiber.Ctx, who Access, limit int64, h Handler) error {
	c := &Call{fc: fc, server: s, limit: limit}
	if err := s.identify(c, who); err != nil {
		return err
	}
	if err := c.checkBody(); err != nil {
		return err
	}
	return h(c)
}

// identify finds the actor of a call and checks the route's access.
func (s *Server) identify(c *Call, who Access) error {
	if who.level == public {
		return nil
	}
	token := c.Token()
	if token == "" {
		if who.level == optional {
			return nil
		}
		return ErrSignedOut
	}
	actor, err := s.Sessions.Authenticate(c.Context(), token)
	if who.level == optional && isSignedOut(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.Actor = actor
	return s.checkRole(actor, who.roles)
}

func (s *Server) checkRole(a psync.Actor, allowed []string) error {
	if len(allowed) == 0 {
		return nil
	}
	for _, role := range s.Roles(a.User) {
		if slices.Contains(allowed, role) {
			return nil
		}
	}
	return Fail(fiber.StatusForbidden, "forbidden", "not for this role")
}
