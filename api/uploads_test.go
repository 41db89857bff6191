package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api"
	"preau/storage"
	"preau/storage/disk"
	psync "preau/sync"
)

// desk takes over what was uploaded and notes it.
type desk struct {
	mu   sync.Mutex
	got  []string // "user use size sum"
	next error    // answer to the next arrival
}

func (d *desk) Arrived(_ context.Context, a psync.Actor, f api.Arrival) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.next; err != nil {
		d.next = nil
		return err
	}
	h := sha256.New()
	n, err := io.Copy(h, f.Body)
	if err != nil {
		return err
	}
	if n != f.Size || "sha256-"+hex.EncodeToString(h.Sum(nil)) != f.Sum {
		return fmt.Errorf("arrival %+v is %d other bytes", f, n)
	}
	d.got = append(d.got, fmt.Sprintf("%s %s %d", a.User, f.Meta["use"], f.Size))
	return nil
}

func (d *desk) arrivals() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string{}, d.got...)
}

type uploader struct {
	*edge
	desk    *desk
	uploads *api.Uploads
	blobs   storage.Blobs
	dir     string // of this node
	now     *time.Time
}

func serveUploads(t testing.TB) *uploader {
	t.Helper()
	blobs, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	return serveUploadsOn(t, blobs, t.TempDir(), &desk{})
}

// serveUploadsOn is one node of those that share the blobs.
func serveUploadsOn(t testing.TB, blobs storage.Blobs, dir string, d *desk) *uploader {
	t.Helper()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	u := &uploader{desk: d, blobs: blobs, dir: dir, now: &now}
	u.uploads = &api.Uploads{
		Blobs: blobs, Dir: dir, Uses: map[string]int64{"copy": 20 << 20, "transfer": 2 << 30}, Quota: 3 << 30, Most: 4,
		Arrivals: d, Now: func() time.Time { return *u.now },
	}
	u.edge = serve(t, api.Deps{
		Sessions: tokens{"ines": ines, "tom": {School: "s1", User: "tom"}, "ines2": {School: "s2", User: "ines"}},
		Uploads:  u.uploads,
	})
	return u
}

const version = "Tus-Resumable: 1.0.0"

func metadata(pairs ...string) string {
	var coded []string
	for _, p := range pairs {
		key, value, _ := strings.Cut(p, "=")
		coded = append(coded, key+" "+base64.StdEncoding.EncodeToString([]byte(value)))
	}
	return "Upload-Metadata: " + strings.Join(coded, ",")
}

// begin creates an upload and returns its address.
func (u *uploader) begin(size int, meta ...string) string {
	u.t.Helper()
	if len(meta) == 0 {
		meta = []string{"use=copy"}
	}
	got := u.send("POST", "/api/uploads", "", version, fmt.Sprintf("Upload-Length: %d", size), metadata(meta...))
	got.want(u.t, 201, "")
	return got.Header.Get("Location")
}

func (u *uploader) patch(path string, offset int, body string, headers ...string) *answer {
	u.t.Helper()
	headers = append([]string{version, fmt.Sprintf("Upload-Offset: %d", offset), "Content-Type: application/offset+octet-stream"}, headers...)
	return u.send("PATCH", path, body, headers...)
}

func (u *uploader) wantOffset(path, offset string) {
	u.t.Helper()
	got := u.send("HEAD", path, "", version)
	if got.StatusCode != 200 || got.Header.Get("Upload-Offset") != offset {
		u.t.Errorf("HEAD %s: %d, offset %q, want %s", path, got.StatusCode, got.Header.Get("Upload-Offset"), offset)
	}
}

func (u *uploader) wantArrivals(want ...string) {
	u.t.Helper()
	if got := u.desk.arrivals(); fmt.Sprint(got) != fmt.Sprint(want) {
		u.t.Errorf("arrived: %q, want %q", got, want)
	}
}

