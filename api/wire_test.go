package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"golang.org/x/sync/errgroup"

	"preau/api"
	"preau/api/directory"
	psync "preau/sync"
)

// meter is a TCP proxy that counts the bytes of both ways.
type meter struct {
	addr  string
	bytes atomic.Int64
}

func newMeter(t testing.TB, to string) *meter {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	m := &meter{addr: ln.Addr().String()}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				client.Close()
				return
			}
			go m.pipe(server, client)
			go m.pipe(client, server)
		}
	}()
	return m
}

func (m *meter) pipe(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		m.bytes.Add(int64(n))
		if _, wrong := to.Write(buf[:n]); err != nil || wrong != nil {
			to.Close()
			from.Close()
			return
		}
	}
}

// phoneLine is a client that sends no header more than it must. A browser adds
// some that nobody can leave out, such as User-Agent and Sec-Fetch-*; they are
// not counted, nor are TCP and TLS. Requests are compressed, as a device may.
type phoneLine struct {
	t     testing.TB
	meter *meter
	conn  net.Conn
	r     *bufio.Reader
}

const requestOf = `{"v":1,"schema":7,"device":%q,"cursors":{%s}}`

// What identifies things, as long as in reality.
var (
	realUser   = directory.StableID("ines")
	realToken  = realUser + "." + strings.Repeat("0aB-", 6) // as package account makes them
	realDevice = "d_abcdefghijklmnop"
)

func (m *meter) dial(t testing.TB) *phoneLine {
	t.Helper()
	conn, err := net.Dial("tcp", m.addr)
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return &phoneLine{t, m, conn, bufio.NewReader(conn)}
}

// pull makes one request and returns its status, its answer and what it cost.
func (p *phoneLine) pull(cursors string) (status int, text string, cost int64) {
	p.t.Helper()
	before := p.meter.bytes.Load()
	body := deflated(fmt.Sprintf(requestOf, realDevice, cursors))
	fmt.Fprintf(p.conn, "POST /api/sync HTTP/1.1\r\nHost: ecole.fr\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Encoding: deflate\r\n"+
		"Accept-Encoding: br\r\nContent-Length: %d\r\n\r\n%s", api.SessionCookie, realToken, len(body), body)
	res, err := http.ReadResponse(p.r, nil)
	check(p.t, err)
	raw, err := io.ReadAll(res.Body)
	check(p.t, err)
	t, isTest := p.t.(*testing.T)
	if isTest {
		text = uncoded(t, res.Header.Get("Content-Encoding"), string(raw))
	}
	return res.StatusCode, text, p.meter.bytes.Load() - before
}

const (
	mostNothingNew = 600    // bytes both ways, 12 scopes
	mostTenNew     = 2_100  // 10 new records of about 400 bytes into 5,000
	mostFirstPage  = 24_000 // the first page
)

// What a phone pays for, headers included, and always in one request. Ids,
// token and positions are as long as in a school that has run for months.
func TestBytesOnTheWire(t *testing.T) {
	own := "user:" + realUser
	scopes := []string{"student:" + realUser}
	for i, kind := range []string{"class", "group", "school", "course", "course", "course", "course", "course", "course", "course"} {
		scopes = append(scopes, kind+":"+directory.StableID(kind, fmt.Sprint(i)))
	}
	s := openSchool(t, scopes...)
	s.open.token = realToken
	s.open.is = psync.Actor{School: "s1", User: realUser, Device: realDevice}
	for i := range 5000 {
		s.write(own, fmt.Sprintf("n%04d", i), prose(i))
	}
	all := fmt.Sprintf(`%q:[1,5000,0]`, own)
	for i, scope := range scopes {
		head := 40 + 13*i
		for n := range head {
			s.write(scope, "n1", fmt.Sprint(prose(i), n))
		}
		all += fmt.Sprintf(`,%q:[1,%d,0]`, scope, head)
	}
	line := newMeter(t, s.addr).dial(t)

	status, _, cost := line.pull("")
	t.Logf("first page: %d bytes", cost)
	if status != 200 || cost > mostFirstPage {
		t.Errorf("first page: %d, %d bytes, at most %d", status, cost, mostFirstPage)
	}

	status, text, cost := line.pull(all)
	plain := fmt.Sprintf(requestOf, realDevice, all)
	saved := len(plain) - len(deflated(plain)) - len("Content-Encoding: deflate\r\n")
	t.Logf("nothing new, %d scopes: %d bytes; %d when the request is not compressed", len(scopes)+1, cost, int(cost)+saved)
	if status != 204 || cost > mostNothingNew {
		t.Errorf("nothing new: %d %s, %d bytes, at most %d", status, text, cost, mostNothingNew)
	}

	for i := range 10 {
		s.write(own, fmt.Sprintf("m%04d", i), prose(6000+i))
	}
	status, text, cost = line.pull(all)
	t.Logf("10 new of %d bytes: %d bytes", len(prose(6000)), cost)
	if status != 200 || cost > mostTenNew || strings.Count(text, `"note"`) != 10 || strings.Contains(text, `"more"`) {
		t.Errorf("10 new: %d, %d bytes, at most %d: %s", status, cost, mostTenNew, text)
	}
}

// prose is a text of about 400 bytes, another for each number, in the words
// of a school.
func prose(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < 380; i++ {
		n = (n*1103515245 + 12345 + i) & 0x7fffffff
		b.WriteString(words[(n>>8)%len(words)])
		b.WriteByte(' ')
	}
	return b.String()
}

