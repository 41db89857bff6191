package api_test

import (
	"fmt"
	"strings"
	"testing"

	"preau/storage"
)

// sealedSending is a sealed transfer of Mme Garnier's with two parts.
func sealedSending(t testing.TB, more string) (w *world, link string) {
	t.Helper()
	w = newWorld(t)
	w.must(t, "teacher", "user:garnier", "transfer.open@1", `{"id":"transfer-9","secret":"garniergarniergarniera","sealed":true,"title":"","days":7,
		"files":[{"name":"0","type":"","size":60},{"name":"1","type":"","size":70}]`+more+`}`)
	w.settle(t)
	for i, size := range []int{60, 70} {
		got := w.as("teacher").send("POST", "/api/uploads", strings.Repeat("z", size), version, fmt.Sprintf("Upload-Length: %d", size),
			metadata("use=transfer", "transfer=transfer-9", fmt.Sprintf("part=%d", i)), "Content-Type: application/offset+octet-stream")
		got.want(t, 201, "")
	}
	w.settle(t)
	return w, "/t/garniergarniergarniera"
}

// W3, W4: the page of a sealed transfer opens it with scripts of its own, and
// counts what they say to be a download.
func TestASealedTransferIsReceived(t *testing.T) {
	w, link := sealedSending(t, "")
	e := w.as("anonymous")
	page := e.send("GET", link, "")
	page.want(t, 200, "")
	for _, part := range []string{"Mme Garnier", `<script src="/t/open.js" defer>`, `data-parts="[60,70]"`, "antivirus", "noscript"} {
		if !strings.Contains(page.text, part) {
			t.Errorf("the page lacks %q:\n%s", part, page.text)
		}
	}
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self'; worker-src 'self'; connect-src 'self'") {
		t.Error(got)
	}
	if english := e.send("GET", link, "", "Accept-Language: en"); !strings.Contains(english.text, "Encrypted files for you") {
		t.Error(english.text)
	}
	e.send("GET", link+"/all.zip", "").want(t, 404, "not_found")
	e.send("GET", link+"/0", "", "Range: bytes=0-").want(t, 200, "")
	e.send("GET", link+"/1?counts=1", "", "Range: bytes=0-9").want(t, 206, "")
	e.send("GET", link+"/1", "", "Range: bytes=10-").want(t, 206, "")
	w.settle(t)
	recs, err := w.engine.Find(t.Context(), "user:garnier", storage.Key{Type: "transfer", ID: "transfer-9"})
	if err != nil || len(recs) != 1 || !strings.Contains(string(recs[0].Value), `"downloads":1`) {
		t.Error(err, recs)
	}
}

// With a password the script is there to keep the key in the address.
func TestASealedTransferIsLocked(t *testing.T) {
	w, link := sealedSending(t, `,"password":"tulipe"`)
	e := w.as("anonymous")
	page := e.send("GET", link, "")
	page.want(t, 401, "")
	if !strings.Contains(page.text, "/t/open.js") || strings.Contains(page.text, "data-parts") {
		t.Error(page.text)
	}
	e.send("GET", link+"/1", "", "Range: bytes=0-").want(t, 404, "not_found")
}
