package api_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

const (
	collectLink = "/c/garniergarniergarnierg"
	guestDrop   = "guestguestguestguest00"
)

// guestBegins names a file as somebody without an account, and begins to send it.
func (w *world) guestBegins(t *testing.T, name, content string) (path string) {
	t.Helper()
	e := w.as("anonymous")
	said := fmt.Sprintf(`{"id":%q,"name":%q,"child":"Malik","files":[{"name":"photo.txt","type":"text/plain","size":%d}]}`, guestDrop, name, len(content))
	e.send("POST", collectLink, said).want(t, 201, "")
	e.send("POST", collectLink, said).want(t, 201, "") // an answer may be lost
	begun := e.send("POST", collectLink+"/"+guestDrop, "", version, fmt.Sprintf("Upload-Length: %d", len(content)), guestFile)
	begun.want(t, 201, "")
	return begun.Header.Get("Location")
}

var guestFile = metadata("use=collect", "collect=collect-0001", "drop="+guestDrop, "file=0")

// W10, W11: somebody without an account sees what is asked, says who they are and
// drops a file, in pieces; whoever asked gets it, in a folder of its person.
func TestAFileIsDroppedWithoutAnAccount(t *testing.T) {
	w := newWorld(t)
	e := w.as("anonymous")
	page := e.send("GET", collectLink, "")
	page.want(t, 200, "")
	for _, part := range []string{"Mme Garnier", "Rédaction", "8 décembre à 9 h 00", "8&nbsp;Mo", `data-collect="collect-0001"`} {
		if !strings.Contains(strings.ReplaceAll(page.text, "\u00a0", "&nbsp;"), part) {
			t.Errorf("the page lacks %q:\n%s", part, page.text)
		}
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || strings.Contains(page.text, "<script>") {
		t.Errorf("%s", policy)
	}
	if english := e.send("GET", collectLink, "", "Accept-Language: en"); !strings.Contains(english.text, "asks you for files") {
		t.Error(english.text)
	}
	path := w.guestBegins(t, "Papi <b>Léon", "bonjour")
	if !strings.HasPrefix(path, collectLink+"/"+guestDrop+"/") {
		t.Fatal(path)
	}
	bytesOf := "Content-Type: application/offset+octet-stream"
	e.send("PATCH", path, "bon", version, "Upload-Offset: 0", bytesOf).want(t, 204, "")
	e.send("PATCH", path, "jour", version, "Upload-Offset: 0", bytesOf).want(t, 409, "conflict")
	if stands := e.send("HEAD", path, "", version); stands.Header.Get("Upload-Offset") != "3" {
		t.Errorf("%v", stands.Header)
	}
	e.send("HEAD", strings.Replace(path, guestDrop, "anotheranotheranothera", 1), "", version).want(t, 404, "")
	e.send("PATCH", path, "jour", version, "Upload-Offset: 3", bytesOf).want(t, 204, "")
	w.settle(t)
	all := w.as("teacher").send("GET", "/api/collects/collect-0001/all.zip", "")
	archive, err := zip.NewReader(bytes.NewReader([]byte(all.text)), int64(len(all.text)))
	check(t, err)
	var names []string
	for _, f := range archive.File {
		names = append(names, f.Name)
	}
	if want := "Inès Benali/SECRET-COPY.txt, Malik (déposé par Papi -b-Léon)/photo.txt"; strings.Join(names, ", ") != want {
		t.Fatalf("%q, want %q", names, want)
	}
	f, err := archive.File[1].Open()
	check(t, err)
	defer f.Close()
	if data, err := io.ReadAll(f); string(data) != "bonjour" || err != nil {
		t.Errorf("%q %v", data, err)
	}
	one := w.as("teacher").send("GET", "/api/collects/collect-0001/"+guestDrop+"/0", "", "Range: bytes=3-")
	one.want(t, 206, "")
	if one.text != "jour" || one.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("%q %v", one.text, one.Header)
	}
	for _, odd := range []string{"/1", "/-1", "/x", "/99999999999999999999"} {
		w.as("teacher").send("GET", "/api/collects/collect-0001/"+guestDrop+odd, "").want(t, 404, "not_found")
	}
}

// What was not named is not taken, by this way or the other.
func TestFilesThatNobodyNamed(t *testing.T) {
	w := newWorld(t)
	e := w.as("anonymous")
	w.guestBegins(t, "Papi", "bonjour")
	begin := func(length int, meta string) *answer {
		return e.send("POST", collectLink+"/"+guestDrop, "", version, fmt.Sprintf("Upload-Length: %d", length), meta)
	}
	begin(8, guestFile).want(t, 422, "invalid")
	begin(7, metadata("use=transfer", "transfer=transfer-0001", "part=0")).want(t, 404, "not_found")
	begin(7, metadata("use=collect", "collect=collect-0001", "drop="+guestDrop, "file=1")).want(t, 410, "gone")
	begin(7, metadata("use=collect", "collect=collect-0001", "drop=drop-0001", "file=0")).want(t, 404, "not_found")
	begin(7, guestFile).want(t, 201, "") // its browser has forgotten where it was
	begin(7, guestFile).want(t, 201, "")
	begin(7, guestFile).want(t, 429, "too_many_requests")
	refuse := func(body, code string, status int) {
		t.Helper()
		e.send("POST", collectLink, body).want(t, status, code)
	}
	refuse(`{"id":"anotheranotheranothera","name":"x","child":"","files":[]}`, "invalid", 422)
	refuse(`{"id":"anotheranotheranothera","name":"x","child":"","files":[{"name":"x","type":"","size":0}]}`, "empty", 422)
	refuse(`{"id":"anotheranotheranothera","name":"x","child":"","files":[{"name":"x","type":"","size":2147483649}]}`, "too_large", 413)
	refuse(`{"id":1}`, "invalid", 422)
	refuse(`x`, "malformed", 400)
}

// A wrong link and one of a closed or erased collect look the same.
func TestCollectsThatAreNotThere(t *testing.T) {
	w := newWorld(t)
	e := w.as("anonymous")
	wrong := e.send("GET", "/c/aaaaaaaaaaaaaaaaaaaaaa", "")
	wrong.want(t, 404, "")
	for _, odd := range []string{"/c/x", "/c/" + strings.Repeat("a", 500), "/c/%2e%2e%2fapi"} {
		if got := e.send("GET", odd, ""); got.StatusCode != 404 {
			t.Errorf("%s: %d", odd, got.StatusCode)
		}
	}
	same := func(when string) {
		t.Helper()
		got := e.send("GET", collectLink, "")
		if got.StatusCode != 404 || got.text != wrong.text || got.Header.Get("Content-Security-Policy") != wrong.Header.Get("Content-Security-Policy") {
			t.Errorf("%s: %d\n%s", when, got.StatusCode, got.text)
		}
		e.send("POST", collectLink, `{"id":"anotheranotheranothera","name":"x","child":"","files":[{"name":"x","type":"","size":1}]}`).want(t, 404, "not_found")
	}
	w.must(t, "teacher", "user:garnier", "collect.close@1", `{"id":"collect-0001"}`)
	w.settle(t)
	same("closed")
	w.must(t, "teacher", "user:garnier", "collect.erase@1", `{"id":"collect-0001"}`)
	w.settle(t)
	same("erased")
	w.as("teacher").send("GET", "/api/collects/collect-0001/all.zip", "").want(t, 404, "not_found")
}
