package api

import (
	"context"
	"sync"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

// Engine is the part of the protocol engine that the edge speaks to.
type Engine interface {
	// Answer reads the body of a request and answers it; it keeps no part of
	// the body. The error is a *psync.RequestError.
	Answer(ctx context.Context, a psync.Actor, body []byte) (*psync.Response, error)
	// AnswerCoded does so with a compressed body, which plain makes readable.
	AnswerCoded(ctx context.Context, a psync.Actor, coded []byte, plain func() ([]byte, error)) (*psync.Response, error)
	Hub() *psync.Hub
}

func (s *Server) syncRoutes() {
	s.Route("POST", "/api/sync", SignedIn, psync.MaxRequest, s.sync)
}

// sync answers one round of a device: what it did, and what changed.
func (s *Server) sync(c *Call) error {
	if !isJSON(c.Header(fiber.HeaderContentType)) {
		return errNotJSON
	}
	memory := bodies.Get().(*[]byte)
	defer bodies.Put(memory)
	body, err := c.rawInto(*memory)
	if err != nil {
		return err
	}
	if cap(body) <= keptBody {
		*memory = body
	}
	res, err := s.answer(c, body)
	if err != nil {
		return err
	}
	s.figures.synced.Add(1)
	if res.Empty() {
		s.figures.nothing.Add(1)
		return c.NoContent()
	}
	return c.Bytes(fiber.StatusOK, fiber.MIMEApplicationJSON, res.JSON())
}

// answer has the engine answer a body in the coding that it came in.
func (s *Server) answer(c *Call, body []byte) (*psync.Response, error) {
	switch c.Header(fiber.HeaderContentEncoding) {
	case "":
		return s.Engine.Answer(c.Context(), c.Actor, body)
	case "deflate":
		return s.Engine.AnswerCoded(c.Context(), c.Actor, body, func() ([]byte, error) {
			return inflate(body, c.limit)
		})
	default:
		return nil, errCoding
	}
}

// bodies is memory for the requests of devices: most say little, and are many.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// keptBody is the largest memory that is used again.
const keptBody = 16 << 10
