package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// fronts are the sockets of a server: the main one and, with TLS, a plain one
// that leads there.
type fronts struct {
	main   net.Listener
	tls    bool
	secret *tls.Config // of main; nil without TLS
	plain  net.Listener
	http   *http.Server // on plain
	lan    *lan         // nil but with Config.LAN
}

// listen opens the sockets that a configuration asks for.
func listen(c Config, now func() time.Time) (f fronts, err error) {
	switch {
	case c.Host != "":
		return listenPublic(c)
	case c.LAN:
		return listenLAN(c, now)
	}
	f.main, err = net.Listen("tcp", c.Addr)
	return f, err
}

// listenPublic answers TLS with a certificate by ACME; plain HTTP answers the
// certificate authority and leads everybody else to TLS.
func listenPublic(c Config) (fronts, error) {
	m := certificates(c)
	settings := m.TLSConfig()
	// HTTP/2 is for a proxy in front.
	settings.NextProtos = []string{"http/1.1", acme.ALPNProto}
	settings.MinVersion = tls.VersionTLS12
	return listenBoth(c, settings, m.HTTPHandler(nil))
}

func certificates(c Config) *autocert.Manager {
	m := &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(c.Data, "certificates")),
		HostPolicy: autocert.HostWhitelist(c.Host),
		Email:      c.Email,
	}
	if c.ACME != "" {
		m.Client = &acme.Client{DirectoryURL: c.ACME}
	}
	return m
}

// listenBoth opens the main socket with TLS and the plain one beside it.
func listenBoth(c Config, settings *tls.Config, plain http.Handler) (f fronts, err error) {
	socket, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return f, err
	}
	f.main, f.tls, f.secret = tls.NewListener(socket, settings), true, settings
	f.plain, err = net.Listen("tcp", c.Plain)
	if err != nil {
		return f, errors.Join(err, f.main.Close())
	}
	f.http = &http.Server{
		Handler: plain, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	return f, nil
}

// address is where the main socket answers, as a client on this machine
// would call it.
func (f fronts) address() string {
	scheme := "http://"
	if f.tls {
		scheme = "https://"
	}
	_, port, _ := net.SplitHostPort(f.main.Addr().String())
	return scheme + net.JoinHostPort("localhost", port)
}

func (f fronts) servePlain() error {
	if f.http == nil {
		return nil
	}
	if err := f.http.Serve(f.plain); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (f fronts) closePlain(ctx context.Context) error {
	if f.http == nil {
		return nil
	}
	return f.http.Shutdown(ctx)
}

// close frees the sockets of a server that never ran.
func (f fronts) close() error {
	var err error
	for _, socket := range []net.Listener{f.main, f.plain} {
		if socket == nil {
			continue
		}
		if e := socket.Close(); !errors.Is(e, net.ErrClosed) {
			err = errors.Join(err, e)
		}
	}
	return err
}
