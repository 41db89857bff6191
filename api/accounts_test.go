package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api"
	"preau/api/account"
	"preau/api/directory"
	"preau/api/notify"
	"preau/storage"
	"preau/storage/sqlite"
	psync "preau/sync"
)

// school is a server with accounts: a pupil and her mother, a second pupil,
// a teacher, vie scolaire and an administrator; and another school.
type schoolServer struct {
	*edge
	clock   *movable
	service *account.Service
	dir     *directory.Directory
	engine  *psync.Engine
	records storage.Records
	db      string
	log     *lockedBuffer
}

type movable struct {
	mu sync.Mutex
	t  time.Time
}

func (c *movable) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *movable) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

const accountPassword = "tulipe-wagon-fromage-lierre"

type demoAccounts map[string]string

func (d demoAccounts) Account(key string) (string, bool) { user, ok := d[key]; return user, ok }

func newSchool(t *testing.T, demo api.Demo) *schoolServer {
	t.Helper()
	s := &schoolServer{clock: &movable{t: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}, log: &lockedBuffer{}}
	s.db = filepath.Join(t.TempDir(), "preau.db")
	records, err := sqlite.Open(t.Context(), s.db, sqlite.Options{Unsynced: true})
	if err != nil {
		t.Fatal(err)
	}
	s.records = records
	t.Cleanup(func() { _ = records.Close() })
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.dir = directory.New(directory.Config{Records: records, Log: log, Now: s.clock.now})
	notices, err := notify.New(notify.Config{Log: log, Now: s.clock.now, Origin: "https://ecole.example"})
	if err != nil {
		t.Fatal(err)
	}
	mux := psync.NewMux()
	s.dir.Register(mux)
	notices.Register(mux)
	s.engine = psync.New(psync.Config{Records: records, Mux: mux, Access: s.dir, Log: log, Now: s.clock.now})
	s.dir.Bind(s.engine)
	notices.Bind(s.engine)
	s.service, err = account.New(account.Config{
		Engine: s.engine, Watcher: records, Directory: s.dir, Key: bytes.Repeat([]byte{9}, 32), Log: log, Now: s.clock.now,
		Params: account.Params{Memory: 8, Time: 1, Threads: 1}, Kick: s.engine.Hub().Kick,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.fill(t)
	accounts := &api.Accounts{Service: s.service, Directory: s.dir, Demo: demo, Now: s.clock.now}
	s.edge = serve(t, api.Deps{
		Log: log, Now: s.clock.now, Sessions: accounts, Routes: []api.Routes{accounts.Routes}, Proxies: []string{"127.0.0.1"},
		Roles: func(user string) []string {
			return s.dir.Roles(user)
		},
	})
	return s
}

func (s *schoolServer) fill(t *testing.T) {
	t.Helper()
	year := directory.Span{From: "2026-09-01"}
	apply := func(school string, puts ...directory.Put) {
		puts = append([]directory.Put{{ID: school, Record: directory.School{Name: "Collège " + school, Town: "Tours", Timezone: "Europe/Paris"}}}, puts...)
		if err := s.dir.Apply(t.Context(), psync.Actor{}, school, puts); err != nil {
			t.Fatal(err)
		}
	}
	apply("collard",
		directory.Put{ID: "5b", Record: directory.Class{Name: "5e B", Kind: directory.KindClass, Span: year}},
		directory.Put{ID: "ines", Record: directory.Person{First: "Inès", Last: "Benali", Pupil: true, Span: year}},
		directory.Put{ID: "malik", Record: directory.Person{First: "Malik", Last: "Oury", Pupil: true, Span: year}},
		directory.Put{ID: "nadia", Record: directory.Person{First: "Nadia", Last: "Benali", Civility: "Mme", Span: year}},
		directory.Put{ID: "garnier", Record: directory.Person{First: "Anne", Last: "Garnier", Civility: "Mme", Span: year}},
		directory.Put{ID: "viard", Record: directory.Person{First: "Luc", Last: "Viard", Civility: "M.", Span: year}},
		directory.Put{ID: "admin", Record: directory.Person{First: "Ada", Last: "Min", Civility: "Mme", Span: year}},
		directory.Put{ID: "e1", Record: directory.Enrollment{Student: "ines", Audience: "class:5b", Span: year}},
		directory.Put{ID: "e2", Record: directory.Enrollment{Student: "malik", Audience: "class:5b", Span: year}},
		directory.Put{ID: "g1", Record: directory.Guardianship{Guardian: "nadia", Student: "ines", Level: 1, Reads: true, Span: year}},
		directory.Put{ID: "p1", Record: directory.Post{Person: "garnier", Role: directory.RoleTeacher, Span: year}},
		directory.Put{ID: "p2", Record: directory.Post{Person: "viard", Role: directory.RoleStaff, Span: year}},
		directory.Put{ID: "p3", Record: directory.Post{Person: "admin", Role: directory.RoleAdmin, Span: year}},
	)
	apply("verne",
		directory.Put{ID: "6a", Record: directory.Class{Name: "6e A", Kind: directory.KindClass, Span: year}},
		directory.Put{ID: "zoe", Record: directory.Person{First: "Zoé", Last: "Petit", Pupil: true, Span: year}},
		directory.Put{ID: "e3", Record: directory.Enrollment{Student: "zoe", Audience: "class:6a", Span: year}},
	)
	for _, user := range []string{"ines", "garnier", "viard", "admin"} {
		_, err := s.service.CreateAccount(t.Context(), account.NewAccount{User: user, School: "collard", Login: user, Password: accountPassword})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// browser keeps cookies as a browser does.
type browser struct {
	s       *schoolServer
	cookies map[string]string
}

func (s *schoolServer) browser() *browser { return &browser{s, map[string]string{}} }

// signIn is a browser on which somebody signed in.
func (s *schoolServer) signIn(t *testing.T, login string) *browser {
	t.Helper()
	b := s.browser()
	if got := b.post("/api/session", map[string]string{"login": login, "password": accountPassword, "label": "Ordinateur de " + login}); got.StatusCode != 200 {
		t.Fatalf("sign in %s: %d %s", login, got.StatusCode, got.text)
	}
	return b
}

func (b *browser) get(path string) *answer    { return b.send("GET", path, "") }
func (b *browser) delete(path string) *answer { return b.send("DELETE", path, "") }

func (b *browser) post(path string, body any) *answer {
	text, err := json.Marshal(body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return b.send("POST", path, string(text))
}

func (b *browser) send(method, path, body string, headers ...string) *answer {
	var pairs []string
	for name, value := range b.cookies {
		pairs = append(pairs, name+"="+value)
	}
	e := *b.s.edge
	e.token = ""
	if len(pairs) > 0 {
		headers = append(headers, "Cookie: "+strings.Join(pairs, "; "))
	}
	got := e.send(method, path, body, append(headers, "X-Forwarded-Proto: https", "Host: ecole.example")...)
	for _, c := range got.Cookies() {
		if c.Value == "" || c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(b.s.clock.now()) {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return got
}

// copy is another browser with the same cookies.
func (b *browser) copy() *browser { return &browser{b.s, maps.Clone(b.cookies)} }

func (a *answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.text), v); err != nil {
		t.Fatalf("%d %s: %v", a.StatusCode, a.text, err)
	}
}

// expect checks a status and, if it is an error, its code.
func (a *answer) expect(t *testing.T, what string, status int, code string) {
	t.Helper()
	if a.StatusCode != status || a.code() != code {
		t.Errorf("%s: %d %s, want %d %q", what, a.StatusCode, a.text, status, code)
	}
}

// notices lists the titles of a person's notices.
func (s *schoolServer) notices(t *testing.T, user string) []string {
	t.Helper()
	if err := s.engine.Drain(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	records, err := s.engine.Find(t.Context(), "user:"+user, storage.Key{Type: "notice"})
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, r := range records {
		var n struct{ Title string }
		if err := json.Unmarshal(r.Value, &n); err != nil {
			t.Fatal(err)
		}
		titles = append(titles, n.Title)
	}
	return titles
}

// leaked says where one of the secrets is found: in the log or the database.
func (s *schoolServer) leaked(t *testing.T, secrets ...string) {
	t.Helper()
	files, err := filepath.Glob(s.db + "*")
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"log": s.log.String()}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		places[filepath.Base(f)] = string(content)
	}
	for _, secret := range secrets {
		raw, err := base64.RawURLEncoding.DecodeString(secret)
		for place, content := range places {
			if strings.Contains(content, secret) || err == nil && len(raw) >= 16 && strings.Contains(content, string(raw)) {
				t.Errorf("a secret is in the %s", place)
			}
		}
	}
	if len(places) < 2 || !strings.Contains(places["preau.db"]+places["preau.db-wal"], "5e B") {
		t.Error("the database was not really searched")
	}
}

// phone is a new device during its pairing, written from the protocol.
type phone struct {
	*browser
	key    *ecdsa.PrivateKey
	id     string
	secret []byte
	point  string
	nonce  string
	label  string
}

// scan reads the address in a QR code.
func (s *schoolServer) scan(t *testing.T, url string) *phone {
	t.Helper()
	_, fragment, _ := strings.Cut(url, "#")
	parts := strings.Split(fragment, ".")
	if len(parts) != 3 || parts[0] != "1" {
		t.Fatalf("address %q", url)
	}
	return s.phone(t, parts[1], parts[2])
}

func (s *schoolServer) phone(t *testing.T, id, secret string) *phone {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, 16)
	rand.Read(nonce)
	return &phone{s.browser(), key, id, raw, b64(point), b64(nonce), "Téléphone Android · Chrome"}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (p *phone) mac() string {
	h := hmac.New(sha256.New, p.secret)
	fmt.Fprintf(h, "claim|%s|%s|%s", p.id, p.point, p.nonce)
	return b64(h.Sum(nil))
}

func (p *phone) claim() *answer {
	return p.post("/api/pairings/"+p.id+"/claim", map[string]string{"mac": p.mac(), "key": p.point, "nonce": p.nonce, "label": p.label})
}

// digits are what the phone shows after its claim was answered.
func (p *phone) digits(t *testing.T, claimed *answer) string {
	t.Helper()
	var c struct{ ServerNonce string }
	claimed.into(t, &c)
	info := "code|" + p.id + "|" + p.point + "|" + p.nonce + "|" + c.ServerNonce
	b, err := hkdf.Key(sha256.New, p.secret, []byte("preau-pairing"), info, 4)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(b)%1_000_000)
}

func (p *phone) proof(at time.Time) map[string]any {
	digest := sha256.Sum256(fmt.Appendf(nil, "poll|%s|%d", p.id, at.UnixMilli()))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return map[string]any{"proof": map[string]any{"at": at.UnixMilli(), "sig": b64(sig)}}
}

func (p *phone) poll() *answer {
	p.s.clock.pass(time.Second)
	return p.post("/api/pairings/"+p.id+"/poll", p.proof(p.s.clock.now()))
}

// pairing is a pairing begun on a browser.
type pairing struct{ ID, URL, Code string }

func (b *browser) pair(t *testing.T) pairing {
	t.Helper()
	var p pairing
	got := b.post("/api/pairings", struct{}{})
	if got.StatusCode != http.StatusCreated {
		t.Fatalf("create pairing: %d %s", got.StatusCode, got.text)
	}
	got.into(t, &p)
	return p
}

func (b *browser) confirm(p pairing, code string) *answer {
	return b.post("/api/pairings/"+p.ID+"/confirm", map[string]string{"code": code})
}

func (b *browser) state(t *testing.T, p pairing) string {
	t.Helper()
	var s struct{ State string }
	b.get("/api/pairings/"+p.ID).into(t, &s)
	return s.State
}