func TestUploadInPieces(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(11)
	u.wantOffset(path, "0")
	u.patch(path, 0, "hello").want(t, 204, "")
	u.wantOffset(path, "5")
	u.wantArrivals()
	got := u.patch(path, 5, " world")
	got.want(t, 204, "")
	if got.Header.Get("Upload-Offset") != "11" || got.Header.Get("Tus-Resumable") != "1.0.0" {
		t.Errorf("headers: %v", got.Header)
	}
	u.wantArrivals("ines copy 11")
	// Whoever missed that answer learns it, and nothing arrives twice.
	u.wantOffset(path, "11")
	u.patch(path, 11, "").want(t, 204, "")
	u.wantArrivals("ines copy 11")
}

func TestUploadWithCreation(t *testing.T) {
	u := serveUploads(t)
	got := u.send("POST", "/api/uploads", "hello", version, "Upload-Length: 5", metadata("use=copy"), "Content-Type: application/offset+octet-stream")
	got.want(t, 201, "")
	if got.Header.Get("Upload-Offset") != "5" {
		t.Errorf("headers: %v", got.Header)
	}
	u.wantArrivals("ines copy 5")
}

func TestUploadOptions(t *testing.T) {
	u := serveUploads(t)
	got := u.send("OPTIONS", "/api/uploads", "")
	got.want(t, 204, "")
	for name, want := range map[string]string{
		"Tus-Version": "1.0.0", "Tus-Max-Size": "2147483648", "Tus-Checksum-Algorithm": "sha256",
		"Tus-Extension": "creation,creation-with-upload,termination,expiration,checksum",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

func TestUploadRefusals(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(5)
	bytes := "Content-Type: application/offset+octet-stream"
	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		code               string
	}{
		"no version":        {"POST", "/api/uploads", "", []string{"Upload-Length: 5", metadata("use=copy")}, 412, "malformed"},
		"old version":       {"PATCH", path, "", []string{"Tus-Resumable: 0.2.0"}, 412, "malformed"},
		"no length":         {"POST", "/api/uploads", "", []string{version, metadata("use=copy")}, 400, "malformed"},
		"negative length":   {"POST", "/api/uploads", "", []string{version, "Upload-Length: -1", metadata("use=copy")}, 400, "malformed"},
		"no use":            {"POST", "/api/uploads", "", []string{version, "Upload-Length: 5"}, 422, "invalid"},
		"unknown use":       {"POST", "/api/uploads", "", []string{version, "Upload-Length: 5", metadata("use=other")}, 422, "invalid"},
		"too large for use": {"POST", "/api/uploads", "", []string{version, "Upload-Length: 20971521", metadata("use=copy")}, 413, "too_large"},
		"bad metadata":      {"POST", "/api/uploads", "", []string{version, "Upload-Length: 5", "Upload-Metadata: use !"}, 400, "malformed"},
		"metadata twice":    {"POST", "/api/uploads", "", []string{version, "Upload-Length: 5", metadata("use=copy", "use=copy")}, 400, "malformed"},
		"other media type":  {"PATCH", path, "{}", []string{version, "Upload-Offset: 0"}, 415, "malformed"},
		"no offset":         {"PATCH", path, "hello", []string{version, bytes}, 400, "malformed"},
		"wrong offset":      {"PATCH", path, "hello", []string{version, bytes, "Upload-Offset: 3"}, 409, "conflict"},
		"bad checksum":      {"PATCH", path, "hello", []string{version, bytes, "Upload-Offset: 0", "Upload-Checksum: md5 AAAA"}, 400, "malformed"},
		"unknown upload":    {"HEAD", "/api/uploads/0123456789abcdef0123456789abcdef", "", []string{version}, 404, ""},
		"not an id":         {"DELETE", "/api/uploads/..%2f..%2fetc", "", []string{version}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			u.send(c.method, c.path, c.body, c.headers...).want(t, c.status, c.code)
		})
	}
	u.wantOffset(path, "0")
	u.wantArrivals()
}

func TestUploadIsNoLongerThanSaid(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(5)
	u.patch(path, 0, "hello!").want(t, 413, "too_large")
	u.wantArrivals()
}

