// Package mongotest starts a MongoDB server for tests, for as long as a test
// runs: FerretDB with atomic updates, which `make servers` builds, or whatever
// PREAU_TEST_MONGO_URI names.
package mongotest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage/storagetest/programs"
)

const (
	uriVar     = "PREAU_TEST_MONGO_URI"     // another server
	runningVar = "PREAU_TEST_MONGO_RUNNING" // the one that this test or its parent started
)

// Start is the address of a database of its own, which is empty and goes when
// the test ends. Several of one test lie on one server.
func Start(t testing.TB) (uri string) {
	t.Helper()
	server := os.Getenv(uriVar)
	if server == "" {
		server = ferret(t)
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	name := "preau_" + strings.ToLower(rand.Text())
	u.Path = "/" + name
	t.Cleanup(func() { drop(t, server, name) })
	return u.String()
}

// ferret starts the server unless it is running.
func ferret(t testing.TB) string {
	t.Helper()
	if running := os.Getenv(runningVar); running != "" {
		return running
	}
	cmd := exec.Command(programs.Find(t, "ferret"), "-dir", t.TempDir())
	said, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	var failed bytes.Buffer
	cmd.Stdout, cmd.Stderr = w, &failed
	ended := programs.Launch(t, cmd)
	w.Close()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // nothing of it is kept
		<-ended
	})
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("ferret did not start: %v: %s", err, failed.String())
	}
	address = strings.TrimSpace(address)
	t.Setenv(runningVar, address)
	return address
}

// drop leaves a server that is not ours as it was.
func drop(t testing.TB, server, name string) {
	t.Helper()
	ctx := context.Background()
	c, err := driver.Connect(options.Client().ApplyURI(server))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Disconnect(ctx) }()
	if err := c.Database(name).Drop(ctx); err != nil {
		t.Error(err)
	}
}
