package transfer

import (
	"cmp"
	"context"
	"crypto/hmac"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"preau/api/attachment"
	psync "preau/sync"
)

// Arrived takes in a file of the actor's that was uploaded whole; meta names the
// transfer and the number of the part, and keep puts its bytes among the blobs.
// The same one may come twice; one that nobody waits for, or of another size
// than was said, is refused.
func (s *Service) Arrived(ctx context.Context, a psync.Actor, meta map[string]string, size int64, keep func(ctx context.Context, key string) error) error {
	id := meta["transfer"]
	n, err := strconv.Atoi(meta["part"])
	if err != nil || n < 0 || n >= MaxFiles {
		return psync.Refuse("invalid", "part", "0 to %d", MaxFiles-1)
	}
	if err := psync.CheckID("transfer", id); err != nil {
		return err
	}
	part := partID(n)
	p, err := s.awaited(ctx, a, id, part)
	if err != nil || p.State != Waiting {
		return err
	}
	if p.Size != size {
		return psync.Refuse("invalid", "size", "%d bytes were named", p.Size)
	}
	if err := keep(ctx, blobKey(id, part)); err != nil {
		return fmt.Errorf("keep part %s of %s: %w", part, id, err)
	}
	_, err = s.engine.Commit(ctx, a, scopeOf(id), func(ctx context.Context, tx *psync.Tx) error {
		return s.arrive(ctx, tx, part)
	})
	return err
}

// soon is when a file that came before its name comes again.
const soon = 5 * time.Second

// awaited reads a part of a transfer of the actor's. Files may overtake the act
// that names them, and wait for it.
func (s *Service) awaited(ctx context.Context, a psync.Actor, id, part string) (Part, error) {
	l, ok, err := psync.Find[linked](ctx, s.engine, scopeOf(id), kindLink, kindLink)
	if err != nil {
		return Part{}, err
	}
	p, named, err := psync.Find[Part](ctx, s.engine, scopeOf(id), kindPart, part)
	switch {
	case err != nil:
		return Part{}, err
	case ok && l.Owner != a.User:
		return Part{}, psync.Refuse("gone", "transfer", "nobody waits for this file")
	case !named:
		return Part{}, &psync.Wait{For: soon}
	}
	return p, nil
}

// arrive notes that the bytes of a part are there.
func (s *Service) arrive(ctx context.Context, tx *psync.Tx, part string) error {
	owner, err := ownerOf(ctx, tx)
	if err != nil {
		return err
	}
	var p Part
	seq, err := tx.Get(ctx, kindPart, part, &p)
	if err != nil || seq == 0 || owner == "" || p.State != Waiting {
		return err
	}
	p.State = Ready
	if s.Scanner != nil && !p.Sealed {
		p.State = Checking
		tx.Effect(effectScan, scanned{part})
	}
	tx.Put(kindPart, part, p)
	tx.Effect(effectCount, seen{Owner: owner})
	return nil
}

// View is a transfer as whoever has its link sees it.
type View struct {
	ID       string
	Title    string
	From     string // who sends
	School   string // id
	Until    time.Time
	Size     int64
	Files    []ViewedFile
	Locked   bool // it has a password
	Sealed   bool
	lock     string
	owner    string
	arriving bool
}

// Arriving says whether more files are still on their way.
func (v View) Arriving() bool { return v.arriving }

// ViewedFile is one file of a view; its names differ from each other.
type ViewedFile struct {
	Part
	N int
}

// Look finds what a link leads to; ErrNone if there is nothing, whatever the
// reason.
func (s *Service) Look(ctx context.Context, secret string) (View, error) {
	if !ValidSecret(secret) {
		return View{}, ErrNone
	}
	l, ok, err := psync.Find[linked](ctx, s.engine, "link:"+digest(secret), kindLink, kindLink)
	if err != nil || !ok || l.Owner == "" {
		return View{}, cmp.Or(err, ErrNone)
	}
	t, ok, err := psync.Find[Transfer](ctx, s.engine, "user:"+l.Owner, kindTransfer, l.ID)
	if err != nil || !ok || t.Secret != secret || !s.Now().Before(t.Until) {
		return View{}, cmp.Or(err, ErrNone)
	}
	parts, err := s.parts(ctx, l.ID)
	if err != nil {
		return View{}, err
	}
	v := View{
		ID: l.ID, Title: t.Title, From: s.Directory.Named(l.Owner).Name, School: s.Directory.SchoolOf(l.Owner), Until: t.Until, Size: t.Size,
		Locked: t.Lock != "", Sealed: t.Sealed, lock: t.Lock, owner: l.Owner, arriving: t.Arrived < t.Files,
	}
	v.Files = viewed(parts)
	return v, nil
}