func TestUploadBelongsToItsAccount(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(5)
	for _, other := range []string{"tom", "ines2"} {
		u.token = other
		if got := u.send("HEAD", path, "", version); got.StatusCode != 404 {
			t.Errorf("%s: HEAD %d", other, got.StatusCode)
		}
		u.patch(path, 0, "hello").want(t, 404, "not_found")
		u.send("DELETE", path, "", version).want(t, 404, "not_found")
	}
	u.token = ""
	u.patch(path, 0, "hello").want(t, 401, "signed_out")
	u.token = "ines"
	u.wantOffset(path, "0")
}

// checksum is the header of a piece that is what it should be.
func checksum(piece string) string {
	sum := sha256.Sum256([]byte(piece))
	return "Upload-Checksum: sha256 " + base64.StdEncoding.EncodeToString(sum[:])
}

// digest is what an upload says of its bytes.
func digest(whole string) string {
	sum := sha256.Sum256([]byte(whole))
	return "sha256=" + hex.EncodeToString(sum[:])
}

func TestUploadChecksum(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(10)
	u.patch(path, 0, "hello", checksum("hello")).want(t, 204, "")
	u.patch(path, 5, "world", checksum("other")).want(t, 460, "checksum_mismatch")
	u.wantOffset(path, "5")
	u.patch(path, 5, "world", checksum("world")).want(t, 204, "")
	u.wantArrivals("ines copy 10")
}

func TestUploadMustBeWhatItsNameSays(t *testing.T) {
	u := serveUploads(t)
	name := digest("hello")
	u.patch(u.begin(5, "use=copy", name), 0, "hello").want(t, 204, "")
	path := u.begin(5, "use=copy", name)
	u.patch(path, 0, "jello").want(t, 460, "checksum_mismatch")
	if got := u.send("HEAD", path, "", version); got.StatusCode != 404 {
		t.Errorf("the damaged upload is still there: %d", got.StatusCode)
	}
	u.wantArrivals("ines copy 5")
}

func TestUploadTermination(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(5)
	u.send("DELETE", path, "", version).want(t, 204, "")
	u.send("DELETE", path, "", version).want(t, 404, "not_found")
	u.wantEmptyShelf()
}

func (u *uploader) wantEmptyShelf() {
	u.t.Helper()
	if left := u.shelf(); len(left) > 0 {
		u.t.Errorf("left among the blobs: %q", left)
	}
	if left, _ := filepath.Glob(filepath.Join(u.dir, "*")); len(left) > 0 {
		u.t.Errorf("left on the node: %q", left)
	}
}

