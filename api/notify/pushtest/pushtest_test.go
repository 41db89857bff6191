package pushtest

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	webpush "github.com/SherClockHolmes/webpush-go"
	"github.com/coder/websocket"
)

func raw(t *testing.T, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291, appendix A.
func TestDecryptsTheExampleOfTheRFC(t *testing.T) {
	key, err := ecdh.P256().NewPrivateKey(raw(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	body := raw(t, "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"+
		"mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"+
		"pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
	got, err := Decrypt(body, key, raw(t, "BTBZMqHH6r4Tts7J_aSIgg"))
	if err != nil || string(got) != "When I grow up, I want to be a watermelon" {
		t.Errorf("%q, %v", got, err)
	}
	body[len(body)-1] ^= 1
	if _, err := Decrypt(body, key, raw(t, "BTBZMqHH6r4Tts7J_aSIgg")); err == nil {
		t.Error("a changed body was taken")
	}
}

func serve(t *testing.T) *Server {
	t.Helper()
	s := New("")
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	s.Origin = h.URL
	return s
}

func push(t *testing.T, s *Server, endpoint, p256dh, auth string, change func(*webpush.Options)) int {
	t.Helper()
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		t.Fatal(err)
	}
	o := &webpush.Options{RecordSize: 512, Subscriber: "https://ecole.example", TTL: 60, VAPIDPublicKey: public, VAPIDPrivateKey: private}
	if change != nil {
		change(o)
	}
	res, err := webpush.SendNotificationWithContext(t.Context(), bytes.Clone([]byte("bonjour")),
		&webpush.Subscription{Endpoint: endpoint, Keys: webpush.Keys{P256dh: p256dh, Auth: auth}}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

func TestIsAsStrictAsTheStrictest(t *testing.T) {
	s := serve(t)
	b := s.Browser("")
	gone := s.Browser("")
	s.Forget(gone.Endpoint)
	bound := s.Browser("BNotTheKey")
	for _, c := range []struct {
		name, endpoint string
		change         func(*webpush.Options)
		want           int
	}{
		{"a good push", b.Endpoint, nil, 201},
		{"an unknown subscription", s.Origin + "/wpush/v2/nobody", nil, 404},
		{"one that is gone", gone.Endpoint, nil, 410},
		{"the key of another server", bound.Endpoint, nil, 403},
		{"mailto, doubled by the library", b.Endpoint, func(o *webpush.Options) { o.Subscriber = "mailto:a@b.example" }, 403},
		{"a topic that is none", b.Endpoint, func(o *webpush.Options) { o.Topic = "new event!" }, 400},
		{"a topic too long", b.Endpoint, func(o *webpush.Options) { o.Topic = strings.Repeat("a", 33) }, 400},
		{"too large", b.Endpoint, func(o *webpush.Options) { o.RecordSize = 5000 }, 413},
		{"a negative life", b.Endpoint, func(o *webpush.Options) { o.TTL = -1 }, 400},
	} {
		if got := push(t, s, c.endpoint, b.P256dh(), b.Auth(), c.change); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if first := s.Pushes()[0]; first.Message != "bonjour" || first.Size != 512 || first.Ack != 100 {
		t.Errorf("came as %+v", first)
	}
}

func TestMisbehavesWhenAsked(t *testing.T) {
	s := serve(t)
	b := s.Browser("")
	res, err := http.Post(s.Origin+"/control", "application/json", strings.NewReader(`{"status":429,"retryAfter":"7","times":2}`))
	if err != nil || res.StatusCode != 204 {
		t.Fatal(res, err)
	}
	res.Body.Close()
	for i, want := range []int{429, 429, 201} {
		if got := push(t, s, b.Endpoint, b.P256dh(), b.Auth(), nil); got != want {
			t.Errorf("push %d: %d, want %d", i, got, want)
		}
	}
}

// The same words as Firefox uses.
func TestSpeaksWithFirefox(t *testing.T) {
	s := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dial := func() *websocket.Conn {
		c, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(s.Origin, "http"), &websocket.DialOptions{Subprotocols: []string{"push-notification"}})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	say := func(c *websocket.Conn, text string) frame {
		t.Helper()
		if text != "" {
			if err := c.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		_, got, err := c.Read(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var f frame
		if err := json.Unmarshal(got, &f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	c := dial()
	defer c.CloseNow()
	hello := say(c, `{"messageType":"hello","uaid":"","use_webpush":true,"broadcasts":{}}`)
	if hello.UAID == "" || hello.Status != 200 || !hello.UseWebPush {
		t.Fatalf("hello %+v", hello)
	}
	reg := say(c, `{"messageType":"register","channelID":"c1"}`)
	other := s.Browser("") // lends its keys
	if got := push(t, s, reg.Endpoint, other.P256dh(), other.Auth(), nil); got != 201 {
		t.Fatalf("push %d", got)
	}
	note := say(c, "")
	body := raw(t, note.Data)
	if text, err := Decrypt(body, other.key, other.secret); note.ChannelID != "c1" || err != nil || string(text) != "bonjour" {
		t.Errorf("notification %+v: %q, %v", note, text, err)
	}
	if err := c.Write(ctx, websocket.MessageText, []byte(`{"messageType":"ack","updates":[{"channelID":"c1","version":"`+note.Version+`","code":100}]}`)); err != nil {
		t.Fatal(err)
	}
	if f := say(c, `{}`); f.MessageType != "" || s.Pushes()[0].Ack != 100 {
		t.Errorf("%+v, pushes %+v", f, s.Pushes())
	}
}
