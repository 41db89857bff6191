package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// broken are bodies that no route takes.
var broken = map[string]string{
	"nothing":       " ",
	"not JSON":      `{"a":`,
	"a word":        `bonjour`,
	"an array":      `[]`,
	"a string":      `"x"`,
	"null":          `null`,
	"unknown field": `{"noSuchField":1}`,
	"two objects":   `{}{}`,
	"deep":          strings.Repeat(`{"a":`, 500) + `1` + strings.Repeat(`}`, 500),
	"deep arrays":   `{"a":` + strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000) + `}`,
	"not UTF-8":     "{\"a\":\"\xff\xfe\"}",
	"too long":      `{"a":"` + strings.Repeat("x", 2<<20) + `"}`,
	"a NUL":         "{\"a\":\"\x00\"}",
}

// odd are values of every wrong type and size.
var odd = []string{
	`1`, `-1`, `1.5`, `1e400`, `true`, `""`, `"x"`, `"\u0000"`, `[]`, `{}`, `[1]`, `[{}]`, `[[]]`, `{"a":{}}`, `null`, `9223372036854775808`,
	`"` + strings.Repeat("é", 5000) + `"`, `[` + strings.Repeat(`"x",`, 1000) + `"x"]`, `"../../etc/passwd"`, `"2026-13-45"`,
}

// variations are the fields of an object, each with each odd value.
func variations(t testing.TB, body string) []string {
	t.Helper()
	var fields map[string]json.RawMessage
	check(t, json.Unmarshal([]byte(body), &fields))
	var all []string
	for name, good := range fields {
		for _, value := range odd {
			fields[name] = json.RawMessage(value)
			one := make([]string, 0, len(fields))
			for n, v := range fields {
				one = append(one, fmt.Sprintf("%q:%s", n, v))
			}
			all = append(all, "{"+strings.Join(one, ",")+"}")
		}
		fields[name] = good
	}
	return all
}

// fits is a subject that may use a route.
func fits(may string) string {
	for _, subject := range []string{"anonymous", "self", "teacher", "direction", "admin"} {
		if allows(may, subject) {
			return subject
		}
	}
	return ""
}

// Whatever is sent, a route answers with a code, and never with a fault of
// its own.
func TestBadInputToRoutes(t *testing.T) {
	w := newWorld(t)
	for _, c := range crossings {
		if !strings.HasPrefix(c.body, "{") || strings.HasPrefix(c.route, "DELETE /api/session") {
			continue
		}
		t.Run(c.route, func(t *testing.T) {
			method, _, _ := strings.Cut(c.route, " ")
			e, path := w.as(fits(c.may)), c.path(w)
			for name, body := range broken {
				if got := e.send(method, path, body, c.headers...); got.StatusCode < 400 || got.StatusCode >= 500 || got.code() == "" {
					t.Errorf("%s: %d %s", name, got.StatusCode, got.text)
				}
			}
			for _, body := range variations(t, c.body) {
				if got := e.send(method, path, body, c.headers...); got.StatusCode >= 500 || got.StatusCode >= 400 && got.code() == "" {
					t.Errorf("%.200s: %d %s", body, got.StatusCode, got.text)
				}
			}
		})
	}
}

// The same for what a mutation is given: it is refused, or it is harmless.
func TestBadInputToMutations(t *testing.T) {
	w := newWorld(t)
	for _, a := range actions {
		t.Run(a.name, func(t *testing.T) {
			subject := fits(a.may)
			for _, args := range append(variations(t, strings.ReplaceAll(a.args, "%s", "sweep")), `[]`, `1`, `null`, `"x"`, `{"noSuchField":1}`, `{}`) {
				switch code := w.act(t, subject, a.scope, a.name, args); code {
				case "internal", "503 unavailable", "500 internal":
					t.Errorf("%.200s: %s", args, code)
				case "400 malformed", "422 invalid", "413 too_large": // the request; the lane did not move
					w.k[subject+" "+a.scope]--
				}
			}
		})
	}
	w.settle(t) // and what followed from it is harmless as well
}

// And for what stands in the path and the query.
func TestBadInputToPaths(t *testing.T) {
	w := newWorld(t)
	pieces := []string{"x", "%00", "%2e%2e%2f", "..", "%F0%9F%98%80", "%ff", "class:5b", strings.Repeat("a", 3000), "%", "'--", "{}"}
	for _, c := range crossings {
		method, pattern, _ := strings.Cut(c.route, " ")
		subject := fits(c.may)
		if c.route == "GET /api/live" || c.route == "DELETE /api/session" {
			continue
		}
		for _, piece := range pieces {
			words := strings.Split(pattern, "/")
			for i, word := range words {
				if strings.HasPrefix(word, ":") {
					words[i] = piece
				}
			}
			request := fmt.Sprintf("%s %s?q=%s&class=%s&size=%s&name=%s HTTP/1.1\r\nHost: a\r\nCookie: __Host-preau=%s\r\nTus-Resumable: 1.0.0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
				method, strings.Join(words, "/"), piece, piece, piece, piece, w.sessions[subject].Token)
			if answer := raw(t, w.addr, request); strings.HasPrefix(statusOf(answer), "5") || answer == "" {
				t.Errorf("%s %.100s: %.300s", c.route, piece, answer)
			}
		}
	}
}