// shelf lists the keys of all that is kept of uploads.
func (u *uploader) shelf() (keys []string) {
	u.t.Helper()
	err := u.blobs.List(context.Background(), "", func(b storage.Blob) bool {
		keys = append(keys, b.Key)
		return true
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return keys
}

func TestUploadExpires(t *testing.T) {
	u := serveUploads(t)
	first, second := u.begin(5), u.begin(5)
	*u.now = u.now.Add(7*24*time.Hour - time.Second)
	u.wantOffset(first, "0")
	*u.now = u.now.Add(time.Second)
	u.patch(first, 0, "hello").want(t, 404, "not_found")
	u.send("DELETE", u.begin(5), "", version).want(t, 204, "")
	_ = second // swept by the last creation
	u.wantEmptyShelf()
}

func TestUploadQuota(t *testing.T) {
	u := serveUploads(t)
	u.begin(2<<30, "use=transfer")
	u.send("POST", "/api/uploads", "", version, "Upload-Length: 2147483648", metadata("use=transfer")).want(t, 429, "too_many_requests")
	for range 3 {
		u.begin(5)
	}
	u.send("POST", "/api/uploads", "", version, "Upload-Length: 5", metadata("use=copy")).want(t, 429, "too_many_requests")
	u.token = "tom"
	u.patch(u.begin(5), 0, "hello").want(t, 204, "")
}

func TestRefusedFileIsDropped(t *testing.T) {
	u := serveUploads(t)
	u.desk.next = psync.Refuse("invalid", "type", "not an image")
	u.patch(u.begin(5), 0, "hello").want(t, 422, "invalid")
	u.wantEmptyShelf()
}

func TestHandOverIsRetried(t *testing.T) {
	u := serveUploads(t)
	u.desk.next = errors.New("disk full")
	path := u.begin(5)
	u.patch(path, 0, "hello").want(t, 500, "internal")
	u.wantArrivals()
	u.wantOffset(path, "5") // hands it over
	u.wantArrivals("ines copy 5")
}

// Half a request counts for what came of it, whether the client, the
// connection or the server has gone.
func TestUploadSurvivesCuts(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(100_000)
	u.cut(path, 0, 100_000, 40_000)
	u.waitOffset(path, 40_000)
	again := serveUploadsOn(t, u.blobs, u.dir, u.desk) // a server that knows only the disk
	again.wantOffset(path, "40000")
	again.patch(path, 40_000, strings.Repeat("x", 60_000)).want(t, 204, "")
	again.wantArrivals("ines copy 100000")
}

// cut sends the head of a PATCH and part of its body, and leaves.
func (u *uploader) cut(path string, offset, announced, sent int) {
	u.t.Helper()
	conn := u.halfPatch(path, offset, announced, sent)
	conn.Close()
}

func (u *uploader) halfPatch(path string, offset, announced, sent int) net.Conn {
	u.t.Helper()
	conn, err := net.Dial("tcp", u.addr)
	if err != nil {
		u.t.Fatal(err)
	}
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: a\r\nCookie: %s=%s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: %d\r\n"+
		"Content-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n%s",
		path, api.SessionCookie, u.token, offset, announced, strings.Repeat("x", sent))
	return conn
}

func (u *uploader) waitOffset(path string, want int) {
	u.t.Helper()
	for range 200 {
		if u.received(path) >= int64(want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	u.t.Fatalf("%s never came to %d", path, want)
}

// received counts the bytes of an upload that are stored, or on their way in
// this node.
func (u *uploader) received(path string) (n int64) {
	u.t.Helper()
	id := filepath.Base(path)
	err := u.blobs.List(context.Background(), "uploads/", func(b storage.Blob) bool {
		if strings.Contains(b.Key, id+".at.") {
			n += b.Size
		}
		return true
	})
	if err != nil {
		u.t.Fatal(err)
	}
	under, _ := filepath.Glob(filepath.Join(u.dir, "*"+id+".at.*"))
	for _, name := range under {
		if info, err := os.Stat(name); err == nil {
			n += info.Size()
		}
	}
	return n
}

// A phone that changed networks comes back while its old connection looks
// alive: the new request takes over at once.
func TestUploadTakenOverFromDeadConnection(t *testing.T) {
	u := serveUploads(t)
	path := u.begin(100_000)
	conn := u.halfPatch(path, 0, 100_000, 40_000)
	defer conn.Close()
	u.waitOffset(path, 40_000)
	start := time.Now()
	u.wantOffset(path, "40000")
	u.patch(path, 40_000, strings.Repeat("x", 60_000)).want(t, 204, "")
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	u.wantArrivals("ines copy 100000")
}

// A large upload is never whole in memory.
func TestLargeUploadIsStreamed(t *testing.T) {
	const size = 64 << 20
	u := serveUploads(t)
	path := u.begin(size, "use=transfer")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	req, err := http.NewRequest("PATCH", "http://"+u.addr+path, io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Upload-Offset", "0")
	req.Header.Set("Content-Type", "application/offset+octet-stream")
	req.AddCookie(&http.Cookie{Name: api.SessionCookie, Value: u.token})
	res, err := u.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	runtime.ReadMemStats(&after)
	if res.StatusCode != 204 {
		t.Fatalf("got %d", res.StatusCode)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d MiB were allocated for %d", grown>>20, size>>20)
	}
	u.wantArrivals(fmt.Sprintf("ines transfer %d", size))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
