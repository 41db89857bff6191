package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// W3: an upload for a transfer that is too large, negative, of no part or of
// nobody's is told why in a sentence, and nothing of it stays.
func TestBadFilesOfTransfers(t *testing.T) {
	w, link := sending(t, "", "alpha")
	e := w.as("teacher")
	const length = "Upload-Length: "
	meta := func(part string) string {
		return metadata("use=transfer", "transfer=transfer-9", "part="+part)
	}
	for name, c := range map[string]struct {
		body    string
		headers []string
		status  int
		code    string
	}{
		"one byte too many":  {"", []string{length + fmt.Sprint(8<<20+1), meta("0")}, 413, "too_large"},
		"endless":            {"", []string{length + "9223372036854775808", meta("0")}, 400, "malformed"},
		"negative":           {"", []string{length + "-1", meta("0")}, 400, "malformed"},
		"no number":          {"", []string{length + "5 bytes", meta("0")}, 400, "malformed"},
		"no such part":       {"alpha", []string{length + "5", meta("1")}, 503, "wait"}, // its name may be under way
		"a part below":       {"alpha", []string{length + "5", meta("-1")}, 422, "invalid"},
		"a part above":       {"alpha", []string{length + "5", meta("1000")}, 422, "invalid"},
		"a part in letters":  {"alpha", []string{length + "5", meta("one")}, 422, "invalid"},
		"a transfer above":   {"alpha", []string{length + "5", metadata("use=transfer", "transfer=../../etc", "part=0")}, 422, "invalid"},
		"no transfer":        {"alpha", []string{length + "5", metadata("use=transfer", "part=0")}, 422, "invalid"},
		"more than declared": {"alpha", []string{length + "4", meta("0")}, 413, "too_large"},
		"another sum":        {"alpha", []string{length + "5", metadata("use=transfer", "transfer=transfer-9", "part=1", "sha256="+strings.Repeat("0", 63))}, 460, "checksum_mismatch"},
	} {
		got := e.send("POST", "/api/uploads", c.body, append(c.headers, version, "Content-Type: application/offset+octet-stream")...)
		if got.StatusCode != c.status || got.code() != c.code || !strings.Contains(got.text, `"message":"`) {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
		}
	}
	if got := w.as("classmate").send("POST", "/api/uploads", "alpha", version, length+"5", meta("0"), "Content-Type: application/offset+octet-stream"); got.StatusCode != 410 {
		t.Errorf("of somebody else: %d %s", got.StatusCode, got.text)
	}
	if got := e.send("POST", "/api/uploads", "", version, length+"0", meta("0"), "Content-Type: application/offset+octet-stream"); got.StatusCode >= 500 {
		t.Errorf("nothing at all: %d %s", got.StatusCode, got.text)
	}
	var many []string
	for n := range 10_000 {
		many = append(many, fmt.Sprintf(`{"name":"dossier/%d.txt","type":"","size":1}`, n))
	}
	got := e.send("POST", "/api/sync", fmt.Sprintf(`{"v":1,"schema":1,"device":%q,"mutations":[{"scope":"user:garnier","k":2,"name":"transfer.add@1","at":1,"args":{"id":"transfer-9","from":1,"files":[%s]}}]}`,
		w.sessions["teacher"].Device, strings.Join(many, ",")))
	if got.StatusCode < 400 || got.StatusCode >= 500 || got.code() == "" {
		t.Errorf("a folder of 10,000 files: %d %s", got.StatusCode, got.text)
	}
	w.settle(t)
	if page := w.as("anonymous").send("GET", link, ""); strings.Count(page.text, `class="name"`) != 1 || w.as("anonymous").send("GET", link+"/0", "").text != "alpha" {
		t.Errorf("something changed: %s", page.text)
	}
}

// FuzzTransferAddress asks for files in odd ways: it is never the server's
// fault, and a part that is sent is the part that was asked for.
func FuzzTransferAddress(f *testing.F) {
	for _, n := range []string{"0", "1", "00", "-1", "+1", "x", "0x0", "1e0", "٠", "9223372036854775807", "%2e%2e", "..", "all.zip", "", "a/b"} {
		for _, header := range []string{"", "bytes=0-", "bytes=1-2", "bytes=-1", "bytes=-0", "bytes=9-", "bytes=2-1", "bytes=0-0,2-3", "bytes=18446744073709551615-", "bytes=-9223372036854775808", "lines=1-2", "bytes=a-b", "bytes= 1 - 2", "bytes=--1"} {
			f.Add(n, header)
		}
	}
	const file = "alpha beta"
	w, link := sending(f, "", file)
	anybody := w.as("anonymous")
	f.Fuzz(func(t *testing.T, n, header string) {
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) || len(n) > 500 || len(header) > 500 {
			t.Skip("no header")
		}
		e := *anybody
		e.t = t
		got := e.send("GET", link+"/"+url.PathEscape(n), "", "Range: "+header)
		var from, to, size int
		switch got.StatusCode {
		case 200, 404, 416, 400:
		case 206:
			if _, err := fmt.Sscanf(got.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); err != nil || size != len(file) || got.text != file[from:to+1] {
				t.Errorf("%q, %q: %q is %q", n, header, got.Header.Get("Content-Range"), got.text)
			}
		default:
			t.Errorf("%q, %q: %d %s", n, header, got.StatusCode, got.text)
		}
	})
}
