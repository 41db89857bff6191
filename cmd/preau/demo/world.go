package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"preau/api/account"
	"preau/api/agenda"
	"preau/api/attachment"
	"preau/api/attendance"
	"preau/api/canteen"
	"preau/api/collect"
	"preau/api/directory"
	"preau/api/document"
	"preau/api/grades"
	"preau/api/homework"
	"preau/api/information"
	"preau/api/mail"
	"preau/api/notebook"
	"preau/api/notify"
	"preau/api/reportcard"
	"preau/api/skills"
	"preau/api/timetable"
	"preau/api/transfer"
	psync "preau/sync"
)

// World is the school with all the rules that a server has, on a clock that
// stands still until it is set.
type World struct {
	Clock     *Clock
	Engine    *psync.Engine
	Directory *directory.Directory
	Accounts  *account.Service
	Files     *attachment.Service
	Notices   *notify.Service
	Homework  *homework.Service
	Transfers *transfer.Service
	Collects  *collect.Service

	config Config
	log    *slog.Logger
	lanes  lanes
	sheets sheets
}

// sheets are the pages of copies made so far.
type sheets struct {
	mu   sync.Mutex
	made map[uint64]File
}

// Clock is a time that is set by hand.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time of the world.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the time of the world.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// newWorld wires the areas of a school onto the stores.
func newWorld(c Config) (*World, error) {
	w := &World{
		config: c, log: c.Log, Clock: &Clock{now: c.Today},
		lanes: lanes{all: map[laneName]*lane{}}, sheets: sheets{made: map[uint64]File{}},
	}
	mux := psync.NewMux()
	w.Directory = directory.New(directory.Config{Records: c.Records, Log: c.Log, Now: w.Clock.Now})
	w.Engine = psync.New(psync.Config{Records: c.Records, Mux: mux, Access: w.Directory, Log: c.Log, Now: w.Clock.Now})
	w.Directory.Bind(w.Engine)
	w.Directory.Register(mux)
	if err := w.addAreas(mux); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *World) addAreas(mux *psync.Mux) (err error) {
	c := w.config
	w.Files = attachment.New(attachment.Config{Blobs: c.Blobs, Access: w.Directory, Log: c.Log, Now: w.Clock.Now})
	if w.Notices, err = notify.New(notify.Config{Log: c.Log, Now: w.Clock.Now}); err != nil {
		return err
	}
	w.Homework = homework.New(homework.Config{
		Directory: w.Directory, Files: w.Files, Notices: w.Notices, Key: c.ReceiptKey, Log: c.Log, Now: w.Clock.Now,
	})
	presence := attendance.New(attendance.Config{Directory: w.Directory, Files: w.Files, Notices: w.Notices, Now: w.Clock.Now})
	presence.Register(mux)
	letters := mail.New(mail.Config{Directory: w.Directory, Files: w.Files, Notices: w.Notices, Log: c.Log, Now: w.Clock.Now})
	marks := grades.New(grades.Config{Directory: w.Directory, Files: w.Files, Notices: w.Notices, Log: c.Log, Now: w.Clock.Now})
	cards := reportcard.New(reportcard.Config{Directory: w.Directory, Marks: marks, Presence: presence, Notices: w.Notices, Log: c.Log, Now: w.Clock.Now})
	cards.Register(mux)
	marks.Register(mux)
	levels := skills.New(skills.Config{Directory: w.Directory, Marks: marks, Notices: w.Notices, Now: w.Clock.Now})
	levels.Register(mux)
	letters.Register(mux)
	own := document.New(w.Directory, w.Files)
	own.Register(mux)
	dates := agenda.New(agenda.Config{Directory: w.Directory, Files: w.Files, Notices: w.Notices, Log: c.Log, Now: w.Clock.Now})
	dates.Register(mux)
	dates.Bind(w.Engine)
	lessons := timetable.New(timetable.Config{Directory: w.Directory, Notices: w.Notices, Log: c.Log, Now: w.Clock.Now})
	pages := notebook.New(notebook.Config{Directory: w.Directory, Files: w.Files, Log: c.Log, Now: w.Clock.Now})
	canteen.New(canteen.Config{Directory: w.Directory, Files: w.Files}).Register(mux)
	lessons.Register(mux)
	pages.Register(mux)
	informing := information.New(information.Config{Directory: w.Directory, Files: w.Files, Log: c.Log, Now: w.Clock.Now})
	informing.Register(mux)
	informing.Bind(w.Engine)
	w.Transfers = transfer.New(transfer.Config{Directory: w.Directory, Blobs: c.Blobs, Notices: w.Notices, Key: c.AccountKey, Log: c.Log, Now: w.Clock.Now})
	w.Transfers.Register(mux)
	w.Transfers.Bind(w.Engine)
	w.Collects = collect.New(w.Directory, w.Transfers)
	w.Collects.Register(mux)
	w.Collects.Bind(w.Engine)
	lessons.Bind(w.Engine)
	pages.Bind(w.Engine)
	w.Homework.Register(mux)
	w.Files.Register(mux)
	w.Notices.Register(mux)
	w.Homework.Bind(w.Engine)
	own.Bind(w.Engine)
	marks.Bind(w.Engine)
	levels.Bind(w.Engine)
	cards.Bind(w.Engine)
	presence.Bind(w.Engine)
	w.Files.Bind(w.Engine)
	w.Notices.Bind(w.Engine)
	w.Accounts, err = account.New(account.Config{
		Engine: w.Engine, Watcher: c.Records, Directory: w.Directory,
		Key: c.AccountKey, Params: c.Params, Log: c.Log, Now: w.Clock.Now,
	})
	letters.Bind(w.Engine, w.Accounts)
	return err
}

