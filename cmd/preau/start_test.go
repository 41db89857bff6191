package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// wantRefused starts a server that must say in one sentence why it does not.
func wantRefused(t *testing.T, c Config, part string) {
	t.Helper()
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(context.Background(), c, slog.New(slog.DiscardHandler), time.Now)
	if err == nil {
		a.Close()
		t.Fatalf("it starts, instead of saying %q", part)
	}
	if text := err.Error(); !strings.Contains(text, part) || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one sentence with %q", text, part)
	}
}

func TestWrongPlacesAreRefused(t *testing.T) {
	for name, value := range map[string]string{
		"RECORDS": "postgres://u:hunter22@db/x", "BLOBS": "ftp://u:hunter22@host/x",
	} {
		_, err := readConfig(func(asked string) string { return map[string]string{"PREAU_" + name: value}[asked] })
		if err == nil || !strings.HasPrefix(err.Error(), "PREAU_"+name+": it should begin with ") || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
}

func TestSecretsOfPlacesStaySecret(t *testing.T) {
	p := place{"mongodb", "//preau:s%C3%A9cret%2F1@a:27017,b:27017/preau?replicaSet=rs0&authToken=abcdef"}
	for _, shown := range []string{
		p.String(), fmt.Sprintf("%v %+v %#v", p, Config{Records: p}, p),
		p.hide(fmt.Errorf("dial %s: user preau, password sécret/1 (s%%C3%%A9cret%%2F1)", p.whole())).Error(),
	} {
		for _, secret := range []string{"s%C3", "sécret", "abcdef"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q shows %q", shown, secret)
			}
		}
		if !strings.Contains(shown, "a:27017,b:27017/preau") {
			t.Errorf("%q does not tell where", shown)
		}
	}
	cause := errors.New("dial s%C3%A9cret%2F1")
	if err := p.hide(cause); !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if plain := (place{"sqlite", "data/a@b.db"}); plain.String() != "sqlite:data/a@b.db" {
		t.Errorf("a path is shown as %s", plain)
	}
}

func TestFolderWithoutRightsIsRefused(t *testing.T) {
	c := testConfig(t)
	c.Data = filepath.Join(t.TempDir(), "shut", "data")
	if err := os.Mkdir(filepath.Dir(c.Data), 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		c.Data = "/sys/kernel/preau" // where even root may make nothing
	}
	wantRefused(t, c, "give the folder to the user that runs preau")
}

func TestAFileWhereTheFolderShouldBe(t *testing.T) {
	c := testConfig(t)
	c.Data = filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(c.Data, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, c, "not a directory")
}

// stopped is the configuration of a server that ran once.
func stopped(t *testing.T) Config {
	t.Helper()
	c := testConfig(t)
	if err := start(t, c).stop(); err != nil {
		t.Fatal(err)
	}
	return c
}

func script(t *testing.T, c Config, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(c.Data, "preau.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestSchemaOfTheFutureIsRefused(t *testing.T) {
	c := stopped(t)
	script(t, c, "PRAGMA user_version = 99")
	wantRefused(t, c, "newer than this program")
}

func TestKeysOfAnotherServerAreRefused(t *testing.T) {
	c, other := stopped(t), stopped(t)
	mine, theirs := filepath.Join(c.Data, "keys.json"), filepath.Join(other.Data, "keys.json")
	kept := mine + ".kept"
	copyFile(t, mine, kept)
	copyFile(t, theirs, mine)
	wantRefused(t, c, "does not belong to this database")
	if err := os.Remove(mine); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, c, "keys.json is missing")
	if _, err := os.Stat(mine); err == nil {
		t.Error("other keys were made instead")
	}
	copyFile(t, kept, mine)
	start(t, c)
}

// Two nodes that start on an empty database at once agree on the keys of one.
func TestFirstKeysCount(t *testing.T) {
	records := start(t, testConfig(t)).records
	first, second := t.TempDir(), t.TempDir()
	if _, err := keysOf(t.Context(), records, first, time.Now()); err == nil {
		t.Error("a folder without keys joins a database that has some")
	}
	fresh, err := openRecords(t.Context(), place{"sqlite", filepath.Join(t.TempDir(), "preau.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	k, err := keysOf(t.Context(), fresh, first, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(second); err != nil {
		t.Fatal(err)
	}
	if _, err := keysOf(t.Context(), fresh, second, time.Now()); !errors.Is(err, errKeys) {
		t.Errorf("the second node: %v", err)
	}
	if again, err := keysOf(t.Context(), fresh, first, time.Now()); err != nil || again.fingerprint() != k.fingerprint() {
		t.Errorf("the first again: %v", err)
	}
}
