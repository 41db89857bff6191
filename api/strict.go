package api

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// strictListener hands the HTTP parser only requests that every parser reads
// alike. What RFC 9112 lets a server forgive is what request smuggling is made
// of, so it is not forgiven: each request line, header and chunk is checked
// before it is passed on, and the first doubt ends the connection with 400.
type strictListener struct {
	net.Listener
	patience time.Duration // for a request head that has begun
}

// Accept waits for the next connection.
func (l *strictListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	strict := &strictConn{Conn: conn, patience: l.patience}
	if secure, ok := conn.(*tls.Conn); ok {
		return &strictTLSConn{strictConn: strict, tls: secure}, nil
	}
	return strict, nil
}

// strictTLSConn lets the HTTP parser see that the connection is TLS.
type strictTLSConn struct {
	*strictConn
	tls *tls.Conn
}

func (c *strictTLSConn) Handshake() error                     { return c.tls.Handshake() } //nolint:noctx // fasthttp calls it so
func (c *strictTLSConn) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

var errMalformed = errors.New("malformed request")

// phase is what the next bytes of a connection are.
type phase int

const (
	inHead phase = iota
	inBody       // of known length
	inChunkSize
	inChunk
	inChunkEnd
	inLastChunk
)

// strictConn follows the requests of one connection.
//
//	inHead ─┬─> inBody ──────────────────────────────> inHead
//	        └─> inChunkSize ─┬─> inChunk ─> inChunkEnd ─> inChunkSize
//	                         └─> inLastChunk ────────> inHead
type strictConn struct {
	net.Conn
	patience time.Duration // for a head that has begun
	phase    phase
	begun    bool        // the patience for this head is running
	left     int64       // bytes of the body or chunk still to come
	buf      []byte      // received
	store    []byte      // what buf lies in, empty, to be used again
	passed   []byte      // the last head that passed, if it was short
	framing  framing     // what it said
	ready    int         // bytes of buf that were checked and may be passed on
	err      error       // after what is ready
	midway   atomic.Bool // a request has begun that has not ended
}

// Read passes on checked bytes.
func (c *strictConn) Read(p []byte) (int, error) {
	for c.ready == 0 {
		if c.err != nil {
			return 0, c.err
		}
		if len(c.buf) == 0 && (c.phase == inBody || c.phase == inChunk) {
			return c.readBody(p)
		}
		if !c.check() {
			if err := c.fill(); err != nil {
				return 0, err
			}
		}
	}
	n := copy(p, c.buf[:c.ready])
	if c.buf, c.ready = c.buf[n:], c.ready-n; len(c.buf) == 0 {
		c.buf = c.store
	}
	return n, nil
}

// Close ends the connection. One who is still sending a body that nobody wants
// gets a moment to read why, rather than a reset.
func (c *strictConn) Close() error {
	if c.midway.Load() {
		c.linger()
	}
	return c.Conn.Close()
}

const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 8 << 20
)

func (c *strictConn) linger() {
	w, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || w.CloseWrite() != nil || c.SetReadDeadline(deadline(lingerTime)) != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
}

// enter goes on to the next phase.
func (c *strictConn) enter(p phase) {
	c.phase = p
	c.midway.Store(p != inHead)
}

// readBody reads content, which needs no check, without a copy.
func (c *strictConn) readBody(p []byte) (int, error) {
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	c.consume(int64(n))
	return n, err
}

func (c *strictConn) fill() error {
	if c.phase == inHead && len(c.buf) > 0 {
		// Begun, so it must end soon, however slowly the bytes come.
		if err := c.startHead(); err != nil {
			return err
		}
	}
	if c.buf = slices.Grow(c.buf, 1<<10); cap(c.buf) > cap(c.store) {
		c.store = c.buf[:0]
	}
	have := len(c.buf)
	n, err := c.Conn.Read(c.buf[have:cap(c.buf)])
	c.buf = c.buf[:have+n]
	if n > 0 {
		return nil
	}
	return err
}

