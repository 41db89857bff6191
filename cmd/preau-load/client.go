package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/andybalholm/brotli"
)

// client is one browser: its connection and its cookies.
type client struct {
	base   string
	http   *http.Client
	cookie string // of the session
	known  string // of a browser where the person signed in before
}

// The server ends connections that rest for a minute.
const (
	restless = 50 * time.Second
	patience = 60 * time.Second
)

func newClient(base string) *client {
	return &client{base: base, http: &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: restless, DisableCompression: true,
			ReadBufferSize: 2 << 10, WriteBufferSize: 2 << 10, TLSHandshakeTimeout: 10 * time.Second,
		},
	}}
}

// problem is an answer that is no success, by its code.
type problem struct {
	code, text string
}

func (p *problem) Error() string { return p.text }

// codeOf names the kind of an error.
func codeOf(err error) string {
	if p, ok := errors.AsType[*problem](err); ok {
		return p.code
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timeout"
	}
	return "network"
}

// reply is an answer, whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request and reads the whole answer, as a browser does.
func (c *client) call(ctx context.Context, method, path string, header http.Header, body []byte) (reply, error) {
	res, err := c.open(ctx, c.http, method, path, header, body)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := decoded(res)
	if err != nil {
		return reply{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return reply{}, refused(method, path, res.StatusCode, text)
	}
	return reply{res.StatusCode, res.Header, text}, nil
}

func (c *client) open(ctx context.Context, via *http.Client, method, path string, header http.Header, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Accept-Encoding", "gzip, deflate, br, zstd")
	if cookies := strings.Trim(c.cookie+"; "+c.known, "; "); cookies != "" {
		req.Header.Set("Cookie", cookies)
	}
	return via.Do(req)
}

func refused(method, path string, status int, text []byte) error {
	var said struct {
		Error struct{ Code string }
	}
	_ = json.Unmarshal(text, &said) // the text is shown as well
	path, _, _ = strings.Cut(path, "?")
	return &problem{
		code: strings.TrimSpace(fmt.Sprintf("%d %s", status, said.Error.Code)),
		text: fmt.Sprintf("%s %s: %d %s", method, path, status, bytes.TrimSpace(text[:min(len(text), 300)])),
	}
}

var brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}

// decoded reads a body in the coding that the server chose.
func decoded(res *http.Response) ([]byte, error) {
	switch coding := res.Header.Get("Content-Encoding"); coding {
	case "":
		return io.ReadAll(res.Body)
	case "br":
		r := brotlis.Get().(*brotli.Reader)
		defer brotlis.Put(r)
		if err := r.Reset(res.Body); err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	case "gzip":
		r, err := gzip.NewReader(res.Body)
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	default:
		return nil, fmt.Errorf("an answer in the coding %q", coding)
	}
}

// deflateFrom is the size from which devices deflate what they send.
const deflateFrom = 256

var deflaters = sync.Pool{New: func() any { return zlib.NewWriter(nil) }}

func deflated(body []byte) []byte {
	var out bytes.Buffer
	w := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	w.Reset(&out)
	_, _ = w.Write(body) // into memory: never fails
	_ = w.Close()
	return out.Bytes()
}

// post sends JSON and reads JSON; an answer without content leaves into alone.
func (c *client) post(ctx context.Context, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	if path == "/api/sync" && len(text) >= deflateFrom {
		header.Set("Content-Encoding", "deflate")
		text = deflated(text)
	}
	answer, err := c.call(ctx, http.MethodPost, path, header, text)
	if err != nil {
		return err
	}
	c.take(answer.header)
	if answer.status == http.StatusNoContent {
		return nil
	}
	return unmarshal(path, answer.body, into)
}

func (c *client) get(ctx context.Context, path string, into any) error {
	answer, err := c.call(ctx, http.MethodGet, path, nil, nil)
	if err != nil {
		return err
	}
	return unmarshal(path, answer.body, into)
}

func unmarshal(path string, answer []byte, into any) error {
	if err := json.Unmarshal(answer, into); err != nil {
		return &problem{code: "unreadable answer", text: fmt.Sprintf("%s: %v: %.300s", path, err, answer)}
	}
	return nil
}

// take keeps the cookies of an answer.
func (c *client) take(header http.Header) {
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		switch cookie.Name {
		case "__Host-preau":
			c.cookie = cookie.Name + "=" + cookie.Value
		case "__Host-preau-known":
			c.known = cookie.Name + "=" + cookie.Value
		}
	}
}
