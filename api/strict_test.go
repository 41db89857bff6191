package api_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"preau/api"
)

// echo answers with what it was asked.
func echo(s *api.Server) {
	for _, method := range []string{"GET", "POST"} {
		s.Route(method, "/echo", api.Public, 1<<20, func(c *api.Call) error {
			body, err := c.Raw()
			if err != nil {
				return err
			}
			return c.Bytes(http.StatusOK, "text/plain", body)
		})
	}
}

// raw sends bytes on a connection of their own and returns all that comes back.
func raw(t testing.TB, addr, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func statusOf(answer string) string {
	line, _, _ := strings.Cut(answer, "\r\n")
	return strings.TrimPrefix(line, "HTTP/1.1 ")
}

const postHead = "POST /echo HTTP/1.1\r\nHost: a.example\r\n"

var malformed = map[string]string{
	"length and encoding":         postHead + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"encoding twice":              postHead + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"encoding identity":           postHead + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi",
	"encoding gzip, chunked":      postHead + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"encoding in HTTP/1.0":        "POST /echo HTTP/1.0\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"two lengths":                 postHead + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
	"the same length twice":       postHead + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
	"length with sign":            postHead + "Content-Length: +2\r\n\r\nhi",
	"negative length":             postHead + "Content-Length: -2\r\n\r\nhi",
	"length list":                 postHead + "Content-Length: 2, 2\r\n\r\nhi",
	"length too long":             postHead + "Content-Length: 18446744073709551618\r\n\r\nhi",
	"lone line feeds":             "GET /echo HTTP/1.1\nHost: a.example\n\n",
	"one lone line feed":          "GET /echo HTTP/1.1\r\nHost: a.example\nX: y\r\n\r\n",
	"lone carriage return":        "GET /echo HTTP/1.1\r\nHost: a.example\r\nX: a\rY: b\r\n\r\n",
	"NUL in a header":             "GET /echo HTTP/1.1\r\nHost: a.example\r\nX: a\x00b\r\n\r\n",
	"NUL in the target":           "GET /echo\x00 HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"two hosts":                   "GET /echo HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
	"no host":                     "GET /echo HTTP/1.1\r\n\r\n",
	"empty host":                  "GET /echo HTTP/1.1\r\nHost:\r\n\r\n",
	"host with a user":            "GET /echo HTTP/1.1\r\nHost: a@b.example\r\n\r\n",
	"another host in the target":  "GET http://b.example/echo HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"folded header":               "GET /echo HTTP/1.1\r\nHost: a.example\r\nX: a\r\n b\r\n\r\n",
	"folded first header":         "GET /echo HTTP/1.1\r\n Host: a.example\r\nHost: a.example\r\n\r\n",
	"space before the colon":      postHead + "Content-Length : 2\r\n\r\nhi",
	"header without colon":        "GET /echo HTTP/1.1\r\nHost: a.example\r\nX\r\n\r\n",
	"empty header name":           "GET /echo HTTP/1.1\r\nHost: a.example\r\n: x\r\n\r\n",
	"HTTP/1.9":                    "GET /echo HTTP/1.9\r\nHost: a.example\r\n\r\n",
	"HTTP/2.0 in text":            "GET /echo HTTP/2.0\r\nHost: a.example\r\n\r\n",
	"HTTP/0.9":                    "GET /echo\r\n\r\n",
	"lower-case version":          "GET /echo http/1.1\r\nHost: a.example\r\n\r\n",
	"two spaces":                  "GET  /echo HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"tab for a space":             "GET\t/echo HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"fragment in the target":      "GET /echo#x HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"body on GET":                 "GET /echo HTTP/1.1\r\nHost: a.example\r\nContent-Length: 2\r\n\r\nhi",
	"chunked body on GET":         "GET /echo HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"CONNECT":                     "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n",
	"empty lines first":           "\r\n\r\nGET /echo HTTP/1.1\r\nHost: a.example\r\n\r\n",
	"chunk extension":             postHead + "Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\n\r\n",
	"chunk size with 0x":          postHead + "Transfer-Encoding: chunked\r\n\r\n0x2\r\nhi\r\n0\r\n\r\n",
	"chunk size with sign":        postHead + "Transfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n0\r\n\r\n",
	"chunk size with space":       postHead + "Transfer-Encoding: chunked\r\n\r\n2 \r\nhi\r\n0\r\n\r\n",
	"chunk size that wraps":       postHead + "Transfer-Encoding: chunked\r\n\r\n100000002\r\nhi\r\n0\r\n\r\n",
	"chunk longer than said":      postHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi!\r\n0\r\n\r\n",
	"chunk ended by line feed":    postHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\n0\r\n\r\n",
	"chunk size ended by feed":    postHead + "Transfer-Encoding: chunked\r\n\r\n2\nhi\r\n0\r\n\r\n",
	"trailer":                     postHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n",
	"endless chunk size":          postHead + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 100) + "2\r\nhi\r\n0\r\n\r\n",
	"too many headers":            "GET /echo HTTP/1.1\r\nHost: a.example\r\n" + strings.Repeat("A: b\r\n", 200) + "\r\n",
	"head without end, no return": "GET /echo HTTP/1.1\nHost: a.example",
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{echo}})
	for name, request := range malformed {
		t.Run(name, func(t *testing.T) {
			answer := raw(t, e.addr, request)
			if got := statusOf(answer); !strings.HasPrefix(got, "4") {
				t.Errorf("answered %q to %q", answer, request)
			}
			if strings.Count(answer, "HTTP/1.1 ") != 1 {
				t.Errorf("several answers: %q", answer)
			}
		})
	}
}

