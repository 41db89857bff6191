package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preau/api/account"
	"preau/api/directory"
	psync "preau/sync"
)

// running is a server on ports of its own.
type running struct {
	*App
	t    testing.TB
	stop func() error // stops and closes
}

func testConfig(t testing.TB) Config {
	return Config{Data: t.TempDir(), Addr: "127.0.0.1:0", Plain: "127.0.0.1:0"}
}

func start(t testing.TB, c Config) *running {
	t.Helper()
	return startAt(t, c, time.Now)
}

// startAt is start with a clock.
func startAt(t testing.TB, c Config, now func() time.Time) *running {
	t.Helper()
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(context.Background(), c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- a.Run(ctx) }()
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		err := <-ran
		if closeErr := a.Close(); err == nil {
			err = closeErr
		}
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error("stop:", err)
		}
	})
	return &running{App: a, t: t, stop: stop}
}

func (r *running) url(path string) string { return "http://" + r.fronts.main.Addr().String() + path }

// get makes one request on a connection of its own.
func get(t testing.TB, client *http.Client, url string) (status int, header http.Header, body string) {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(text)
}

func plainClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func TestServerStartsAnswersAndStops(t *testing.T) {
	c := testConfig(t)
	r := start(t, c)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 200, "/api/session": 401, "/api/none": 404} {
		if status, _, body := get(t, plainClient(), r.url(path)); status != want {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	start(t, c) // everything was closed, so it opens again
}

// A connection that is idle or in the middle of a request does not hold the
// server up for ever.
func TestServerStopsWithOpenConnections(t *testing.T) {
	r := start(t, testConfig(t))
	idle, err := net.Dial("tcp", r.fronts.main.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	begun := time.Now()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > closePatience+2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestKeysAreMadeOnceAndKeptSecret(t *testing.T) {
	data := t.TempDir()
	first, err := loadKeys(data)
	if err != nil {
		t.Fatal(err)
	}
	second, err := loadKeys(data)
	if err != nil || first.VAPIDPrivate != second.VAPIDPrivate || !bytes.Equal(first.Receipts, second.Receipts) || !bytes.Equal(first.Accounts, second.Accounts) {
		t.Errorf("the keys changed, or %v", err)
	}
	path := filepath.Join(data, "keys.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(data); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("keys that others read: %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(data); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damaged keys: %v", err)
	}
}

func TestLANServesTrustedTLS(t *testing.T) {
	c := testConfig(t)
	c.LAN = true
	r := start(t, c)
	plain := "http://" + r.fronts.plain.Addr().String()
	_, header, der := get(t, plainClient(), plain+"/preau.crt")
	if header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("the certificate is sent as %q", header.Get("Content-Type"))
	}
	root, err := x509.ParseCertificate([]byte(der))
	if err != nil {
		t.Fatal(err)
	}
	client := trusting(root)
	status, header, _ := get(t, client, "https://"+r.fronts.main.Addr().String()+"/healthz")
	if status != 200 || header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS: %d %v", status, header)
	}
	if _, err := plainClient().Get("https://" + r.fronts.main.Addr().String()); err == nil {
		t.Error("whoever has not accepted the authority is let in")
	}
	r.wantConstrained(root)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	again := start(t, c)
	if !again.fronts.lan.root.Equal(root) {
		t.Error("the authority changed when the server started again")
	}
}

func trusting(root *x509.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(root)
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// wantConstrained checks that the authority cannot vouch for other sites.
func (r *running) wantConstrained(root *x509.Certificate) {
	r.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(root)
	for name, allowed := range map[string]bool{"portable.local": true, "banque.example": false} {
		l := *r.fronts.lan
		l.names, l.addrs = []string{name}, nil
		leaf, err := l.leaf()
		if err != nil {
			r.t.Fatal(err)
		}
		parsed, err := x509.ParseCertificate(leaf.Certificate[0])
		if err != nil {
			r.t.Fatal(err)
		}
		if _, err := parsed.Verify(x509.VerifyOptions{Roots: pool, DNSName: name}); (err == nil) != allowed {
			r.t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLANPageExplains(t *testing.T) {
	c := testConfig(t)
	c.LAN = true
	r := start(t, c)
	plain := "http://" + r.fronts.plain.Addr().String()
	_, _, french := get(t, plainClient(), plain+"/")
	_, _, english := get(t, plainClient(), plain+"/?lang=en")
	for text, page := range map[string]string{"Ouvrir Préau": french, "Réglages des certificats": french, "Open Préau": english, "Certificate Trust Settings": english} {
		if !strings.Contains(page, text) {
			t.Errorf("%q is missing in %s", text, page)
		}
	}
	want := "https://127.0.0.1:" + port(r.fronts.main) + "/"
	if !strings.Contains(french, `href="`+want+`"`) {
		t.Errorf("no link to %s", want)
	}
	_, header, body := get(t, plainClient(), plain+"/preau.mobileconfig")
	if header.Get("Content-Type") != "application/x-apple-aspen-config" || strings.Contains(body, "{") {
		t.Errorf("profile: %v %s", header, body)
	}
	if status, _, _ := get(t, plainClient(), plain+"/api/session"); status != 404 {
		t.Errorf("the plain site answers the API: %d", status)
	}
}

func TestPublicServerLeadsToTLS(t *testing.T) {
	c := testConfig(t)
	c.Host = "ecole.example"
	r := start(t, c)
	req, err := http.NewRequest("GET", "http://"+r.fronts.plain.Addr().String()+"/devoirs", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "ecole.example"
	res, err := plainClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if to := res.Header.Get("Location"); res.StatusCode != 302 || to != "https://ecole.example/devoirs" {
		t.Errorf("%d to %q", res.StatusCode, to)
	}
	if err := certificates(c).HostPolicy(context.Background(), "autre.example"); err == nil {
		t.Error("a certificate is asked for any name")
	}
	if r.origin() != "https://ecole.example" {
		t.Errorf("origin %q", r.origin())
	}
}

func TestDumpIsSortedAndCanonical(t *testing.T) {
	c := testConfig(t)
	r := start(t, c)
	for _, scope := range []string{"user:b", "user:a"} {
		_, err := r.engine.Commit(context.Background(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
			tx.Put("note", "2", map[string]string{"text": "<é>"})
			tx.Put("note", "1", map[string]string{})
			tx.Put("draft", "3", map[string]string{})
			tx.Put("gone", "4", map[string]string{})
			tx.Delete("gone", "4")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := ""
	for _, user := range []string{"a", "b"} {
		want += `{"id":"3","scope":"user:` + user + `","seq":1,"type":"draft","value":{}}
{"id":"1","scope":"user:` + user + `","seq":1,"type":"note","value":{}}
{"id":"2","scope":"user:` + user + `","seq":1,"type":"note","value":{"text":"<é>"}}
`
	}
	if got := dumpOf(t, c); got != want {
		t.Errorf("while it is served, got\n%swant\n%s", got, want)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if got := dumpOf(t, c); got != want {
		t.Errorf("after the server, got\n%swant\n%s", got, want)
	}
}

// dumpOf is the dump of a server, but for what it keeps of itself.
func dumpOf(t *testing.T, c Config) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(context.Background(), []string{"dump"}, dataIn(c.Data), &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	keys, rest, ok := strings.Cut(out.String(), "\n")
	if !ok || !strings.Contains(keys, `"scope":"server:keys"`) {
		t.Fatalf("the dump begins with %s", keys)
	}
	return rest
}

// dataIn is an environment that names the data folder alone.
func dataIn(folder string) func(string) string {
	return func(name string) string { return map[string]string{"PREAU_DATA": folder}[name] }
}

func TestConfig(t *testing.T) {
	read := func(pairs ...string) (Config, error) {
		env := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			env["PREAU_"+pairs[i]] = pairs[i+1]
		}
		c, err := readConfig(func(name string) string { return env[name] })
		if err != nil {
			return c, err
		}
		return c, c.complete()
	}
	c, err := read()
	if err != nil || c.Addr != "localhost:8080" || c.Records.String() != "sqlite:data/preau.db" || c.Blobs.String() != "file:data/blobs" || len(c.Proxies) > 0 {
		t.Errorf("usual: %+v, %v", c, err)
	}
	c, err = read("HOST", "Ecole.example", "DATA", "/srv", "PROXIES", "10.0.0.1, 192.168.0.0/16")
	if err != nil || c.Addr != ":443" || c.Plain != ":80" || c.Origin != "https://ecole.example" || c.Records.at != "/srv/preau.db" || len(c.Proxies) != 2 {
		t.Errorf("public: %+v, %v", c, err)
	}
	if c, err = read("BLOBS", "s3://key:secret@127.0.0.1:9000/preau?tls=0"); err != nil || c.Blobs.whole() != "s3://key:secret@127.0.0.1:9000/preau?tls=0" {
		t.Errorf("bucket: %+v, %v", c, err)
	}
	for name, value := range map[string]string{
		"ADDR": "8080", "HOST": "https://ecole.example", "ORIGIN": "ecole.example", "PROXIES": "localhost",
		"RECORDS": "mysql:x", "BLOBS": "blobs", "SCHOOL_ADDRESSES": "1.2.3", "ACME_DIRECTORY": "x", "PLAIN_ADDR": "80",
	} {
		_, err := read(name, value)
		if err == nil || !strings.HasPrefix(err.Error(), "PREAU_"+name+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	if _, err := read("HOST", "ecole.example"); err != nil {
		t.Error(err)
	}
	both := Config{Host: "ecole.example", LAN: true}
	if both.complete() == nil {
		t.Error("a public name and the local network at once")
	}
}

func TestCommands(t *testing.T) {
	noEnv := func(string) string { return "" }
	var out bytes.Buffer
	if err := run(t.Context(), nil, noEnv, &out, io.Discard); err != nil || !strings.HasPrefix(out.String(), "usage: preau") {
		t.Errorf("alone: %v %s", err, out.String())
	}
	if err := run(t.Context(), []string{"fly"}, noEnv, io.Discard, io.Discard); err == nil {
		t.Error("an unknown command is accepted")
	}
	if err := run(t.Context(), []string{"serve", "now"}, noEnv, io.Discard, io.Discard); err == nil {
		t.Error("an unknown argument is accepted")
	}
	out.Reset()
	data := t.TempDir()
	env := func(name string) string { return map[string]string{"PREAU_DATA": data}[name] }
	if err := run(t.Context(), []string{"vapid"}, env, &out, io.Discard); err != nil || len(strings.TrimSpace(out.String())) != 87 {
		t.Errorf("vapid: %v %q", err, out.String())
	}
}

// The parts are wired together: an account made in the directory signs in
// over HTTP and pulls its scopes.
func TestSignInAndPull(t *testing.T) {
	r := start(t, testConfig(t))
	r.addPerson("s1", "p0000000001", "marie.garnier", "un bateau bleu sur le lac")
	client := plainClient()
	post := func(path, body, cookie string) *http.Response {
		t.Helper()
		req, err := http.NewRequest("POST", r.url(path), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Cookie", cookie)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	res := post("/api/session", `{"login":"marie.garnier","password":"un bateau bleu sur le lac","label":"essai"}`, "")
	var session struct{ User, Device string }
	if err := json.NewDecoder(res.Body).Decode(&session); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	cookie := ""
	for _, c := range res.Cookies() {
		if c.Name == "__Host-preau" {
			cookie = c.Name + "=" + c.Value
			if !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie %+v", c)
			}
		}
	}
	res = post("/api/sync", `{"v":1,"schema":1,"device":"`+session.Device+`","cursors":{}}`, cookie)
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 200 || !strings.Contains(string(body), `"user:p0000000001"`) {
		t.Errorf("pull: %d %s", res.StatusCode, body)
	}
}

// addPerson adds a teacher with an account to a school.
func (r *running) addPerson(school, id, login, password string) {
	r.t.Helper()
	ctx := context.Background()
	today := directory.DateOf(time.Now())
	year := directory.YearOf(today)
	span := directory.Span{From: year.Start}
	err := r.directory.Apply(ctx, psync.Actor{School: school}, school, []directory.Put{
		{ID: school, Record: directory.School{Name: "Collège", Timezone: "Europe/Paris", Year: year, Holidays: []directory.Holiday{}}},
		{ID: id, Record: directory.Person{First: "Marie", Last: "Garnier", Civility: "Mme", Span: span}},
		{ID: "post0000001", Record: directory.Post{Person: id, Role: directory.RoleTeacher, Span: span}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.accounts.CreateAccount(ctx, account.NewAccount{User: id, School: school, Login: login, Password: password}); err != nil {
		r.t.Fatal(err)
	}
}

func TestReadyAsksTheServer(t *testing.T) {
	r := start(t, testConfig(t))
	env := func(name string) string {
		return map[string]string{"PREAU_ADDR": ":" + port(r.fronts.main)}[name]
	}
	if err := run(t.Context(), []string{"ready"}, env, io.Discard, io.Discard); err != nil {
		t.Error(err)
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"ready"}, env, io.Discard, io.Discard); err == nil {
		t.Error("a server that was stopped is ready")
	}
}
