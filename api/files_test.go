package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"preau/api"
	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/homework"
	"preau/api/notify"
	"preau/api/notify/pushtest"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// classroom is a server with one class: Inès and Malo, taught by Mme Garnier.
type classroom struct {
	*edge
	files  *attachment.Service
	engine *psync.Engine
	pushes *pushtest.Server
	k      map[string]int64
}

func newClassroom(t *testing.T) *classroom {
	t.Helper()
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return newClassroomOn(t, blobs)
}

func newClassroomOn(t *testing.T, blobs storage.Blobs) *classroom {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	log := slog.New(slog.DiscardHandler)
	dir := directory.New(directory.Config{Records: records, Log: log, Now: time.Now})
	_, signer, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	r := &classroom{k: map[string]int64{}, pushes: pushtest.New("")}
	service := newPlainServer(t, r.pushes)
	r.pushes.Origin = service
	r.files = attachment.New(attachment.Config{Blobs: blobs, Access: dir, Log: log, Now: time.Now})
	notices, err := notify.New(notify.Config{
		Log: log, Now: time.Now, Origin: "https://ecole.example", PublicKey: public, PrivateKey: private, Allow: []string{service},
	})
	if err != nil {
		t.Fatal(err)
	}
	work := homework.New(homework.Config{Directory: dir, Files: r.files, Notices: notices, Key: signer, Log: log, Now: time.Now})
	mux := psync.NewMux()
	dir.Register(mux)
	r.files.Register(mux)
	notices.Register(mux)
	work.Register(mux)
	r.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: dir, Log: log, Now: time.Now})
	dir.Bind(r.engine)
	r.files.Bind(r.engine)
	notices.Bind(r.engine)
	work.Bind(r.engine)
	put := func(id string, rec directory.Record) directory.Put { return directory.Put{ID: id, Record: rec} }
	err = dir.Apply(t.Context(), psync.Actor{}, "s1", []directory.Put{
		put("s1", directory.School{Name: "Collège", Timezone: "Europe/Paris"}), put("fr", directory.Subject{Name: "Français"}),
		put("5b", directory.Class{Name: "5e B", Kind: directory.KindClass}),
		put("ines", directory.Person{First: "Inès", Last: "Benali", Pupil: true}), put("malo", directory.Person{First: "Malo", Last: "Le Goff", Pupil: true}),
		put("garnier", directory.Person{First: "Claire", Last: "Garnier", Civility: "Mme"}),
		put("e1", directory.Enrollment{Student: "ines", Audience: "class:5b"}), put("e2", directory.Enrollment{Student: "malo", Audience: "class:5b"}),
		put("fr5b", directory.CourseRecord{Subject: "fr", Audience: "class:5b"}), put("t1", directory.Teaching{Course: "fr5b", Teacher: "garnier"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	sessions := tokens{}
	for _, user := range []string{"ines", "malo", "garnier"} {
		sessions[user] = psync.Actor{School: "s1", User: user, Device: "d_" + user}
	}
	r.edge = serve(t, api.Deps{Sessions: sessions, Routes: []api.Routes{api.FileRoutes(r.files), api.CopyRoutes(work), api.PushRoutes(notices)}})
	return r
}

// as makes requests as somebody.
func (r *classroom) as(user string) *edge {
	e := *r.edge
	e.token = user
	return &e
}

func (r *classroom) settle() {
	r.t.Helper()
	if err := r.engine.Drain(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *classroom) upload(user string, data []byte, name, kind string) string {
	r.t.Helper()
	sum := sha256.Sum256(data)
	sha := "sha256-" + hex.EncodeToString(sum[:])
	a := psync.Actor{School: "s1", User: user, Device: "d_" + user}
	if err := r.files.Arrived(r.t.Context(), a, attachment.Upload{SHA: sha, Name: name, Type: kind, Size: int64(len(data))}, bytes.NewReader(data)); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	return sha
}

func (r *classroom) act(user, scope, name string, args any) {
	r.t.Helper()
	raw, err := json.Marshal(args)
	if err != nil {
		r.t.Fatal(err)
	}
	r.k[user+scope]++
	res, err := r.engine.Sync(r.t.Context(), psync.Actor{School: "s1", User: user, Device: "d_" + user}, &psync.Request{
		V: 1, Schema: 1, Device: "d_" + user, Mutations: []psync.Mutation{{Scope: scope, K: r.k[user+scope], Name: name, Args: raw}},
	})
	if err != nil || !strings.Contains(string(res.JSON()), `"ok":true`) {
		r.t.Fatalf("%s: %v %s", name, err, res.JSON())
	}
	r.settle()
}

func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = uint8(i / 7)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const leaflet = "%PDF-1.4\n1 0 obj<</Type /Page >>endobj\nxref\n0 0\ntrailer<<>>\nstartxref\n0\n%%EOF\n"

func TestFilesAreServedToThoseWhoMayRead(t *testing.T) {
	r := newClassroom(t)
	photo := picture(t, 640, 480)
	sha := r.upload("ines", photo, "cahier.jpg", "image/jpeg")
	got := r.as("ines").send("GET", "/api/files/"+sha, "")
	got.want(t, 200, "")
	if h := got.Header; h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || h.Get("Cache-Control") != "no-store" ||
		h.Get("Content-Disposition") != `inline; filename="cahier.jpg"; filename*=UTF-8''cahier.jpg` || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("headers %v", h)
	}
	if img, err := jpeg.Decode(strings.NewReader(got.text)); err != nil || img.Bounds().Dx() != 640 {
		t.Error(err)
	}
	thumb := r.as("ines").send("GET", "/api/files/"+sha+"?size=thumb", "")
	if img, err := jpeg.Decode(strings.NewReader(thumb.text)); err != nil || img.Bounds().Dx() != 320 || thumb.Header.Get("ETag") == got.Header.Get("ETag") {
		t.Error("thumb", err)
	}
	for user, path := range map[string]string{"malo": sha, "garnier": sha, "ines": "sha256-" + strings.Repeat("0", 64)} {
		r.as(user).send("GET", "/api/files/"+path, "").want(t, 404, "not_found")
	}
	r.as("").send("GET", "/api/files/"+sha, "").want(t, 401, "signed_out")
	r.as("ines").send("GET", "/api/files/..%2f..%2fetc%2fpasswd", "").want(t, 404, "not_found")
	r.as("ines").send("GET", "/api/files/"+sha+"?size=huge", "").want(t, 422, "invalid")
	head := r.as("ines").send("HEAD", "/api/files/"+sha, "")
	if head.StatusCode != 200 || head.text != "" || head.ContentLength != int64(len(got.text)) {
		t.Errorf("HEAD: %d, %d bytes", head.StatusCode, head.ContentLength)
	}
}

func TestDocumentsAreDownloads(t *testing.T) {
	r := newClassroom(t)
	sha := r.upload("ines", []byte(leaflet), "leçon \u202efdp.exe.pdf", "application/pdf")
	for path, want := range map[string]string{
		"": `attachment; filename="le_on fdp.exe.pdf"; filename*=UTF-8''le%C3%A7on%20fdp.exe.pdf`,
		"?name=" + strings.ReplaceAll("l'été \"\r\nX: 1.html", " ", "%20"): "",
		"?name=../../x":                    `attachment; filename="x.pdf"; filename*=UTF-8''x.pdf`,
		"?name=a%0d%0aSet-Cookie:%20b.pdf": `attachment; filename="aSet-Cookie- b.pdf"; filename*=UTF-8''aSet-Cookie-%20b.pdf`,
	} {
		if want == "" {
			continue // the client itself would not send it
		}
		got := r.as("ines").send("GET", "/api/files/"+sha+path, "")
		if d := got.Header.Get("Content-Disposition"); d != want || got.Header.Get("Set-Cookie") != "" || got.text != leaflet {
			t.Errorf("%s: %s", path, d)
		}
	}
	photo := r.upload("ines", picture(t, 64, 64), "x.jpg", "")
	if d := r.as("ines").send("GET", "/api/files/"+photo+"?download=1", "").Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
		t.Error(d)
	}
}

// lender is a disk whose blobs can be fetched elsewhere.
type lender struct{ storage.Blobs }

func (lender) Lend(_ context.Context, key, mediaType, disposition string) (string, error) {
	return "https://blobs.example/" + key + "?" + url.Values{"type": {mediaType}, "as": {disposition}}.Encode(), nil
}

// Only a download that the browser makes outside of any page is sent
// elsewhere, and only to whoever may read the file.
func TestDownloadsMayComeFromElsewhere(t *testing.T) {
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	r := newClassroomOn(t, lender{blobs})
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	doc := "/api/files/" + r.upload("ines", []byte(leaflet), "leçon.pdf", "application/pdf")
	photo := "/api/files/" + r.upload("ines", picture(t, 64, 64), "x.jpg", "image/jpeg")
	const navigate, fetch = "Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: cors"
	for _, c := range []struct {
		who, method, path, mode string
		status                  int
	}{
		{"ines", "GET", doc, navigate, 307},
		{"ines", "GET", photo + "?download=1", navigate, 307},
		{"ines", "GET", photo, navigate, 200},
		{"ines", "GET", doc, fetch, 200},
		{"ines", "GET", doc, "Accept: */*", 200},
		{"ines", "HEAD", doc, navigate, 200},
		{"malo", "GET", doc, navigate, 404},
		{"", "GET", doc, navigate, 401},
	} {
		got := r.as(c.who).send(c.method, c.path, "", c.mode)
		if to := got.Header.Get("Location"); got.StatusCode != c.status || (to != "") != (c.status == 307) {
			t.Errorf("%+v: %d %q", c, got.StatusCode, to)
		}
	}
	got := r.as("ines").send("GET", doc, "", navigate)
	to, err := url.Parse(got.Header.Get("Location"))
	if err != nil || to.Host != "blobs.example" || to.Query().Get("type") != "application/pdf" || to.Query().Get("as") != got.Header.Get("Content-Disposition") {
		t.Errorf("sent to %v, %v", to, err)
	}
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Referrer-Policy") != "no-referrer" || got.text != "" {
		t.Errorf("headers %v", got.Header)
	}
}

func TestRangesAndVersions(t *testing.T) {
	r := newClassroom(t)
	sha := r.upload("ines", []byte(leaflet), "a.pdf", "")
	size := len(leaflet)
	get := func(headers ...string) *answer { return r.as("ines").send("GET", "/api/files/"+sha, "", headers...) }
	etag := get().Header.Get("ETag")
	for _, c := range []struct {
		headers string
		status  int
		text    string
		span    string
	}{
		{"Range: bytes=0-8", 206, leaflet[:9], fmt.Sprintf("bytes 0-8/%d", size)},
		{"Range: bytes=9-", 206, leaflet[9:], fmt.Sprintf("bytes 9-%d/%d", size-1, size)},
		{"Range: bytes=-6", 206, leaflet[size-6:], fmt.Sprintf("bytes %d-%d/%d", size-6, size-1, size)},
		{"Range: bytes=-100000", 200, leaflet, ""},
		{"Range: bytes=0-", 200, leaflet, ""},
		{"Range: bytes=5-100000", 206, leaflet[5:], fmt.Sprintf("bytes 5-%d/%d", size-1, size)},
		{"Range: bytes=100000-", 416, "", fmt.Sprintf("bytes */%d", size)},
		{"Range: bytes=-0", 416, "", fmt.Sprintf("bytes */%d", size)},
		{"Range: bytes=8-2", 200, leaflet, ""},
		{"Range: bytes=0-1,4-5", 200, leaflet, ""},
		{"Range: bytes=+1-2", 200, leaflet, ""},
		{"Range: lines=1-2", 200, leaflet, ""},
		{"Range: bytes=99999999999999999999-", 200, leaflet, ""},
		{"If-None-Match: " + etag, 304, "", ""},
		{`If-None-Match: "x", W/` + etag, 304, "", ""},
		{`If-None-Match: "x"`, 200, leaflet, ""},
		{"If-Range: " + etag + "\nRange: bytes=0-8", 206, leaflet[:9], fmt.Sprintf("bytes 0-8/%d", size)},
		{`If-Range: "old"` + "\nRange: bytes=0-8", 200, leaflet, ""},
	} {
		got := get(strings.Split(c.headers, "\n")...)
		if got.StatusCode != c.status || got.Header.Get("Content-Range") != c.span || c.status < 300 && got.text != c.text {
			t.Errorf("%s: %d %q, %d bytes", c.headers, got.StatusCode, got.Header.Get("Content-Range"), len(got.text))
		}
		if c.status == 304 && (got.text != "" || got.Header.Get("ETag") != etag) {
			t.Errorf("%s: %v", c.headers, got.Header)
		}
	}
}

func TestCopiesAreCollected(t *testing.T) {
	r := newClassroom(t)
	due := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	r.act("garnier", "course:fr5b", "homework.give@1", map[string]any{
		"id": "homework-1", "title": "Récit : l'été", "text": "", "due": due, "return": "file", "late": "accept", "attachments": []string{},
	})
	for _, user := range []string{"ines", "malo"} {
		args := map[string]any{"id": "copy-" + user, "homework": "homework-1", "text": ""}
		args["pages"] = []string{r.upload(user, picture(t, 300, 400), "1.jpg", ""), r.upload(user, picture(t, 400, 300), "2.jpg", "")}
		r.act(user, "student:"+user, "homework.submit@1", args)
	}
	const path = "/api/courses/fr5b/homework/homework-1/copies.zip"
	got := r.as("garnier").send("GET", path, "")
	got.want(t, 200, "")
	if d := got.Header.Get("Content-Disposition"); d != `attachment; filename="R_cit - l'_t_.zip"; filename*=UTF-8''R%C3%A9cit%20-%20l%27%C3%A9t%C3%A9.zip` {
		t.Error(d)
	}
	z, err := zip.NewReader(strings.NewReader(got.text), int64(len(got.text)))
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range z.File {
		names[f.Name] = true
	}
	if !maps.Equal(names, map[string]bool{"BENALI Inès.pdf": true, "LE GOFF Malo.pdf": true}) {
		t.Errorf("names %v", names)
	}
	r.as("ines").send("GET", path, "").want(t, 403, "forbidden")
	r.as("").send("GET", path, "").want(t, 401, "signed_out")
	r.as("garnier").send("GET", strings.Replace(path, "homework-1", "homework-9", 1), "").want(t, 404, "not_found")
	r.as("garnier").send("GET", strings.Replace(path, "fr5b", "ma5b", 1), "").want(t, 403, "forbidden")
	if head := r.as("garnier").send("HEAD", path, ""); head.StatusCode != 200 || head.text != "" {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
}

// A teacher who closes the page ends the writing of the archive.
func TestAnAbandonedCollectionEnds(t *testing.T) {
	r := newClassroom(t)
	due := time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	r.act("garnier", "course:fr5b", "homework.give@1", map[string]any{
		"id": "homework-1", "title": "x", "text": "", "due": due, "return": "file", "late": "accept", "attachments": []string{},
	})
	var pages []string
	for i := range 20 {
		pages = append(pages, r.upload("ines", bytes.Repeat([]byte{byte(i), 0xff}, 1<<19), "p.bin", ""))
	}
	r.act("ines", "student:ines", "homework.submit@1", map[string]any{"id": "copy-ines", "homework": "homework-1", "text": "", "pages": pages})
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.addr+"/api/courses/fr5b/homework/homework-1/copies.zip", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: "garnier"})
		res, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = res.Body.Read(make([]byte, 100))
		cancel()
		res.Body.Close()
	}
	// goleak, in TestMain, sees a writer that goes on.
}

