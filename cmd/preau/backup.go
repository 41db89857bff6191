package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"preau/api"
	"preau/api/transfer"
	"preau/cmd/preau/archive"
	"preau/storage"
	"preau/storage/disk"
)

const backupUsage = `usage: preau backup [-to FILE|FOLDER|-] [-data DIR]

copies the records and the files of a server into one archive, while it serves;
"-" writes it to the standard output`

// backup copies a server: `preau backup`. It opens the stores beside the
// server that uses them.
func (c *command) backup(ctx context.Context) error {
	to := "."
	set := flag.NewFlagSet("backup", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&to, "to", to, "")
	set.StringVar(&c.config.Data, "data", c.config.Data, "")
	if err := set.Parse(c.args); err != nil || set.NArg() > 0 {
		return errors.Join(err, errors.New(backupUsage))
	}
	if err := c.config.complete(); err != nil {
		return err
	}
	began := time.Now()
	if to == "-" {
		m, err := c.archive(ctx, c.out, began)
		return c.told(c.errOut, "standard output", m, began, err)
	}
	if info, err := os.Stat(to); err == nil && info.IsDir() {
		to = filepath.Join(to, "preau-"+began.UTC().Format("20060102-150405")+".tar.zst")
	}
	m, err := c.backupFile(ctx, to, began)
	return c.told(c.out, to, m, began, err)
}

// backupFile writes an archive that is there whole or not at all.
func (c *command) backupFile(ctx context.Context, path string, began time.Time) (m archive.Manifest, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".backup-*") // mode 0600
	if err != nil {
		return m, unwritable("", err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is renamed when all went well
	m, err = c.archive(ctx, f, began)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return m, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return m, err
	}
	return m, disk.SyncDir(filepath.Dir(path))
}

func (c *command) archive(ctx context.Context, out io.Writer, began time.Time) (m archive.Manifest, err error) {
	records, closeRecords, err := liveRecords(ctx, c.config.Records)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, closeRecords()) }()
	blobs, err := openBlobs(ctx, c.config.Blobs)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	m, err = archive.Write(ctx, out, archive.Head{Program: version(), Begun: began.UTC()}, records, whole{blobs})
	return m, c.config.Blobs.hide(c.config.Records.hide(err))
}

// whole are the files without uploads under way and transfers. Uploads change
// while they are copied: one that was done a moment after the records were
// copied would count as done on a restored server that does not have its file.
// Transfers end with a restore.
type whole struct{ storage.Blobs }

// List implements [storage.Blobs].
func (w whole) List(ctx context.Context, prefix string, yield func(storage.Blob) bool) error {
	return w.Blobs.List(ctx, prefix, func(b storage.Blob) bool {
		return strings.HasPrefix(b.Key, api.HalfSent) || strings.HasPrefix(b.Key, transfer.Files) || yield(b)
	})
}

// told says what is in a backup, and what is not.
func (c *command) told(out io.Writer, to string, m archive.Manifest, began time.Time, err error) error {
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	fmt.Fprintf(out, "%s: %d scopes, %d records, %d tasks waiting, %d files of %.1f MB, in %.1f s\n",
		to, m.Scopes, m.Records, m.Tasks, m.Blobs, float64(m.BlobBytes)/1e6, time.Since(began).Seconds())
	fmt.Fprintln(out, strings.TrimSpace(`
Not inside, and needed beside it: `+filepath.Join(c.config.Data, "keys.json")+` (without it no sheet, no
receipt and no alert of this server is good any more) and the PREAU_… settings.
Keep them apart from the archive. Certificates and half-sent uploads come back by themselves.
Files of transfers are not inside: what goes by a link ends with a restore.`))
	return nil
}
