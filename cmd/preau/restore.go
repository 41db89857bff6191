package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"preau/cmd/preau/archive"
	"preau/storage"
)

const restoreUsage = `usage: preau restore FILE [-data DIR]

fills an empty server with an archive of preau backup`

// restore fills empty stores: `preau restore FILE`.
func (c *command) restore(ctx context.Context) error {
	set := flag.NewFlagSet("restore", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&c.config.Data, "data", c.config.Data, "")
	words, err := parseAround(set, c.args)
	if err != nil || len(words) != 1 {
		return errors.Join(err, errors.New(restoreUsage))
	}
	if err := c.config.complete(); err != nil {
		return err
	}
	file, err := os.Open(words[0])
	if err != nil {
		return err
	}
	defer file.Close()
	began := time.Now()
	m, epoch, err := c.refill(ctx, file, began)
	if err != nil {
		return fmt.Errorf("%s was not restored: %w", words[0], err)
	}
	fmt.Fprintf(c.out, "%d scopes, %d records, %d tasks waiting, %d files of %.1f MB, in %.1f s: as of %s\n",
		m.Scopes, m.Records, m.Tasks, m.Blobs, float64(m.BlobBytes)/1e6, time.Since(began).Seconds(), m.Begun.Local().Format(time.DateTime))
	fmt.Fprintf(c.out, "Devices start over in epoch %d; what they have not sent yet they send again.\n", epoch)
	return c.wantKeys(m.Begun)
}

// refill verifies an archive and fills the stores with it. An archive that is
// damaged leaves no trace.
func (c *command) refill(ctx context.Context, file io.ReadSeeker, now time.Time) (m archive.Manifest, epoch int64, err error) {
	if m, err = archive.Verify(file); err != nil {
		return m, 0, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return m, 0, err
	}
	records, err := openRecords(ctx, c.config.Records)
	if err != nil {
		return m, 0, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	blobs, err := openBlobs(ctx, c.config.Blobs)
	if err != nil {
		return m, 0, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	epoch, err = archive.Restore(ctx, file, m, archive.Stores{Records: records, Blobs: blobs, Now: now})
	if err == nil {
		err = integrity(ctx, records)
	}
	return m, epoch, c.config.Blobs.hide(c.config.Records.hide(err))
}

// integrity has a store check itself, if it can.
func integrity(ctx context.Context, records storage.Records) error {
	if c, ok := records.(interface{ Check(context.Context) error }); ok {
		return c.Check(ctx)
	}
	return nil
}

// wantKeys reminds of what is not in the archive.
func (c *command) wantKeys(begun time.Time) error {
	path := filepath.Join(c.config.Data, "keys.json")
	if _, err := os.Stat(path); err != nil {
		fmt.Fprintf(c.out, "Now put the keys.json of the server into %s: it does not start without.\n", c.config.Data)
	}
	fmt.Fprintf(c.out, "Devices revoked and passwords changed since %s are as they were then: look through them. Transfers that were open end with the next start.\n", begun.Local().Format(time.DateTime))
	return nil
}
