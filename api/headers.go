package api

import (
	"fmt"
	"net/textproto"
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

// apiHeaders are those of answers that no browser shows as a page; the first
// one is of every answer.
var apiHeaders = headerSet([][2]string{
	{"Cache-Control", "no-store"},
	{"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
})

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

// header is a header ready to be sent, its name in canonical case.
type header struct{ name, value []byte }

func headerSet(of [][2]string) []header {
	set := make([]header, len(of))
	for i, h := range of {
		set[i] = header{[]byte(textproto.CanonicalMIMEHeaderKey(h[0])), []byte(h[1])}
	}
	return set
}

// withPolicy are the headers of pages with a content security policy.
func withPolicy(policy string) []header {
	return headerSet(append([][2]string{{fiber.HeaderContentSecurityPolicy, policy}}, pageHeaders...))
}

// headers completes an answer; [Server.fail] does it after an error.
func (s *Server) headers(fc *fiber.Ctx) error {
	if s.leaving() {
		fc.Context().SetConnectionClose()
	}
	err := fc.Next()
	if err == nil {
		s.setHeaders(fc)
	}
	return err
}

// setHeaders adds the headers that the handler did not set. An answer of the
// API without content gets none that speak of content.
func (s *Server) setHeaders(fc *fiber.Ctx) {
	isAPI := strings.HasPrefix(fc.Path(), "/api/")
	switch {
	case isAPI && fc.Response().StatusCode() == fiber.StatusNoContent:
		add(fc, apiHeaders[:1])
		return
	case isAPI:
		add(fc, apiHeaders)
	default:
		add(fc, s.pages)
	}
	if s.secure(fc) {
		fc.Set(fiber.HeaderStrictTransportSecurity, "max-age=63072000; includeSubDomains")
	}
}

func add(fc *fiber.Ctx, set []header) {
	to := &fc.Response().Header
	for i := range set {
		if len(to.PeekBytes(set[i].name)) == 0 {
			to.SetCanonical(set[i].name, set[i].value)
		}
	}
}

// secure says whether the client came over TLS. Only a proxy can say so on a
// plain connection.
func (s *Server) secure(fc *fiber.Ctx) bool {
	return fc.Context().IsTLS() || len(s.Proxies) > 0 && fc.Protocol() == "https"
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
