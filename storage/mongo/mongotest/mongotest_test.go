package mongotest_test

import (
	"context"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"preau/storage/mongo/mongotest"
)

// TestStart has two databases of one server, each with contents of its own.
func TestStart(t *testing.T) {
	for _, uri := range []string{mongotest.Start(t), mongotest.Start(t)} {
		at, err := connstring.ParseAndValidate(uri)
		if err != nil {
			t.Fatal(err)
		}
		c, err := driver.Connect(options.Client().ApplyURI(uri))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Disconnect(context.Background()) })
		here := c.Database(at.Database).Collection("here")
		if _, err := here.InsertOne(t.Context(), bson.M{"_id": at.Database}); err != nil {
			t.Fatal(err)
		}
		if n, err := here.CountDocuments(t.Context(), bson.M{}); err != nil || n != 1 {
			t.Errorf("%d documents, %v; want the one that was inserted", n, err)
		}
	}
}
