package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/gofiber/fiber/v2"
	"github.com/klauspost/compress/gzip"
)

// assets are the files of the web application, in memory, ready to be sent.
type assets struct {
	files map[string]*asset // by URL path
	page  *asset            // index.html
}

// asset is one file in the encodings it is sent in.
type asset struct {
	mediaType string
	cache     string
	tag       string
	plain     []byte
	br, gz    []byte // nil: not smaller
}

const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache" // asked again each time, by ETag
)

// loadAssets reads a built application. Files beside others that end in .br
// or .gz are their encodings; what has none is compressed here.
func loadAssets(app fs.FS) (*assets, error) {
	a := &assets{files: map[string]*asset{}}
	err := fs.WalkDir(app, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		if ext := path.Ext(name); ext == ".br" || ext == ".gz" {
			return nil
		}
		file, err := loadAsset(app, name)
		a.files["/"+name] = file
		return err
	})
	a.page = a.files["/index.html"]
	delete(a.files, "/index.html")
	return a, err
}

func loadAsset(app fs.FS, name string) (*asset, error) {
	body, err := fs.ReadFile(app, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	a := &asset{mediaType: mediaType(name), cache: cacheControl(name), tag: hex.EncodeToString(sum[:12]), plain: body}
	if compressible(a.mediaType) {
		a.br = smaller(body, beside(app, name+".br"), brotliCoded)
		a.gz = smaller(body, beside(app, name+".gz"), gzipCoded)
	}
	return a, nil
}

// beside is a file that may be absent.
func beside(app fs.FS, name string) []byte {
	body, err := fs.ReadFile(app, name)
	if err != nil {
		return nil
	}
	return body
}

func smaller(body, built []byte, code func([]byte) []byte) []byte {
	if built == nil {
		built = code(body)
	}
	if len(built) >= len(body) {
		return nil
	}
	return built
}

// Writing to a buffer does not fail.
func brotliCoded(body []byte) []byte {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, 6)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func gzipCoded(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func mediaType(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".woff2":
		return "font/woff2"
	case ".webp":
		return "image/webp"
	case ".ico":
		return "image/x-icon"
	default:
		if known := mime.TypeByExtension(ext); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}

func compressible(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || strings.Contains(mediaType, "json") ||
		strings.Contains(mediaType, "svg") || strings.Contains(mediaType, "wasm")
}

// hashed matches the names that the build gives: "assets/index-B4x_9kQz.js".
var hashed = regexp.MustCompile(`^assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)

func cacheControl(name string) string {
	if hashed.MatchString(name) {
		return cacheForever
	}
	return cacheNever
}

// appRoutes serves the application: its files, and its page for whatever else
// a browser navigates to.
func (s *Server) appRoutes() {
	s.app.Use(func(fc *fiber.Ctx) error {
		if method := fc.Method(); method != fiber.MethodGet && method != fiber.MethodHead {
			return fc.Next()
		}
		return s.static(fc)
	})
}

// asset serves a file of the application at an address of its own, where what
// stands before it would take it for something else.
func (s *Server) asset(c *Call) error {
	file := s.assets.files[c.fc.Path()]
	if file == nil {
		return errNoAddress
	}
	return file.send(c.fc)
}

func (s *Server) static(fc *fiber.Ctx) error {
	if file := s.assets.files[fc.Path()]; file != nil {
		return file.send(fc)
	}
	if !isNavigation(fc) {
		return fc.Next()
	}
	if s.assets.page == nil {
		return sendUnbuilt(fc)
	}
	return s.assets.page.send(fc)
}

// isNavigation says whether a browser wants a page here, rather than a file
// that has gone with an older build.
func isNavigation(fc *fiber.Ctx) bool {
	name := fc.Path()
	if strings.HasPrefix(name, "/api/") || strings.Contains(path.Base(name), ".") {
		return false
	}
	if mode := fc.Get("Sec-Fetch-Mode"); mode != "" && mode != "navigate" {
		// The service worker fetches the shell in its own name.
		return name == "/"
	}
	return true
}

func (a *asset) send(fc *fiber.Ctx) error {
	fc.Set(fiber.HeaderContentType, a.mediaType)
	fc.Set(fiber.HeaderCacheControl, a.cache)
	body, coding := a.encoded(fc.Get(fiber.HeaderAcceptEncoding))
	tag := `"` + a.tag + coding + `"`
	fc.Set(fiber.HeaderETag, tag)
	if a.br != nil || a.gz != nil {
		fc.Set(fiber.HeaderVary, fiber.HeaderAcceptEncoding)
	}
	if fc.Get(fiber.HeaderIfNoneMatch) == tag {
		fc.Status(fiber.StatusNotModified).Context().ResetBody()
		return nil
	}
	if coding != "" {
		fc.Set(fiber.HeaderContentEncoding, coding)
	}
	return fc.Send(body)
}

func (a *asset) encoded(accept string) (body []byte, coding string) {
	switch {
	case a.br != nil && preference(accept, "br") > 0:
		return a.br, "br"
	case a.gz != nil && preference(accept, "gzip") > 0:
		return a.gz, "gzip"
	default:
		return a.plain, ""
	}
}

// unbuilt is shown when the binary holds no application.
const unbuilt = `<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Préau</title>
<h1>Préau fonctionne</h1>
<p>L’application n’est pas dans ce programme. Construisez-la avec <code>make build</code>.</p>
<p lang="en">Préau is running, but this program was built without its application: run <code>make build</code>.</p>
</html>
`

func sendUnbuilt(fc *fiber.Ctx) error {
	fc.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	fc.Set(fiber.HeaderCacheControl, "no-store")
	return fc.SendString(unbuilt)
}

// inline finds what a page says within itself: scripts and styles.
var inline = regexp.MustCompile(`(?s)<(script|style)([^>]*)>(.*?)</(?:script|style)>`)

// pagePolicy is the content security policy, with the hashes of what the page
// has inline.
func pagePolicy(page []byte) string {
	hashes := map[string]string{}
	for _, m := range inline.FindAllSubmatch(page, -1) {
		if tag := string(m[1]); len(m[3]) > 0 && !bytes.Contains(m[2], []byte("src=")) {
			sum := sha256.Sum256(m[3])
			hashes[tag] += fmt.Sprintf(" 'sha256-%s'", base64.StdEncoding.EncodeToString(sum[:]))
		}
	}
	p := strings.Replace(policy, "script-src 'self'", "script-src 'self'"+hashes["script"], 1)
	return strings.Replace(p, "style-src 'self'", "style-src 'self'"+hashes["style"], 1)
}

// Passes makes hand-over passes: an application installed from a signed-in
// page starts with one, and so is signed in as well.
type Passes interface {
	// Pass is good once, for a short while, for the actor's device.
	Pass(c *Call) (string, error)
}

// manifest is the application's manifest, starting with a hand-over pass for
// whoever has a session.
func (s *Server) manifest(c *Call) error {
	file := s.assets.files[manifestPath]
	if file == nil {
		return errNoAddress
	}
	body := file.plain
	if c.Actor.User != "" && s.Passes != nil {
		pass, err := s.Passes.Pass(c)
		if err != nil {
			return err
		}
		body, err = withStart(body, "/?h="+pass)
		if err != nil {
			return err
		}
	}
	c.SetHeader(fiber.HeaderCacheControl, "no-store")
	return c.Bytes(fiber.StatusOK, file.mediaType, body)
}

const manifestPath = "/manifest.webmanifest"

// withStart is a manifest with another start address. Its id stays what it
// was, so that the application is the same one.
func withStart(manifest []byte, start string) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, fmt.Errorf("read the manifest: %w", err)
	}
	if _, named := m["id"]; !named {
		m["id"] = m["start_url"]
	}
	m["start_url"] = start
	return encode(m)
}

func (s *Server) manifestRoutes() {
	s.Route("GET", manifestPath, Optional, NoBody, s.manifest)
}