// apply writes to the directory and lets everything follow.
func (w *World) apply(ctx context.Context, puts []directory.Put) error {
	if err := w.Directory.Apply(ctx, psync.Actor{School: SchoolID}, SchoolID, puts); err != nil {
		return err
	}
	return w.Settle(ctx)
}

// Settle lets everything follow that is due by the world's clock.
func (w *World) Settle(ctx context.Context) error { return w.Engine.Drain(ctx) }

// device is the one browser that everybody in the demo has used.
const device = "d_demo"

// Actor is a person of the school on the demo's device.
func Actor(user string) psync.Actor {
	return psync.Actor{School: SchoolID, User: user, Device: device}
}

// lanes are those of the demo's device: one per person and scope, in which one
// mutation is sent at a time.
type lanes struct {
	mu  sync.Mutex
	all map[laneName]*lane
}

type laneName struct{ user, scope string }

type lane struct {
	mu sync.Mutex
	k  int64 // last one sent
}

func (l *lanes) of(user, scope string) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := laneName{user, scope}
	if l.all[name] == nil {
		l.all[name] = &lane{}
	}
	return l.all[name]
}

// Send sends a mutation as a person's device does. A refusal is an error. What
// follows from it waits for Settle.
func (w *World) Send(ctx context.Context, user, scope, name string, args any) error {
	raw, err := json.Marshal(args)
	if err != nil {
		return err
	}
	l := w.lanes.of(user, scope)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.k++
	m := psync.Mutation{Scope: scope, K: l.k, Name: name, At: w.Clock.Now().UnixMilli(), Args: raw}
	res, err := w.Engine.Sync(ctx, Actor(user), &psync.Request{V: 1, Schema: 1, Device: device, Mutations: []psync.Mutation{m}})
	if err == nil {
		err = outcome(res.JSON())
	}
	if err != nil {
		return fmt.Errorf("%s in %s: %w", name, scope, err)
	}
	return nil
}

// outcome reads the answer to one mutation.
func outcome(body []byte) error {
	var answer struct {
		Results []struct {
			OK    bool           `json:"ok"`
			Error *psync.Refusal `json:"error"`
		} `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return err
	}
	switch {
	case len(answer.Results) != 1:
		return fmt.Errorf("%d results", len(answer.Results))
	case answer.Results[0].Error != nil:
		return answer.Results[0].Error
	case !answer.Results[0].OK:
		return fmt.Errorf("not carried out: %s", body)
	}
	return nil
}

// Upload brings a file of a person to the server. It is ready after Settle.
func (w *World) Upload(ctx context.Context, user string, f File) error {
	up := attachment.Upload{SHA: f.SHA, Name: f.Name, Type: f.Type, Size: int64(len(f.Data))}
	if err := w.Files.Arrived(ctx, Actor(user), up, bytes.NewReader(f.Data)); err != nil {
		return fmt.Errorf("upload %s: %w", f.Name, err)
	}
	return nil
}

// File is a file that a person gives or hands in.
type File struct {
	SHA, Name, Type string
	Data            []byte
}

func newFile(name, mediaType string, data []byte) File {
	sum := sha256.Sum256(data)
	return File{SHA: "sha256-" + hex.EncodeToString(sum[:]), Name: name, Type: mediaType, Data: data}
}

// Attached is how a mutation names the file.
func (f File) Attached() attachment.File {
	return attachment.File{SHA: f.SHA, Name: f.Name, Type: f.Type, Size: int64(len(f.Data))}
}
