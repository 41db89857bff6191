package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"preau/api"
)

// another site cannot make a browser act, over HTTP as in the unit test.
func TestCrossOriginRequestsAreRefused(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{bindForm, echo}})
	for _, c := range []struct {
		headers []string
		status  int
	}{
		{nil, 200},
		{[]string{"Sec-Fetch-Site: same-origin"}, 200},
		{[]string{"Sec-Fetch-Site: cross-site"}, 403},
		{[]string{"Sec-Fetch-Site: same-site"}, 403},
		{[]string{"Origin: http://evil.example"}, 403},
		{[]string{"Origin: null"}, 403},
		{[]string{"Origin: http://" + e.addr}, 200},
		{[]string{"Origin: http://ecole.example", "Host: ecole.example"}, 200},
	} {
		code := map[int]string{403: "cross_origin"}[c.status]
		e.send("POST", "/form", "{}", c.headers...).want(t, c.status, code)
		e.send("GET", "/echo", "", c.headers...).want(t, 200, "")
	}
}

const page = `<!doctype html><title>Préau</title><style>body{margin:0}</style><script type="module" src="/assets/main-AbCdEf12.js"></script>`

func application() fstest.MapFS {
	script := strings.Repeat("console.log('préau');\n", 100)
	return fstest.MapFS{
		".gitkeep":                   {},
		"index.html":                 {Data: []byte(page)},
		"assets/main-AbCdEf12.js":    {Data: []byte(script)},
		"assets/main-AbCdEf12.js.br": {Data: []byte("brotli, built")},
		"sw.js":                      {Data: []byte("// worker")},
		"icon.svg":                   {Data: []byte("<svg/>")},
		"manifest.webmanifest":       {Data: []byte(`{"name":"Préau","start_url":"/","icons":[]}`)},
		"assets/photo-AbCdEf12.png":  {Data: []byte("png")},
		"assets/old-name.js":         {Data: []byte("1")},
	}
}

func TestSecurityHeaders(t *testing.T) {
	e := serve(t, api.Deps{App: application(), Routes: []api.Routes{echo, func(s *api.Server) {
		s.Route("GET", "/api/thing", api.Public, api.NoBody, func(c *api.Call) error { return c.JSON(200, 1) })
	}}})
	for _, path := range []string{"/", "/devoirs/3", "/assets/main-AbCdEf12.js", "/missing.js", "/healthz", "/api/thing", "/api/missing"} {
		h := e.send("GET", path, "").Header
		api := strings.HasPrefix(path, "/api/")
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Server":                       "",
			"Strict-Transport-Security":    "", // not over plain HTTP
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if noStore := h.Get("Cache-Control") == "no-store"; noStore != api {
			t.Errorf("%s: Cache-Control is %q", path, h.Get("Cache-Control"))
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if !api && (h.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(h.Get("Permissions-Policy"), "camera=(self)")) {
			t.Errorf("%s: %v", path, h)
		}
	}
}

func TestPolicyNamesTheInlineStyle(t *testing.T) {
	e := serve(t, api.Deps{App: application()})
	sum := sha256.Sum256([]byte("body{margin:0}"))
	want := "style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; "
	policy := e.send("GET", "/", "").Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, want) || !strings.Contains(policy, "script-src 'self'; ") {
		t.Errorf("policy is %q, want in it %q", policy, want)
	}
}

