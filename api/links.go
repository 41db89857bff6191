package api

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"html/template"
	"io"
	"iter"
	"time"

	"github.com/gofiber/fiber/v2"
)

// served answers with something that is part of the program.
func served(media string, body []byte) Handler {
	return func(c *Call) error {
		c.SetHeader(fiber.HeaderCacheControl, "public, max-age=3600")
		return c.Bytes(fiber.StatusOK, media, body)
	}
}

// linkPage answers with a page for whoever has a link. It is nobody's to keep or
// to find.
func linkPage(c *Call, status int, page *template.Template, policy string, shown any) error {
	var body bytes.Buffer
	if err := page.Execute(&body, shown); err != nil {
		return err
	}
	c.SetHeader(fiber.HeaderContentSecurityPolicy, policy)
	c.SetHeader(fiber.HeaderCacheControl, "no-store")
	c.SetHeader("X-Robots-Tag", "noindex, nofollow")
	return c.Bytes(status, fiber.MIMETextHTMLCharsetUTF8, body.Bytes())
}

// sentFile is a file that people send each other, as it leaves.
type sentFile struct {
	name, media, etag string
	size              int64
	read              func(ctx context.Context, from, length int64) (io.ReadCloser, error)
}

// isShown says whether a file of this type is asked for to be looked at.
func isShown(c *Call, typ string) bool { return c.Query("show") != "" && media(typ) != "" }

// send answers with the file or a range of it: to be kept, or to be looked at
// where browsers can.
func (f sentFile) send(c *Call) error {
	typ, disposition := fiber.MIMEOctetStream, "attachment"
	if isShown(c, f.media) {
		typ, disposition = f.media, "inline"
	}
	c.SetHeader(fiber.HeaderETag, f.etag)
	c.SetHeader(fiber.HeaderAcceptRanges, "bytes")
	c.SetHeader(fiber.HeaderCacheControl, "private, no-store")
	c.SetHeader(fiber.HeaderContentDisposition, disposition+contentName(f.name))
	c.SetHeader(fiber.HeaderContentSecurityPolicy, filePolicy(typ))
	return sendRange(c, ranged{size: f.size, media: typ, read: f.read}, f.etag)
}

// filePolicy keeps what is shown from doing anything. Viewers of PDF do not
// start in a sandbox.
func filePolicy(typ string) string {
	if typ == "application/pdf" {
		return "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
	}
	return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; media-src 'self'; frame-ancestors 'none'"
}

// packed opens a file for an archive.
type packed func(ctx context.Context) (io.ReadCloser, error)

// sendZip answers with files, by their names, as one archive that is written
// while it is sent.
func sendZip(c *Call, name string, at time.Time, files iter.Seq2[string, packed]) error {
	c.SetHeader(fiber.HeaderContentDisposition, "attachment"+contentName(name+".zip"))
	c.SetHeader(fiber.HeaderContentSecurityPolicy, filePolicy(""))
	c.SetHeader(fiber.HeaderCacheControl, "private, no-store")
	if c.Method() == fiber.MethodHead {
		return c.Empty(fiber.StatusOK)
	}
	ctx := c.Context()
	return c.Stream(fiber.StatusOK, "application/zip", pipe(func(w io.Writer) error { return pack(ctx, w, at, files) }), -1)
}

func pack(ctx context.Context, w io.Writer, at time.Time, files iter.Seq2[string, packed]) error {
	z := zip.NewWriter(w)
	for name, open := range files {
		entry, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: at})
		if err != nil {
			return err
		}
		body, err := open(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(entry, body)
		if err := errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	return z.Close()
}
