// Package demo makes one fictional collège, "Collège Joseph-Collard" in
// Saint-Étienne, with people, classes and a term of work. The same seed, size
// and day give the same school.
//
// Nothing is written behind the back of the rules: the directory is applied,
// and every piece of homework, copy and answer is sent as the person's device
// would send it, at its moment of the term, on a clock that runs up to today.
//
// [Prepare] fills an empty store before a server opens it; [Accounts] lists
// who can sign in; [School] makes a whole school for a test.
package demo

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"preau/api/account"
	"preau/api/directory"
	"preau/storage"
)

// Size says how big the school is.
type Size string

// The sizes.
const (
	Small  Size = "small"  // two classes of six, for tests
	Normal Size = "normal" // 600 pupils in 24 classes
)

// SchoolID is the id of the collège.
var SchoolID = directory.StableID("demo", "school")

// Config is what a demo is made of and where it goes. Keys are those of the
// server that will open the stores.
type Config struct {
	Records storage.Records
	Blobs   storage.Blobs
	Log     *slog.Logger

	AccountKey []byte
	ReceiptKey ed25519.PrivateKey
	Params     account.Params // cost of a password; zero: as in production

	Size  Size
	Seed  uint64
	Today time.Time
}

// ErrUnfinished says that the store holds part of a school: an earlier Prepare
// was interrupted. Delete the data and prepare again.
var ErrUnfinished = errors.New("the demo in this store is unfinished")

// Prepare fills the stores with the school, unless it is there already.
func Prepare(ctx context.Context, c Config) error {
	w, err := newWorld(c)
	if err != nil {
		return err
	}
	if err := w.Directory.Load(ctx); err != nil {
		return err
	}
	_, begun := w.Directory.School(SchoolID)
	_, done := w.Directory.Person(User("admin"))
	switch {
	case begun && !done:
		return ErrUnfinished
	case !begun:
		err = w.build(ctx)
	}
	return errors.Join(err, w.openAccounts(ctx))
}

// build makes the school from its first day to today. The administrator comes
// last: where he is, everything is.
func (w *World) build(ctx context.Context) error {
	p := newPlan(w.config)
	w.Clock.Set(p.term[0])
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"people", func() error { return w.apply(ctx, p.puts) }},
		{"term", func() error { return w.live(ctx, p) }},
		{"administrator", func() error { return w.apply(ctx, p.admin()) }},
	} {
		if err := step.do(); err != nil {
			return fmt.Errorf("demo, %s: %w", step.name, err)
		}
		w.log.Info("demo prepared", "step", step.name)
	}
	return nil
}

// openAccounts gives those of [Accounts] their passwords.
func (w *World) openAccounts(ctx context.Context) error {
	for _, a := range Accounts() {
		_, err := w.Accounts.CreateAccount(ctx, account.NewAccount{
			User: a.User, School: SchoolID, Login: a.Login, Password: a.Password,
		})
		if err != nil {
			return fmt.Errorf("account %s: %w", a.Login, err)
		}
	}
	return nil
}

// zone is where Saint-Étienne is.
func zone() *time.Location {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC
	}
	return paris
}

// today is the day of the demo, at the school.
func (c Config) today() directory.Date { return directory.DateOf(c.Today.In(zone())) }
