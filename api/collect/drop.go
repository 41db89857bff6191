package collect

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"preau/api/directory"
	"preau/api/transfer"
	psync "preau/sync"
)

// Dropping is what a device says of files that it is about to send.
type Dropping struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
}

// taken is the payload of take and undo.
type taken struct {
	Collect string `json:"collect"`
	ID      string `json:"id"`
	Drop    Drop   `json:"drop,omitzero"`
}

// drop lays files of the actor's into a collect that asks them for some.
func (s *Service) drop(ctx context.Context, tx *psync.Tx) error {
	var a struct {
		ID      string     `json:"id"`
		Collect string     `json:"collect"`
		Child   string     `json:"child,omitempty"`
		Files   []Dropping `json:"files"`
	}
	if err := s.begin(tx, directory.DropFiles, &a); err != nil {
		return err
	}
	if err := psync.First(psync.CheckID("id", a.ID), psync.CheckID("collect", a.Collect)); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, kindDeposit, a.ID, nil)
	if err != nil || seq > 0 {
		return err // it is there already
	}
	g, err := s.gateOf(ctx, a.Collect)
	if err != nil {
		return err
	}
	pupil, err := s.whose(tx.Actor().User, a.Child, g)
	if err != nil {
		return err
	}
	files, err := s.admissible(ctx, g, a.Files, tx.Now())
	if err != nil {
		return err
	}
	if err := roomForMore(ctx, tx, a.Collect, g.Drops); err != nil {
		return err
	}
	by := s.dir.Named(tx.Actor().User)
	d := Drop{Collect: a.Collect, By: &by, Student: &pupil, At: tx.Now().UTC(), Files: files}
	tx.Put(kindDeposit, a.ID, s.deposit(g, d))
	tx.Effect(effectTake, taken{a.Collect, a.ID, d})
	return nil
}

func (s *Service) deposit(g gate, d Drop) Deposit {
	return Deposit{Collect: d.Collect, Title: g.Title, To: s.dir.Named(g.Owner), Until: g.Until, Student: d.Student, At: d.At, Files: d.Files}
}

// whose is for which pupil of the classes that are asked somebody drops files:
// themselves, or a child of theirs. Nobody else may.
func (s *Service) whose(user, child string, g gate) (Pupil, error) {
	student := user
	if child != "" {
		if !slices.Contains(s.dir.Children(user), child) {
			return Pupil{}, psync.Refuse("forbidden", "child", "no child of theirs")
		}
		student = child
	}
	for _, class := range s.dir.AudiencesOf(student) {
		if slices.ContainsFunc(g.Audiences, func(a Audience) bool { return a.Scope == class.Scope() }) {
			return s.pupil(student), nil
		}
	}
	return Pupil{}, psync.Refuse("forbidden", "collect", "nothing is asked of them there")
}

// roomForMore refuses more drops of the actor's in a collect than it takes.
func roomForMore(ctx context.Context, tx *psync.Tx, id string, most int) error {
	recs, err := tx.List(ctx, kindDeposit)
	if err != nil {
		return err
	}
	for _, r := range recs {
		d, err := psync.Decode[Deposit](r)
		if err != nil {
			return err
		}
		if d.Collect == id && d.Refused == "" {
			most--
		}
	}
	if most <= 0 {
		return psync.Refuse("too_many", "collect", "no more drops of one person")
	}
	return nil
}

// admissible checks files against the limits of a collect that is open, and of
// the school.
func (s *Service) admissible(ctx context.Context, g gate, named []Dropping, now time.Time) ([]File, error) {
	if !g.open(now) {
		return nil, errClosed
	}
	files, sum, err := vet(named, g.Limits)
	if err != nil {
		return nil, err
	}
	room, err := s.sends.Room(ctx, g.School)
	if err == nil && sum > room {
		err = errFull
	}
	return files, err
}

var (
	errClosed = psync.Refuse("closed", "collect", "nothing may be dropped any more")
	errFull   = psync.Refuse("full", "school", "the school has no room left")
)

