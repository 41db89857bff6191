package api

import (
	"context"
	_ "embed"
	"encoding/hex"
	"errors"
	"html/template"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/attachment"
	"preau/api/collect"
	psync "preau/sync"
)

// CollectRoutes serves the page at which people without an account drop files,
// and what was dropped to whoever asked for it. School names a school, Place
// its clock.
func CollectRoutes(all *collect.Service, school func(id string) string, place func(id string) *time.Location) Routes {
	r := collectRoutes{all, school, place}
	return func(s *Server) {
		guest := guestUploads{all, s}
		s.Route("GET", "/c/style.css", Public, NoBody, served("text/css; charset=utf-8", collectCSS))
		s.Route("GET", "/c/drop.js", Public, NoBody, served("text/javascript; charset=utf-8", collectJS))
		s.Route("GET", "/c/:secret", Public, NoBody, r.page)
		s.Route("POST", "/c/:secret", Public, Small, r.leave)
		s.Route("POST", "/c/:secret/:drop", Public, Streamed, guest.create)
		s.Route("HEAD", "/c/:secret/:drop/:id", Public, NoBody, guest.head)
		s.Route("PATCH", "/c/:secret/:drop/:id", Public, Streamed, guest.patch)
		s.Route("GET", "/api/collects/:id/all.zip", SignedIn, NoBody, r.zip)
		s.Route("GET", "/api/collects/:id/:drop/:n", SignedIn, NoBody, r.file)
	}
}

type collectRoutes struct {
	*collect.Service
	school func(id string) string
	place  func(id string) *time.Location
}

var (
	//go:embed collects.html
	collectHTML string
	//go:embed collects.css
	collectCSS []byte
	//go:embed collects.js
	collectJS []byte
)

var collectPage = template.Must(template.New("collect").Parse(collectHTML))

// The page has its own style and its own script, which talks to this server
// alone.
const collectPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// shownCollect is what the page says.
type shownCollect struct {
	collectWords
	transferWords
	Lang, Secret, ID, From, School, Title, Until, Size string
	Lines                                              []string
	Files                                              int
	Bytes                                              int64
	Gone                                               bool
}

// page shows what is asked for. Whatever is not there looks the same.
func (r collectRoutes) page(c *Call) error {
	lang, words := transferLanguage(c.Header(fiber.HeaderAcceptLanguage))
	page := shownCollect{transferWords: words, collectWords: inLanguage(lang, collectFrench, collectEnglish), Lang: lang, Secret: c.Param("secret")}
	status := fiber.StatusOK
	v, err := r.Look(c.Context(), c.Param("secret"))
	switch {
	case errors.Is(err, collect.ErrNone):
		page.Gone, page.Secret, status = true, "", fiber.StatusNotFound
	case err != nil:
		return err
	default:
		page.From, page.School, page.Title, page.Lines = v.From, r.school(v.School), v.Title, lines(v.Text)
		page.Until, page.Size = words.moment(v.Until.In(r.place(v.School))), words.bytes(v.Bytes)
		page.ID, page.Files, page.Bytes = v.ID, v.Files, v.Bytes
	}
	return linkPage(c, status, collectPage, collectPolicy, page)
}

// lines are those of a text that are not empty.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}

// leave takes in who drops, and what they are about to.
func (r collectRoutes) leave(c *Call) error {
	var who collect.Guest
	if err := c.Bind(&who); err != nil {
		return err
	}
	addr, _ := netip.ParseAddr(c.IP()) // an unknown address is one like any other
	if err := r.Leave(c.Context(), c.Param("secret"), addr, who); err != nil {
		return err
	}
	return c.Empty(fiber.StatusCreated)
}

// guestUploads are uploads of people without an account: those of a drop stand
// under its name, which only they know. What was named may come to its end even
// when its collect has ended.
type guestUploads struct {
	*collect.Service
	server *Server
}

// as makes a drop the one who uploads.
func (g guestUploads) as(c *Call, h Handler) error {
	c.Actor = psync.Actor{User: collect.GuestUser(c.Param("drop"))}
	return g.server.Uploads.versioned(h)(c)
}

func (g guestUploads) head(c *Call) error { return g.as(c, g.server.Uploads.head) }

func (g guestUploads) patch(c *Call) error { return g.as(c, g.server.Uploads.patch) }

// create begins the upload of a file that was named.
func (g guestUploads) create(c *Call) error { return g.as(c, g.begin) }

func (g guestUploads) begin(c *Call) error {
	meta, err := parseMetadata(c.Header("Upload-Metadata"))
	if err != nil {
		return err
	}
	if meta["use"] != "collect" || meta["drop"] != c.Param("drop") {
		return collect.ErrNone
	}
	d, n, err := g.Awaited(c.Context(), c.Actor, meta)
	if err != nil {
		return err
	}
	if c.Header("Upload-Length") != strconv.FormatInt(d.Files[n].Size, 10) {
		return psync.Refuse("invalid", "size", "%d bytes were named", d.Files[n].Size)
	}
	if err := g.spare(c, d); err != nil {
		return err
	}
	err = g.server.Uploads.create(c)
	if id, begun := strings.CutPrefix(c.fc.GetRespHeader(fiber.HeaderLocation), "/api/uploads/"); begun {
		c.SetHeader(fiber.HeaderLocation, "/c/"+c.Param("secret")+"/"+c.Param("drop")+"/"+id)
	}
	return err
}

// spare refuses more begun uploads than a drop needs that began each anew.
func (g guestUploads) spare(c *Call, d collect.Drop) error {
	number, bytes, err := g.server.Uploads.shelf.underWay(c.Context(), c.Actor)
	if err == nil && (number >= 3*len(d.Files) || bytes > 2*d.Size()) {
		err = &Problem{Status: 429, Code: "too_many_requests", Message: "too many uploads under way", Retry: time.Minute}
	}
	return err
}

// file sends one file of a drop, or a range of it, to whoever asked for it.
func (r collectRoutes) file(c *Call) error {
	n, err := parseDigits(c.Param("n"))
	if err != nil || n >= collect.MaxFiles {
		return collect.ErrNone
	}
	f, err := r.One(c.Context(), c.Actor, c.Param("id"), c.Param("drop"), int(n))
	if err != nil {
		return err
	}
	return sentFile{
		name: f.Name, media: f.Type, size: f.Size,
		etag: `"` + hex.EncodeToString([]byte(c.Param("drop"))) + "." + strconv.FormatInt(n, 10) + `"`,
		read: func(ctx context.Context, from, length int64) (io.ReadCloser, error) {
			return r.Content(ctx, f, from, length)
		},
	}.send(c)
}

// zip sends all that was dropped as one archive with a folder for each person,
// written while it is sent.
func (r collectRoutes) zip(c *Call) error {
	title, files, err := r.Whole(c.Context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	return sendZip(c, attachment.CleanName(title, ""), r.Now(), func(yield func(string, packed) bool) {
		for _, f := range files {
			if !yield(f.Path, func(ctx context.Context) (io.ReadCloser, error) { return r.Content(ctx, f, 0, -1) }) {
				return
			}
		}
	})
}
