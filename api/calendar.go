package api

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/timetable"
	"preau/storage"
)

// CalendarRoutes lets a calendar program read somebody's timetable under a
// secret address, and that person make or take back the address.
func CalendarRoutes(t *timetable.Service) Routes {
	r := calendarRoutes{t}
	return func(s *Server) {
		s.Route("GET", "/api/calendar", SignedIn, NoBody, r.state)
		s.Route("PUT", "/api/calendar", SignedIn, Blank, r.open)
		s.Route("DELETE", "/api/calendar", SignedIn, Blank, r.close)
		s.Route("GET", "/api/calendar/:token", Public, NoBody, r.file)
	}
}

type calendarRoutes struct{ *timetable.Service }

func (r calendarRoutes) state(c *Call) error {
	at, open, err := r.FeedSince(c.Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		Open  bool      `json:"open"`
		Since time.Time `json:"since,omitzero"`
	}{open, at})
}

// open makes a new address. It is told once.
func (r calendarRoutes) open(c *Call) error {
	token, err := r.OpenFeed(c.Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		URL string `json:"url"`
	}{c.Origin() + "/api/calendar/" + token + ".ics"})
}

func (r calendarRoutes) close(c *Call) error {
	if err := r.CloseFeed(c.Context(), c.Actor); err != nil {
		return err
	}
	return c.NoContent()
}

// file gives the calendar; nothing, as long as it is what the program has.
func (r calendarRoutes) file(c *Call) error {
	token, is := strings.CutSuffix(c.Param("token"), ".ics")
	if !is {
		return storage.ErrNotFound
	}
	body, err := r.Feed(c.Context(), token)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	c.SetHeader(fiber.HeaderETag, tag)
	c.SetHeader(fiber.HeaderCacheControl, "private, no-cache")
	if c.Header(fiber.HeaderIfNoneMatch) == tag {
		return c.Empty(fiber.StatusNotModified)
	}
	return c.Bytes(fiber.StatusOK, "text/calendar; charset=utf-8", body)
}