// vet checks and cleans what a device says of files.
func vet(named []Dropping, l Limits) (files []File, sum int64, err error) {
	if len(named) == 0 {
		return nil, 0, psync.Refuse("invalid", "files", "at least one file")
	}
	if len(named) > l.Files {
		return nil, 0, psync.Refuse("too_many", "files", "at most %d files", l.Files)
	}
	taken := map[string]bool{}
	for i, n := range named {
		field := fmt.Sprintf("files[%d]", i)
		f, err := n.file(field, l.Bytes)
		if err != nil {
			return nil, 0, err
		}
		if key := strings.ToLower(f.Name); taken[key] {
			return nil, 0, psync.Refuse("invalid", field+".name", "named twice")
		} else {
			taken[key] = true
		}
		files, sum = append(files, f), sum+f.Size
	}
	if sum > l.Bytes {
		return nil, 0, psync.Refuse("too_large", "files", "at most %d bytes", l.Bytes)
	}
	return files, sum, nil
}

func (n Dropping) file(field string, most int64) (File, error) {
	name := path.Base(transfer.CleanPath(n.Name))
	switch {
	case name == "." || len(n.Name) > 1000:
		return File{}, psync.Refuse("invalid", field+".name", "a name")
	case len(n.Type) > 100:
		return File{}, psync.Refuse("invalid", field+".type", "not a media type")
	case n.Size < 1:
		return File{}, psync.Refuse("empty", field+".size", "the file is empty")
	case n.Size > most:
		return File{}, psync.Refuse("too_large", field+".size", "at most %d bytes", most)
	}
	return File{name, n.Type, n.Size, transfer.Waiting}, nil
}

// take brings a drop to its collect. What came in between, its end or others
// that filled it, is told to whoever dropped.
func (s *Service) take(ctx context.Context, job *psync.Job) error {
	var t taken
	if err := job.Payload(&t); err != nil {
		return err
	}
	err := job.Commit(ctx, scopeOf(t.Collect), func(ctx context.Context, tx *psync.Tx) error {
		return s.admit(ctx, tx, t.ID, t.Drop)
	})
	refusal, refused := errors.AsType[*psync.Refusal](err)
	if !refused {
		return err
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		var d Deposit
		seq, err := tx.Get(ctx, kindDeposit, t.ID, &d)
		if err != nil || seq == 0 {
			return err
		}
		d.Refused = refusal.Code
		tx.Put(kindDeposit, t.ID, d)
		return nil
	})
}

// How long somebody has to bring the files of a drop.
const (
	patience      = 7 * 24 * time.Hour // as long as an upload is kept
	guestPatience = 24 * time.Hour
)

// admit takes a drop in if its collect is open and has room: this is what the
// end of a collect is in order with.
func (s *Service) admit(ctx context.Context, tx *psync.Tx, id string, d Drop) error {
	var g gate
	if _, err := tx.Get(ctx, kindGate, kindGate, &g); err != nil {
		return err
	}
	if !g.open(tx.Now()) {
		return errClosed
	}
	all, err := drops(ctx, tx)
	if err != nil {
		return err
	}
	if _, known := all[id]; known {
		return nil
	}
	if err := s.crowded(all, d); err != nil {
		return err
	}
	tx.Put(kindDrop, id, d)
	tx.Effect(effectRoom, roomed{g.School, d.size(transfer.Waiting)})
	wait := patience
	if d.By == nil {
		wait = guestPatience
	} else {
		tx.Effect(effectCarry, carried{g.Owner, d.By.ID, id})
		if err := tellOwner(ctx, tx); err != nil {
			return err
		}
	}
	tx.EffectAt(effectTidy, dropped{id}, tx.Now().Add(wait))
	return nil
}

// crowded refuses more than a collect takes of all people together.
func (s *Service) crowded(all map[string]Drop, d Drop) error {
	guests, bytes := 0, d.Size()
	for _, one := range all {
		bytes += one.Size()
		if one.By == nil {
			guests++
		}
	}
	if len(all) >= MaxAll || d.By == nil && guests >= MaxGuest || bytes > s.sends.Rules.Person {
		return psync.Refuse("full", "collect", "the collect is full")
	}
	return nil
}

// Size is how many bytes the files of a drop have.
func (d Drop) Size() (sum int64) {
	for _, f := range d.Files {
		sum += f.Size
	}
	return sum
}

// size is Size of the files in a state.
func (d Drop) size(state string) (sum int64) {
	for _, f := range d.Files {
		if f.State == state {
			sum += f.Size
		}
	}
	return sum
}

