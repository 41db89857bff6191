package transfer

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"preau/api/directory"
	psync "preau/sync"
)

// file is what a device says of a file that it is about to send.
type file struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// open begins a transfer with its first files.
func (s *Service) open(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID       string `json:"id"`
		Secret   string `json:"secret"`
		Title    string `json:"title"`
		Files    []file `json:"files"`
		Days     int    `json:"days"`
		Password string `json:"password,omitempty"`
		Sealed   bool   `json:"sealed,omitempty"`
	}
	if err := s.begin(tx, &a); err != nil {
		return err
	}
	if err := psync.First(psync.CheckID("id", a.ID), checkSecret(a.Secret), psync.CheckText("title", a.Title, maxTitle), checkDays(a.Days), psync.CheckText("password", a.Password, maxWord), s.checkSealed(a.Sealed, a.Title)); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, kindTransfer, a.ID, nil)
	if err != nil || seq > 0 {
		return err // it is there already
	}
	if err := s.unused(ctx, a.ID); err != nil {
		return err
	}
	t := Transfer{Title: a.Title, Secret: a.Secret, Sealed: a.Sealed, Lock: s.lock(a.ID, a.Password), At: tx.Now().UTC(), Until: after(tx.Now(), a.Days)}
	if err := s.take(ctx, tx, a.ID, &t, a.Files); err != nil {
		return err
	}
	tx.EffectAt(effectExpire, ended{a.ID}, t.Until)
	return nil
}

// unused refuses the id of another transfer, ended or not. Of a secret that is
// taken nobody learns: it leads where it did.
func (s *Service) unused(ctx context.Context, id string) error {
	_, used, err := psync.Find[linked](ctx, s.engine, scopeOf(id), kindLink, kindLink)
	if err == nil && used {
		err = psync.Refuse("gone", "id", "the transfer has ended")
	}
	return err
}

// add names more files of a transfer: a folder may have more than one act
// names.
func (s *Service) add(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID    string `json:"id"`
		From  int    `json:"from"` // how many were named before: saying it twice adds nothing
		Files []file `json:"files"`
	}
	if err := s.begin(tx, &a); err != nil {
		return err
	}
	t, err := s.own(ctx, tx, a.ID)
	if err != nil || a.From < t.Files {
		return err
	}
	if a.From > t.Files {
		return psync.Refuse("invalid", "from", "%d files are named", t.Files)
	}
	return s.take(ctx, tx, a.ID, &t, a.Files)
}

// take checks files and makes them parts of a transfer.
func (s *Service) take(ctx context.Context, tx *psync.Tx, id string, t *Transfer, files []file) error {
	if len(files) == 0 || len(files) > maxAdded {
		return psync.Refuse("invalid", "files", "1 to %d files", maxAdded)
	}
	if t.Files+len(files) > MaxFiles {
		return psync.Refuse("too_many", "files", "at most %d files", MaxFiles)
	}
	named := []Part{}
	var size int64
	for i, f := range files {
		field := fmt.Sprintf("files[%d]", i)
		p, err := f.part(field, s.Rules.Most)
		if err == nil && t.Sealed {
			p.Sealed, err = true, f.checkSealed(field, t.Files+i)
		}
		if err != nil {
			return err
		}
		named, size = append(named, p), size+p.Size
	}
	if err := s.fits(ctx, tx, t.Size+size, size); err != nil {
		return err
	}
	tx.Effect(effectLink, opened{ID: id, Secret: t.Secret, Owner: tx.Actor().User, From: t.Files, Parts: named})
	tx.Effect(effectRoom, taken{id, size})
	t.Files, t.Size = t.Files+len(named), t.Size+size
	tx.Put(kindTransfer, id, *t)
	return nil
}

// checkSealed refuses a sealed transfer where there are none, and its title: the
// server is not to know it.
func (s *Service) checkSealed(sealed bool, title string) error {
	switch {
	case sealed && !s.Rules.Sealed:
		return psync.Refuse("not_sealed", "sealed", "files come unsealed here")
	case sealed && title != "":
		return psync.Refuse("invalid", "title", "a sealed transfer has none")
	}
	return nil
}

// leastSealed is how many bytes nothing has when sealed: a header and a tag.
const leastSealed = 32 + 16

// checkSealed refuses what would tell more of a sealed file than its size.
func (f file) checkSealed(field string, n int) error {
	if f.Name != strconv.Itoa(n) || f.Type != "" || f.Size < leastSealed {
		return psync.Refuse("invalid", field, "the name is %d, without a type, of %d bytes or more", n, leastSealed)
	}
	return nil
}

