// Package miniotest starts S3 servers for tests, on free ports of this machine
// and for as long as a test runs. `make servers` builds them.
package miniotest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	s3 "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"preau/storage/storagetest/programs"
)

const runningVar = "PREAU_TEST_S3_RUNNING" // what a child, to be killed, finds running

// Bucket is there on every server; Owner may do everything with it. Guest may
// do what a bucket policy says; only versitygw knows one. Both have one secret.
const (
	Bucket = "preau-test"
	Owner  = "preau-test"
	Guest  = "preau-guest"
	Secret = "not/so+secret@all"
)

// Server is how to start an S3 server.
type Server struct {
	Name    string
	args    func(addr, dir string) []string
	env     []string
	prepare func(dir string) error
}

// Servers are those that the store is tested on.
var Servers = []Server{
	{
		"minio",
		func(addr, dir string) []string {
			return []string{"server", "--quiet", "--address", addr, "--console-address", "127.0.0.1:0", dir}
		},
		[]string{"MINIO_ROOT_USER=" + Owner, "MINIO_ROOT_PASSWORD=" + Secret, "MINIO_UPDATE=off", "MINIO_BROWSER=off", "MINIO_CI_CD=1"},
		nil,
	},
	{
		"versitygw",
		func(addr, dir string) []string {
			return []string{"--port", addr, "--quiet", "--iam-dir", filepath.Join(dir, "iam"), "posix", filepath.Join(dir, "data")}
		},
		[]string{"ROOT_ACCESS_KEY=" + Owner, "ROOT_SECRET_KEY=" + Secret},
		addGuest,
	},
}

// addGuest writes the file in which versitygw keeps accounts.
func addGuest(dir string) error {
	accounts := fmt.Sprintf(`{"accessAccounts":{%q:{"access":%[1]q,"secret":%q,"role":"user"}}}`, Guest, Secret)
	return errors.Join(
		os.Mkdir(filepath.Join(dir, "data"), 0o700), os.Mkdir(filepath.Join(dir, "iam"), 0o700),
		os.WriteFile(filepath.Join(dir, "iam", "users.json"), []byte(accounts), 0o600),
	)
}

// Address is where a store of a server lies, for somebody with a secret.
func Address(host, who, secret, path, query string) string {
	u := url.URL{Scheme: "s3", Host: host, User: url.UserPassword(who, secret), Path: "/" + path, RawQuery: query}
	return u.String()
}

// Start runs the server until the test ends and returns its host and port. A
// child of the test finds it running.
func (s Server) Start(t testing.TB) string {
	t.Helper()
	if running := os.Getenv(runningVar); running != "" {
		return running
	}
	program := programs.Find(t, s.Name)
	host, dir := programs.FreeAddr(t), t.TempDir()
	if s.prepare != nil {
		if err := s.prepare(dir); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, s.args(host, dir)...)
	cmd.Env = append(os.Environ(), s.env...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	wait := programs.Launch(t, cmd)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-wait
		if t.Failed() {
			t.Logf("%s said: %.4000s", s.Name, said.String())
		}
	})
	makeBucket(t, host, wait)
	t.Setenv(runningVar, host)
	return host
}

// makeBucket waits until the server answers.
func makeBucket(t testing.TB, host string, ended <-chan error) {
	t.Helper()
	client := Client(t, host)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		err := client.MakeBucket(t.Context(), Bucket, s3.MakeBucketOptions{})
		if err == nil {
			return
		}
		select {
		case <-ended:
			t.Fatal("the server ended")
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// Client speaks to a server without our store.
func Client(t testing.TB, host string) *s3.Core {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := s3.NewCore(host, &s3.Options{
		Creds: credentials.NewStaticV4(Owner, Secret, ""), Region: "us-east-1", Transport: transport, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Objects lists what is in the bucket, ours or not.
func Objects(t testing.TB, client *s3.Core, prefix string) (names []string) {
	t.Helper()
	for o := range client.ListObjectsIter(t.Context(), Bucket, s3.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		names = append(names, strings.TrimPrefix(o.Key, prefix))
	}
	return names
}
