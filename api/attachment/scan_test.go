package attachment_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api/attachment"
	"preau/api/attachment/clamd"
	"preau/api/attachment/clamd/clamdtest"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// school is files on real stores. "ines" sends them, "prof" reads course:fr.
type school struct {
	t       *testing.T
	dir     string
	records storage.Records
	blobs   storage.Blobs
	files   *attachment.Service
	engine  *psync.Engine

	mu   sync.Mutex
	now  time.Time
	told []attachment.File
	said bytes.Buffer // the log
}

func newSchool(t *testing.T, scanner attachment.Scanner) *school {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Memory, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = records.Close() })
	s := &school{t: t, dir: t.TempDir(), records: records, now: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)}
	if s.blobs, err = disk.Open(s.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.blobs.Close() })
	s.open(scanner)
	return s
}

// open starts the service, as a server does that starts with another setting.
func (s *school) open(scanner attachment.Scanner) {
	s.files = attachment.New(attachment.Config{
		Blobs: s.blobs, Access: s, Scanner: scanner, Now: s.clock,
		Log: slog.New(slog.NewTextHandler(s, nil)),
	})
	mux := psync.NewMux()
	s.files.Register(mux)
	mux.Effect("note", func(_ context.Context, job *psync.Job) error {
		return job.Commit(s.t.Context(), "user:prof", func(_ context.Context, tx *psync.Tx) error {
			tx.Put("note", "note", job.Seq())
			return nil
		})
	})
	s.engine = psync.New(psync.Config{Records: s.records, Mux: mux, Access: s, Log: slog.New(slog.NewTextHandler(s, nil)), Now: s.clock})
	s.files.Bind(s.engine)
	s.files.OnArrived("note", func(_ context.Context, _ *psync.Job, a attachment.Arrival) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.told = append(s.told, a.Files...)
		return nil
	})
}

func (s *school) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Write implements [io.Writer] for the log.
func (s *school) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

// Grants implements [psync.Access].
func (s *school) Grants(a psync.Actor) ([]psync.Grant, uint64) {
	all := []psync.Grant{{Scope: "user:" + a.User}}
	if a.User == "prof" {
		all = append(all, psync.Grant{Scope: "course:fr"})
	}
	return all, 0
}

