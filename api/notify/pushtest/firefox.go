package pushtest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// link is a Firefox that is connected, or was: what comes meanwhile is kept.
type link struct {
	uaid    string
	conn    *websocket.Conn
	waiting [][]byte
	sent    map[string]*Push // by version
}

// frame is any message of the autopush protocol.
type frame struct {
	MessageType string            `json:"messageType"`
	UAID        string            `json:"uaid,omitempty"`
	Status      int               `json:"status,omitempty"`
	UseWebPush  bool              `json:"use_webpush,omitempty"`
	Broadcasts  *struct{}         `json:"broadcasts,omitempty"`
	ChannelID   string            `json:"channelID,omitempty"`
	Key         string            `json:"key,omitempty"`
	Endpoint    string            `json:"pushEndpoint,omitempty"`
	Version     string            `json:"version,omitempty"`
	Data        string            `json:"data,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Code        int               `json:"code,omitempty"`
	Updates     []update          `json:"updates,omitempty"`
}

type update struct {
	Version string `json:"version"`
	Code    int    `json:"code"`
}

// connect speaks with one Firefox until it goes.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{"push-notification"}, InsecureSkipVerify: true,
	})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	ctx := r.Context()
	var l *link
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		if json.Unmarshal(raw, &f) != nil {
			return
		}
		if f.MessageType == "hello" {
			l = s.hello(ctx, conn, f)
			continue
		}
		if l != nil {
			s.hear(ctx, l, f)
		}
	}
}

// hello knows a Firefox again by its uaid, and sends what has come for it.
func (s *Server) hello(ctx context.Context, conn *websocket.Conn, f frame) *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.links[f.UAID]
	if l == nil {
		l = &link{uaid: cmp.Or(f.UAID, rand.Text()), sent: map[string]*Push{}}
		s.links[l.uaid] = l
	}
	l.conn = conn
	l.send(ctx, frame{MessageType: "hello", UAID: l.uaid, Status: 200, UseWebPush: true, Broadcasts: &struct{}{}})
	for _, raw := range l.waiting {
		_ = conn.Write(ctx, websocket.MessageText, raw)
	}
	l.waiting = nil
	return l
}

// hear answers what Firefox says.
func (s *Server) hear(ctx context.Context, l *link, f frame) {
	switch f.MessageType {
	case "register":
		endpoint := s.add(&channel{id: f.ChannelID, uaid: l.uaid, key: f.Key})
		l.send(ctx, frame{MessageType: "register", ChannelID: f.ChannelID, Status: 200, Endpoint: endpoint})
	case "unregister":
		s.unregister(l, f.ChannelID)
		l.send(ctx, frame{MessageType: "unregister", ChannelID: f.ChannelID, Status: 200})
	case "ack":
		for _, u := range f.Updates {
			s.acknowledge(l, u)
		}
	case "nack":
		s.acknowledge(l, update{f.Version, f.Code})
	case "", "ping":
		_ = l.conn.Write(ctx, websocket.MessageText, []byte("{}"))
	}
}

func (s *Server) unregister(l *link, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.channels {
		if c.uaid == l.uaid && c.id == id {
			c.gone = true
		}
	}
}

func (s *Server) acknowledge(l *link, u update) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := l.sent[u.Version]; p != nil {
		p.Ack = cmp.Or(u.Code, 100)
	}
}

// push sends a push to Firefox, or keeps it until it comes back.
func (l *link) push(ctx context.Context, c *channel, p *Push, version string) {
	l.sent[version] = p
	raw, err := json.Marshal(frame{
		MessageType: "notification", ChannelID: c.id, Version: version,
		Data: base64.RawURLEncoding.EncodeToString(p.body), Headers: map[string]string{"encoding": "aes128gcm"},
	})
	if err != nil {
		panic(err) // strings always encode
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if l.conn.Write(ctx, websocket.MessageText, raw) != nil && p.TTL > 0 {
		l.waiting = append(l.waiting, raw)
	}
}

func (l *link) send(ctx context.Context, f frame) {
	raw, err := json.Marshal(f)
	if err != nil {
		panic(err) // strings always encode
	}
	_ = l.conn.Write(ctx, websocket.MessageText, raw) // a Firefox that has gone says hello again
}
