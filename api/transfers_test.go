package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"preau/storage"
)

// sending is a transfer of Mme Garnier's with some files that have arrived.
func sending(t testing.TB, more string, files ...string) (w *world, link string) {
	t.Helper()
	w = newWorld(t)
	secret := "garniergarniergarniera"
	var named []string
	for i, f := range files {
		named = append(named, fmt.Sprintf(`{"name":"dossier/%d.txt","type":%q,"size":%d}`, i, []string{"text/plain", "image/png"}[i%2], len(f)))
	}
	w.must(t, "teacher", "user:garnier", "transfer.open@1", fmt.Sprintf(`{"id":"transfer-9","secret":%q,"title":"Sortie au musée","days":7,"files":[%s]%s}`, secret, strings.Join(named, ","), more))
	w.settle(t)
	for i, f := range files {
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(f)))
		got := w.as("teacher").send("POST", "/api/uploads", f, version, fmt.Sprintf("Upload-Length: %d", len(f)),
			metadata("use=transfer", "transfer=transfer-9", fmt.Sprintf("part=%d", i), "sha256="+sum), "Content-Type: application/offset+octet-stream")
		got.want(t, 201, "")
	}
	w.settle(t)
	return w, "/t/" + secret
}

// W2, W12: whoever has the link sees what is sent and by whom, gets one file, a
// part of it, or all at once; no account, no script.
func TestATransferIsReceived(t *testing.T) {
	w, link := sending(t, "", "alpha beta", "gamma")
	e := w.as("anonymous")
	page := e.send("GET", link, "")
	page.want(t, 200, "")
	for _, part := range []string{"Mme Garnier", "Sortie au musée", "0.txt", "dossier/", "1er décembre à 9 h 00", link + "/all.zip", "10\u00a0o"} {
		if !strings.Contains(page.text, part) {
			t.Errorf("the page lacks %q:\n%s", part, page.text)
		}
	}
	if strings.Contains(page.text, "<script") || !strings.HasPrefix(page.Header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self'") {
		t.Errorf("%s\n%v", page.text, page.Header)
	}
	if english := e.send("GET", link, "", "Accept-Language: en-GB,en;q=0.9"); !strings.Contains(english.text, "Download all") {
		t.Error(english.text)
	}
	whole := e.send("GET", link+"/0", "")
	whole.want(t, 200, "")
	if whole.text != "alpha beta" || whole.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(whole.Header.Get("Content-Disposition"), `attachment; filename="0.txt"`) {
		t.Errorf("%q %v", whole.text, whole.Header)
	}
	part := e.send("GET", link+"/0", "", "Range: bytes=6-")
	part.want(t, 206, "")
	if part.text != "beta" || part.Header.Get("Content-Range") != "bytes 6-9/10" {
		t.Errorf("%q %v", part.text, part.Header)
	}
	shown := e.send("GET", link+"/1?show=1", "")
	if shown.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(shown.Header.Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("%v", shown.Header)
	}
	if text := e.send("GET", link+"/0?show=1", ""); text.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a text is shown as %v", text.Header)
	}
	all := e.send("GET", link+"/all.zip", "")
	archive, err := zip.NewReader(bytes.NewReader([]byte(all.text)), int64(len(all.text)))
	if err != nil || len(archive.File) != 2 || archive.File[1].Name != "dossier/1.txt" {
		t.Fatalf("%v %+v", err, archive)
	}
	f, err := archive.File[1].Open()
	check(t, err)
	defer f.Close()
	if data, err := io.ReadAll(f); string(data) != "gamma" || err != nil {
		t.Errorf("%q %v", data, err)
	}
	w.settle(t)
	recs, err := w.engine.Find(t.Context(), "user:garnier", storage.Key{Type: "transfer", ID: "transfer-9"})
	if err != nil || len(recs) != 1 || !strings.Contains(string(recs[0].Value), `"downloads":3`) { // one file, one that no page shows, and all; a part and a look are none
		t.Errorf("%v %+v", err, recs)
	}
}

