// Package ferret runs FerretDB 1 in this process, for tests, behind a [Gate]
// that makes its updates atomic.
package ferret

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/FerretDB/FerretDB/ferretdb"
)

// Server is a running FerretDB.
type Server struct {
	Gate *Gate
	bare string
	stop context.CancelFunc
	done chan struct{}
}

// Start runs a server whose databases lie in dir, and opens its gate at addr.
// It outlives the stores under test and nothing else: what it acknowledged is
// not synced.
func Start(addr, dir string) (*Server, error) {
	db, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/?_pragma=synchronous(off)",
	})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{bare: db.MongoDBURI(), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		_ = db.Run(ctx) // returns nil always
	}()
	if s.Gate, err = OpenGate(addr, hostOf(s.bare)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URI is the address of the gate.
func (s *Server) URI() string { return "mongodb://" + s.Gate.Addr().String() + "/" }

// Bare is the address of the server itself, past the gate.
func (s *Server) Bare() string { return s.bare }

// Close ends the gate, its connections and the server.
func (s *Server) Close() error {
	var err error
	if s.Gate != nil {
		err = s.Gate.Close()
	}
	s.stop()
	<-s.done
	return err
}