// part checks one file. An empty one is a file too: it needs no upload.
func (f file) part(field string, most int64) (Part, error) {
	name := CleanPath(f.Name)
	switch {
	case name == "" || len(f.Name) > 4*maxName:
		return Part{}, psync.Refuse("invalid", field+".name", "1 to %d characters", maxName)
	case len(f.Type) > 100:
		return Part{}, psync.Refuse("invalid", field+".type", "not a media type")
	case f.Size < 0:
		return Part{}, psync.Refuse("invalid", field+".size", "a number of bytes")
	case f.Size > most:
		return Part{}, psync.Refuse("too_large", field+".size", "at most %d bytes", most)
	}
	p := Part{Name: name, Type: f.Type, Size: f.Size, State: Waiting}
	if p.Size == 0 {
		p.State = Ready
	}
	return p, nil
}

// fits holds the limits of a transfer, a person and a school.
func (s *Service) fits(ctx context.Context, tx *psync.Tx, whole, more int64) error {
	if whole > s.Rules.Most {
		return psync.Refuse("too_large", "files", "at most %d bytes", s.Rules.Most)
	}
	recs, err := tx.List(ctx, kindTransfer)
	if err != nil {
		return err
	}
	held, err := sizes(recs)
	if err != nil {
		return err
	}
	if most := s.most(tx.Actor().User); held+more > most {
		return psync.Refuse("full", "files", "at most %d bytes at a time", most)
	}
	room, err := s.roomOf(ctx, tx.Actor().School)
	if err == nil && room+more > s.Rules.School {
		err = psync.Refuse("full", "school", "the school's transfers take %d bytes", s.Rules.School)
	}
	return err
}

func (s *Service) most(user string) int64 {
	if slices.Contains(s.Directory.Roles(user), directory.RoleStudent) {
		return s.Rules.Pupil
	}
	return s.Rules.Person
}

// extend lets a transfer live for so many days from now on. Nothing is sent
// again.
func (s *Service) extend(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID   string `json:"id"`
		Days int    `json:"days"`
	}
	if err := s.begin(tx, &a); err != nil {
		return err
	}
	if err := checkDays(a.Days); err != nil {
		return err
	}
	t, err := s.own(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	t.Until = after(tx.Now(), a.Days)
	tx.Put(kindTransfer, a.ID, t)
	tx.EffectAt(effectExpire, ended{a.ID}, t.Until)
	return nil
}

// protect sets the password of a transfer, or takes it away.
func (s *Service) protect(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID       string `json:"id"`
		Password string `json:"password"`
	}
	if err := s.begin(tx, &a); err != nil {
		return err
	}
	if err := psync.CheckText("password", a.Password, maxWord); err != nil {
		return err
	}
	t, err := s.own(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	t.Lock = s.lock(a.ID, a.Password)
	tx.PutIfChanged(kindTransfer, a.ID, t)
	return nil
}

// close ends a transfer now.
func (s *Service) close(ctx context.Context, tx *psync.Tx) error {
	var a ended
	if err := s.begin(tx, &a); err != nil {
		return err
	}
	if err := psync.CheckID("id", a.ID); err != nil {
		return err
	}
	var t Transfer
	seq, err := tx.Get(ctx, kindTransfer, a.ID, &t)
	if err != nil || seq == 0 {
		return err // it has ended
	}
	end(tx, a.ID, t)
	return nil
}

func end(tx *psync.Tx, id string, t Transfer) {
	tx.Delete(kindTransfer, id)
	tx.Effect(effectShut, erased{ID: id, Secret: t.Secret})
	tx.Effect(effectRoom, taken{id, -t.Size})
}

// begin checks the right and reads the arguments of a person's act.
func (s *Service) begin(tx *psync.Tx, args any) error {
	if err := s.Directory.May(tx.Actor(), directory.SendFiles, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// own reads a transfer of the actor's that has not ended.
func (s *Service) own(ctx context.Context, tx *psync.Tx, id string) (t Transfer, err error) {
	if err := psync.CheckID("id", id); err != nil {
		return t, err
	}
	seq, err := tx.Get(ctx, kindTransfer, id, &t)
	if err == nil && (seq == 0 || !tx.Now().Before(t.Until)) {
		err = psync.Refuse("gone", "id", "the transfer has ended")
	}
	return t, err
}

func checkSecret(secret string) error {
	if !ValidSecret(secret) {
		return psync.Refuse("invalid", "secret", "22 letters of base64url")
	}
	return nil
}

func checkDays(days int) error {
	if days < 1 || days > MaxDays {
		return psync.Refuse("invalid", "days", "1 to %d", MaxDays)
	}
	return nil
}

func after(now time.Time, days int) time.Time {
	return now.Add(time.Duration(days) * 24 * time.Hour).UTC().Truncate(time.Second)
}
