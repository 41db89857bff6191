package api

import (
	"net/http"
	"testing"
)

// standard is what the standard library decides.
func standard(method, fetchSite, origin, host string) bool {
	req := &http.Request{Method: method, Host: host, Header: http.Header{}}
	if fetchSite != "" {
		req.Header.Set("Sec-Fetch-Site", fetchSite)
	}
	if origin != "" {
		req.Header.Set("Origin", origin)
	}
	return http.NewCrossOriginProtection().Check(req) != nil
}

var (
	originMethods = []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", ""}
	originSites   = []string{"", "same-origin", "none", "same-site", "cross-site", "Same-Origin", "junk"}
	originHosts   = []string{"", "ecole.example", "ecole.example:8443", "[::1]:80", "ECOLE.example"}
	originOrigins = []string{
		"", "null", "https://ecole.example", "http://ecole.example", "https://ecole.example:8443", "https://evil.example",
		"https://user@ecole.example", "https://ecole.example/", "//ecole.example", "ecole.example", "http://[::1]:80", "http://[::1", "https://ECOLE.example", "%",
	}
)

func TestCrossOriginAgreesWithTheStandardLibrary(t *testing.T) {
	for _, method := range originMethods {
		for _, site := range originSites {
			for _, host := range originHosts {
				for _, origin := range originOrigins {
					got, want := crossOrigin(method, site, origin, host), standard(method, site, origin, host)
					if got != want {
						t.Errorf("%s, Sec-Fetch-Site %q, Origin %q, Host %q: refused %v, the standard library %v",
							method, site, origin, host, got, want)
					}
				}
			}
		}
	}
}

func FuzzCrossOrigin(f *testing.F) {
	for _, origin := range originOrigins {
		f.Add("POST", "", origin, "ecole.example")
		f.Add("PUT", "same-site", origin, "ecole.example:8443")
	}
	f.Fuzz(func(t *testing.T, method, site, origin, host string) {
		if got, want := crossOrigin(method, site, origin, host), standard(method, site, origin, host); got != want {
			t.Errorf("refused %v, the standard library %v", got, want)
		}
	})
}