// A wrong link, a dead one and a part that is not there look the same.
func TestTransfersThatAreNotThere(t *testing.T) {
	w, link := sending(t, "", "alpha")
	e := w.as("anonymous")
	wrong := e.send("GET", "/t/aaaaaaaaaaaaaaaaaaaaaa", "")
	wrong.want(t, 404, "")
	for _, odd := range []string{"/t/x", "/t/" + strings.Repeat("a", 500), "/t/%2e%2e%2fapi"} {
		if got := e.send("GET", odd, ""); got.StatusCode != 404 {
			t.Errorf("%s: %d", odd, got.StatusCode)
		}
	}
	for _, odd := range []string{"/1", "/-1", "/x", "/99999999999999999999"} {
		if got := e.send("GET", link+odd, ""); got.StatusCode != 404 {
			t.Errorf("%s: %d", odd, got.StatusCode)
		}
	}
	w.must(t, "teacher", "user:garnier", "transfer.close@1", `{"id":"transfer-9"}`)
	w.settle(t)
	dead := e.send("GET", link, "")
	dead.want(t, 404, "")
	if strings.ReplaceAll(dead.text, link, "") != strings.ReplaceAll(wrong.text, "/t/aaaaaaaaaaaaaaaaaaaaaa", "") {
		t.Errorf("a dead link is told from a wrong one:\n%s\n%s", dead.text, wrong.text)
	}
	e.send("GET", link+"/0", "").want(t, 404, "not_found")
}

// W13: where a link was put in a message, it is told in a few words what it
// leads to, and nothing is counted as a download.
func TestALinkIsSaidInAFewWords(t *testing.T) {
	w, link := sending(t, "", "alpha beta", "gamma")
	got := w.as("anonymous").send("GET", link+"/about", "")
	got.want(t, 200, "")
	const said = `{"title":"Sortie au musée","from":"Mme Garnier","files":2,"size":15,"until":"2026-12-01T08:00:00Z"}`
	if got.text != said || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s\n%v", got.text, got.Header)
	}
	w.must(t, "teacher", "user:garnier", "transfer.add@1", `{"id":"transfer-9","from":2,"files":[{"name":"b.txt","type":"","size":1}]}`)
	w.settle(t)
	if got := w.as("anonymous").send("GET", link+"/about", ""); !strings.Contains(got.text, `"arriving":true`) {
		t.Error(got.text)
	}
	recs, err := w.engine.Find(t.Context(), "user:garnier", storage.Key{Type: "transfer", ID: "transfer-9"})
	if err != nil || len(recs) != 1 || strings.Contains(string(recs[0].Value), `"downloads"`) {
		t.Errorf("%v %+v", err, recs)
	}
}

func TestATransferWithAPassword(t *testing.T) {
	w, link := sending(t, `,"password":"tulipe & lilas"`, "alpha")
	e := w.as("anonymous")
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := e.send("GET", link, "")
	page.want(t, 401, "")
	if strings.Contains(page.text, "Garnier") || strings.Contains(page.text, "0.txt") || strings.Contains(page.text, "Sortie") {
		t.Errorf("the page tells what it keeps: %s", page.text)
	}
	for _, path := range []string{"/0", "/all.zip", "/about"} {
		e.send("GET", link+path, "").want(t, 404, "not_found")
	}
	form := func(password string) *answer {
		return e.send("POST", link, url.Values{"password": {password}}.Encode(), "Content-Type: application/x-www-form-urlencoded")
	}
	form("rose").want(t, 401, "")
	right := form("tulipe & lilas")
	right.want(t, 303, "")
	cookie, _, _ := strings.Cut(right.Header.Get("Set-Cookie"), ";")
	e.send("GET", link+"/0", "", "Cookie: "+cookie).want(t, 200, "")
	e.send("GET", link+"/about", "", "Cookie: "+cookie).want(t, 200, "")
	for range 10 {
		form("rose")
	}
	form("tulipe & lilas").want(t, 429, "too_many")
}
