package api

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// policy is what the application may load and do: its own files, and nothing
// inline. The named Trusted Types policies are Svelte's and ours.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; " +
	"font-src 'self'; manifest-src 'self'; worker-src 'self'; media-src 'self' blob:; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html preau dompurify"

// apiHeaders are those of answers that no browser shows as a page.
var apiHeaders = [][2]string{
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// pageHeaders are those of everything else, beside the policy.
var pageHeaders = [][2]string{
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Embedder-Policy", "require-corp"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(self), accelerometer=(), browsing-topics=(), display-capture=(), " +
		"geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), " +
		"publickey-credentials-get=(self), screen-wake-lock=(self), serial=(), usb=()"},
}

func (s *Server) headers(fc *fiber.Ctx) error {
	s.setHeaders(fc)
	return fc.Next()
}

func (s *Server) setHeaders(fc *fiber.Ctx) {
	set := pageHeaders
	fc.Set(fiber.HeaderContentSecurityPolicy, s.pages)
	if strings.HasPrefix(fc.Path(), "/api/") {
		set = apiHeaders
		fc.Set(fiber.HeaderCacheControl, "no-store")
	}
	for _, h := range set {
		fc.Set(h[0], h[1])
	}
	if fc.Protocol() == "https" {
		fc.Set(fiber.HeaderStrictTransportSecurity, "max-age=63072000; includeSubDomains")
	}
}

// recover turns a panic of a handler into a 500 and a line in the log.
func (s *Server) recover(fc *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.Log.Error("handler panicked", "method", fc.Method(), "route", fc.Route().Path, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return fc.Next()
}
