package api

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
)

var errCrossOrigin = Fail(fiber.StatusForbidden, "cross_origin", "the request comes from another site")

// guardOrigin refuses requests that another site makes a browser send. It
// decides exactly as net/http.CrossOriginProtection does.
func (s *Server) guardOrigin(fc *fiber.Ctx) error {
	if crossOrigin(fc.Method(), fc.Get("Sec-Fetch-Site"), fc.Get(fiber.HeaderOrigin), string(fc.Request().Host())) {
		return errCrossOrigin
	}
	return fc.Next()
}

func crossOrigin(method, fetchSite, origin, host string) bool {
	switch method {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return false
	}
	switch fetchSite {
	case "":
	case "same-origin", "none":
		return false
	default:
		return true
	}
	if origin == "" {
		return false
	}
	o, err := url.Parse(origin)
	return err != nil || o.Host != host
}
