package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// authority is a certificate authority with just enough of ACME (RFC 8555) to
// give one certificate, after an http-01 challenge.
type authority struct {
	*httptest.Server
	t       *testing.T
	root    *x509.Certificate
	key     *ecdsa.PrivateKey
	visit   string // where the plain socket of the host is
	proven  atomic.Bool
	issued  atomic.Pointer[[]byte]
	visited atomic.Int64
}

const (
	publicName     = "ecole.example"
	challengeToken = "a-token-of-the-authority"
)

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, key: key}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(a.answer))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Replay-Nonce", rand.Text())
	switch r.URL.Path {
	case "/":
		a.json(w, 200, map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/orders"})
	case "/account":
		w.Header().Set("Location", a.URL+"/account/1")
		a.json(w, 201, map[string]any{"status": "valid"})
	case "/orders":
		w.Header().Set("Location", a.URL+"/order")
		a.json(w, 201, a.order())
	case "/order":
		a.json(w, 200, a.order())
	case "/authorization":
		a.json(w, 200, map[string]any{
			"status": a.state("pending"), "identifier": map[string]string{"type": "dns", "value": publicName},
			"challenges": []any{a.challenge()},
		})
	case "/challenge":
		a.proven.Store(a.check())
		a.json(w, 200, a.challenge())
	case "/finalize":
		a.issue(payload(r))
		a.json(w, 200, a.order())
	case "/certificate":
		_, _ = w.Write(pemBlock("CERTIFICATE", *a.issued.Load()))
		_, _ = w.Write(pemBlock("CERTIFICATE", a.root.Raw))
	}
}

func (a *authority) json(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (a *authority) state(before string) string {
	if a.proven.Load() {
		return "valid"
	}
	return before
}

func (a *authority) challenge() map[string]string {
	return map[string]string{"type": "http-01", "url": a.URL + "/challenge", "token": challengeToken, "status": a.state("pending")}
}

func (a *authority) order() map[string]any {
	o := map[string]any{
		"status": "pending", "finalize": a.URL + "/finalize", "authorizations": []string{a.URL + "/authorization"},
		"identifiers": []map[string]string{{"type": "dns", "value": publicName}},
	}
	if a.proven.Load() {
		o["status"] = "ready"
	}
	if a.issued.Load() != nil {
		o["status"], o["certificate"] = "valid", a.URL+"/certificate"
	}
	return o
}

// check visits the host as the authority does.
func (a *authority) check() bool {
	a.visited.Add(1)
	req, err := http.NewRequest("GET", "http://"+a.visit+"/.well-known/acme-challenge/"+challengeToken, nil)
	if err != nil {
		return false
	}
	req.Host = publicName
	res, err := plainClient().Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode == 200 && strings.HasPrefix(string(body), challengeToken+".")
}

// payload is what a signed request says. Signatures are not checked here.
func payload(r *http.Request) []byte {
	var signed struct{ Payload string }
	_ = json.NewDecoder(r.Body).Decode(&signed)
	raw, _ := base64.RawURLEncoding.DecodeString(signed.Payload)
	return raw
}

func (a *authority) issue(body []byte) {
	var asked struct{ CSR string }
	_ = json.Unmarshal(body, &asked)
	raw, _ := base64.RawURLEncoding.DecodeString(asked.CSR)
	csr, err := x509.ParseCertificateRequest(raw)
	if err != nil {
		a.t.Error("certificate request:", err)
		return
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: csr.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, a.root, csr.PublicKey, a.key)
	if err != nil {
		a.t.Error("certificate:", err)
		return
	}
	a.issued.Store(&der)
}

// A server with a public name gets its certificate on the first visit, by
// itself, and keeps it.
func TestPublicServerGetsItsCertificate(t *testing.T) {
	ca := newAuthority(t)
	c := testConfig(t)
	c.Host, c.ACME = publicName, ca.URL+"/"
	r := start(t, c)
	ca.visit = r.fronts.plain.Addr().String()
	leaf := r.visit(ca.root)
	if !bytes.Equal(leaf.Raw, *ca.issued.Load()) || ca.visited.Load() != 1 {
		t.Errorf("certificate for %v, %d visits", leaf.DNSNames, ca.visited.Load())
	}
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	ca.Close() // the certificate is kept
	if again := start(t, c).visit(ca.root); !again.Equal(leaf) {
		t.Error("the certificate was not kept")
	}
}

// visit opens the health page over TLS, by the public name.
func (r *running) visit(root *x509.Certificate) *x509.Certificate {
	r.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(root)
	client := &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: publicName}},
	}
	res, err := client.Get("https://" + r.fronts.main.Addr().String() + "/healthz")
	if err != nil {
		r.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || res.TLS.NegotiatedProtocol == "h2" || res.Header.Get("Strict-Transport-Security") == "" {
		r.t.Errorf("%d over %q: %v", res.StatusCode, res.TLS.NegotiatedProtocol, res.Header)
	}
	return res.TLS.PeerCertificates[0]
}
