package api

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"preau/api/attachment"
)

// FileRoutes serves the files that people give and hand in.
func FileRoutes(files *attachment.Service) Routes {
	r := fileRoutes{files}
	return func(s *Server) {
		s.Route("GET", "/api/files/:sha", SignedIn, NoBody, r.file)
	}
}

type fileRoutes struct{ *attachment.Service }

// variants gives the form of a file by the query parameter "size".
var variants = map[string]attachment.Variant{
	"": attachment.Original, "page": attachment.Page, "thumb": attachment.Thumb,
}

// file answers with a file that the caller may read now, whole or a range of
// it. Whatever it holds, a browser runs nothing of it.
func (r fileRoutes) file(c *Call) error {
	variant, known := variants[c.Query("size")]
	if !known {
		return invalid("size", "page or thumb")
	}
	content, err := r.Open(c.Context(), c.Actor, c.Param("sha"), variant)
	if err != nil {
		return err
	}
	etag := `"` + content.ETag + `"`
	c.SetHeader(fiber.HeaderETag, etag)
	c.SetHeader(fiber.HeaderAcceptRanges, "bytes")
	c.SetHeader(fiber.HeaderContentSecurityPolicy, "sandbox; default-src 'none'; frame-ancestors 'none'")
	shown := disposition(c, content)
	c.SetHeader(fiber.HeaderContentDisposition, shown)
	if matches(c.Header(fiber.HeaderIfNoneMatch), etag) {
		return c.Empty(fiber.StatusNotModified)
	}
	if elsewhere, err := lent(c, content, shown); elsewhere != "" || err != nil {
		return redirect(c, elsewhere, err)
	}
	return sendRange(c, ranged{content.Size, content.Type, content.Read}, etag)
}

// lent is where else the caller may fetch a file: a download alone, which the
// browser follows outside of any page. What a page loads must come from here,
// and so must what is shown, with its sandbox.
func lent(c *Call, content *attachment.Content, disposition string) (string, error) {
	download := strings.HasPrefix(disposition, "attachment;") && c.Header("Sec-Fetch-Mode") == "navigate"
	if !download || c.Method() != fiber.MethodGet {
		return "", nil
	}
	return content.Lend(c.Context(), disposition)
}

// redirect sends the caller elsewhere, this once.
func redirect(c *Call, address string, err error) error {
	if err != nil {
		return err
	}
	c.SetHeader(fiber.HeaderLocation, address)
	c.SetHeader(fiber.HeaderReferrerPolicy, "no-referrer")
	return c.Empty(fiber.StatusTemporaryRedirect)
}

// matches reads a list of entity tags.
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}

// ranged is something of which parts can be read.
type ranged struct {
	size  int64
	media string
	read  func(ctx context.Context, from, length int64) (io.ReadCloser, error)
}

// sendRange sends the part that was asked for. Several ranges at once, and a
// range of another version, are answered with the whole.
func sendRange(c *Call, content ranged, etag string) error {
	asked := c.Header(fiber.HeaderRange)
	if unless := c.Header(fiber.HeaderIfRange); unless != "" && unless != etag {
		asked = ""
	}
	from, length, ok := parseRange(asked, content.size)
	if !ok {
		c.SetHeader(fiber.HeaderContentRange, "bytes */"+strconv.FormatInt(content.size, 10))
		return Fail(fiber.StatusRequestedRangeNotSatisfiable, "range", "the file is shorter")
	}
	status := fiber.StatusOK
	if length < content.size {
		status = fiber.StatusPartialContent
		c.SetHeader(fiber.HeaderContentRange, "bytes "+strconv.FormatInt(from, 10)+"-"+
			strconv.FormatInt(from+length-1, 10)+"/"+strconv.FormatInt(content.size, 10))
	}
	body, err := content.read(c.Context(), from, length)
	if err != nil {
		return err
	}
	return c.Stream(status, content.media, body, length)
}

// parseRange reads one range of bytes of a file; anything it does not
// understand means the whole. It is not ok when nothing of the file is in it.
func parseRange(header string, size int64) (from, length int64, ok bool) {
	span, isBytes := strings.CutPrefix(header, "bytes=")
	first, last, isRange := strings.Cut(strings.TrimSpace(span), "-")
	a, errA := parseDigits(first)
	b, errB := parseDigits(last)
	switch {
	case !isBytes || !isRange || strings.Contains(span, ","):
		return 0, size, true
	case first == "" && errB == nil: // the last b bytes
		return max(size-b, 0), min(b, size), b > 0
	case errA != nil || last != "" && (errB != nil || b < a):
		return 0, size, true
	case a >= size:
		return 0, 0, false
	case last == "":
		return a, size - a, true
	}
	return a, min(b, size-1) - a + 1, true
}

// parseDigits reads a number without a sign.
func parseDigits(s string) (int64, error) {
	n, err := strconv.ParseUint(s, 10, 62)
	return int64(n), err
}

// disposition says under which name to keep a file, and whether to show it.
// Only pictures that were made safe are shown.
func disposition(c *Call, content *attachment.Content) string {
	name := content.Name
	if asked := c.Query("name"); asked != "" {
		name = attachment.CleanName(asked, content.Type)
	}
	kind := "attachment"
	if content.Inline() && c.Query("download") == "" {
		kind = "inline"
	}
	return kind + contentName(name)
}

// contentName writes a file name as RFC 6266 has it: for every client in
// ASCII, and as it is.
func contentName(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '%' {
			return '_'
		}
		return r
	}, name)
	return `; filename="` + ascii + `"; filename*=UTF-8''` + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// pipe is the reading end of something that is written while it is sent. It
// ends the writer when the client goes.
func pipe(write func(io.Writer) error) io.Reader {
	r, w := io.Pipe()
	go func() { _ = w.CloseWithError(write(w)) }() // ends when r is closed
	return r
}