// withdraw takes back what the actor dropped, while its collect is open.
func (s *Service) withdraw(ctx context.Context, tx *psync.Tx) error {
	var a named
	if err := s.begin(tx, directory.DropFiles, &a); err != nil {
		return err
	}
	if err := psync.CheckID("id", a.ID); err != nil {
		return err
	}
	var d Deposit
	seq, err := tx.Get(ctx, kindDeposit, a.ID, &d)
	if err != nil || seq == 0 {
		return err // it is taken back
	}
	g, err := s.gateOf(ctx, d.Collect)
	if err != nil {
		return err
	}
	if d.Refused == "" && !g.open(tx.Now()) {
		return errClosed
	}
	tx.Delete(kindDeposit, a.ID)
	tx.Effect(effectUndo, taken{Collect: d.Collect, ID: a.ID})
	return nil
}

// undo takes a drop out of its collect, unless that has ended meanwhile: then
// its person gets it back.
func (s *Service) undo(ctx context.Context, job *psync.Job) error {
	var t taken
	if err := job.Payload(&t); err != nil {
		return err
	}
	by := psync.ScopeID(job.Source())
	return job.Commit(ctx, scopeOf(t.Collect), func(ctx context.Context, tx *psync.Tx) error {
		var g gate
		if _, err := tx.Get(ctx, kindGate, kindGate, &g); err != nil {
			return err
		}
		var d Drop
		seq, err := tx.Get(ctx, kindDrop, t.ID, &d)
		if err != nil || seq == 0 || d.By == nil || d.By.ID != by {
			return err
		}
		if g.open(tx.Now()) {
			remove(tx, g.Owner, t.ID, d)
		} else {
			tx.Effect(effectCarry, carried{g.Owner, by, t.ID})
		}
		return nil
	})
}

// Guest is somebody without an account, as they say.
type Guest struct {
	ID    string     `json:"id"` // of the drop, drawn at random: whoever has it goes on with it
	Name  string     `json:"name"`
	Child string     `json:"child"`
	Files []Dropping `json:"files"`
}

// Leave takes in what somebody without an account is about to drop at a link.
// The files follow; until one has arrived nobody sees anything of it.
func (s *Service) Leave(ctx context.Context, secret string, from netip.Addr, who Guest) error {
	id, g, err := s.find(ctx, secret)
	if err != nil {
		return err
	}
	name, child := cleanPerson(who.Name), cleanPerson(who.Child)
	switch {
	case !transfer.ValidSecret(who.ID):
		return psync.Refuse("invalid", "id", "22 letters of base64url")
	case name == "":
		return psync.Refuse("invalid", "name", "a name")
	case utf8.RuneCountInString(name) > maxName || utf8.RuneCountInString(child) > maxName:
		return psync.Refuse("too_large", "name", "at most %d characters", maxName)
	}
	now := s.sends.Now()
	files, err := s.admissible(ctx, g, who.Files, now)
	if err != nil {
		return err
	}
	if !s.brake.lets(from, now) {
		return psync.Refuse("too_many", "", "too many drops from one address: come back in an hour")
	}
	_, err = s.engine.Commit(ctx, psync.Actor{School: g.School}, scopeOf(id), func(ctx context.Context, tx *psync.Tx) error {
		return s.admit(ctx, tx, who.ID, Drop{Collect: id, Said: name, Child: child, At: tx.Now().UTC(), Files: files})
	})
	return err
}

// cleanPerson makes one line of what somebody says to be called, without
// controls or characters that turn the reading direction.
func cleanPerson(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == utf8.RuneError:
			return -1
		}
		return r
	}, name)
	return strings.Join(strings.Fields(name), " ")
}

// brake holds back drops that come too often from one address.
type brake struct {
	mu   sync.Mutex
	seen map[string][]time.Time
}

// A school, or a village, may be behind one address.
const (
	mostFrom  = 120
	brakeTime = time.Hour
)

func (b *brake) lets(from netip.Addr, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, times := range b.seen {
		if now.Sub(times[len(times)-1]) > brakeTime {
			delete(b.seen, key)
		}
	}
	key := network(from)
	late := slices.DeleteFunc(b.seen[key], func(t time.Time) bool { return now.Sub(t) > brakeTime })
	if len(late) >= mostFrom {
		b.seen[key] = late
		return false
	}
	b.seen[key] = append(late, now)
	return true
}

// network is what one subscriber has: an address, of IPv6 a /64.
func network(addr netip.Addr) string {
	if addr = addr.Unmap(); addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.String()
		}
	}
	return addr.String()
}
