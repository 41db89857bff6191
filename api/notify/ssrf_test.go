package notify

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	psync "preau/sync"
)

// trap counts the connections made to this machine.
func trap(t *testing.T, address string) (port string, made *atomic.Int64) {
	t.Helper()
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("cannot listen on %s: %v", address, err)
	}
	made = &atomic.Int64{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			made.Add(1)
			c.Close()
		}
	}()
	t.Cleanup(func() { ln.Close(); <-done })
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port, made
}

// hostile lists endpoints that lead, or may seem to lead, anywhere but to a
// push service.
func hostile(port string) []string {
	hosts := []string{
		"127.0.0.1", "localhost", "LOCALHOST", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0x7f.1", "0177.0.0.1",
		"017700000001", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]",
		"[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25eth0]", "[fc00::1]", "127.0.0.1.", "localhost.", "localhost.localdomain",
		"169.254.169.254", "0xa9fea9fe", "2852039166", "metadata.google.internal", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1",
		"①②⑦.⓪.⓪.①", "127。0。0。1", "127%2e0%2e0%2e1", "%31%32%37.0.0.1", "127.0.0.1%00", "127.0.0.1%23",
		"fcm.googleapis.com.evil.example", "evilfcm.googleapis.com.evil.example", "xfcm.googleapis.com", "fcm-googleapis.com", "fcm.googleapis.co",
		"googleapis.com", "storage.googleapis.com", "mozilla.com", "services.mozilla.com", "apple.com", "windows.com", "xpush.apple.com",
		"fcm.googleapis.com.", ".fcm.googleapis.com", "fcm..googleapis.com", "-.evil", "fcm.googleapis.com%2eevil.example", "fcm.googleapis.com%00.evil",
		"fcm.googleapis.com%20evil", "fcm.googleapis.com_", "ｆｃｍ.googleapis.com", "fcm。googleapis。com", "FCM.GOOGLEAPIS.COM",
	}
	var all []string
	for _, host := range hosts {
		all = append(all,
			"https://"+host+"/wpush/x", "https://"+host+":"+port+"/", "https://"+host+":443/", "http://"+host+":"+port+"/wpush")
	}
	good := "fcm.googleapis.com"
	for _, host := range []string{"127.0.0.1:" + port, "169.254.169.254", "[::1]:" + port, "evil.example"} {
		all = append(all,
			"https://"+good+"@"+host+"/", "https://"+good+":443@"+host+"/", "https://user:"+good+"@"+host+"/", "https://"+host+"@"+good+"/",
			"https://"+host+"/"+good, "https://"+host+"/a."+good+"/", "https://"+host+"?"+good, "https://"+host+"?https://"+good+"/", "https://"+host+"#"+good,
			"https://"+host+"#@"+good+"/", `https://`+host+`\@`+good+`/`, `https://`+good+`\@`+host+`/`, `https:\\`+good+`/`, "https://"+good+"\t@"+host+"/",
			"https://"+good+"\r\nHost: "+host+"/", "https://"+good+"/ HTTP/1.1\r\nHost: "+host, "https:"+host, "https:/"+host, "https:///"+host+"/", "//"+host+"/",
			"https://"+good+"#"+host, "https://"+good+":"+port+"/", "https://"+good+":80/", "https://"+good+":0443/", "https://"+good+":/", "https://"+good+":443x/",
			"https://"+good+"%40"+host+"/", "https://"+good+"%2f@"+host+"/",
		)
	}
	for _, scheme := range []string{"http", "ftp", "file", "gopher", "ws", "wss", "javascript", "data", "HTTPS ", " https", "unix", ""} {
		all = append(all, scheme+"://"+good+"/x")
	}
	return append(all, "", "https://", "https://?", "file:///etc/passwd", "https://"+good+"/"+strings.Repeat("a", maxEndpoint), "http://"+good+":443/")
}