// viewed lists parts in their order under names that differ.
func viewed(parts map[string]Part) []ViewedFile {
	all := make([]ViewedFile, 0, len(parts))
	for id, p := range parts {
		n, _ := strconv.Atoi(id) // we wrote it
		all = append(all, ViewedFile{p, n})
	}
	slices.SortFunc(all, func(a, b ViewedFile) int { return cmp.Compare(a.N, b.N) })
	distinguish(all)
	return all
}

// distinguish numbers names that are taken, "photo (2).jpg", by files before or
// by a folder. Case does not tell names apart: on many devices it does not
// either.
func distinguish(all []ViewedFile) {
	taken := map[string]int{} // by name in small letters: the last number tried
	for _, f := range all {
		for folder := path.Dir(f.Name); folder != "."; folder = path.Dir(folder) {
			taken[strings.ToLower(folder)] = 1
		}
	}
	for i := range all {
		all[i].Name = unlike(all[i].Name, taken)
		taken[strings.ToLower(all[i].Name)] = 1
	}
}

// unlike is a name, or the first like it that is not taken.
func unlike(name string, taken map[string]int) string {
	first := strings.ToLower(name)
	ending := path.Ext(name)
	stem := strings.TrimSuffix(name, ending)
	for n := taken[first] + 1; taken[strings.ToLower(name)] > 0; n++ {
		name = fmt.Sprintf("%s (%d)%s", stem, n, ending)
		taken[first] = n
	}
	return name
}

// Content reads length bytes of a file from offset (length < 0: to the end).
func (s *Service) Content(ctx context.Context, v View, n int, offset, length int64) (io.ReadCloser, error) {
	if v.Files[n].Size == 0 {
		return io.NopCloser(strings.NewReader("")), nil
	}
	body, _, err := s.Blobs.Open(ctx, blobKey(v.ID, partID(v.Files[n].N)), offset, length)
	return body, err
}

// Downloaded counts a download, of one file or of all.
func (s *Service) Downloaded(ctx context.Context, v View) error {
	_, err := s.engine.Commit(ctx, psync.Actor{School: v.School}, scopeOf(v.ID), func(_ context.Context, tx *psync.Tx) error {
		tx.Effect(effectSeen, seen{Owner: v.owner, At: tx.Now().UTC().Truncate(time.Second)})
		return nil
	})
	return err
}

// Pass is what a browser shows that was told the password: it opens this
// transfer, and no other, for as long as the password stays.
func (s *Service) Pass(v View) string { return s.lock(v.ID, v.lock) }

// Opens says whether a key opens a view; one without a password is open.
func (s *Service) Opens(v View, key string) bool {
	return !v.Locked || hmac.Equal([]byte(key), []byte(s.Pass(v)))
}

// Unlock says whether a password is that of a view. After ten wrong ones within
// an hour none is, for a while.
func (s *Service) Unlock(v View, password string) (bool, error) {
	now := s.Now()
	if !s.wrong.mayTry(v.ID, now) {
		return false, psync.Refuse("too_many", "password", "too many wrong passwords: come back in an hour")
	}
	if hmac.Equal([]byte(s.lock(v.ID, password)), []byte(v.lock)) {
		return true, nil
	}
	s.wrong.note(v.ID, now)
	return false, nil
}

// guesses remembers wrong passwords, by transfer.
type guesses struct {
	mu   sync.Mutex
	last map[string][]time.Time
}

const mostGuesses = 10

func (g *guesses) mayTry(id string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last[id] = slices.DeleteFunc(g.last[id], func(t time.Time) bool { return now.Sub(t) > time.Hour })
	if len(g.last[id]) == 0 {
		delete(g.last, id)
	}
	return len(g.last[id]) < mostGuesses
}

func (g *guesses) note(id string, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last[id] = append(g.last[id], now)
}

// CleanPath makes a name of a device fit for a list and an archive: folders
// divided by "/", none of them leading upwards or beginning with a dot, without
// controls or characters that turn the reading direction; "" if nothing is left.
func CleanPath(name string) string {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "")
	}
	var kept []string
	for segment := range strings.SplitSeq(strings.ReplaceAll(name, `\`, "/"), "/") {
		if strings.Trim(segment, ". ") == "" {
			continue
		}
		if clean := attachment.CleanName(segment, ""); clean != "" {
			kept = append(kept, clean)
		}
	}
	clean := strings.Join(kept, "/")
	if utf8.RuneCountInString(clean) > maxName {
		return path.Base(clean) // without its folders
	}
	return clean
}
