package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"preau/cmd/preau/demo"
)

func TestDemoSize(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		size demo.Size
		rest []string
	}{
		"nothing said": {nil, demo.Normal, nil},
		"apart":        {[]string{"-data", "d", "-size", "small", "-lan"}, demo.Small, []string{"-data", "d", "-lan"}},
		"joined":       {[]string{"--size=small"}, demo.Small, []string{}},
		"unknown":      {[]string{"-size", "huge"}, "", nil},
		"forgotten":    {[]string{"-size"}, "", nil},
	} {
		size, rest, err := demoSize(c.args)
		if size != c.size || (err != nil) != (c.size == "") || !cmp.Equal(rest, c.rest) {
			t.Errorf("%s: %q, %q, %v", name, size, rest, err)
		}
	}
}

func TestDemoIsPreparedAndIntroduced(t *testing.T) {
	c := testConfig(t)
	c.Demo = true
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	a, err := Open(t.Context(), c, log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := a.prepareDemo(t.Context(), demo.Small); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	(&command{config: c, out: &out, log: log}).introduce(a)
	for _, who := range demo.Accounts() {
		user, ok := demoAccounts{}.Account(who.Key)
		if !ok || !a.directory.Present(user) {
			t.Errorf("%s is not there", who.Key)
		}
		if !strings.Contains(out.String(), who.Login) || !strings.Contains(out.String(), who.Password) {
			t.Errorf("%s is not introduced: %s", who.Key, &out)
		}
	}
	if _, ok := (demoAccounts{}).Account("nobody"); ok {
		t.Error("a stranger is somebody of the demo")
	}
}