// None of the endpoints can be subscribed; and should one have got into the
// store all the same, nothing is connected to when it is rung.
func TestHostileEndpointsAreNeverReached(t *testing.T) {
	port, made := trap(t, "127.0.0.1:0")
	w := newWorld(t)
	all := hostile(port)
	if len(all) < 300 {
		t.Errorf("only %d endpoints", len(all))
	}
	b := w.pushes.Browser("")
	for _, endpoint := range all {
		s := subscriptionOf(b)
		s.Endpoint = endpoint
		err := w.Subscribe(t.Context(), person("ines"), s)
		if r := new(psync.Refusal); !errors.As(err, &r) || r.Field != "endpoint" {
			t.Errorf("%q: %v", endpoint, err)
		}
		v := w.send(t.Context(), subscription{Endpoint: endpoint, P256dh: b.P256dh(), Auth: b.Auth(), Vapid: w.PublicKey()}, []byte("x"), push{Until: w.clock().Add(time.Hour)})
		if !errors.Is(v.err, errEndpoint) || !v.retry.IsZero() {
			t.Errorf("%q: sent: %+v", endpoint, v)
		}
	}
	if n := made.Load(); n != 0 || len(w.pushes.Pushes()) != 0 {
		t.Errorf("%d connections", n)
	}
	t.Logf("%d endpoints, no connection", len(all))
}

func TestGoodEndpointsAreTaken(t *testing.T) {
	p, err := parsePlaces([]string{"push.ecole.example", "http://127.0.0.1:8282"})
	if err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{
		"https://fcm.googleapis.com/fcm/send/abc:def-_", "https://updates.push.services.mozilla.com/wpush/v2/gAAA", "https://web.push.apple.com/QO",
		"https://wns2-par02p.notify.windows.com/w/?token=BQ%3d", "https://fcm.googleapis.com:443/x", "https://push.ecole.example/x",
		"https://eu.push.ecole.example/x", "http://127.0.0.1:8282/wpush/v2/x",
	} {
		if _, err := p.check(endpoint); err != nil {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{"https://127.0.0.1:8282/x", "http://127.0.0.1:8283/x", "http://127.0.0.1/x", "http://localhost:8282/x", "http://push.ecole.example/"} {
		if _, err := p.check(endpoint); err == nil {
			t.Errorf("%s was taken", endpoint)
		}
	}
}

// A name on the list that resolves to this machine, or to any address that is
// not of the public Internet, is not connected to: what was true when the
// browser subscribed need not be when it is rung.
func TestRebindingIsSeenAtTheDial(t *testing.T) {
	addresses := []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.5.5", "192.168.0.10", "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1",
		"198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"::1", "::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "64:ff9b::7f00:1",
		"64:ff9b:1::7f00:1", "2002:7f00:1::1", "2001::1", "2001:db8::1", "3fff::1", "100::1", "fec0::1", "4000::1",
	}
	_, made := trap(t, "127.0.0.1:443")
	var answer atomic.Value
	resolver := fakeDNS(t, &answer)
	w := newWorld(t)
	w.client = newClientWith(w.places, resolver)
	b := w.pushes.Browser("")
	for _, address := range addresses {
		answer.Store(address)
		v := w.send(t.Context(), subscription{Endpoint: "https://fcm.googleapis.com/x", P256dh: b.P256dh(), Auth: b.Auth(), Vapid: w.PublicKey()}, []byte("x"), push{Until: w.clock().Add(time.Hour)})
		if !errors.Is(v.err, errAddress) {
			t.Errorf("%s: %+v", address, v)
		}
		if public(netip.MustParseAddr(address)) {
			t.Errorf("%s counts as public", address)
		}
	}
	if n := made.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	for _, address := range []string{"142.250.75.234", "17.188.180.13", "2a00:1450:4007:80e::200a", "2620:149:208:4304::1"} {
		if !public(netip.MustParseAddr(address)) {
			t.Errorf("%s does not count as public", address)
		}
	}
}

// fakeDNS resolves every name to the address stored.
func fakeDNS(t *testing.T, address *atomic.Value) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		query := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(query)
			if err != nil {
				return
			}
			conn.WriteTo(dnsAnswer(query[:n], netip.MustParseAddr(address.Load().(string))), from)
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// dnsAnswer answers one question: the address if it is of the type asked for.
func dnsAnswer(query []byte, ip netip.Addr) []byte {
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5
	asked := binary.BigEndian.Uint16(query[end-4:])
	typ, data := uint16(28), ip.AsSlice()
	if ip.Is4() {
		typ = 1
	}
	out := append([]byte{}, query[:end]...)
	out[2], out[3] = 0x81, 0x80
	binary.BigEndian.PutUint16(out[6:], 0)
	binary.BigEndian.PutUint16(out[8:], 0)
	binary.BigEndian.PutUint16(out[10:], 0)
	if asked != typ {
		return out
	}
	binary.BigEndian.PutUint16(out[6:], 1)
	out = append(out, 0xc0, 12)
	out = binary.BigEndian.AppendUint16(out, typ)
	out = append(out, 0, 1, 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(data)))
	return append(out, data...)
}

