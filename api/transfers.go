package api

import (
	"context"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"html/template"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"preau/api/attachment"
	"preau/api/transfer"
)

// TransferRoutes serves what people send by a link to whoever has it: a page
// that needs no account and no script, the files, and all of them at once. Those
// of a sealed transfer are opened by scripts of the application, in the browser.
// School names a school, Place its clock.
func TransferRoutes(t *transfer.Service, school func(id string) string, place func(id string) *time.Location) Routes {
	r := transferRoutes{t, school, place}
	return func(s *Server) {
		s.Route("GET", "/api/transfers/limits", SignedIn, NoBody, r.limits)
		s.Route("GET", "/t/open.js", Public, NoBody, s.asset)
		s.Route("GET", "/t/worker.js", Public, NoBody, s.asset)
		s.Route("GET", "/t/style.css", Public, NoBody, served("text/css; charset=utf-8", transferCSS))
		s.Route("GET", "/t/:secret", Public, NoBody, r.page)
		s.Route("POST", "/t/:secret", Public, Small, r.unlock)
		s.Route("GET", "/t/:secret/all.zip", Public, NoBody, r.zip)
		s.Route("GET", "/t/:secret/about", Public, NoBody, r.about)
		s.Route("GET", "/t/:secret/:n", Public, NoBody, r.file)
	}
}

type transferRoutes struct {
	*transfer.Service
	school func(id string) string
	place  func(id string) *time.Location
}

//go:embed transfers.html
var transferHTML string

//go:embed transfers.css
var transferCSS []byte

var transferPage = template.Must(template.New("transfer").Parse(transferHTML))

// The page has its own style and pictures of the transfer, and nothing else.
const transferPolicy = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// The page of a sealed transfer has two scripts of ours as well, and shows
// pictures that they have opened.
const sealedPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; img-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// shownTransfer is what the page says.
type shownTransfer struct {
	transferWords
	Lang, Base, From, School, Title, Until, Size string
	Files                                        []shownFile
	Gone, Locked, Wrong, Arriving, Whole         bool
	Sealed                                       *shownSealed
}

// shownSealed is what the page of a sealed transfer has for its script: Parts
// are the sizes of its files, 0 for those that have not arrived.
type shownSealed struct {
	sealedWords
	Words string
	Parts string
}

type shownFile struct {
	Name, Folder, Size, State, Href, Show, Media string
}

// page shows a transfer. Whatever is not there looks the same.
func (r transferRoutes) page(c *Call) error {
	v, err := r.Look(c.Context(), c.Param("secret"))
	if errors.Is(err, transfer.ErrNone) {
		return r.answer(c, fiber.StatusNotFound, shownTransfer{Gone: true})
	}
	if err != nil {
		return err
	}
	if !r.Opens(v, c.Cookie(passCookie(v))) {
		return r.answer(c, fiber.StatusUnauthorized, shownTransfer{Locked: true, Sealed: sealed(c, v)})
	}
	return r.answer(c, fiber.StatusOK, r.shown(c, v))
}

// unlock takes a password and remembers in a cookie that it was right.
func (r transferRoutes) unlock(c *Call) error {
	v, err := r.Look(c.Context(), c.Param("secret"))
	if errors.Is(err, transfer.ErrNone) {
		return r.answer(c, fiber.StatusNotFound, shownTransfer{Gone: true})
	}
	if err != nil {
		return err
	}
	raw, err := c.Raw()
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return malformed("the form cannot be read")
	}
	right, err := r.Unlock(v, form.Get("password"))
	if err != nil {
		return err
	}
	if !right {
		return r.answer(c, fiber.StatusUnauthorized, shownTransfer{Locked: true, Wrong: true, Sealed: sealed(c, v)})
	}
	c.SetCookie(passCookie(v), r.Pass(v), v.Until)
	c.SetHeader(fiber.HeaderLocation, "/t/"+c.Param("secret"))
	return c.Empty(fiber.StatusSeeOther)
}

// passCookie names the cookie of one transfer.
func passCookie(v transfer.View) string { return "__Host-t-" + hex.EncodeToString([]byte(v.ID)) }

func (r transferRoutes) answer(c *Call, status int, page shownTransfer) error {
	page.Lang, page.transferWords = transferLanguage(c.Header(fiber.HeaderAcceptLanguage))
	if !page.Gone {
		page.Base = "/t/" + c.Param("secret")
	}
	policy := transferPolicy
	if page.Sealed != nil {
		policy = sealedPolicy
	}
	return linkPage(c, status, transferPage, policy, page)
}

// sealed is what the script of a sealed transfer needs; nil for others.
func sealed(c *Call, v transfer.View) *shownSealed {
	if !v.Sealed {
		return nil
	}
	lang, _ := transferLanguage(c.Header(fiber.HeaderAcceptLanguage))
	parts := make([]int64, len(v.Files))
	for i, f := range v.Files {
		if f.State == transfer.Ready {
			parts[i] = f.Size
		}
	}
	words := inLanguage(lang, sealedFrench, sealedEnglish)
	return &shownSealed{sealedWords: words, Words: jsonText(words), Parts: jsonText(parts)}
}

