package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"
)

// lan is TLS on a local network without a public name: a certificate
// authority of the server's own, made on first use, and a certificate for the
// addresses that the machine has now. Phones accept the authority once; it
// can vouch for private addresses only, so accepting it risks nothing else.
type lan struct {
	addrs []netip.Addr
	names []string
	now   func() time.Time
	root  *x509.Certificate
	key   crypto.Signer
}

const (
	rootLife = 10 * 365 * 24 * time.Hour
	leafLife = 397 * 24 * time.Hour // what phones accept at most
)

// local are the networks that the authority may vouch for.
var local = []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "::1/128", "fe80::/10", "fc00::/7"}

func listenLAN(c Config, now func() time.Time) (fronts, error) {
	addrs, err := localAddrs()
	if err != nil {
		return fronts{}, err
	}
	l := &lan{addrs: addrs, names: localNames(), now: now}
	if err := l.loadRoot(c.Data); err != nil {
		return fronts{}, err
	}
	leaf, err := l.leaf()
	if err != nil {
		return fronts{}, err
	}
	settings := &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	f, err := listenBoth(c, settings, nil)
	if err != nil {
		return f, err
	}
	f.lan, f.http.Handler = l, l.handler(port(f.main))
	return f, nil
}

func port(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// localAddrs are the private addresses of this machine: those that phones can
// reach first, and of these the ones that can be read out.
func localAddrs() ([]netip.Addr, error) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var reachable, loopback []netip.Addr
	for _, a := range found {
		p, err := netip.ParsePrefix(a.String())
		switch addr := p.Addr(); {
		case err != nil || addr.IsLinkLocalUnicast():
		case addr.IsLoopback():
			loopback = append(loopback, addr)
		case addr.IsPrivate():
			reachable = append(reachable, addr)
		}
	}
	slices.SortStableFunc(reachable, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return append(reachable, loopback...), nil
}

func localNames() []string {
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && !strings.Contains(host, ".") {
		names = append(names, strings.ToLower(host)+".local")
	}
	return names
}

// loadRoot reads the authority of a data folder, made on first use.
func (l *lan) loadRoot(data string) error {
	path := filepath.Join(data, "lan-authority.pem")
	body, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if body, err = l.newRoot(); err == nil {
			err = writeSecret(path, body)
		}
	}
	if err != nil {
		return fmt.Errorf("certificate authority of the local network: %w", err)
	}
	pair, err := tls.X509KeyPair(body, body)
	if err != nil {
		return fmt.Errorf("%s is damaged: remove it, and phones accept a new one: %w", path, err)
	}
	l.root, l.key = pair.Leaf, pair.PrivateKey.(crypto.Signer)
	return nil
}

// newRoot makes an authority: its certificate and key, in PEM.
func (l *lan) newRoot() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	t := l.template("Préau (réseau local)", rootLife)
	t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = true, true, true
	t.KeyUsage = x509.KeyUsageCertSign
	t.PermittedDNSDomainsCritical = true
	t.PermittedDNSDomains = []string{"local", "localhost"}
	for _, network := range local {
		_, ip, err := net.ParseCIDR(network)
		if err != nil {
			return nil, err
		}
		t.PermittedIPRanges = append(t.PermittedIPRanges, ip)
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pemBlock("CERTIFICATE", der), pemBlock("PRIVATE KEY", secret)...), nil
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func (l *lan) template(name string, life time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Préau"}},
		NotBefore:    l.now().Add(-time.Hour),
		NotAfter:     l.now().Add(life),
	}
}

// leaf makes a certificate for the addresses of this machine.
func (l *lan) leaf() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	t := l.template("Préau", leafLife)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	t.DNSNames = l.names
	for _, a := range l.addrs {
		t.IPAddresses = append(t.IPAddresses, a.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, t, l.root, key.Public(), l.key)
	return tls.Certificate{Certificate: [][]byte{der, l.root.Raw}, PrivateKey: key}, err
}

// address is what phones on the network open first: the plain page.
func (l *lan) address(port string) string {
	host := "localhost"
	if len(l.addrs) > 0 {
		host = l.addrs[0].String()
	}
	return "http://" + net.JoinHostPort(host, port) + "/"
}

//go:embed lan.html
var lanHTML string

var lanPage = template.Must(template.New("lan").Parse(lanHTML))

// handler is the plain site: how a phone accepts the authority, and the files
// with which it does.
func (l *lan) handler(tlsPort string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { l.explain(w, r, tlsPort) })
	mux.HandleFunc("GET /preau.crt", l.serveCertificate)
	mux.HandleFunc("GET /preau.mobileconfig", l.serveProfile)
	return mux
}

func (l *lan) explain(w http.ResponseWriter, r *http.Request, tlsPort string) {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	var page bytes.Buffer
	err := lanPage.Execute(&page, map[string]any{
		"English": wantsEnglish(r),
		"Address": "https://" + net.JoinHostPort(host, tlsPort) + "/",
		"Phone":   phone(r.UserAgent()),
	})
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	_, _ = page.WriteTo(w) // the client may have gone
}

var spoken = language.NewMatcher([]language.Tag{language.French, language.English})

func wantsEnglish(r *http.Request) bool {
	asked := r.URL.Query().Get("lang")
	_, i := language.MatchStrings(spoken, asked, r.Header.Get("Accept-Language"))
	return i == 1
}

// phone guesses whose steps to open.
func phone(agent string) string {
	switch {
	case strings.Contains(agent, "iPhone"), strings.Contains(agent, "iPad"):
		return "ios"
	case strings.Contains(agent, "Android"):
		return "android"
	default:
		return ""
	}
}

func (l *lan) serveCertificate(w http.ResponseWriter, _ *http.Request) {
	send(w, "application/x-x509-ca-cert", "preau.crt", l.root.Raw)
}

// serveProfile gives the authority as iPhones take it.
func (l *lan) serveProfile(w http.ResponseWriter, _ *http.Request) {
	serial := fmt.Sprintf("%032X", l.root.SerialNumber)
	id := strings.Join([]string{serial[:8], serial[8:12], serial[12:16], serial[16:20], serial[20:]}, "-")
	body := strings.NewReplacer("{certificate}", base64.StdEncoding.EncodeToString(l.root.Raw), "{id}", id).Replace(profile)
	send(w, "application/x-apple-aspen-config", "preau.mobileconfig", []byte(body))
}

func send(w http.ResponseWriter, mediaType, name string, body []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // the client may have gone
}

const profile = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>PayloadContent</key><array><dict>
<key>PayloadCertificateFileName</key><string>preau.crt</string>
<key>PayloadContent</key><data>{certificate}</data>
<key>PayloadDisplayName</key><string>Préau (réseau local)</string>
<key>PayloadIdentifier</key><string>preau.lan.{id}.root</string>
<key>PayloadType</key><string>com.apple.security.root</string>
<key>PayloadUUID</key><string>{id}</string>
<key>PayloadVersion</key><integer>1</integer>
</dict></array>
<key>PayloadDisplayName</key><string>Préau (réseau local)</string>
<key>PayloadDescription</key><string>Permet d’ouvrir Préau sur le réseau local. Ne vaut pour aucun autre site.</string>
<key>PayloadIdentifier</key><string>preau.lan.{id}</string>
<key>PayloadRemovalDisallowed</key><false/>
<key>PayloadType</key><string>Configuration</string>
<key>PayloadUUID</key><string>{id}</string>
<key>PayloadVersion</key><integer>1</integer>
</dict></plist>
`