// check looks at what was received and reports whether it could decide.
func (c *strictConn) check() bool {
	switch c.phase {
	case inHead:
		return c.checkHead()
	case inBody, inChunk:
		return c.checkContent()
	case inChunkSize:
		return c.checkChunkSize()
	case inChunkEnd:
		return c.checkLine("", inChunkSize)
	default:
		return c.checkLine("", inHead)
	}
}

func (c *strictConn) checkHead() bool {
	end := bytes.Index(c.buf, []byte("\r\n\r\n"))
	if end < 0 {
		return c.checkUnfinished()
	}
	framing, err := c.judge(c.buf[:end])
	if err != nil {
		return c.refuse()
	}
	c.ready, c.begun = end+len("\r\n\r\n"), false
	c.enter(framing.phase)
	c.left = framing.length
	return true
}

// judge is parseHead. Devices ask the same again and again: the last head that
// passed on this connection passes again.
func (c *strictConn) judge(head []byte) (framing, error) {
	if len(head) > 0 && bytes.Equal(head, c.passed) {
		return c.framing, nil
	}
	f, err := parseHead(string(head))
	if err == nil && len(head) <= 1<<10 {
		c.passed, c.framing = append(c.passed[:0], head...), f
	}
	return f, err
}

// checkUnfinished judges a head whose end has not come: a lone line feed or
// too many bytes cannot become right.
func (c *strictConn) checkUnfinished() bool {
	if len(c.buf) > maxHead {
		c.ready, c.err = len(c.buf), errMalformed // the parser answers 431
		return true
	}
	for i := range c.buf {
		if c.buf[i] == 0 || c.buf[i] == '\n' && (i == 0 || c.buf[i-1] != '\r') {
			return c.refuse()
		}
	}
	return false
}

// refuse ends the connection. One byte is passed on, so that the parser
// answers 400 behind its answers to earlier requests.
func (c *strictConn) refuse() bool {
	c.buf[0] = '?'
	c.ready, c.err = 1, errMalformed
	c.midway.Store(true)
	return true
}

func (c *strictConn) checkContent() bool {
	n := min(c.left, int64(len(c.buf)))
	if n == 0 {
		return false
	}
	c.ready = int(n)
	c.consume(n)
	return true
}

// consume counts content that is passed on.
func (c *strictConn) consume(n int64) {
	c.left -= n
	switch {
	case c.left > 0:
	case c.phase == inChunk:
		c.enter(inChunkEnd)
	default:
		c.enter(inHead)
	}
}

// checkChunkSize reads the line before a chunk: digits only, no extension.
func (c *strictConn) checkChunkSize() bool {
	line, complete := c.line()
	if !complete {
		return len(c.buf) > maxChunkLine && c.refuse()
	}
	size, err := strconv.ParseUint(line, 16, 31)
	if err != nil || strings.HasPrefix(line, "+") {
		return c.refuse()
	}
	c.ready = len(line) + len("\r\n")
	if size == 0 {
		c.enter(inLastChunk)
		return true
	}
	c.enter(inChunk)
	c.left = int64(size)
	return true
}

const maxChunkLine = 10

// checkLine expects exactly this line, then the next phase.
func (c *strictConn) checkLine(want string, next phase) bool {
	line, complete := c.line()
	if !complete {
		return len(c.buf) > len(want)+1 && c.refuse()
	}
	if line != want {
		return c.refuse()
	}
	c.ready = len(want) + len("\r\n")
	c.enter(next)
	return true
}

func (c *strictConn) line() (line string, complete bool) {
	before, _, found := bytes.Cut(c.buf, []byte("\r\n"))
	if !found || len(before) > maxChunkLine {
		return "", false
	}
	return string(before), true
}

// startHead sets the time by which a head that has begun must have come.
func (c *strictConn) startHead() error {
	if c.begun {
		return nil
	}
	c.begun = true
	return c.SetReadDeadline(deadline(c.patience))
}

// deadline is a moment from now by the clock that sockets go by.
func deadline(after time.Duration) time.Time {
	return time.Now().Add(after) //nolint:forbidigo // no test sets the clock of a socket
}

// framing says how the body that follows a head is delimited.
type framing struct {
	phase  phase
	length int64
}