// A refusal comes behind the answers to the requests before it, and nothing
// after it is read.
func TestMalformedRequestEndsTheConnection(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{echo}})
	good := "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
	answer := raw(t, e.addr, good+"GET /echo HTTP/1.9\r\nHost: a\r\n\r\n"+good)
	r := bufio.NewReader(strings.NewReader(answer))
	for _, want := range []int{200, 400} {
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%v in %q", err, answer)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		if res.StatusCode != want {
			t.Errorf("got %d, want %d", res.StatusCode, want)
		}
	}
	if rest, _ := io.ReadAll(r); len(rest) > 0 {
		t.Errorf("more answers: %q", rest)
	}
}

var wellFormed = map[string]struct{ request, body string }{
	"plain":             {"GET /echo HTTP/1.1\r\nHost: a.example\r\n\r\n", ""},
	"HTTP/1.0":          {"GET /echo HTTP/1.0\r\n\r\n", ""},
	"IPv6 host":         {"GET /echo HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", ""},
	"the same host":     {"GET http://a.example/echo HTTP/1.1\r\nHost: a.example\r\n\r\n", ""},
	"length":            {postHead + "Content-Length: 2\r\n\r\nhi", "hi"},
	"length 0":          {postHead + "Content-Length: 0\r\n\r\n", ""},
	"chunks":            {postHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nA\r\n0123456789\r\n0\r\n\r\n", "hi0123456789"},
	"chunked, no chunk": {postHead + "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n", ""},
}

func TestWellFormedRequestsPass(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{echo}})
	for name, c := range wellFormed {
		t.Run(name, func(t *testing.T) {
			res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(raw(t, e.addr, c.request))), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != 200 || string(body) != c.body {
				t.Errorf("got %d %q, want %q", res.StatusCode, body, c.body)
			}
		})
	}
}

// However the bytes of pipelined requests are cut, the answers are the same.
func TestRequestsSurviveAnySplit(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{echo}})
	var all bytes.Buffer
	for i := range 3 {
		fmt.Fprintf(&all, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nno. %d", i)
		fmt.Fprintf(&all, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nch.\r\n2\r\n %d\r\n0\r\n\r\n", i)
	}
	for _, step := range []int{1, 2, 7, 31, 64, 1000} {
		conn, err := net.Dial("tcp", e.addr)
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			for rest := all.Bytes(); len(rest) > 0; rest = rest[min(step, len(rest)):] {
				_, _ = conn.Write(rest[:min(step, len(rest))])
			}
		}()
		r := bufio.NewReader(conn)
		for i := range 6 {
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			want := fmt.Sprintf([]string{"no. %d", "ch. %d"}[i%2], i/2)
			if string(body) != want {
				t.Errorf("step %d: got %q, want %q", step, body, want)
			}
		}
		<-sent
		conn.Close()
	}
}

// Whatever the bytes, the connection ends with at most one refusal and the
// server goes on.
func FuzzStrict(f *testing.F) {
	e := serve(f, api.Deps{Routes: []api.Routes{echo}})
	for _, request := range malformed {
		f.Add([]byte(request))
	}
	for _, c := range wellFormed {
		f.Add([]byte(c.request))
	}
	f.Fuzz(func(t *testing.T, request []byte) {
		answer := raw(t, e.addr, string(request))
		if strings.HasPrefix(statusOf(answer), "5") {
			t.Errorf("%q answered %q", request, answer)
		}
		if accepted := statusOf(answer) == "200 OK"; accepted && !readable(request) {
			t.Errorf("%q is accepted, and refused by net/http", request)
		}
	})
}

// readable says whether the standard library reads the request as well.
func readable(request []byte) bool {
	req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(request)))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err == nil
}
