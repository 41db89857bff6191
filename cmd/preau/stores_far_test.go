package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"preau/cmd/preau/archive"
	"preau/cmd/preau/demo"
	"preau/storage/minio/miniotest"
	"preau/storage/mongo/mongotest"
	psync "preau/sync"
)

// far is the environment of a server whose records are in MongoDB and whose
// files are in S3, with a folder for what a node keeps. All of it is empty.
func far(t *testing.T, host string) map[string]string {
	t.Helper()
	return map[string]string{
		"PREAU_DATA": t.TempDir(), "PREAU_RECORDS": mongotest.Start(t), "PREAU_ADDR": "127.0.0.1:0",
		"PREAU_BLOBS": bucket(host, miniotest.Secret, miniotest.Bucket),
	}
}

// bucket is an empty part of a bucket.
func bucket(host, secret, name string) string {
	return miniotest.Address(host, miniotest.Owner, secret, name+"/"+strings.ToLower(rand.Text()), "tls=0")
}

// other is an environment with another value.
func other(env map[string]string, name, value string) map[string]string {
	env = maps.Clone(env)
	env["PREAU_"+name] = value
	return env
}

func configOf(t *testing.T, env map[string]string) Config {
	t.Helper()
	c, err := readConfig(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// preauIn runs a command in an environment.
func preauIn(env map[string]string, args ...string) (string, error) {
	var out bytes.Buffer
	err := run(context.Background(), args, func(name string) string { return env[name] }, &out, &out)
	return out.String(), err
}

func mustIn(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	out, err := preauIn(env, args...)
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// TestFarServerIsBackedUpUnderLoad copies a server while notes are written in
// two scopes in turn, each with its file, and restores it to another database
// and bucket, and to SQLite and a folder.
func TestFarServerIsBackedUpUnderLoad(t *testing.T) {
	for _, server := range miniotest.Servers {
		t.Run(server.Name, func(t *testing.T) {
			host := server.Start(t)
			env := far(t, host)
			r := start(t, configOf(t, env))
			acked := r.writeInTurn(3)
			stop, ended := make(chan bool), make(chan int)
			go func() {
				n := acked
				for {
					select {
					case <-stop:
						ended <- n
						return
					default:
						n = r.writeNext(n)
					}
				}
			}()
			file := filepath.Join(t.TempDir(), "busy.tar.zst")
			out, err := preauIn(env, "backup", "-to", file)
			close(stop)
			if last := <-ended; last == acked {
				t.Error("nobody wrote meanwhile")
			}
			if err != nil || !strings.Contains(out, "keys.json") {
				t.Fatalf("%v, %s", err, out)
			}
			there, here := far(t, host), map[string]string{"PREAU_DATA": t.TempDir()}
			mustIn(t, there, "restore", file)
			mustIn(t, here, "restore", file)
			text := mustIn(t, there, "dump")
			if near := mustIn(t, here, "dump"); near != text {
				t.Errorf("restored to MongoDB:\n%s\nto SQLite:\n%s", text, near)
			}
			wantInTurn(t, text, acked)
			wantServes(t, r.config.Data, there, text)
		})
	}
}

// writeInTurn writes the first notes.
func (r *running) writeInTurn(n int) int {
	for i := range n {
		r.writeNext(i)
	}
	return n
}

// writeNext writes the note that follows n, in one of two scopes, and its file
// before it.
func (r *running) writeNext(n int) int {
	name := fmt.Sprintf("%04d", n+1)
	if err := r.blobs.Put(context.Background(), "files/"+name, strings.NewReader(name), int64(len(name)), nil); err != nil {
		r.t.Error(err)
	}
	_, err := r.engine.Commit(context.Background(), psync.Actor{}, "user:"+string("ab"[n%2]), func(_ context.Context, tx *psync.Tx) error {
		tx.Put("note", name, map[string]string{"text": "é"})
		return nil
	})
	if err != nil {
		r.t.Error(err)
	}
	return n + 1
}

// wantInTurn wants all notes up to some number, which is at least acked.
func wantInTurn(t *testing.T, text string, acked int) {
	t.Helper()
	n := strings.Count(text, `"type":"note"`)
	if n < acked {
		t.Errorf("%d notes, but %d were acknowledged before", n, acked)
	}
	for i := range n {
		if name := fmt.Sprintf(`{"id":"%04d","scope":"user:%c"`, i+1, "ab"[i%2]); !strings.Contains(text, name) {
			t.Errorf("of %d notes %s is missing:\n%s", n, name, text)
		}
	}
}

// wantServes starts a restored server with its keys, and has the doctor look.
func wantServes(t *testing.T, home string, env map[string]string, text string) {
	t.Helper()
	wantRefused(t, configOf(t, env), "keys.json is missing")
	copyFile(t, filepath.Join(home, "keys.json"), filepath.Join(env["PREAU_DATA"], "keys.json"))
	r := start(t, configOf(t, env))
	for i := range strings.Count(text, `"type":"note"`) {
		name := fmt.Sprintf("%04d", i+1)
		body, _, err := r.blobs.Open(t.Context(), "files/"+name, 0, -1)
		if err != nil {
			t.Errorf("file of note %s: %v", name, err)
			continue
		}
		if got, err := io.ReadAll(body); string(got) != name || err != nil {
			t.Errorf("file of note %s: %q, %v", name, got, err)
		}
		body.Close()
	}
	r.put("user:a", "after")
	told, err := examined(t, r.config, nil)
	for _, want := range []string{"ok    database     whole: ", "ok    files        written, read back and removed", "ok    keys "} {
		if !strings.Contains(told, want) {
			t.Errorf("the doctor says (%v), without %q:\n%s", err, want, told)
		}
	}
}

// TestSchoolMovesToMongoAndBack restores the backup of the demonstration
// school to MongoDB and S3, and a backup of that to SQLite and a folder again.
func TestSchoolMovesToMongoAndBack(t *testing.T) {
	c := testConfig(t)
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.prepareDemo(t.Context(), demo.Small), a.Close()); err != nil {
		t.Fatal(err)
	}
	home := map[string]string{"PREAU_DATA": c.Data}
	want := mustIn(t, home, "dump")
	for _, env := range []map[string]string{far(t, server(t, "versitygw")), {"PREAU_DATA": t.TempDir()}} {
		file := filepath.Join(t.TempDir(), "school.tar.zst")
		mustIn(t, home, "backup", "-to", file)
		mustIn(t, env, "restore", file)
		if got := mustIn(t, env, "dump"); got != want {
			t.Errorf("%s holds another school: %d and %d bytes", configOf(t, env).Records, len(got), len(want))
		}
		home = env
	}
}

// server starts the S3 server of a name.
func server(t *testing.T, name string) (host string) {
	t.Helper()
	for _, s := range miniotest.Servers {
		if s.Name == name {
			host = s.Start(t)
		}
	}
	return host
}

// TestFarServerSaysWhyItDoesNotStart makes one mistake at a time.
func TestFarServerSaysWhyItDoesNotStart(t *testing.T) {
	host := server(t, "versitygw")
	env := far(t, host)
	r := start(t, configOf(t, env))
	r.put("user:a", "1")
	file := filepath.Join(t.TempDir(), "far.tar.zst")
	mustIn(t, env, "backup", "-to", file)

	wrongUser := strings.Replace(env["PREAU_RECORDS"], "mongodb://", "mongodb://preau:hunter22@", 1)
	for name, c := range map[string]struct{ setting, value, says string }{
		"nobody there":    {"RECORDS", "mongodb://127.0.0.1:1/preau", "no MongoDB server answers at 127.0.0.1:1: start it or correct the address"},
		"bad option":      {"RECORDS", env["PREAU_RECORDS"] + "?w=-3", "is not understood"},
		"wrong user":      {"RECORDS", wrongUser, `MongoDB does not accept user "preau": check the name and password in the address`},
		"wrong secret":    {"BLOBS", bucket(host, "hunter22", miniotest.Bucket), "the secret is wrong"},
		"no such bucket":  {"BLOBS", bucket(host, miniotest.Secret, "absent"), `bucket "absent" does not exist; make it first`},
		"another's keys":  {"DATA", stopped(t).Data, "does not belong to this database"},
		"a node's folder": {"DATA", t.TempDir(), "keys.json is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefused(t, configOf(t, other(env, c.setting, c.value)), c.says)
			if name == "nobody there" {
				return // the doctor waits as long as the server
			}
			text, err := preauIn(other(env, c.setting, c.value), "doctor", "-offline")
			if err == nil || strings.Contains(text+err.Error(), "hunter22") {
				t.Errorf("the doctor: %v\n%s", err, text)
			}
		})
	}
	t.Run("no database yet", func(t *testing.T) {
		fresh := far(t, host)
		told, _ := preauIn(fresh, "doctor", "-offline")
		if !strings.Contains(told, "note  database     ") || !strings.Contains(told, "there is no database") {
			t.Errorf("the doctor says:\n%s", told)
		}
		if _, err := preauIn(fresh, "backup", "-to", "-"); err == nil || !strings.Contains(err.Error(), "there is no database") {
			t.Errorf("backup: %v", err)
		}
	})
	t.Run("not empty", func(t *testing.T) {
		if _, err := preauIn(env, "restore", file); !errors.Is(err, archive.ErrNotEmpty) {
			t.Errorf("restored over a server: %v", err)
		}
	})
	t.Run("half restored", func(t *testing.T) { halfRestored(t, file, far(t, host)) })
	t.Run("newer schema", func(t *testing.T) {
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		insert(t, env["PREAU_RECORDS"], "meta", "schema#000000000099")
		wantRefused(t, configOf(t, env), "newer than this program's 1: use the newer program")
		for _, command := range []string{"dump", "backup"} {
			if _, err := preauIn(env, command); err == nil || !strings.Contains(err.Error(), "use the newer program") {
				t.Errorf("%s: %v", command, err)
			}
		}
	})
}

// halfRestored breaks a restore off, and has everything refuse what is left.
func halfRestored(t *testing.T, file string, env map[string]string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := archive.Verify(f)
	if err != nil {
		t.Fatal(err)
	}
	c := configOf(t, env)
	records, err := openRecords(t.Context(), c.Records)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := openBlobs(t.Context(), c.Blobs)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = archive.Restore(t.Context(), io.LimitReader(f, info.Size()-1), m, archive.Stores{Records: records, Blobs: blobs, Now: time.Now()})
	if err == nil || errors.Join(records.Close(), blobs.Close()) != nil {
		t.Fatalf("an archive that ends early: %v", err)
	}
	wantRefused(t, c, "did not end")
	for _, args := range [][]string{{"backup", "-to", "-"}, {"restore", file}} {
		if _, err := preauIn(env, args...); !errors.Is(err, archive.ErrUnfinished) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if text, err := preauIn(env, "doctor", "-offline"); err == nil || !strings.Contains(text, "MEND  database     half restored") {
		t.Errorf("the doctor: %v\n%s", err, text)
	}
}

// insert puts a document into a database, past the store.
func insert(t *testing.T, uri, collection, id string) {
	t.Helper()
	at, err := connstring.ParseAndValidate(uri)
	if err != nil {
		t.Fatal(err)
	}
	c, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Disconnect(context.Background())
	if _, err := c.Database(at.Database).Collection(collection).InsertOne(t.Context(), bson.M{"_id": id}); err != nil {
		t.Fatal(err)
	}
}
