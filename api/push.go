package api

import (
	"github.com/gofiber/fiber/v2"

	"preau/api/notify"
)

// PushRoutes lets browsers be rung.
func PushRoutes(notices *notify.Service) Routes {
	r := pushRoutes{notices}
	return func(s *Server) {
		s.Route("GET", "/api/push", SignedIn, NoBody, r.list)
		s.Route("PUT", "/api/push", SignedIn, Small, r.subscribe)
		s.Route("DELETE", "/api/push", SignedIn, Small, r.unsubscribe)
		s.Route("POST", "/api/push/test", SignedIn, Blank, r.try)
		s.Route("GET", notify.StopPath, Public, NoBody, r.choose)
		s.Route("POST", notify.StopPath, Public, Small, r.stop)
	}
}

type pushRoutes struct{ *notify.Service }

// list answers with the key to subscribe with, and the browsers that are rung.
func (r pushRoutes) list(c *Call) error {
	all, err := r.Subscriptions(c.Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		Key           string          `json:"key"`
		Subscriptions []notify.Listed `json:"subscriptions"`
	}{r.PublicKey(), all})
}

// subscribe takes what PushSubscription.toJSON gives.
func (r pushRoutes) subscribe(c *Call) error {
	var body struct {
		notify.Subscription
		ExpirationTime *float64 `json:"expirationTime"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := r.Subscribe(c.Context(), c.Actor, body.Subscription); err != nil {
		return err
	}
	return c.NoContent()
}

func (r pushRoutes) unsubscribe(c *Call) error {
	var body struct {
		Endpoint string `json:"endpoint"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	if err := r.Unsubscribe(c.Context(), c.Actor, body.Endpoint); err != nil {
		return err
	}
	return c.NoContent()
}

// try rings all browsers of the caller and says how it went.
func (r pushRoutes) try(c *Call) error {
	tried, err := r.Test(c.Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, struct {
		Tried []notify.Tried `json:"tried"`
	}{tried})
}

// choose leads whoever follows the address by hand to where mails are set.
func (r pushRoutes) choose(c *Call) error {
	c.SetHeader(fiber.HeaderLocation, "/reglages/courriel")
	return c.Empty(fiber.StatusSeeOther)
}

// stop ends the mails of a person, for a mail program that has one of them.
// What it posts says nothing that the address does not (RFC 8058).
func (r pushRoutes) stop(c *Call) error {
	if _, err := c.Raw(); err != nil {
		return err
	}
	if err := r.Stop(c.Context(), c.Query("u"), c.Query("t")); err != nil {
		return err
	}
	return c.NoContent()
}