// jsonText is JSON of what always has some.
func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (r transferRoutes) shown(c *Call, v transfer.View) shownTransfer {
	lang, words := transferLanguage(c.Header(fiber.HeaderAcceptLanguage))
	page := shownTransfer{
		From: v.From, School: r.school(v.School), Title: v.Title, Arriving: v.Arriving(),
		Until: words.moment(v.Until.In(r.place(v.School))), Size: words.bytes(v.Size), Sealed: sealed(c, v),
	}
	ready := 0
	for n, f := range v.Files {
		shown := shownFile{State: f.State, Size: words.bytes(f.Size), Media: media(f.Type)}
		shown.Name, shown.Folder = nameAndFolder(f.Name)
		if f.State == transfer.Ready {
			ready++
			shown.Href = strconv.Itoa(n)
			if shown.Media != "" {
				shown.Show = shown.Href + "?show=1"
			}
		}
		page.Files = append(page.Files, shown)
	}
	page.Lang, page.Whole = lang, ready > 1
	return page
}

func nameAndFolder(path string) (name, folder string) {
	i := strings.LastIndexByte(path, '/')
	return path[i+1:], path[:max(i, 0)]
}

// shownTypes are those that browsers show by themselves and run nothing of.
var shownTypes = []string{
	"image/jpeg", "image/png", "image/webp", "image/gif", "application/pdf", "video/mp4", "video/webm", "audio/mpeg", "audio/mp4",
}

// media is what a page shows of a type: "image", "video", "audio" or "pdf".
func media(typ string) string {
	if !slices.Contains(shownTypes, typ) {
		return ""
	}
	kind, _, _ := strings.Cut(typ, "/")
	if kind == "application" {
		return "pdf"
	}
	return kind
}

// opened is what a link leads to if the caller may see it.
func (r transferRoutes) opened(c *Call) (transfer.View, error) {
	v, err := r.Look(c.Context(), c.Param("secret"))
	if err == nil && !r.Opens(v, c.Cookie(passCookie(v))) {
		err = transfer.ErrNone
	}
	return v, err
}

// aboutTransfer is what a link is shown as where it was put: in a message.
type aboutTransfer struct {
	Title    string    `json:"title"`
	From     string    `json:"from"`
	Files    int       `json:"files"`
	Size     int64     `json:"size"`
	Until    time.Time `json:"until"`
	Arriving bool      `json:"arriving,omitempty"`
}

// about says in a few words what the page shows, to whoever the page shows it.
func (r transferRoutes) about(c *Call) error {
	v, err := r.opened(c)
	if err != nil {
		return err
	}
	files := len(v.Files)
	if v.Sealed {
		files-- // the first one names the others
	}
	c.SetHeader(fiber.HeaderCacheControl, "no-store")
	c.SetHeader("X-Robots-Tag", "noindex, nofollow")
	return c.JSON(fiber.StatusOK, aboutTransfer{
		Title: v.Title, From: v.From, Files: files, Size: v.Size, Until: v.Until, Arriving: v.Arriving(),
	})
}

// limits says how much whoever asks may send, and what is taken of it.
func (r transferRoutes) limits(c *Call) error {
	l, err := r.Limits(c.Context(), c.Actor)
	if err != nil {
		return err
	}
	return c.JSON(fiber.StatusOK, l)
}

// file sends one file or a range of it. Looking at it on the page is no
// download.
func (r transferRoutes) file(c *Call) error {
	v, err := r.opened(c)
	if err != nil {
		return err
	}
	n, err := parseDigits(c.Param("n"))
	if err != nil || n >= int64(len(v.Files)) || v.Files[n].State != transfer.Ready {
		return transfer.ErrNone
	}
	f := v.Files[n]
	c.SetHeader("X-Robots-Tag", "noindex, nofollow")
	if counts(c, f) {
		if err := r.Downloaded(c.Context(), v); err != nil {
			return err
		}
	}
	name, _ := nameAndFolder(f.Name)
	return sentFile{
		name: name, media: f.Type, size: f.Size, etag: `"` + hex.EncodeToString([]byte(v.ID)) + "." + strconv.Itoa(f.N) + `"`,
		read: func(ctx context.Context, from, length int64) (io.ReadCloser, error) {
			return r.Content(ctx, v, int(n), from, length)
		},
	}.send(c)
}

// counts says whether a request begins a download. Of a sealed file it says so
// itself: browsers fetch the list and what they show in the same way.
func counts(c *Call, f transfer.ViewedFile) bool {
	switch {
	case c.Method() != fiber.MethodGet:
		return false
	case f.Sealed:
		return c.Query("counts") != ""
	}
	return !isShown(c, f.Type) && strings.HasPrefix(c.Header(fiber.HeaderRange)+"bytes=0-", "bytes=0-")
}

// zip sends all files that are there as one archive, written while it is sent.
// Of what is sealed the browser makes one.
func (r transferRoutes) zip(c *Call) error {
	v, err := r.opened(c)
	if err == nil && v.Sealed {
		err = transfer.ErrNone
	}
	if err != nil {
		return err
	}
	name := attachment.CleanName(v.Title, "")
	if v.Title == "" {
		name = "preau"
	}
	if c.Method() != fiber.MethodHead {
		if err := r.Downloaded(c.Context(), v); err != nil {
			return err
		}
	}
	return sendZip(c, name, r.Now(), func(yield func(string, packed) bool) {
		for n, f := range v.Files {
			open := func(ctx context.Context) (io.ReadCloser, error) { return r.Content(ctx, v, n, 0, -1) }
			if f.State == transfer.Ready && !yield(f.Name, open) {
				return
			}
		}
	})
}
