package demo

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"

	"preau/api/collect"
	psync "preau/sync"
)

// CollectID is the id of the collect of the demo.
var CollectID = recordID("collect", "outing")

// collects are what Mme Garnier asks of a class, and what came of it: from some
// pupils, and from somebody without an account.
func (p *plan) collects() []event {
	teacher := User("teacher")
	events := []event{{p.moment(3, "12:20"), func(ctx context.Context, w *World) error {
		return w.Send(ctx, teacher, "user:"+teacher, "collect.open@1", map[string]any{
			"id": CollectID, "secret": w.secret("collect"), "title": "Photos de la sortie au musée", "text": "Trois photos au plus, pour l’exposition du hall.",
			"audiences": []string{"class:" + ClassID("5e B")}, "days": 14, "files": 3, "bytes": 100_000_000, "drops": 3,
		})
	}}}
	i := slices.IndexFunc(p.classes, func(c class) bool { return c.Name == "5e B" })
	for n, pupil := range p.classes[i].pupils {
		if pupil.ID == User("student") || n%3 != 0 {
			continue
		}
		id, files := recordID("drop", pupil.ID), []File{photo(n), photo(n + 1)}
		events = append(events, event{p.moment(2, "18:40"), func(ctx context.Context, w *World) error {
			return w.Send(ctx, pupil.ID, "user:"+pupil.ID, "collect.drop@1", map[string]any{"id": id, "collect": CollectID, "files": named(files)})
		}}, event{p.moment(2, "18:41"), func(ctx context.Context, w *World) error {
			return w.bring(ctx, Actor(pupil.ID), id, files)
		}})
	}
	return append(events, event{p.moment(1, "20:15"), func(ctx context.Context, w *World) error {
		return w.guestDrops(ctx, "Léon Benali", "Inès", photo(3))
	}})
}

func photo(n int) File {
	f := sheet(uint64(n % 4))
	f.Name = fmt.Sprintf("musée %d.jpg", n+1)
	return f
}

// secret is one that only this server could have drawn.
func (w *World) secret(what string) string {
	mac := hmac.New(sha256.New, w.config.AccountKey)
	mac.Write([]byte("demo " + what))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))[:22]
}

func named(files []File) []collect.Dropping {
	var all []collect.Dropping
	for _, f := range files {
		all = append(all, collect.Dropping{Name: f.Name, Type: f.Type, Size: int64(len(f.Data))})
	}
	return all
}

func (w *World) guestDrops(ctx context.Context, name, child string, files ...File) error {
	id := w.secret("drop")
	who := collect.Guest{ID: id, Name: name, Child: child, Files: named(files)}
	if err := w.Collects.Leave(ctx, w.secret("collect"), netip.IPv6Loopback(), who); err != nil {
		return err
	}
	return w.bring(ctx, psync.Actor{User: collect.GuestUser(id)}, id, files)
}

func (w *World) bring(ctx context.Context, a psync.Actor, drop string, files []File) error {
	for n, f := range files {
		meta := map[string]string{"collect": CollectID, "drop": drop, "file": fmt.Sprint(n)}
		if err := w.Collects.Arrived(ctx, a, meta, int64(len(f.Data)), w.keep(f)); err != nil {
			return fmt.Errorf("bring %s: %w", f.Name, err)
		}
	}
	return nil
}

// keep is how a file comes among the blobs.
func (w *World) keep(f File) func(ctx context.Context, key string) error {
	return func(ctx context.Context, key string) error {
		return w.config.Blobs.Put(ctx, key, bytes.NewReader(f.Data), int64(len(f.Data)), nil)
	}
}