func TestApplicationFiles(t *testing.T) {
	e := serve(t, api.Deps{App: application()})
	const forever, never = "public, max-age=31536000, immutable", "no-cache"
	for _, c := range []struct {
		path, accept    string
		headers         []string
		status          int
		mediaType       string
		cache, encoding string
	}{
		{"/", "identity", nil, 200, "text/html; charset=utf-8", never, ""},
		{"/devoirs/0190-abc", "identity", nil, 200, "text/html; charset=utf-8", never, ""},
		{"/lier", "identity", []string{"Sec-Fetch-Mode: navigate"}, 200, "text/html; charset=utf-8", never, ""},
		{"/lier", "identity", []string{"Sec-Fetch-Mode: cors"}, 404, "application/json", "", ""},
		{"/", "identity", []string{"Sec-Fetch-Mode: cors"}, 200, "text/html; charset=utf-8", never, ""},
		{"/assets/main-AbCdEf12.js", "gzip, br", nil, 200, "text/javascript; charset=utf-8", forever, "br"},
		{"/assets/main-AbCdEf12.js", "gzip", nil, 200, "text/javascript; charset=utf-8", forever, "gzip"},
		{"/assets/main-AbCdEf12.js", "br;q=0", nil, 200, "text/javascript; charset=utf-8", forever, ""},
		{"/assets/photo-AbCdEf12.png", "br", nil, 200, "image/png", forever, ""},
		{"/assets/old-name.js", "br", nil, 200, "text/javascript; charset=utf-8", never, ""},
		{"/sw.js", "identity", nil, 200, "text/javascript; charset=utf-8", never, ""},
		{"/assets/main-gone0000.js", "br", nil, 404, "application/json", "", ""},
		{"/assets/main-AbCdEf12.js.br", "br", nil, 404, "application/json", "", ""},
		{"/.gitkeep", "br", nil, 404, "application/json", "", ""},
		{"/../api.go", "br", nil, 404, "application/json", "", ""},
		{"/a/%2e%2e/index.html", "br", nil, 404, "application/json", "", ""},
		{"/api/x", "br", nil, 404, "application/json", "no-store", ""},
	} {
		t.Run(c.path+" "+c.accept, func(t *testing.T) {
			got := e.send("GET", c.path, "", append(c.headers, "Accept-Encoding: "+c.accept)...)
			seen := []string{got.Header.Get("Content-Type"), got.Header.Get("Cache-Control"), got.Header.Get("Content-Encoding")}
			if got.StatusCode != c.status || seen[0] != c.mediaType || seen[1] != c.cache || seen[2] != c.encoding {
				t.Errorf("got %d %q", got.StatusCode, seen)
			}
		})
	}
	if got := e.send("GET", "/assets/main-AbCdEf12.js", "", "Accept-Encoding: br"); got.text != "brotli, built" {
		t.Errorf("the built encoding is not used: %q", got.text)
	}
}

func TestApplicationIsAskedAgainByTag(t *testing.T) {
	e := serve(t, api.Deps{App: application()})
	tag := e.send("GET", "/", "").Header.Get("ETag")
	again := e.send("GET", "/", "", "If-None-Match: "+tag)
	if tag == "" || again.StatusCode != http.StatusNotModified || again.text != "" {
		t.Errorf("tag %q: %d %q", tag, again.StatusCode, again.text)
	}
	head := e.send("HEAD", "/", "", "Accept-Encoding: identity")
	if head.StatusCode != 200 || head.ContentLength != int64(len(page)) {
		t.Errorf("HEAD: %d, length %d", head.StatusCode, head.ContentLength)
	}
}

func TestUnbuiltApplicationSaysSo(t *testing.T) {
	e := serve(t, api.Deps{App: fstest.MapFS{".gitkeep": {}}})
	if got := e.send("GET", "/", ""); got.StatusCode != 200 || !strings.Contains(got.text, "make build") {
		t.Errorf("%d %q", got.StatusCode, got.text)
	}
}

type passes string

func (p passes) Pass(c *api.Call) (string, error) { return string(p) + "-" + c.Actor.User, nil }

func TestManifestHandsTheSessionOver(t *testing.T) {
	e := serve(t, api.Deps{App: application(), Passes: passes("pass")})
	if got := e.send("GET", "/manifest.webmanifest", ""); got.text != `{"icons":[],"id":"/","name":"Préau","start_url":"/?h=pass-ines"}` {
		t.Errorf("signed in: %s", got.text)
	} else if got.Header.Get("Content-Type") != "application/manifest+json" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", got.Header)
	}
	e.token = ""
	if got := e.send("GET", "/manifest.webmanifest", ""); got.text != `{"name":"Préau","start_url":"/","icons":[]}` {
		t.Errorf("signed out: %s", got.text)
	}
	e.token = "stale"
	if got := e.send("GET", "/manifest.webmanifest", ""); got.StatusCode != 200 {
		t.Errorf("with an old session: %d", got.StatusCode)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	local := serve(t, api.Deps{})
	if got := local.send("GET", "/metrics", ""); got.StatusCode != 200 || !strings.Contains(got.text, "preau_http_responses_total") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
	local.send("GET", "/metrics", "", "X-Forwarded-For: 203.0.113.9").want(t, 404, "not_found")
	watched := serve(t, api.Deps{Health: api.Health{Token: "s3cret"}})
	watched.send("GET", "/metrics", "").want(t, 404, "not_found")
	watched.send("GET", "/metrics", "", "Authorization: Bearer s3cret").want(t, 200, "")
}

// A build, if there is one, is what the tests above suppose.
func TestBuiltApplication(t *testing.T) {
	built := os.DirFS("../pwa/dist")
	if _, err := os.Stat("../pwa/dist/index.html"); err != nil {
		t.Skip("the application is not built")
	}
	e := serve(t, api.Deps{App: built})
	got := e.send("GET", "/", "")
	if got.StatusCode != 200 || !strings.Contains(got.text, "/assets/") {
		t.Errorf("%d %s", got.StatusCode, got.text)
	}
}
