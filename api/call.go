package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	psync "preau/sync"
)

// SessionCookie holds the session token. Its prefix makes browsers refuse it
// from other hosts and over plain HTTP.
const SessionCookie = "__Host-preau"

// Call is one request being answered. It must not be kept after the handler
// has returned; the strings it gives are copies and may be.
type Call struct {
	Actor psync.Actor // zero when nobody is signed in

	fc     *fiber.Ctx
	server *Server
	limit  int64
}

// Context ends when the server stops.
func (c *Call) Context() context.Context { return c.server.ctx }

// Method is the request's method.
func (c *Call) Method() string { return c.fc.Method() }

// Path is the request's path, undecoded.
func (c *Call) Path() string { return c.fc.Path() }

// Param is a parameter of the path.
func (c *Call) Param(name string) string { return c.fc.Params(name) }

// Query is a parameter of the query string, or "".
func (c *Call) Query(name string) string { return c.fc.Query(name) }

// Header is the first request header of that name, or "".
func (c *Call) Header(name string) string { return c.fc.Get(name) }

// Host is the host that the client asked, with its port.
func (c *Call) Host() string { return c.fc.Hostname() }

// Secure says whether the client came over TLS.
func (c *Call) Secure() bool { return c.fc.Protocol() == "https" }

// Origin is the address of this server as the client sees it.
func (c *Call) Origin() string { return c.fc.Protocol() + "://" + c.Host() }

// IP is the client's address; behind a trusted proxy, the one it reports.
func (c *Call) IP() string { return c.fc.IP() }

// Token is the session token sent with the request, or "".
func (c *Call) Token() string { return c.Cookie(SessionCookie) }

// SetSession gives the browser a session token to keep until then.
func (c *Call) SetSession(token string, until time.Time) { c.SetCookie(SessionCookie, token, until) }

// ClearSession makes the browser forget its session token.
func (c *Call) ClearSession() { c.SetCookie(SessionCookie, "", time.Unix(0, 0)) }

// Cookie is the value of a cookie sent with the request, or "".
func (c *Call) Cookie(name string) string { return c.fc.Cookies(name) }

// SetCookie gives the browser a cookie that only this host reads, and no
// script. The name begins with "__Host-".
func (c *Call) SetCookie(name, value string, until time.Time) {
	c.fc.Cookie(&fiber.Cookie{
		Name: name, Value: value, Path: "/", Expires: until,
		Secure: true, HTTPOnly: true, SameSite: fiber.CookieSameSiteStrictMode,
	})
}

// SetHeader sets a response header.
func (c *Call) SetHeader(name, value string) { c.fc.Set(name, value) }

// JSON answers with a JSON document.
func (c *Call) JSON(status int, v any) error {
	body, err := encode(v)
	if err != nil {
		return err
	}
	return c.Bytes(status, fiber.MIMEApplicationJSON, body)
}

// Bytes answers with a body of a media type, compressed as the client accepts
// if it is JSON.
func (c *Call) Bytes(status int, mediaType string, body []byte) error {
	c.fc.Set(fiber.HeaderContentType, mediaType)
	if isJSON(mediaType) {
		coded, name := compress(body, c.Header(fiber.HeaderAcceptEncoding))
		if name != "" {
			c.fc.Set(fiber.HeaderContentEncoding, name)
			c.fc.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
		}
		body = coded
	}
	return c.fc.Status(status).Send(body)
}

// Stream answers with size bytes from r (size < 0: to its end), which is
// closed afterwards if it is an [io.Closer]. It may take as long as the client
// keeps reading.
func (c *Call) Stream(status int, mediaType string, r io.Reader, size int64) error {
	rc := c.fc.Status(status).Context()
	patience := c.server.Timeouts.Write
	if err := rc.SetWriteDeadline(deadline(patience)); err != nil {
		return err
	}
	c.fc.Set(fiber.HeaderContentType, mediaType)
	rc.SetBodyStream(&patientSource{Reader: r, conn: rc.Conn(), patience: patience}, int(size))
	return nil
}

// patientSource gives the client time to take each piece of an answer.
type patientSource struct {
	io.Reader
	conn     net.Conn
	patience time.Duration
}

// Read gives the next piece.
func (s *patientSource) Read(p []byte) (int, error) {
	if err := s.conn.SetWriteDeadline(deadline(s.patience)); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// Close closes what is read, if it can be.
func (s *patientSource) Close() error {
	if c, ok := s.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// NoContent answers 204.
func (c *Call) NoContent() error { return c.Empty(fiber.StatusNoContent) }

// Empty answers with a status and no body.
func (c *Call) Empty(status int) error {
	c.fc.Status(status).Context().ResetBody()
	return nil
}

// encode is canonical JSON: compact, sorted, without HTML escapes.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
