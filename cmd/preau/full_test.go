package main

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// smallDisk is a folder with few bytes. It takes root; where there is none the
// test is skipped, except when faults were asked for.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("preau-test", dir, "tmpfs", 0, "size="+size)
	if err != nil && os.Getenv("PREAU_FAULTS") == "" {
		t.Skip("a small disk takes root:", err)
	}
	if err != nil {
		t.Fatal("mount a small disk, as root:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill takes all the space that is left.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	ballast := filepath.Join(dir, "ballast")
	f, err := os.Create(ballast)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 16; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
}

// A server whose disk is full says 503 and when to come again, never 500. It
// still answers who reads, and goes on by itself when there is space again.
func TestFullDisk(t *testing.T) {
	data := smallDisk(t, "48m")
	s := &school{T: t, data: data}
	p := startProcess(t, data, strings.Fields(demoArgs)...)
	teacher := &lane{user: s.signIn(p, "teacher")}
	pupil := &uploader{user: s.signIn(p, "student")}
	for range 3 {
		s.must(teacher.give(p.addr), pupil.send(p.addr))
	}
	free := fill(t, data)
	for range 3 {
		s.refuses(teacher, p.addr)
		s.refusesUpload(pupil, p.addr)
		s.reads(teacher.user, p.addr)
	}
	s.refusesSignIn(p.addr)
	free()
	for range 20 {
		s.must(teacher.give(p.addr), pupil.send(p.addr))
	}
	s.teachers, s.pupil = []*lane{teacher}, pupil
	s.kill(p)
	s.settle()
	if len(pupil.whole) == 0 {
		t.Error("no upload became whole")
	}
}

func (s *school) must(errs ...error) {
	s.Helper()
	for _, err := range errs {
		if err != nil {
			s.Fatal(err)
		}
	}
}

// wantLater wants the answer to somebody who shall come again.
func (s *school) wantLater(what string, res *http.Response, answer []byte, err error) {
	s.Helper()
	if err != nil {
		s.Errorf("%s: %v", what, err)
		return
	}
	after, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	if res.StatusCode != http.StatusServiceUnavailable || after < 1 {
		s.Errorf("%s: %d, Retry-After %q: %s", what, res.StatusCode, res.Header.Get("Retry-After"), answer)
	}
}

// refuses gives homework until there is no space for more.
func (s *school) refuses(l *lane, addr string) {
	s.Helper()
	for range 3000 {
		before := len(l.given)
		if err := l.give(addr); err != nil {
			s.Fatal(err)
		}
		if len(l.given) == before {
			break
		}
	}
	res, answer, err := l.call("POST", "http://"+addr+"/api/sync", http.Header{"Content-Type": {"application/json"}},
		`{"v":1,"schema":1,"device":"`+l.device+`",`+l.mutation(len(l.given)+1)+`}`)
	s.wantLater("a push", res, answer, err)
}

func (s *school) refusesUpload(u *uploader, addr string) {
	s.Helper()
	begin := http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {"100000"},
		"Upload-Metadata": {"use " + base64.StdEncoding.EncodeToString([]byte("submission"))},
	}
	res, answer, err := u.call("POST", "http://"+addr+"/api/uploads", begin, "")
	s.wantLater("a new upload", res, answer, err)
	for _, check := range []bool{true, false} {
		s.must(u.ask("http://" + addr))
		res, answer, err = u.piece("http://"+addr, uploadSize, check)
		s.wantLater("a piece", res, answer, err)
	}
	u.lost = true
}

func (s *school) refusesSignIn(addr string) {
	s.Helper()
	res, answer, err := user{}.call("POST", "http://"+addr+"/api/session", http.Header{"Content-Type": {"application/json"}}, `{"demo":"guardian"}`)
	s.wantLater("a sign-in", res, answer, err)
}

func (s *school) reads(u user, addr string) {
	s.Helper()
	status, answer, err := u.sync(addr, `"cursors":{}`)
	if err != nil || status != http.StatusOK || !strings.Contains(string(answer), killCourse) {
		s.Errorf("a pull: %d, %v: %.200s", status, err, answer)
	}
}
