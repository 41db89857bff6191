package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"preau/cmd/preau/archive"
	psync "preau/sync"
)

// preau runs a command on a data folder, in this process.
func preau(t testing.TB, data string, args ...string) (out string, err error) {
	t.Helper()
	var text bytes.Buffer
	err = run(context.Background(), args, dataIn(data), &text, &text)
	return text.String(), err
}

func (r *running) put(scope, id string) {
	r.t.Helper()
	_, err := r.engine.Commit(context.Background(), psync.Actor{}, scope, func(_ context.Context, tx *psync.Tx) error {
		tx.Put("note", id, map[string]string{"text": "é"})
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	body, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// backedUp is a server with two notes, and its backup.
func backedUp(t *testing.T) (r *running, file string) {
	t.Helper()
	r = start(t, testConfig(t))
	r.put("user:a", "1")
	r.put("user:b", "2")
	file = filepath.Join(t.TempDir(), "school.tar.zst")
	out, err := preau(t, r.config.Data, "backup", "-to", file)
	if err != nil || !strings.Contains(out, "3 scopes, 3 records") || !strings.Contains(out, "keys.json") {
		t.Fatalf("%v: %s", err, out)
	}
	return r, file
}

func TestBackupOfAServerIsRestoredElsewhere(t *testing.T) {
	r, file := backedUp(t)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	want := dumpOf(t, r.config)
	r.put("user:a", "3")
	elsewhere := t.TempDir()
	out, err := preau(t, elsewhere, "restore", file)
	if err != nil || !strings.Contains(out, "Now put the keys.json") {
		t.Fatalf("%v: %s", err, out)
	}
	c := testConfig(t)
	c.Data = elsewhere
	wantRefused(t, c, "keys.json is missing")
	copyFile(t, filepath.Join(r.config.Data, "keys.json"), filepath.Join(elsewhere, "keys.json"))
	if got := dumpOf(t, c); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	again := start(t, c)
	epoch, err := again.records.Epoch(t.Context(), false)
	if before, _ := r.records.Epoch(t.Context(), false); err != nil || epoch <= before {
		t.Errorf("epoch %d after %d, %v", epoch, before, err)
	}
	again.put("user:a", "4")
}

func TestBackupGoesWhereItIsTold(t *testing.T) {
	r, _ := backedUp(t)
	folder := t.TempDir()
	if _, err := preau(t, r.config.Data, "backup", "-to", folder); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) != 1 || !strings.HasSuffix(names[0], ".tar.zst") {
		t.Errorf("%v, %v", names, err)
	}
	var stream, told bytes.Buffer
	if err := run(t.Context(), []string{"backup", "-to", "-"}, dataIn(r.config.Data), &stream, &told); err != nil {
		t.Fatal(err)
	}
	if m, err := archive.Verify(&stream); err != nil || m.Records != 3 || told.Len() == 0 {
		t.Errorf("%+v, %v", m, err)
	}
	if out, err := preau(t, t.TempDir(), "backup", "-to", folder); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Errorf("of nothing: %v %s", err, out)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBackupLeavesHalfSentUploadsOut(t *testing.T) {
	r, _ := backedUp(t)
	for _, key := range []string{"arrivals/u/x", "uploads/u/x.at.0"} {
		if err := r.blobs.Put(t.Context(), key, strings.NewReader("x"), 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	var stream bytes.Buffer
	if err := run(t.Context(), []string{"backup", "-to", "-"}, dataIn(r.config.Data), &stream, io.Discard); err != nil {
		t.Fatal(err)
	}
	m, err := archive.Verify(&stream)
	if err != nil || m.Blobs != 1 {
		t.Errorf("%d files, %v: %+v", m.Blobs, err, m.Parts)
	}
}

func TestRestoreRefuses(t *testing.T) {
	r, file := backedUp(t)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := preau(t, r.config.Data, "restore", file); err == nil || !strings.Contains(err.Error(), "holds something") {
		t.Errorf("over a server: %v", err)
	}
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut")
	if err := os.WriteFile(cut, body[:len(body)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "data")
	if _, err := preau(t, empty, "restore", cut); err == nil || !strings.Contains(err.Error(), "damaged or was cut off") {
		t.Errorf("of half an archive: %v", err)
	}
	if _, err := os.Stat(empty); err == nil {
		t.Error("a damaged archive leaves a trace")
	}
	for _, args := range [][]string{{"restore"}, {"restore", "a", "b"}, {"restore", "-x"}, {"backup", "a"}} {
		if _, err := preau(t, empty, args...); err == nil || !strings.Contains(err.Error(), "usage: preau "+args[0]) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// A restore that was killed in the middle is seen by everything that would
// use the database.
func TestKilledRestoreIsRecognised(t *testing.T) {
	r, file := backedUp(t)
	half := testConfig(t)
	half.Data = t.TempDir()
	copyFile(t, filepath.Join(r.config.Data, "keys.json"), filepath.Join(half.Data, "keys.json"))
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := archive.Verify(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := half.complete(); err != nil {
		t.Fatal(err)
	}
	records, err := openRecords(t.Context(), half.Records)
	if err != nil {
		t.Fatal(err)
	}
	// The archive ends early, as a disk that goes away does.
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	blobs, err := openBlobs(t.Context(), place{"file", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	info, _ := f.Stat()
	_, err = archive.Restore(t.Context(), io.LimitReader(f, info.Size()-1), m, archive.Stores{Records: records, Blobs: blobs})
	if err == nil {
		t.Fatal("an archive that ends early is restored")
	}
	records.Close()
	wantRefused(t, half, "did not end")
	for _, command := range [][]string{{"backup", "-to", "-"}, {"restore", file}, {"import", "onde", "api/directory/onde/testdata"}} {
		if _, err := preau(t, half.Data, command...); err == nil || command[0] != "import" && !strings.Contains(err.Error(), "did not end") {
			t.Errorf("%v: %v", command, err)
		}
	}
}

// TestRestoreKilledAnywhere kills a restore at random moments: what it leaves
// is nothing, or half and known as such, or whole.
func TestRestoreKilledAnywhere(t *testing.T) {
	r, file := backedUp(t)
	want := dumpOf(t, r.config)
	outcomes := map[string]int{}
	for range 12 {
		c := testConfig(t)
		if err := c.complete(); err != nil {
			t.Fatal(err)
		}
		child := exec.Command(os.Args[0], "restore", file)
		child.Env = append(os.Environ(), "PREAU_TEST_MAIN=1", "PREAU_DATA="+c.Data)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		killed := time.AfterFunc(rand.N(300*time.Millisecond), func() { _ = child.Process.Kill() })
		_ = child.Wait() // it was killed, or not
		killed.Stop()
		outcomes[leftBy(t, c, want)]++
	}
	t.Log(outcomes)
}

// leftBy says what a restore that may have been killed has left.
func leftBy(t *testing.T, c Config, want string) string {
	t.Helper()
	records, err := openRecords(t.Context(), c.Records)
	if errors.Is(err, archive.ErrUnfinished) {
		return "half"
	}
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	scopes, err := records.Scopes(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(scopes) == 0 {
		return "nothing"
	}
	if got := dumpOf(t, c); got != want {
		t.Errorf("half a restore is not recognised:\n%s", got)
	}
	return "whole"
}
