package main

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
	"preau/cmd/preau/demo"
)

func scanning(t *testing.T, address string) Config {
	t.Helper()
	c := testConfig(t)
	var err error
	if c.Clamd, err = clamd.Parse(address); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWrongScannerIsRefused(t *testing.T) {
	for _, value := range []string{"clamd", "unix:clamd.ctl", "tcp://clamav", "http://clamav:3310"} {
		_, err := readConfig(func(asked string) string { return map[string]string{"PREAU_CLAMD": value}[asked] })
		if err == nil || !strings.Contains(err.Error(), "PREAU_CLAMD: ") || !strings.Contains(err.Error(), "unix:/path or tcp://host:port") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestDoctorOnScanners(t *testing.T) {
	server := clamdtest.Start(t)
	c := scanning(t, server.Unix)
	if text, err := examined(t, c, nil); err != nil || !strings.Contains(text, "ok    scanner      ClamAV ") {
		t.Errorf("%v\n%s", err, text)
	}
	server.Stop()
	wantFinding(t, c, nil, mend, "scanner", "does not answer")

	small := clamdtest.Start(t, "StreamMaxLength 20M")
	wantFinding(t, scanning(t, small.TCP), nil, mend, "scanner", "takes no files of 25 MB")
	small.Stop()

	lax := clamdtest.Start(t, "AlertExceedsMax no")
	wantFinding(t, scanning(t, lax.Unix), nil, mend, "scanner", "passes files that it does not look into")
	lax.Stop()

	signatures := t.TempDir()
	if err := os.WriteFile(filepath.Join(signatures, "other.ndb"), []byte("Other:0:*:"+strings.Repeat("c0ffee", 8)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	blind := clamdtest.Start(t, "DatabaseDirectory "+signatures)
	wantFinding(t, scanning(t, blind.Unix), nil, mend, "scanner", "does not find the test virus")
}

// A server starts without its scanner, and says so.
func TestServerWithoutItsScanner(t *testing.T) {
	r := start(t, scanning(t, "unix:"+filepath.Join(t.TempDir(), "none")))
	if status, _, text := get(t, plainClient(), r.url("/readyz")); status != 200 || text != "ready\n" {
		t.Errorf("%d %q", status, text)
	}
}

// scanned is the demo's school in a process, with a scanner.
type scanned struct {
	*school
	server *clamdtest.Server
	p      *process
}

func newScanned(t *testing.T) *scanned {
	t.Helper()
	s := &scanned{school: &school{T: t, data: t.TempDir()}, server: clamdtest.Start(t)}
	t.Setenv("PREAU_CLAMD", s.server.Unix)
	s.p = startProcess(t, s.data, strings.Fields(demoArgs)...)
	return s
}

func (s *scanned) device(who string) *device {
	s.Helper()
	d := &device{
		user: s.signIn(s.p, who), fleet: &fleet{T: s.T}, at: func() string { return s.p.addr }, who: who,
		held: map[string]*heldScope{}, k: map[string]int{},
	}
	s.must(d.catchUp(time.Minute))
	return d
}

// sends uploads a file whole.
func (s *scanned) sends(d *device, use, name, kind string, body []byte) (sha string) {
	s.Helper()
	pair := func(name, value string) string { return name + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	res, answer, err := d.call("POST", "http://"+s.p.addr+"/api/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(len(body))}, "Content-Type": {"application/offset+octet-stream"},
		"Upload-Metadata": {pair("use", use) + "," + pair("name", name) + "," + pair("type", kind)},
	}, string(body))
	if err != nil || res.StatusCode != http.StatusCreated {
		s.Fatalf("upload: %v %s", err, answer)
	}
	return nameOf(body)
}

// writes sends a message with a file from the teacher to the pupil.
func (s *scanned) writes(d *device, id, sha, name string) {
	s.Helper()
	d.do("user:"+demo.User("teacher"), "mail.send@1", id, fmt.Sprintf(
		`{"id":%q,"subject":"Sortie","mode":"all","to":[%q],"body":[{"runs":[{"text":"Voici le plan."}]}],"files":[{"sha":%q,"name":%q,"type":"","size":9}]}`,
		id, "user:"+demo.User("student"), sha, name))
	s.must(d.catchUp(time.Minute))
}

// shows waits until a record of a device holds a text.
func (s *scanned) shows(d *device, key, part string) (value string) {
	s.Helper()
	return s.comesTo(d, key, func(value string) bool { return strings.Contains(value, part) })
}

func (s *scanned) comesTo(d *device, key string, right func(value string) bool) (value string) {
	s.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s.must(d.catchUp(time.Minute))
		if value = d.records()[key].Value; right(value) {
			return value
		}
	}
	s.Fatalf("%s of %s stays %q", key, d.who, value)
	return ""
}

// gets checks what is answered to whoever asks for the bytes of a file.
func (s *scanned) gets(d *device, sha string, want int) (body []byte) {
	s.Helper()
	for _, variant := range []string{"", "?v=page", "?v=thumb"} {
		res, answer, err := d.call("GET", "http://"+s.p.addr+"/api/files/"+sha+variant, nil, "")
		if err != nil || res.StatusCode != want && variant == "" || res.StatusCode == http.StatusOK && want != http.StatusOK {
			s.Errorf("%s gets %s%s: %v %d %s", d.who, sha, variant, err, res.StatusCode, answer)
		}
		if variant == "" {
			body = answer
		}
	}
	return body
}

// E24, E25, over HTTP and with a real daemon: what is infected reaches nobody,
// and everybody concerned sees why.
func TestInfectedFilesOverHTTP(t *testing.T) {
	s := newScanned(t)
	teacher, pupil := s.device("teacher"), s.device("student")
	giveClass(teacher, "file")
	work := teacher.outbox[0].id
	s.must(teacher.catchUp(time.Minute))

	bad := s.sends(pupil, "submission", "copie.txt", "text/plain", clamdtest.EICAR())
	copyID := newUUID()
	pupil.do("student:"+demo.User("student"), "homework.submit@1", copyID, fmt.Sprintf(`{"id":%q,"homework":%q,"pages":[%q],"text":""}`, copyID, work, bad))
	s.shows(pupil, "student:"+demo.User("student")+" submission "+copyID, `"problem":"infected"`)
	if value := s.shows(teacher, killCourse+" submission "+copyID, `"problem":"infected"`); !strings.Contains(value, `"state":"waiting_for_file"`) {
		t.Errorf("the copy: %s", value)
	}
	s.shows(pupil, "user:"+demo.User("student")+" notice problem."+copyID+".1", "Un virus a été trouvé dans la page 1")

	letter, sheet := newUUID(), withMember(t, clamdtest.EICAR())
	worse := s.sends(teacher, "message", "plan.docx", "", sheet)
	s.writes(teacher, letter, worse, "plan.docx")
	mine, theirs := "user:"+demo.User("teacher"), "user:"+demo.User("student")
	if value := s.shows(pupil, theirs+" message "+letter, `"problem":"infected"`); !strings.Contains(value, "Voici le plan.") || !strings.Contains(value, "plan.docx") {
		t.Errorf("the message: %s", value)
	}
	s.shows(teacher, mine+" message "+letter, `"problem":"infected"`)
	s.shows(teacher, mine+" notice file."+letter+"."+strings.TrimPrefix(worse, "sha256-")[:12], "Un virus a été trouvé dans « plan.docx ».")
	for _, d := range []*device{teacher, pupil, s.device("guardian"), s.device("direction")} {
		s.gets(d, bad, http.StatusNotFound)
		s.gets(d, worse, http.StatusNotFound)
	}
}

// While the scanner is away messages arrive, and their files follow.
func TestMessagesFlowWithoutTheScanner(t *testing.T) {
	s := newScanned(t)
	teacher, pupil := s.device("teacher"), s.device("student")
	s.server.Stop()
	letter, plan := newUUID(), []byte("Départ à 8 h devant la grille.\n")
	sha := s.sends(teacher, "message", "plan.txt", "text/plain", plan)
	s.writes(teacher, letter, sha, "plan.txt")
	if value := s.shows(pupil, "user:"+demo.User("student")+" message "+letter, `"checking":true`); !strings.Contains(value, "Voici le plan.") {
		t.Errorf("the message: %s", value)
	}
	s.shows(teacher, "user:"+demo.User("teacher")+" message "+letter, `"checking":true`)
	s.gets(pupil, sha, http.StatusNotFound)
	if _, _, text := get(t, plainClient(), "http://"+s.p.addr+"/readyz"); !strings.Contains(text, "the scanner does not answer") {
		t.Errorf("/readyz: %q", text)
	}

	s.server.Restart()
	value := s.comesTo(pupil, "user:"+demo.User("student")+" message "+letter, func(value string) bool { return !strings.Contains(value, `"checking"`) })
	if !strings.Contains(value, `"sha":"`+sha+`"`) || strings.Contains(value, `"problem"`) || strings.Contains(value, `"waiting"`) {
		t.Errorf("the message: %s", value)
	}
	if body := s.gets(pupil, sha, http.StatusOK); !bytes.Equal(body, plan) {
		t.Errorf("it is %q", body)
	}
	if n := len(s.p.said.with("scanner does not answer")); n != 1 || len(s.p.said.with("level=ERROR")) > 0 {
		t.Errorf("the log says it %d times: %q", n, s.p.said.with("scanner"))
	}
}

// withMember is a text document with another file in it.
func withMember(t *testing.T, inside []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string][]byte{"word/document.xml": []byte("<w:document/>"), "word/media/inside.bin": inside} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
