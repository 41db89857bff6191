package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"preau/cmd/preau/archive"
	"preau/storage"
	"preau/storage/disk"
	"preau/storage/minio"
	"preau/storage/mongo"
	"preau/storage/sqlite"
)

// place is where a store is: the kind of store, and its address as that kind
// writes it. It may hold a password, which String hides.
type place struct{ kind, at string }

// String shows the place without what lets one in: all that stands before the
// host, and all after the path.
func (p place) String() string {
	at := p.at
	if rest, ok := strings.CutPrefix(at, "//"); ok {
		rest, _, _ = strings.Cut(rest, "?")
		if i := strings.LastIndexByte(rest, '@'); i >= 0 {
			rest = "…" + rest[i:]
		}
		at = "//" + rest
	}
	return p.kind + ":" + at
}

// GoString is String, for %#v.
func (p place) GoString() string { return p.String() }

// whole is the setting as it was given, for the store alone.
func (p place) whole() string { return p.kind + ":" + p.at }

// hide takes the secrets of a place out of an error.
func (p place) hide(err error) error {
	if err == nil || !strings.HasPrefix(p.at, "//") {
		return err
	}
	text := err.Error()
	for _, secret := range p.secrets() {
		text = strings.ReplaceAll(text, secret, "…")
	}
	if text == err.Error() {
		return err
	}
	return hidden{text, err}
}

// secrets are the parts of a place that may not be shown, longest first.
func (p place) secrets() (all []string) {
	rest := strings.TrimPrefix(p.at, "//")
	rest, query, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		_, password, _ := strings.Cut(rest[:i], ":")
		all = append(all, rest[:i], password)
	}
	all = append(all, query)
	for _, s := range slices.Clone(all) {
		if plain, err := url.PathUnescape(s); err == nil {
			all = append(all, plain)
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 3 })
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return all
}

// hidden is an error with another text.
type hidden struct {
	text string
	err  error
}

func (h hidden) Error() string { return h.text }
func (h hidden) Unwrap() error { return h.err }

// kind is how a kind of store is used.
type kind[S any] struct {
	open func(ctx context.Context, p place) (S, error)
	// check looks at a place when the settings are read; nil: nothing to see.
	check func(p place) error
	// live opens a database that is there, to be copied while servers use it.
	live func(ctx context.Context, p place) (storage.Snapshotter, func() error, error)
}

// recordsKinds are the databases that PREAU_RECORDS may name, by scheme.
var recordsKinds = map[string]kind[storage.Records]{
	"sqlite":      {open: openSQLite, live: liveSQLite}, // sqlite:path
	"mongodb":     {open: openMongo, live: liveMongo},   // mongodb://…/database?…
	"mongodb+srv": {open: openMongo, live: liveMongo},
}

// blobsKinds are the stores of files that PREAU_BLOBS may name, by scheme.
var blobsKinds = map[string]kind[storage.Blobs]{
	"file": {open: openDisk},               // file:folder
	"s3":   {open: openS3, check: checkS3}, // s3://KEY:SECRET@host/bucket?…
}

// setPlace reads a setting. No error shows it: it may hold a password.
func setPlace[S any](p *place, v string, kinds map[string]kind[S]) error {
	scheme, at, _ := strings.Cut(v, ":")
	k, known := kinds[scheme]
	if !known || at == "" {
		return fmt.Errorf("it should begin with %s and say where", strings.Join(slices.Sorted(maps.Keys(kinds)), ": or ")+":")
	}
	*p = place{scheme, at}
	if k.check == nil {
		return nil
	}
	return p.hide(k.check(*p))
}

// openRecords opens the database, and refuses one that was half restored.
func openRecords(ctx context.Context, p place) (storage.Records, error) {
	records, err := recordsKinds[p.kind].open(ctx, p)
	if err != nil {
		return nil, p.hide(err)
	}
	if err := archive.Unfinished(ctx, records); err != nil {
		return nil, errors.Join(p.hide(err), records.Close())
	}
	return records, nil
}

// liveRecords opens the database to be copied while servers use it. The caller
// calls done.
func liveRecords(ctx context.Context, p place) (from storage.Snapshotter, done func() error, err error) {
	from, done, err = recordsKinds[p.kind].live(ctx, p)
	return from, done, p.hide(err)
}

func openBlobs(ctx context.Context, p place) (storage.Blobs, error) {
	blobs, err := blobsKinds[p.kind].open(ctx, p)
	if err != nil {
		return nil, p.hide(err)
	}
	return blobs, nil
}

func openSQLite(ctx context.Context, p place) (storage.Records, error) {
	if err := disk.MakeDir(filepath.Dir(p.at)); err != nil {
		return nil, unwritable("make the folder of the database", err)
	}
	store, err := sqlite.Open(ctx, p.at, sqlite.Options{})
	if err != nil {
		return nil, unwritable("", err)
	}
	return store, nil
}

func liveSQLite(_ context.Context, p place) (storage.Snapshotter, func() error, error) {
	if _, err := os.Stat(p.at); err != nil {
		return nil, nil, fmt.Errorf("there is no database to copy: %w", err)
	}
	return sqlite.Live(p.at), func() error { return nil }, nil
}

func openMongo(ctx context.Context, p place) (storage.Records, error) {
	store, err := mongo.Open(ctx, p.whole(), mongo.Options{})
	if err != nil {
		return nil, err
	}
	return store, nil
}

func liveMongo(ctx context.Context, p place) (storage.Snapshotter, func() error, error) {
	store, err := mongo.Open(ctx, p.whole(), mongo.Options{Made: true})
	if err != nil {
		return nil, nil, err
	}
	return store, store.Close, nil
}

func openDisk(_ context.Context, p place) (storage.Blobs, error) {
	store, err := disk.Open(p.at)
	if err != nil {
		return nil, unwritable("", err)
	}
	return store, nil
}

func openS3(ctx context.Context, p place) (storage.Blobs, error) {
	store, err := minio.Open(ctx, p.whole())
	if err != nil {
		return nil, err
	}
	return store, nil
}

func checkS3(p place) error { return minio.Check(p.whole()) }

// unwritable says what to do about missing rights.
func unwritable(do string, err error) error {
	if do != "" {
		err = fmt.Errorf("%s: %w", do, err)
	}
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: give the folder to the user that runs preau", err)
	}
	return err
}
