package collect

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/api/transfer"
	"preau/storage"
	psync "preau/sync"
)

// View is a collect as whoever has its link sees it.
type View struct {
	ID     string
	School string // id
	From   string // who asks
	Title  string
	Text   string
	Limits
	Until time.Time
}

// Look finds what a link leads to; ErrNone if nothing may be dropped there,
// whatever the reason.
func (s *Service) Look(ctx context.Context, secret string) (View, error) {
	id, g, err := s.find(ctx, secret)
	if err != nil {
		return View{}, err
	}
	return View{id, g.School, s.dir.Named(g.Owner).Name, g.Title, g.Text, g.Limits, g.Until}, nil
}

func (s *Service) find(ctx context.Context, secret string) (string, gate, error) {
	if !transfer.ValidSecret(secret) {
		return "", gate{}, ErrNone
	}
	l, ok, err := psync.Find[named](ctx, s.engine, linkScope(secret), kindCollect, kindCollect)
	if err != nil || !ok {
		return "", gate{}, cmp.Or(err, ErrNone)
	}
	g, err := s.gateOf(ctx, l.ID)
	if err == nil && (g.Secret != secret || !g.open(s.sends.Now())) {
		err = ErrNone
	}
	return l.ID, g, err
}

// Kept is a file that its owner may read; Path has the folder of its person.
type Kept struct {
	File
	Path string
	key  string
}

// Whole lists the files of a collect that are there, for its owner; ErrNone for
// anybody else.
func (s *Service) Whole(ctx context.Context, a psync.Actor, id string) (title string, files []Kept, err error) {
	g, err := s.owned(ctx, a, id)
	if err != nil {
		return "", nil, err
	}
	recs, err := s.engine.Find(ctx, scopeOf(id), storage.Key{Type: kindDrop})
	if err != nil {
		return "", nil, err
	}
	all := map[string]Drop{}
	for _, r := range recs {
		if all[r.ID], err = psync.Decode[Drop](r); err != nil {
			return "", nil, err
		}
	}
	names := map[string]bool{}
	for _, drop := range ordered(all) {
		d := all[drop]
		for n, f := range d.Files {
			if f.State == transfer.Ready {
				files = append(files, Kept{f, unlike(d.folder()+"/"+f.Name, names), blobKey(id, drop, n)})
			}
		}
	}
	return g.Title, files, nil
}

// One is one file of a drop, for the owner of its collect; ErrNone for anybody
// else, and where it is not there.
func (s *Service) One(ctx context.Context, a psync.Actor, id, drop string, n int) (Kept, error) {
	if _, err := s.owned(ctx, a, id); err != nil {
		return Kept{}, err
	}
	if psync.CheckID("drop", drop) != nil {
		return Kept{}, ErrNone
	}
	d, there, err := s.dropOf(ctx, id, drop)
	if err != nil {
		return Kept{}, err
	}
	if !there || n < 0 || n >= len(d.Files) || d.Files[n].State != transfer.Ready {
		return Kept{}, ErrNone
	}
	return Kept{d.Files[n], d.Files[n].Name, blobKey(id, drop, n)}, nil
}

// Content reads length bytes of a file from offset (length < 0: to the end).
func (s *Service) Content(ctx context.Context, f Kept, offset, length int64) (io.ReadCloser, error) {
	body, _, err := s.sends.Blobs.Open(ctx, f.key, offset, length)
	return body, err
}

// Now is the time of the service.
func (s *Service) Now() time.Time { return s.sends.Now() }

// owned is the gate of a collect of the actor's.
func (s *Service) owned(ctx context.Context, a psync.Actor, id string) (gate, error) {
	if psync.CheckID("id", id) != nil || s.dir.May(a, directory.CollectFiles, "user:"+a.User) != nil {
		return gate{}, ErrNone
	}
	g, err := s.gateOf(ctx, id)
	if err == nil && (g.Owner != a.User || g.Ended) {
		err = ErrNone
	}
	return g, err
}

// folder is the folder of a drop's person in an archive. What is only said is
// told from what is known.
func (d Drop) folder() string {
	switch {
	case d.By == nil && d.Child != "":
		return attachment.CleanName(d.Child+" (déposé par "+d.Said+")", "")
	case d.By == nil:
		return attachment.CleanName(d.Said+" (sans compte)", "")
	case d.Student == nil || d.Student.ID == d.By.ID:
		return attachment.CleanName(d.By.Name, "")
	}
	return attachment.CleanName(d.Student.Name+" ("+d.By.Name+")", "")
}

// unlike numbers a name that is taken, "photo (2).jpg", and takes it.
func unlike(name string, taken map[string]bool) string {
	ending := path.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := 2; taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s (%d)%s", stem, n, ending)
	}
	taken[strings.ToLower(name)] = true
	return name
}
