package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"preau/storage"
)

// schema is the version of the collections that this program understands.
const schema = 1

type collections struct{ log, records, steps, tasks, turns, scopes, meta *mongo.Collection }

func (s *Store) connect(ctx context.Context, uri string, o Options) error {
	url, err := connstring.ParseAndValidate(uri)
	if err != nil {
		return fmt.Errorf("the address of MongoDB is not understood (%w): write mongodb://host:27017/preau", oneLine(err))
	}
	if o.Reach <= 0 {
		o.Reach = reach
	}
	if s.client, err = mongo.Connect(clientOptions(uri, o)); err != nil {
		return fmt.Errorf("the address of MongoDB is not accepted: %w", oneLine(err))
	}
	name := url.Database
	if name == "" {
		name = "preau"
	}
	s.use(s.client.Database(name))
	if err := s.prepare(ctx, o); err != nil {
		return errors.Join(explain(err, name, url), s.disconnect(context.WithoutCancel(ctx)))
	}
	return nil
}

// clientOptions settles what correctness rests on, whatever the URI says.
func clientOptions(uri string, o Options) *options.ClientOptions {
	durable := true
	return options.Client().ApplyURI(uri).
		SetAppName("preau").
		SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &durable}).
		SetServerSelectionTimeout(o.Reach).
		SetMonitor(o.Monitor)
}

func (s *Store) use(db *mongo.Database) {
	s.coll = collections{
		log: db.Collection("log"), records: db.Collection("records"), steps: db.Collection("steps"),
		tasks: db.Collection("tasks"), turns: db.Collection("turns"),
		scopes: db.Collection("scopes"), meta: db.Collection("meta"),
	}
}

// prepare checks the server and the schema, and makes what is missing.
func (s *Store) prepare(ctx context.Context, o Options) error {
	within, cancel := context.WithTimeout(ctx, o.Reach)
	defer cancel()
	if err := s.client.Ping(within, nil); err != nil {
		return unreachable{err}
	}
	ctx, cancel = context.WithTimeout(ctx, 10*patience) // indexes may take their time
	defer cancel()
	there, err := s.checkSchema(ctx)
	switch {
	case err != nil:
		return err
	case !o.Made:
		return s.make(ctx)
	case !there:
		return fmt.Errorf("there is no database %s of Préau on this server: %w", s.coll.meta.Database().Name(), storage.ErrNotFound)
	}
	return nil
}

func (s *Store) make(ctx context.Context) error {
	for _, x := range indexes {
		model := mongo.IndexModel{Keys: x.keys(), Options: options.Index().SetName(x.Name).SetSparse(x.Sparse)}
		if _, err := s.coll.log.Database().Collection(x.Collection).Indexes().CreateOne(ctx, model); err != nil {
			return fmt.Errorf("make index %s: %w", x.Name, err)
		}
	}
	if err := s.insertOnce(ctx, s.coll.meta, bson.M{"_id": metaKey("schema", schema)}); err != nil {
		return err
	}
	return s.insertOnce(ctx, s.coll.meta, bson.M{"_id": metaKey("epoch", 1)})
}

// checkSchema refuses a database that a later version of the program wrote,
// and tells whether there is one.
func (s *Store) checkSchema(ctx context.Context) (there bool, err error) {
	version, err := s.reached(ctx, "schema")
	if err == nil && version > schema {
		err = fmt.Errorf("database %s has schema %d, newer than this program's %d: use the newer program",
			s.coll.meta.Database().Name(), version, schema)
	}
	return version > 0, err
}

type unreachable struct{ error }

func (u unreachable) Unwrap() error { return u.error }

// explain says in one sentence what the operator can do.
func explain(err error, name string, url *connstring.ConnString) error {
	const unauthorized, authentication = 13, 18
	var server mongo.ServerError
	refused := strings.Contains(err.Error(), "auth error") // for which the driver has no kind
	switch {
	case refused, errors.As(err, &server) && server.HasErrorCode(authentication):
		return fmt.Errorf("MongoDB does not accept user %q: check the name and password in the address: %w", url.Username, oneLine(err))
	case errors.As(err, &server) && server.HasErrorCode(unauthorized):
		return fmt.Errorf("user %q may not use database %s: grant the role readWrite on it: %w", url.Username, name, oneLine(err))
	case errors.As(err, &unreachable{}):
		return fmt.Errorf("no MongoDB server answers at %s: start it or correct the address: %w", strings.Join(url.Hosts, ", "), oneLine(err))
	default:
		return oneLine(err)
	}
}

// flat is an error on one line.
type flat struct{ error }

func (f flat) Unwrap() error { return f.error }

func (f flat) Error() string { return strings.Join(strings.Fields(f.error.Error()), " ") }

func oneLine(err error) error { return flat{err} }