// parseHead checks a request head, without its last empty line.
func parseHead(head string) (framing, error) {
	first, rest, _ := strings.Cut(head, "\r\n")
	method, target, version, ok := requestLine(first)
	if !ok {
		return framing{}, errMalformed
	}
	fields, err := parseFields(rest)
	if err != nil {
		return framing{}, err
	}
	if !fields.hostAgrees(target, version) {
		return framing{}, errMalformed
	}
	return fields.framing(method, version)
}

func requestLine(line string) (method, target, version string, ok bool) {
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ = strings.Cut(rest, " ")
	ok = isToken(method) && isTarget(target) && (version == "HTTP/1.1" || version == "HTTP/1.0")
	return method, target, version, ok
}

// isTarget accepts an absolute path or an absolute address.
func isTarget(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f || s[i] == '#' {
			return false
		}
	}
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// fields are the headers that decide where a request ends and whom it is for.
type fields struct {
	host, length, encoding field
}

type field struct {
	value string
	there bool
}

const maxFields = 100

func parseFields(rest string) (f fields, err error) {
	for n := 0; rest != ""; n++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, found := strings.Cut(line, ":")
		// A folded line has no token before the colon.
		if !found || !isToken(name) || !isFieldValue(value) || n == maxFields {
			return f, errMalformed
		}
		if !f.set(name, strings.Trim(value, " \t")) {
			return f, errMalformed
		}
	}
	return f, nil
}

// set keeps a header; a second of its kind is refused.
func (f *fields) set(name, value string) bool {
	var at *field
	switch {
	case isNamed(name, "host"):
		at = &f.host
	case isNamed(name, "content-length"):
		at = &f.length
	case isNamed(name, "transfer-encoding"):
		at = &f.encoding
	default:
		return true
	}
	if at.there {
		return false
	}
	*at = field{value, true}
	return true
}

// isNamed is EqualFold for ASCII, where most names differ in length already.
func isNamed(name, want string) bool {
	return len(name) == len(want) && strings.EqualFold(name, want)
}

// hostAgrees says whether there is one host, the same everywhere.
func (f fields) hostAgrees(target, version string) bool {
	if !f.host.there {
		return version == "HTTP/1.0" && strings.HasPrefix(target, "/")
	}
	if !isHost(f.host.value) {
		return false
	}
	if strings.HasPrefix(target, "/") {
		return true
	}
	u, err := url.Parse(target)
	return err == nil && u.User == nil && strings.EqualFold(u.Host, f.host.value)
}

func (f fields) framing(method, version string) (framing, error) {
	if f.encoding.there {
		if f.length.there || version != "HTTP/1.1" || !strings.EqualFold(f.encoding.value, "chunked") || bodiless(method) {
			return framing{}, errMalformed
		}
		return framing{phase: inChunkSize}, nil
	}
	if !f.length.there {
		return framing{phase: inHead}, nil
	}
	n, err := strconv.ParseUint(f.length.value, 10, 62)
	if err != nil || strings.HasPrefix(f.length.value, "+") || n > 0 && bodiless(method) {
		return framing{}, errMalformed
	}
	if n == 0 {
		return framing{phase: inHead}, nil
	}
	return framing{phase: inBody, length: int64(n)}, nil
}

// bodiless says whether a body with this method is ignored by some parsers.
func bodiless(method string) bool {
	return method == "GET" || method == "HEAD"
}

// tokenBytes and hostBytes are the bytes of a token and of a host.
var (
	tokenBytes = byteSet(letters + "!#$%&'*+-.^_`|~")
	hostBytes  = byteSet(letters + ".-_:[]")
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func byteSet(members string) (set [256]bool) {
	for i := range len(members) {
		set[members[i]] = true
	}
	return set
}

func isToken(s string) bool { return made(s, &tokenBytes) }

func isHost(s string) bool { return made(s, &hostBytes) }

// made says whether a string is of these bytes, at least one.
func made(s string, of *[256]bool) bool {
	for i := range len(s) {
		if !of[s[i]] {
			return false
		}
	}
	return s != ""
}

func isFieldValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] == 0x7f {
			return false
		}
	}
	return true
}
