package api

import (
	"github.com/gofiber/fiber/v2"

	"preau/api/account"
)

// pairingRoutes serves the two sides of adding a device.
func (a *Accounts) pairingRoutes(s *Server) {
	s.Route("POST", "/api/pairings", SignedIn, Blank, a.createPairing)
	s.Route("POST", "/api/pairings/code", Public, Small, a.pairingByCode)
	s.Route("GET", "/api/pairings/:id", SignedIn, NoBody, a.pairing)
	s.Route("DELETE", "/api/pairings/:id", SignedIn, NoBody, a.cancelPairing)
	s.Route("GET", "/api/pairings/:id/qr.svg", SignedIn, NoBody, a.pairingQR)
	s.Route("POST", "/api/pairings/:id/claim", Public, Small, a.claimPairing)
	s.Route("POST", "/api/pairings/:id/confirm", SignedIn, Small, a.confirmPairing)
	s.Route("POST", "/api/pairings/:id/poll", Public, Small, a.pollPairing)
}

func (a *Accounts) createPairing(c *Call) error {
	p, err := a.Service.CreatePairing(c.Context(), sessionOf(c), c.Origin())
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusCreated, p)
}

func (a *Accounts) pairing(c *Call) error {
	state, err := a.Service.PairingState(c.Context(), sessionOf(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, state)
}

func (a *Accounts) cancelPairing(c *Call) error {
	if err := a.Service.CancelPairing(c.Context(), sessionOf(c), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent()
}

func (a *Accounts) pairingQR(c *Call) error {
	picture, err := a.Service.PairingQR(c.Context(), sessionOf(c), c.Param("id"), c.Origin())
	if err != nil {
		return accountError(err)
	}
	return c.Bytes(fiber.StatusOK, "image/svg+xml", picture)
}

func (a *Accounts) claimPairing(c *Call) error {
	var claim account.Claim
	if err := c.Bind(&claim); err != nil {
		return err
	}
	claimant, err := a.Service.ClaimPairing(c.Context(), c.Param("id"), claim)
	if err != nil {
		return accountError(err)
	}
	return c.JSON(fiber.StatusOK, claimant)
}

func (a *Accounts) confirmPairing(c *Call) error {
	var body struct {
		Code string `json:"code"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	state, err := a.Service.ConfirmPairing(c.Context(), sessionOf(c), c.Param("id"), body.Code)
	if err != nil {
		return accountError(err)
	}
	return c.JSON(fiber.StatusOK, state)
}

// pollPairing answers 202 until the person typed the code on the other device.
func (a *Accounts) pollPairing(c *Call) error {
	var body struct {
		Proof account.Proof `json:"proof"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	t, ready, err := a.Service.PollPairing(c.Context(), clientOf(c, ""), c.Param("id"), body.Proof)
	if err == nil && !ready {
		return c.Empty(fiber.StatusAccepted)
	}
	return a.welcome(c, t, err)
}

func (a *Accounts) pairingByCode(c *Call) error {
	var body struct {
		Code string `json:"code"`
	}
	if err := c.Bind(&body); err != nil {
		return err
	}
	link, err := a.Service.PairingByCode(c.Context(), clientOf(c, "").Addr, body.Code)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, link)
}
