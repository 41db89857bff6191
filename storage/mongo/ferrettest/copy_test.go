package ferrettest

import (
	"context"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"preau/storage/mongo"
	"preau/storage/mongo/ferrettest/ferret"
)

// aroundMoment opens a store whose first copy is held up twice: before it asks
// the server the time, and after.
func aroundMoment(t *testing.T, address string, before, after func()) *mongo.Store {
	t.Helper()
	var once [2]sync.Once
	m := monitor()
	seen := m.Started
	m.Started = func(ctx context.Context, e *event.CommandStartedEvent) {
		seen(ctx, e)
		switch collection, _ := e.Command.Lookup(e.CommandName).StringValueOK(); e.CommandName + " " + collection {
		case "insert meta":
			if strings.Contains(e.Command.String(), "moment#") {
				once[0].Do(before)
			}
		case "delete meta":
			once[1].Do(after)
		}
	}
	s, err := mongo.Open(t.Context(), address, mongo.Options{Monitor: m})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// copyOf is the head and the live record of scope "s" in a copy.
func copyOf(t *testing.T, s *mongo.Store) (head int64, value string, err error) {
	t.Helper()
	for p, err := range s.Snapshot(t.Context()) {
		switch {
		case err != nil:
			return 0, "", err
		case p.Scope != nil:
			head = p.Scope.Head
		case p.Record != nil:
			value = string(p.Record.Value)
		}
	}
	return head, value, nil
}

func append1(t *testing.T, s *mongo.Store, n int64, value string) {
	t.Helper()
	e := entry(n)
	if e.Ops[0].Value = []byte(value); value == "" {
		e.Ops[0].Value = nil
	}
	if err := s.Append(context.Background(), e); err != nil {
		t.Error(err)
	}
}

// TestCopyEndsAtItsMoment commits before and after the moment of a copy.
func TestCopyEndsAtItsMoment(t *testing.T) {
	address := database(t.TempDir())
	other := openStore(t, address)
	append1(t, other, 1, "1")
	s := aroundMoment(t, address, func() { append1(t, other, 2, "2") }, func() { append1(t, other, 3, "3") })
	if head, value, err := copyOf(t, s); head != 2 || value != "2" || err != nil {
		t.Errorf("%d, %s, %v; want what was there at the moment: 2", head, value, err)
	}
}

// TestCopyOfWhatIsErased puts a value before the moment of a copy, and has it
// deleted and erased after: the copy must move on.
func TestCopyOfWhatIsErased(t *testing.T) {
	address := database(t.TempDir())
	other := openStore(t, address)
	append1(t, other, 1, "1")
	s := aroundMoment(t, address, func() { append1(t, other, 2, "2") }, func() {
		append1(t, other, 3, "")
		other.Close() // which brings it forward
	})
	if head, value, err := copyOf(t, s); head != 3 || value != "" || err != nil {
		t.Errorf("%d, %q, %v; want the deletion", head, value, err)
	}
	if left, err := client(t).Database(nameOf(address)).Collection("meta").CountDocuments(t.Context(), bson.M{"stamp": bson.M{"$exists": true}}); left != 0 || err != nil {
		t.Errorf("%d marks of moments are left, %v", left, err)
	}
}

// TestCopyWithoutStamps is of a server that does not stamp what is inserted:
// it can be copied when it is quiet.
func TestCopyWithoutStamps(t *testing.T) {
	server, err := ferret.Start("127.0.0.1:0", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	address := server.Bare() + "bare"
	other := openStore(t, address)
	defer other.Close()
	append1(t, other, 1, "1")
	s := aroundMoment(t, address, func() {}, func() {})
	if head, value, err := copyOf(t, s); head != 1 || value != "1" || err != nil {
		t.Errorf("%d, %s, %v", head, value, err)
	}
	s.Close()
	s = aroundMoment(t, address, func() {}, func() { append1(t, other, 2, "2") })
	defer s.Close()
	if _, _, err := copyOf(t, s); err == nil || !strings.Contains(err.Error(), "stop what writes") {
		t.Errorf("%v; want that it has to be quiet", err)
	}
}
