package api_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"preau/api"
	"preau/storage"
	psync "preau/sync"
)

// What a handler was given stays what it was when later requests reuse the
// connection's memory.
func TestStringsOutliveTheRequest(t *testing.T) {
	var mu sync.Mutex
	kept := map[int][]string{}
	e := serve(t, api.Deps{Routes: []api.Routes{func(s *api.Server) {
		s.Route("POST", "/keep/:name", api.Public, api.Small, func(c *api.Call) error {
			body, err := c.Raw()
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			kept[len(kept)] = []string{
				c.Param("name"), c.Query("q"), c.Header("X-Name"), c.Cookie("name"), c.Path(), c.Host(), c.Method(), string(body),
			}
			return c.NoContent()
		})
	}}})
	for i := range 8 {
		name := fmt.Sprintf("user%d", i)
		e.send("POST", "/keep/"+name+"?q="+name, `"`+name+`"`, "X-Name: "+name, "Cookie: name="+name, "Host: "+name)
	}
	for i, strs := range kept {
		name := fmt.Sprintf("user%d", i)
		want := []string{name, name, name, name, "/keep/" + name, name, "POST", `"` + name + `"`}
		if fmt.Sprint(strs) != fmt.Sprint(want) {
			t.Errorf("request %d now reads %q", i, strs)
		}
	}
}

func TestAccess(t *testing.T) {
	hello := func(c *api.Call) error { return c.JSON(200, c.Actor.User) }
	e := serve(t, api.Deps{
		Sessions: tokens{"ines": ines, "dir": {School: "s1", User: "dir"}},
		Roles: func(user string) []string {
			return map[string][]string{"ines": {"student"}, "dir": {"teacher", "direction"}}[user]
		},
		Routes: []api.Routes{func(s *api.Server) {
			s.Route("GET", "/public", api.Public, api.NoBody, hello)
			s.Route("GET", "/optional", api.Optional, api.NoBody, hello)
			s.Route("GET", "/signed", api.SignedIn, api.NoBody, hello)
			s.Route("GET", "/office", api.Only("direction", "staff"), api.NoBody, hello)
		}},
	})
	for _, c := range []struct {
		path, token string
		status      int
		says        string // user, or code
	}{
		{"/public", "", 200, ""},
		{"/public", "ines", 200, ""}, // not looked up
		{"/optional", "", 200, ""},
		{"/optional", "ines", 200, "ines"},
		{"/optional", "stale", 200, ""},
		{"/signed", "", 401, "signed_out"},
		{"/signed", "stale", 401, "signed_out"},
		{"/signed", "ines", 200, "ines"},
		{"/office", "", 401, "signed_out"},
		{"/office", "ines", 403, "forbidden"},
		{"/office", "dir", 200, "dir"},
	} {
		t.Run(c.path+" "+c.token, func(t *testing.T) {
			e.token = c.token
			got := e.send("GET", c.path, "")
			if got.StatusCode == 200 {
				if got.text != `"`+c.says+`"` {
					t.Errorf("says %s, want %q", got.text, c.says)
				}
				return
			}
			got.want(t, c.status, c.says)
		})
	}
	e.token = "revoked"
	if got := e.send("GET", "/signed", ""); !strings.Contains(got.text, `"wipe":true`) || got.StatusCode != 401 {
		t.Errorf("a revoked device is told %d %s", got.StatusCode, got.text)
	}
}

func TestErrorsHaveAStatusAndACode(t *testing.T) {
	var next error
	e := serve(t, api.Deps{Routes: []api.Routes{func(s *api.Server) {
		s.Route("GET", "/fail", api.Public, api.NoBody, func(*api.Call) error { return next })
		s.Route("GET", "/panic", api.Public, api.NoBody, func(*api.Call) error { panic("no") })
	}}})
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{api.Fail(418, "teapot", ""), 418, "teapot"},
		{fmt.Errorf("read: %w", storage.ErrNotFound), 404, "not_found"},
		{storage.ErrConflict, 409, "conflict"},
		{storage.ErrTooLarge, 413, "too_large"},
		{storage.ErrClosed, 503, "unavailable"},
		{psync.Refuse("forbidden", "", "no"), 403, "forbidden"},
		{psync.Refuse("too_late", "due", "late"), 409, "too_late"},
		{psync.Refuse("unknown_file", "pages", "?"), 422, "unknown_file"},
		{&psync.Wait{For: 1500 * time.Millisecond}, 503, "wait"},
		{&psync.RequestError{Code: psync.UpgradeRequired}, 426, "upgrade_required"},
		{errors.New("a surprise"), 500, "internal"},
	} {
		t.Run(c.code, func(t *testing.T) {
			next = c.err
			got := e.send("GET", "/fail", "")
			got.want(t, c.status, c.code)
			if strings.Contains(got.text, "surprise") {
				t.Error("the cause is told to the client")
			}
			if c.code == "wait" && got.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After is %q", got.Header.Get("Retry-After"))
			}
		})
	}
	e.send("GET", "/panic", "").want(t, 500, "internal")
	e.send("GET", "/api/nothing", "").want(t, 404, "not_found")
	e.send("DELETE", "/fail", "").want(t, 405, "method_not_allowed")
	e.send("GET", "/Fail", "").want(t, 404, "not_found")
	e.send("GET", "/fail/", "").want(t, 404, "not_found")
}