// pass lets some time go by, and carries out what fell due.
func (s *school) pass(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
	if err := s.engine.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func person(id string) psync.Actor { return psync.Actor{School: "x", User: id, Device: "d_" + id} }

// send uploads a file and shows it to the course.
func (s *school) send(user string, data []byte, name, kind string) (sha string) {
	s.t.Helper()
	sha = s.upload(user, data, name, kind)
	s.show(user, sha)
	return sha
}

func (s *school) upload(user string, data []byte, name, kind string) (sha string) {
	s.t.Helper()
	sum := sha256.Sum256(data)
	up := attachment.Upload{SHA: "sha256-" + hex.EncodeToString(sum[:]), Name: name, Type: kind, Size: int64(len(data))}
	if err := s.files.Arrived(s.t.Context(), person(user), up, bytes.NewReader(data)); err != nil {
		s.t.Fatal(err)
	}
	s.pass(0)
	return up.SHA
}

func (s *school) show(user, sha string) {
	s.t.Helper()
	_, err := s.engine.Commit(s.t.Context(), person(user), "user:"+user, func(_ context.Context, tx *psync.Tx) error {
		attachment.Refer(tx, attachment.Reference{
			School: "x", By: user, Kind: "note", ID: "note", Scopes: []string{"course:fr"}, Files: []string{sha},
		})
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.pass(0)
}

// gets checks who is given the bytes of a file now.
func (s *school) gets(sha string, who ...string) {
	s.t.Helper()
	for _, user := range []string{"ines", "malo", "prof"} {
		_, err := s.files.Open(s.t.Context(), person(user), sha, attachment.Original)
		if want := slices.Contains(who, user); want != (err == nil) || !want && !errors.Is(err, storage.ErrNotFound) {
			s.t.Errorf("%s gets %s: %v", user, sha, err)
		}
	}
}

// last is what was told last; nothing is told twice.
func (s *school) last(n int) attachment.File {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.told) != n {
		s.t.Fatalf("told %d times: %+v", len(s.told), s.told)
	}
	return s.told[n-1]
}

// kept lists the bytes that are stored.
func (s *school) kept() (all []string) {
	s.t.Helper()
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

func (s *school) logs(text string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.said.String(), text)
}

func daemon(t *testing.T, address string) attachment.Scanner {
	t.Helper()
	d, err := clamd.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// document is a text document that carries another file.
func document(t *testing.T, inside []byte) []byte {
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

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("inside.zip")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 1600, 1200)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const textKind, docKind = "text/plain", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// E24, E25: what is infected is refused for good, and its bytes are deleted.
// Without a scanner all of these are taken: it is the scanner that refuses.
func TestInfectedFilesReachNobody(t *testing.T) {
	deep := clamdtest.EICAR()
	for range 30 {
		deep = zipped(t, deep)
	}
	server := clamdtest.Start(t)
	for name, c := range map[string]struct {
		data          []byte
		kind, problem string
	}{
		"EICAR":         {clamdtest.EICAR(), textKind, "infected"},
		"EICAR in docx": {document(t, clamdtest.EICAR()), docKind, "infected"},
		"too deep":      {document(t, deep), docKind, "unscannable"},
		"text":          {[]byte("Exercice 4, page 112."), textKind, ""},
		"document":      {document(t, []byte("schéma")), docKind, ""},
		"photo":         {photo(t), "image/jpeg", ""},
	} {
		t.Run(name, func(t *testing.T) {
			free := newSchool(t, nil)
			free.gets(free.send("ines", c.data, "devoir", c.kind), "ines", "prof")

			s := newSchool(t, daemon(t, server.Unix))
			sha := s.send("ines", c.data, "devoir", c.kind)
			if f := s.last(1); f.Problem != c.problem || f.Waiting || f.Checking || f.SHA != sha {
				t.Errorf("told %+v", f)
			}
			if c.problem == "" {
				s.gets(sha, "ines", "prof")
				return
			}
			s.gets(sha)
			if left := s.kept(); c.problem == "infected" && len(left) > 0 {
				t.Errorf("bytes are kept: %v", left)
			}
			// Sending it once more changes nothing.
			s.send("ines", c.data, "autre", c.kind)
			s.gets(sha)
		})
	}
}

// E24: while the scanner is away files are held, and told to be; none passes.
func TestFilesAreHeldUntilTheScannerIsBack(t *testing.T) {
	server := clamdtest.Start(t)
	s := newSchool(t, daemon(t, server.TCP))
	server.Stop()
	named := s.upload("ines", photo(t), "copie.jpg", "image/jpeg")
	if owned, err := s.files.Owned(t.Context(), "ines", named); err != nil || len(owned) > 0 {
		t.Errorf("a held file is said to be ready: %v, %v", owned, err)
	}
	s.show("ines", named)
	if f := s.last(1); !f.Checking || !f.Waiting || f.Ready() || f.Name != "copie.jpg" {
		t.Errorf("told %+v", f)
	}
	bad := s.send("malo", clamdtest.EICAR(), "devoir.txt", textKind)
	for range 10 {
		s.pass(5 * time.Minute)
	}
	s.pass(3 * 24 * time.Hour)
	s.last(2) // and nothing more, however often it was tried
	s.gets(named)
	s.gets(bad)
	if n := s.logs("scanner does not answer"); n != 1 || s.logs("level=ERROR") > 0 {
		t.Errorf("the log says it %d times: %s", n, s.said.String())
	}

	server.Restart()
	s.pass(5 * time.Minute)
	s.gets(named, "ines", "prof")
	s.gets(bad)
	problems := map[string]string{}
	for _, f := range s.told[2:] {
		problems[f.SHA] = f.Problem
		if f.Checking || f.Waiting {
			t.Errorf("told %+v", f)
		}
	}
	if len(s.told) != 4 || problems[named] != "" || problems[bad] != "infected" {
		t.Errorf("told %+v", s.told)
	}
	if s.logs("scanner answers again") != 1 {
		t.Error(s.said.String())
	}
	if counts, answers := s.files.Scanned(); counts[0] != 1 || counts[1] != 1 || counts[3] < 10 || !answers {
		t.Errorf("%v %v", counts, answers)
	}
}

// A file that was named before it came is told to be held, too.
func TestHeldAfterItWasNamed(t *testing.T) {
	server := clamdtest.Start(t)
	server.Stop()
	s := newSchool(t, daemon(t, server.Unix))
	data := photo(t)
	sum := sha256.Sum256(data)
	sha := "sha256-" + hex.EncodeToString(sum[:])
	s.show("ines", sha)
	s.upload("ines", data, "copie.jpg", "image/jpeg")
	if f := s.last(1); !f.Checking {
		t.Errorf("told %+v", f)
	}
	s.gets(sha)
	server.Restart()
	s.pass(5 * time.Minute)
	if f := s.last(2); !f.Ready() {
		t.Errorf("told %+v", f)
	}
	s.gets(sha, "ines", "prof")
}

// A daemon that talks nonsense has passed nothing.
func TestFalseDaemonPassesNothing(t *testing.T) {
	for _, says := range []string{"", "garbage", "stream: OK", "HTTP/1.1 200 OK\r\n\r\n\x00"} {
		at, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		t.Cleanup(func() { _ = at.Close(); <-ended })
		go func() {
			defer close(ended)
			for conn, err := at.Accept(); err == nil; conn, err = at.Accept() {
				_, _ = io.CopyN(io.Discard, conn, 100)
				_, _ = io.WriteString(conn, says)
				_ = conn.Close()
			}
		}()
		s := newSchool(t, daemon(t, "tcp://"+at.Addr().String()))
		sha := s.send("ines", photo(t), "copie.jpg", "image/jpeg")
		s.pass(24 * time.Hour)
		if f := s.last(1); !f.Checking {
			t.Errorf("%q: told %+v", says, f)
		}
		s.gets(sha)
	}
}

// What was taken before there was a scanner stays; the same bytes, sent again,
// are looked at.
func TestFilesOfBeforeStay(t *testing.T) {
	s := newSchool(t, nil)
	old := s.send("ines", clamdtest.EICAR(), "devoir.txt", textKind)
	s.gets(old, "ines", "prof")
	s.open(daemon(t, clamdtest.Start(t).Unix))
	s.gets(old, "ines", "prof")
	s.upload("malo", clamdtest.EICAR(), "devoir.txt", textKind)
	s.gets(old, "ines", "prof") // and not malo
	if counts, _ := s.files.Scanned(); counts[1] != 1 {
		t.Errorf("scans %v", counts)
	}
}

// A backup may have the record of an infected upload and not its bytes.
func TestRestoredWithoutItsBytes(t *testing.T) {
	server := clamdtest.Start(t)
	server.Stop()
	s := newSchool(t, daemon(t, server.Unix))
	sha := s.send("ines", clamdtest.EICAR(), "devoir.txt", textKind)
	for _, path := range s.kept() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	s.pass(5 * time.Minute)
	if f := s.last(2); f.Problem != "damaged_file" || s.logs("level=ERROR") > 0 {
		t.Errorf("told %+v: %s", f, s.said.String())
	}
	s.gets(sha)
}

// hanging takes all content and says nothing for as long as it may.
type hanging struct{ begun chan struct{} }

func (h hanging) Scan(ctx context.Context, _ io.Reader) (string, error) {
	h.begun <- struct{}{}
	<-ctx.Done()
	return "", ctx.Err()
}

// A scanner that hangs holds files up, and nothing else.
func TestScannerThatHangs(t *testing.T) {
	h := hanging{make(chan struct{}, 100)}
	s := newSchool(t, h)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error)
	for i := range 60 {
		data := []byte(strings.Repeat("ligne ", i+1))
		sum := sha256.Sum256(data)
		up := attachment.Upload{SHA: "sha256-" + hex.EncodeToString(sum[:]), Name: "a.txt", Type: textKind, Size: int64(len(data))}
		if err := s.files.Arrived(ctx, person("ines"), up, bytes.NewReader(data)); err != nil {
			t.Fatal(err)
		}
	}
	s.mu.Lock()
	s.now = time.Now()
	s.mu.Unlock()
	go func() { ran <- s.engine.Run(ctx) }()
	<-h.begun
	_, err := s.engine.Commit(ctx, person("ines"), "user:ines", func(_ context.Context, tx *psync.Tx) error {
		tx.Effect("note", nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		recs, err := s.engine.Find(ctx, "user:prof", storage.Key{Type: "note", ID: "note"})
		if err != nil {
			t.Fatal(err)
		}
		if len(recs) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("other effects wait for the scanner")
		}
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if n := len(h.begun); n > 20 {
		t.Errorf("%d scans were begun", n)
	}
}
