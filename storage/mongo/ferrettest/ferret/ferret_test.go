package ferret_test

import (
	"context"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"preau/storage/mongo/ferrettest/ferret"
)

// TestUpdatesAreAtomic has clients count in one document, each on a
// connection of its own.
func TestUpdatesAreAtomic(t *testing.T) {
	server, err := ferret.Start("127.0.0.1:0", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	const clients, times = 8, 25
	one := bson.M{"_id": "one"}
	if _, err := numbers(t, server).InsertOne(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range clients {
		c := numbers(t, server)
		all.Go(func() {
			for range times {
				if _, err := c.UpdateOne(t.Context(), one, bson.M{"$inc": bson.M{"n": 1}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var got struct{ N int }
	if err := numbers(t, server).FindOne(t.Context(), one).Decode(&got); err != nil || got.N != clients*times {
		t.Errorf("counted %d, %v; want %d", got.N, err, clients*times)
	}
}

// TestInsertedAreStamped wants timestamps that grow where they were empty.
func TestInsertedAreStamped(t *testing.T) {
	server, err := ferret.Start("127.0.0.1:0", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	type doc struct {
		ID   string `bson:"_id"`
		Mine bson.Timestamp
		At   bson.Timestamp
	}
	mine := bson.Timestamp{T: 7, I: 7}
	var last bson.Timestamp
	for _, id := range []string{"a", "b", "c"} {
		if _, err := numbers(t, server).InsertMany(t.Context(), []any{doc{ID: id, Mine: mine}}); err != nil {
			t.Fatal(err)
		}
		var got doc
		if err := numbers(t, server).FindOne(t.Context(), bson.M{"_id": id}).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Mine != mine || !got.At.After(last) {
			t.Errorf("%+v after %v", got, last)
		}
		last = got.At
	}
}

func numbers(t *testing.T, s *ferret.Server) *driver.Collection {
	t.Helper()
	c, err := driver.Connect(options.Client().ApplyURI(s.URI()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Disconnect(context.Background()) })
	return c.Database("test").Collection("numbers")
}