type form struct {
	Name  string `json:"name"`
	Age   int    `json:"age"`
	Inner struct {
		List []string `json:"list"`
	} `json:"inner"`
}

func bindForm(s *api.Server) {
	s.Route("POST", "/form", api.Public, 1000, func(c *api.Call) error {
		var f form
		if err := c.Bind(&f); err != nil {
			return err
		}
		return c.JSON(200, f)
	})
}

func TestBind(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{bindForm}})
	for name, c := range map[string]struct {
		body, mediaType string
		status          int
		code, field     string
	}{
		"good":           {`{"name":"a","age":1,"inner":{"list":["x"]}}`, "application/json; charset=utf-8", 200, "", ""},
		"spaces around":  {" \n{}\n ", "application/json", 200, "", ""},
		"no media type":  {`{}`, "", 415, "malformed", ""},
		"a form":         {`name=a`, "application/x-www-form-urlencoded", 415, "malformed", ""},
		"plain text":     {`{}`, "text/plain", 415, "malformed", ""},
		"another JSON":   {`{}`, "application/problem+json", 415, "malformed", ""},
		"latin-1":        {`{}`, "application/json; charset=latin1", 415, "malformed", ""},
		"empty":          {" ", "application/json", 400, "malformed", ""},
		"not JSON":       {`{name}`, "application/json", 400, "malformed", ""},
		"cut":            {`{"name":"a"`, "application/json", 400, "malformed", ""},
		"an array":       {`[]`, "application/json", 400, "malformed", ""},
		"null":           {`null`, "application/json", 400, "malformed", ""},
		"trailing":       {`{} {}`, "application/json", 400, "malformed", ""},
		"trailing dirt":  {`{} x`, "application/json", 400, "malformed", ""},
		"not UTF-8":      {"{\"name\":\"\xff\"}", "application/json", 400, "malformed", ""},
		"too deep":       {strings.Repeat(`{"inner":`, 60) + "1" + strings.Repeat("}", 60), "application/json", 400, "malformed", ""},
		"unknown field":  {`{"nom":"a"}`, "application/json", 422, "invalid", "nom"},
		"wrong type":     {`{"age":"1"}`, "application/json", 422, "invalid", "age"},
		"wrong deep":     {`{"inner":{"list":[1]}}`, "application/json", 422, "invalid", "inner.list"},
		"number too big": {`{"age":1e99}`, "application/json", 422, "invalid", "age"},
		"too long":       {`{"name":"` + strings.Repeat("a", 1000) + `"}`, "application/json", 413, "too_large", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := e.send("POST", "/form", c.body, "Content-Type: "+c.mediaType)
			got.want(t, c.status, c.code)
			if field := got.field(); !strings.HasPrefix(field, c.field) {
				t.Errorf("field is %q, want %q", field, c.field)
			}
		})
	}
}

// A body without a declared length is measured as it comes.
func TestBindChunkedTooLong(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{bindForm}})
	body := struct{ io.Reader }{strings.NewReader(`{"name":"` + strings.Repeat("a", 1000) + `"}`)}
	res, err := http.Post("http://"+e.addr+"/form", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestNoBodyRouteRefusesABody(t *testing.T) {
	e := serve(t, api.Deps{Routes: []api.Routes{func(s *api.Server) {
		s.Route("DELETE", "/thing", api.Public, api.NoBody, func(c *api.Call) error { return c.NoContent() })
	}}})
	e.send("DELETE", "/thing", "").want(t, 204, "")
	e.send("DELETE", "/thing", "{}").want(t, 413, "too_large")
}

// A server that is closed before it began to serve does not begin.
func TestCloseBeforeServe(t *testing.T) {
	for range 50 {
		server, err := api.New(api.Deps{Log: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- server.Serve(ln) }()
		if err := server.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}