// Redirects of a push service are not followed.
func TestRedirectsAreNotFollowed(t *testing.T) {
	var followed atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Add(1) }))
	defer inside.Close()
	w := newWorld(t)
	w.browser("ines")
	w.pushes.Redirect(inside.URL + "/secret")
	w.tell("ines", hello(1))
	w.pushes.Redirect(w.pushes.Browser("").Endpoint) // which could be connected to
	w.tell("ines", hello(2))
	w.pass(time.Hour)
	if followed.Load() != 0 || len(w.subscriptions("ines")) != 1 {
		t.Errorf("followed %d times, %d subscriptions left", followed.Load(), len(w.subscriptions("ines")))
	}
	w.wantStatuses(307, 307)
}

// What a push service answers is not read to its end.
func TestEndlessAnswersAreDropped(t *testing.T) {
	var sent atomic.Int64
	ended := make(chan struct{})
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		defer close(ended)
		for {
			n, err := w.Write(make([]byte, 64<<10))
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	w := newWorld(t)
	w.places.origins = append(w.places.origins, endless.URL)
	w.places.local = append(w.places.local, strings.TrimPrefix(endless.URL, "http://"))
	w.client = newClient(w.places)
	defer w.client.CloseIdleConnections()
	b := w.pushes.Browser("")
	v := w.send(t.Context(), subscription{Endpoint: endless.URL + "/x", P256dh: b.P256dh(), Auth: b.Auth(), Vapid: w.PublicKey()}, []byte("x"), push{Until: w.clock().Add(time.Hour)})
	if v.status != 200 {
		t.Errorf("%+v", v)
	}
	select {
	case <-ended: // the answer was closed, not only left unread
	case <-time.After(5 * time.Second):
		t.Error("still answering")
		endless.CloseClientConnections()
	}
	if n := sent.Load(); n > 16<<20 {
		t.Errorf("%d bytes were sent", n)
	}
}

func TestKeysAreChecked(t *testing.T) {
	w := newWorld(t)
	b := w.pushes.Browser("")
	long := strings.Repeat("A", 87)
	for i, c := range []struct{ p256dh, auth, field string }{
		{"", b.Auth(), "keys.p256dh"},
		{"AAAA", b.Auth(), "keys.p256dh"},
		{long, b.Auth(), "keys.p256dh"}, // 65 bytes that are no point
		{b.P256dh() + "AA", b.Auth(), "keys.p256dh"},
		{"!" + b.P256dh()[1:], b.Auth(), "keys.p256dh"},
		{b.P256dh(), "", "keys.auth"},
		{b.P256dh(), "AA", "keys.auth"},
		{b.P256dh(), b.Auth() + b.Auth(), "keys.auth"},
	} {
		s := Subscription{Endpoint: b.Endpoint}
		s.Keys.P256dh, s.Keys.Auth = c.p256dh, c.auth
		err := w.Subscribe(t.Context(), person("ines"), s)
		if r := new(psync.Refusal); !errors.As(err, &r) || r.Field != c.field {
			t.Errorf("%d: %v", i, err)
		}
	}
	if n := len(w.subscriptions("ines")); n != 0 {
		t.Errorf("%d subscriptions", n)
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, endpoint := range hostile("1") {
		f.Add(endpoint)
	}
	p, _ := parsePlaces(nil)
	f.Fuzz(func(t *testing.T, endpoint string) {
		u, err := p.check(endpoint)
		if err != nil {
			return
		}
		again, err := http.NewRequest(http.MethodPost, endpoint, http.NoBody)
		if err != nil || again.URL.Hostname() != u.Hostname() {
			t.Fatalf("%q: %v", endpoint, err)
		}
		for _, host := range usualHosts {
			if u.Hostname() == host || strings.HasSuffix(u.Hostname(), "."+host) {
				return
			}
		}
		t.Fatalf("%q was taken", endpoint)
	})
}
