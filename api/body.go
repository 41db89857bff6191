package api

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// maxDepth is how deep a JSON body may nest.
const maxDepth = 32

var errNotJSON = Fail(fiber.StatusUnsupportedMediaType, "malformed", "the body must be application/json")

var errBodyTooLarge = Fail(fiber.StatusRequestEntityTooLarge, "too_large", "the request body is too large")

// checkBody refuses a declared length over the route's limit before a byte of
// the body is read, and any body where there is nothing to say.
func (c *Call) checkBody() error {
	if c.limit == Blank {
		return c.checkBlank()
	}
	if c.limit >= 0 && int64(c.fc.Request().Header.ContentLength()) > c.limit {
		return errBodyTooLarge
	}
	return nil
}

func (c *Call) checkBlank() error {
	c.limit = 64
	body, err := c.Raw()
	if err != nil || len(body) == 0 {
		return err
	}
	if !isJSON(c.Header(fiber.HeaderContentType)) {
		return errNotJSON
	}
	return decode(body, &struct{}{})
}

// Body is the request body as it arrives. Only for routes that are
// [Streamed]: nothing limits it.
func (c *Call) Body() io.Reader {
	if r := c.fc.Context().RequestBodyStream(); r != nil {
		return r
	}
	return bytes.NewReader(nil)
}

// Raw reads the whole body, at most as long as the route allows.
func (c *Call) Raw() ([]byte, error) { return c.rawInto(nil) }

// rawInto is Raw into the memory of an earlier body, if that is large enough.
func (c *Call) rawInto(earlier []byte) ([]byte, error) {
	r := c.Body()
	body := slices.Grow(earlier[:0], c.expected()+1) // one more, to find the end
	for {
		n, err := r.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > c.limit:
			return nil, errBodyTooLarge
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, malformed("the request body could not be read")
		case len(body) == cap(body):
			body = slices.Grow(body, len(body))
		}
	}
}

// trusted is how much memory a declared length gets before any of it came.
const trusted = 64 << 10

// expected is how long the body is likely to be, from what was declared.
func (c *Call) expected() int {
	return max(min(c.fc.Request().Header.ContentLength(), trusted), 0)
}

// inflate reads a body sent with "Content-Encoding: deflate" (RFC 1950), at
// most as long as the limit, whatever it claims to hold.
func inflate(coded []byte, limit int64) ([]byte, error) {
	left := bytes.NewReader(coded)
	r, err := zlib.NewReader(left)
	if err != nil {
		return nil, errDeflate
	}
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case int64(len(body)) > limit:
		return nil, errBodyTooLarge
	case err != nil || left.Len() > 0:
		return nil, errDeflate
	}
	return body, nil
}

var (
	errCoding  = Fail(fiber.StatusUnsupportedMediaType, "malformed", "the coding of the body must be deflate, or none")
	errDeflate = malformed("the body is not deflated")
)

// Bind reads the body, one JSON object, into a struct. Another media type,
// unknown fields, wrong types and anything after the object are refused.
func (c *Call) Bind(into any) error {
	if !isJSON(c.Header(fiber.HeaderContentType)) {
		return errNotJSON
	}
	body, err := c.Raw()
	if err != nil {
		return err
	}
	return decode(body, into)
}

func isJSON(contentType string) bool {
	if contentType == fiber.MIMEApplicationJSON {
		return true
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != fiber.MIMEApplicationJSON {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}

func decode(body []byte, into any) error {
	if err := checkShape(body); err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return decodeError(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return malformed("there is something after the JSON object")
	}
	return nil
}

// checkShape refuses what the decoder would be too kind with.
func checkShape(body []byte) error {
	if !utf8.Valid(body) {
		return malformed("the body is not UTF-8")
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return malformed("the body must be a JSON object")
	}
	if depth(body) > maxDepth {
		return malformed("the body is nested too deeply")
	}
	return nil
}

// depth is how deep brackets nest outside strings.
func depth(body []byte) int {
	deepest, now, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}

func decodeError(err error) error {
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalid(wrongType.Field, "wrong type")
	}
	// encoding/json has no type for this error.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalid(strings.Trim(name, `"`), "unknown field")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("the body is not JSON")
	}
	return invalid("", "a value cannot be read")
}

func malformed(message string) error {
	return Fail(fiber.StatusBadRequest, "malformed", message)
}

func invalid(field, message string) error {
	return &Problem{Status: fiber.StatusUnprocessableEntity, Code: "invalid", Field: field, Message: message}
}
