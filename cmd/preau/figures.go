package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"time"

	"preau/api"
	"preau/api/attachment"
	"preau/api/notify"
	"preau/storage"
)

// tallies count what the parts of a server did since its start.
type tallies struct {
	commits, conflicts atomic.Int64
	settled, putOff    atomic.Int64
	uploads, bytes     atomic.Int64
}

// counted is a Records that counts what is committed and settled.
type counted struct {
	storage.Records
	n *tallies
}

// Append implements [storage.Records].
func (c counted) Append(ctx context.Context, e storage.Entry) error {
	err := c.Records.Append(ctx, e)
	switch {
	case err == nil:
		c.n.commits.Add(1)
	case errors.Is(err, storage.ErrConflict):
		c.n.conflicts.Add(1)
	}
	return err
}

// Settle implements [storage.Records].
func (c counted) Settle(ctx context.Context, t storage.Task, next time.Time) error {
	err := c.Records.Settle(ctx, t, next)
	switch {
	case err != nil:
	case next.IsZero():
		c.n.settled.Add(1)
	default:
		c.n.putOff.Add(1)
	}
	return err
}

// figures are those of the parts behind the edge.
func (a *App) figures(ctx context.Context) []api.Figure {
	n := &a.counts
	all := []api.Figure{
		api.Counter("preau_commits_total", "Entries that this process committed.", float64(n.commits.Load())),
		api.Counter("preau_commit_conflicts_total", "Attempts that another commit was faster than.", float64(n.conflicts.Load())),
		api.Counter("preau_effects_settled_total", "Effects that were carried out, or given up.", float64(n.settled.Load())),
		api.Counter("preau_effects_put_off_total", "Attempts at an effect that failed, to be tried again.", float64(n.putOff.Load())),
		api.Counter("preau_uploads_total", "Files that arrived whole.", float64(n.uploads.Load())),
		api.Counter("preau_upload_bytes_total", "Bytes of these.", float64(n.bytes.Load())),
		a.pushes(),
		a.scans(),
	}
	all = append(all, a.measures(ctx)...)
	var disk syscall.Statfs_t
	if syscall.Statfs(a.config.Data, &disk) == nil {
		all = append(all, api.Gauge("preau_disk_free_bytes", "Room in the data folder.", float64(disk.Bavail*uint64(disk.Bsize))))
	}
	return all
}

func (a *App) pushes() api.Figure {
	sent := api.Figure{Name: "preau_pushes_total", Help: "Pushes to browsers by outcome.", Kind: "counter"}
	for i, n := range a.notices.Counts() {
		sent.Samples = append(sent.Samples, api.Sample{Labels: fmt.Sprintf("{outcome=%q}", notify.Outcomes[i]), Value: float64(n)})
	}
	return sent
}

func (a *App) scans() api.Figure {
	made := api.Figure{Name: "preau_scans_total", Help: "Scans of uploads by outcome.", Kind: "counter"}
	counts, _ := a.files.Scanned()
	for i, n := range counts {
		made.Samples = append(made.Samples, api.Sample{Labels: fmt.Sprintf("{outcome=%q}", attachment.Scans[i]), Value: float64(n)})
	}
	return made
}

// measures are the figures of the database, if it has some.
func (a *App) measures(ctx context.Context) []api.Figure {
	g, ok := a.records.(storage.Gauge)
	if !ok {
		return nil
	}
	now := a.now()
	m, err := g.Measure(ctx, now)
	if err != nil {
		a.log.Warn("database not measured", "error", err)
		return nil
	}
	age := 0.0
	if !m.Oldest.IsZero() {
		age = now.Sub(m.Oldest).Seconds()
	}
	return []api.Figure{
		api.Gauge("preau_records_bytes", "Size of the database.", float64(m.Bytes)),
		api.Gauge("preau_scopes", "Scopes that hold something.", float64(m.Scopes)),
		api.Gauge("preau_effects", "Effects not carried out, those with a later date included.", float64(m.Tasks)),
		api.Gauge("preau_effects_due", "Effects that should be carried out now.", float64(m.Due)),
		api.Gauge("preau_effects_oldest_seconds", "How long the oldest of these has been due.", age),
	}
}