var words = strings.Fields(`bonjour madame monsieur la réunion parents professeurs aura lieu mardi décembre salle polyvalente
 merci de rapporter carnet signé avant vendredi devoir français rédaction souvenir enfance page cahier leçon apprendre
 conjugaison imparfait exercice mathématiques fractions contrôle histoire carte Europe sciences expérience plante
 piscine bonnet maillot sortie musée autorisation cantine menu absence retard justificatif médecin certificat`)

// How much more a pull with nothing new costs than the least a server could
// do: read the request, check the session, answer 204 with the same headers.
// Both stand on the same accounts and directory and are asked in turns, batch
// by batch, so that a busy machine weighs on both alike; the ratio is the
// median over the pairs. The clients do as little as can be, but share the
// machine with the servers.
func BenchmarkPullNothingNew(b *testing.B) {
	w := newWorld(b)
	body := w.holdAll(b, "self")
	bare := newAskers(b, serveBare(b, w), w.sessions["self"].Token, body)
	pull := newAskers(b, w.addr, w.sessions["self"].Token, body)
	if bare.answer != pull.answer {
		b.Fatalf("unlike answers: %q and %q", bare.answer, pull.answer)
	}
	var ratios []float64
	var took, worked [2]time.Duration
	for b.Loop() {
		var pair [2]time.Duration
		for i := range 2 {
			side := (len(ratios) + i) % 2
			before := processTime(b)
			pair[side] = []*askers{bare, pull}[side].batch(b)
			worked[side] += processTime(b) - before
			took[side] += pair[side]
		}
		ratios = append(ratios, float64(pair[1])/float64(pair[0]))
	}
	slices.Sort(ratios)
	asked := float64(len(ratios) * batchSize * askersAtOnce)
	b.ReportMetric(ratios[len(ratios)/2], "times-bare")
	b.ReportMetric(float64(worked[1])/float64(worked[0]), "times-bare-cpu")
	b.ReportMetric(asked/took[0].Seconds(), "bare/s")
	b.ReportMetric(asked/took[1].Seconds(), "pulls/s")
	b.ReportMetric(0, "ns/op") // of a pair of batches: it says nothing
}

// processTime is the time that this process has had of a processor.
func processTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	check(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// holdAll pulls as a subject until nothing is left, and returns the request of
// a device that holds everything.
func (w *world) holdAll(t testing.TB, subject string) string {
	t.Helper()
	type scope struct{ Cursor json.RawMessage }
	cursors := map[string]json.RawMessage{}
	for {
		body, err := json.Marshal(map[string]any{
			"v": 1, "schema": 1, "device": w.sessions[subject].Device, "cursors": cursors,
		})
		check(t, err)
		got := w.as(subject).send("POST", "/api/sync", string(body))
		if got.StatusCode == 204 {
			return string(body)
		}
		var answer struct{ Scopes map[string]scope }
		check(t, json.Unmarshal([]byte(got.text), &answer))
		for name, s := range answer.Scopes {
			cursors[name] = s.Cursor
		}
	}
}

const (
	askersAtOnce = 8
	batchSize    = 50
)

// askers are clients that send one request again and again, each on a
// connection kept alive.
type askers struct {
	request []byte
	answer  string // always the same but for the date
	conns   []net.Conn
}

func newAskers(b *testing.B, addr, token, body string) *askers {
	a := &askers{request: fmt.Appendf(nil,
		"POST /api/sync HTTP/1.1\r\nHost: ecole.fr\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		api.SessionCookie, token, len(body), body)}
	for range askersAtOnce {
		conn, err := net.Dial("tcp", addr)
		check(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		a.conns = append(a.conns, conn)
	}
	_, err := a.conns[0].Write(a.request)
	check(b, err)
	res, err := http.ReadResponse(bufio.NewReader(a.conns[0]), nil)
	check(b, err)
	date := res.Header.Get("Date")
	res.Header.Set("Date", strings.Repeat("x", len(date)))
	var text strings.Builder
	check(b, res.Write(&text))
	a.answer = text.String()
	return a
}

// batch sends some requests on every connection and returns how long it took.
func (a *askers) batch(b *testing.B) time.Duration {
	start := time.Now()
	var g errgroup.Group
	for _, conn := range a.conns {
		g.Go(func() error { return a.ask(conn) })
	}
	check(b, g.Wait())
	return time.Since(start)
}

func (a *askers) ask(conn net.Conn) error {
	buf := make([]byte, 4<<10)
	for range batchSize {
		if _, err := conn.Write(a.request); err != nil {
			return err
		}
		n, err := conn.Read(buf) // a small answer comes whole
		if err != nil {
			return err
		}
		if got := string(buf[:n]); !strings.HasPrefix(got, "HTTP/1.1 204 ") || !strings.HasSuffix(got, "\r\n\r\n") {
			return fmt.Errorf("answered %q", got)
		}
	}
	return nil
}

// serveBare is a Fiber application with one handler, on the accounts of a
// world.
func serveBare(b *testing.B, w *world) string {
	sessions := &api.Accounts{Service: w.accounts, Directory: w.directory, Now: morning}
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Post("/api/sync", func(c *fiber.Ctx) error {
		if _, err := sessions.Authenticate(b.Context(), c.Cookies(api.SessionCookie)); err != nil {
			return c.SendStatus(fiber.StatusUnauthorized)
		}
		if len(c.Body()) == 0 {
			return c.SendStatus(fiber.StatusBadRequest)
		}
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Status(fiber.StatusNoContent)
		return nil
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(b, err)
	served := make(chan error, 1)
	go func() { served <- app.Listener(ln) }()
	b.Cleanup(func() {
		check(b, app.Shutdown())
		check(b, <-served)
	})
	return ln.Addr().String()
}
