package ferrettest

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage"
	"preau/storage/mongo"
	"preau/storage/mongo/ferrettest/ferret"
	"preau/storage/storagetest"
)

const (
	uriVar    = "PREAU_TEST_MONGO_URI" // another server than the embedded one
	ferretVar = "PREAU_FERRET_URI"     // the embedded one, told to children that are killed
	roundsVar = "PREAU_KILL_ROUNDS"
)

// uri is the server under test; real says that it is not the embedded one.
var (
	uri  string
	real bool
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if uri = os.Getenv(uriVar); uri != "" {
		real = true
		return runAll(m)
	}
	if uri = os.Getenv(ferretVar); uri != "" {
		return m.Run()
	}
	stop, err := startFerret()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer stop()
	if os.Getenv(roundsVar) == "" {
		os.Setenv(roundsVar, "5")
	}
	return runAll(m)
}

// runAll runs the tests, and checks that every command they made the store
// send has an index.
func runAll(m *testing.M) int {
	code := m.Run()
	drop()
	complete := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
	for _, fault := range checkShapes(complete) {
		fmt.Fprintln(os.Stderr, fault)
		code = max(code, 1)
	}
	return code
}

// startFerret runs the server in this process, on a directory of its own.
func startFerret() (stop func(), err error) {
	dir, err := os.MkdirTemp("", "preau-ferret-")
	if err != nil {
		return nil, err
	}
	server, err := ferret.Start("127.0.0.1:0", dir)
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	uri = server.URI()
	os.Setenv(ferretVar, uri)
	return func() {
		server.Close()
		os.RemoveAll(dir)
	}, nil
}

// open opens a database named after a directory.
func open(t *testing.T, o mongo.Options) storagetest.OpenRecords {
	t.Helper()
	return func(ctx context.Context, dir string) (storage.Records, error) {
		t.Helper()
		o.Monitor = monitor()
		return mongo.Open(ctx, database(dir), o)
	}
}

// database is the address of the database that belongs to a directory.
func database(dir string) string {
	name := fmt.Sprintf("preau_%x", sha256.Sum256([]byte(dir)))[:22]
	used.Store(name, true)
	base, query, _ := strings.Cut(uri, "?")
	return strings.TrimSuffix(base, "/") + "/" + name + "?" + query
}

// nameOf is the name of the database at an address.
func nameOf(address string) string {
	return strings.TrimSuffix(address[strings.LastIndex(address, "/")+1:], "?")
}

var used sync.Map // the databases that were made

// drop leaves a server that is not ours as it was.
func drop() {
	if !real {
		return
	}
	ctx := context.Background()
	c, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return
	}
	defer c.Disconnect(ctx)
	used.Range(func(name, _ any) bool {
		c.Database(name.(string)).Drop(ctx)
		return true
	})
}

// client connects to the server past the store.
func client(t *testing.T) *driver.Client {
	t.Helper()
	c, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect(context.Background()) })
	return c
}