func TestPushOverHTTP(t *testing.T) {
	r := newClassroom(t)
	ines := r.as("ines")
	listed := func() (key string, subs []notify.Listed) {
		var body struct {
			Key           string
			Subscriptions []notify.Listed
		}
		if err := json.Unmarshal([]byte(ines.send("GET", "/api/push", "").text), &body); err != nil {
			t.Fatal(err)
		}
		return body.Key, body.Subscriptions
	}
	key, subs := listed()
	if key == "" || subs == nil || len(subs) != 0 {
		t.Fatalf("key %q, %v", key, subs)
	}
	b := r.pushes.Browser(key)
	put := func(endpoint, p256dh, auth string) *answer {
		return ines.send("PUT", "/api/push", fmt.Sprintf(`{"endpoint":%q,"expirationTime":null,"keys":{"p256dh":%q,"auth":%q}}`, endpoint, p256dh, auth))
	}
	put(b.Endpoint, b.P256dh(), b.Auth()).want(t, 204, "")
	put(b.Endpoint, b.P256dh(), b.Auth()).want(t, 204, "")
	bad := put("https://169.254.169.254/fcm.googleapis.com/", b.P256dh(), b.Auth())
	bad.want(t, 422, "invalid")
	if bad.field() != "endpoint" {
		t.Errorf("field %q", bad.field())
	}
	put(b.Endpoint, "AAAA", b.Auth()).want(t, 422, "invalid")
	ines.send("PUT", "/api/push", `{"endpoint":1}`).want(t, 422, "invalid")
	ines.send("PUT", "/api/push", `{"endpoint":"`+b.Endpoint+`","keys":{},"user":"malo"}`).want(t, 422, "invalid")
	r.as("").send("GET", "/api/push", "").want(t, 401, "signed_out")
	if _, subs := listed(); len(subs) != 1 || !subs[0].Current || subs[0].Stale {
		t.Errorf("%+v", subs)
	}

	tested := ines.send("POST", "/api/push/test", `{}`)
	if !strings.Contains(tested.text, `"ok":true`) || len(r.pushes.Pushes()) != 1 || r.pushes.Pushes()[0].Ack != 100 {
		t.Errorf("%s, %+v", tested.text, r.pushes.Pushes())
	}
	ines.send("POST", "/api/push/test", `{}`).want(t, 429, "too_many")

	r.as("malo").send("DELETE", "/api/push", `{"endpoint":"`+b.Endpoint+`"}`).want(t, 204, "")
	if _, subs := listed(); len(subs) != 1 {
		t.Error("somebody else unsubscribed it")
	}
	ines.send("DELETE", "/api/push", `{"endpoint":"`+b.Endpoint+`"}`).want(t, 204, "")
	if _, subs := listed(); len(subs) != 0 {
		t.Errorf("%+v", subs)
	}
}

// newPlainServer serves a handler and returns its origin.
func newPlainServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
