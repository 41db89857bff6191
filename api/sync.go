package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

// Engine is the part of the protocol engine that the edge speaks to.
type Engine interface {
	Sync(ctx context.Context, a psync.Actor, req *psync.Request) (*psync.Response, error)
	Hub() *psync.Hub
}

const maxSyncBody = 1 << 20

func (s *Server) syncRoutes() {
	s.Route("POST", "/api/sync", SignedIn, maxSyncBody, s.sync)
}

// sync answers one round of a device: what it did, and what changed.
func (s *Server) sync(c *Call) error {
	if !isJSON(c.Header(fiber.HeaderContentType)) {
		return errNotJSON
	}
	body, err := c.Raw()
	if err != nil {
		return err
	}
	if err := checkShape(body); err != nil {
		return err
	}
	req, err := psync.DecodeRequest(body)
	if err != nil {
		return err
	}
	res, err := s.Engine.Sync(c.Context(), c.Actor, req)
	if err != nil {
		return err
	}
	s.figures.synced.Add(1)
	if res.Empty() {
		s.figures.nothing.Add(1)
		return c.Nothing()
	}
	return c.Bytes(fiber.StatusOK, fiber.MIMEApplicationJSON, res.JSON())
}
