package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"preau/api"
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
	"preau/api/lsu/export"
	"preau/api/mail"
	"preau/api/notebook"
	"preau/api/notify"
	"preau/api/reportcard"
	"preau/api/skills"
	"preau/api/timetable"
	"preau/api/transfer"
	"preau/pwa"
	"preau/storage"
	"preau/storage/disk"
	psync "preau/sync"
)

// App is a whole server: the stores, the engine, the rules of each area and
// the edge. It is the only place that knows which implementation is used.
type App struct {
	config Config
	log    *slog.Logger
	now    func() time.Time
	keys   Keys

	records storage.Records
	blobs   storage.Blobs
	engine  *psync.Engine

	directory  *directory.Directory
	accounts   *account.Service
	notices    *notify.Service
	files      *attachment.Service
	homework   *homework.Service
	mail       *mail.Service
	documents  *document.Service
	agenda     *agenda.Service
	timetable  *timetable.Service
	notebook   *notebook.Service
	grades     *grades.Gradebook
	skills     *skills.Service
	cards      *reportcard.Service
	attendance *attendance.Service
	canteen    *canteen.Service
	informing  *information.Service
	transfers  *transfer.Service
	collects   *collect.Service

	uploads *api.Uploads
	server  *api.Server
	fronts  fronts
	post    post
	counts  tallies
}

// Open opens the stores, wires the parts and listens; Run does the rest. The
// caller closes.
func Open(ctx context.Context, c Config, log *slog.Logger, now func() time.Time) (*App, error) {
	a := &App{config: c, log: log, now: now}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	if err := a.openStores(ctx); err != nil {
		return err
	}
	var err error
	// The address is part of what is told to others, so it comes first.
	if a.fronts, err = listen(a.config, a.now); err != nil {
		return err
	}
	if err := a.openAreas(); err != nil {
		return err
	}
	if err := a.directory.Load(ctx); err != nil {
		return err
	}
	if err := a.transfers.Begin(ctx, a.records); err != nil {
		return err
	}
	if err := a.openPost(); err != nil {
		return err
	}
	a.greetScanner(ctx)
	a.uploads = a.newUploads()
	a.server, err = api.New(a.edge())
	return err
}

func (a *App) openStores(ctx context.Context) (err error) {
	if err := disk.MakeDir(a.config.Data); err != nil {
		return unwritable("make the data folder", err)
	}
	if a.records, err = openRecords(ctx, a.config.Records); err != nil {
		return err
	}
	if a.keys, err = keysOf(ctx, a.records, a.config.Data, a.now()); err != nil {
		return err
	}
	a.blobs, err = openBlobs(ctx, a.config.Blobs)
	return err
}

// openAreas builds the rules and the engine that runs them. The directory
// comes before the engine, which asks it who reads what.
func (a *App) openAreas() (err error) {
	a.directory = directory.New(directory.Config{Records: a.records, Log: a.log, Now: a.now})
	a.files = attachment.New(attachment.Config{Blobs: a.blobs, Access: a.directory, Scanner: a.scanner(), Log: a.log, Now: a.now})
	a.notices, err = notify.New(notify.Config{
		Log: a.log, Now: a.now, Zone: a.directory.ZoneOf, Origin: a.origin(), Allow: a.config.PushHosts,
		School: a.directory.SchoolOf, May: a.mayRuleAlerts, Domain: a.bounceDomain(),
		Office: a.config.SMTP, Key: a.keys.Accounts,
		PublicKey: a.keys.VAPIDPublic, PrivateKey: a.keys.VAPIDPrivate,
	})
	if err != nil {
		return err
	}
	a.homework = homework.New(homework.Config{
		Directory: a.directory, Files: a.files, Notices: a.notices, Key: a.keys.Signer(), Log: a.log, Now: a.now,
	})
	a.mail = mail.New(mail.Config{
		Directory: a.directory, Files: a.files, Notices: a.notices, Outside: a.outside(), Log: a.log, Now: a.now,
	})
	a.documents = document.New(a.directory, a.files)
	a.agenda = agenda.New(agenda.Config{Directory: a.directory, Files: a.files, Notices: a.notices, Log: a.log, Now: a.now})
	a.timetable = timetable.New(timetable.Config{
		Directory: a.directory, Notices: a.notices, Beside: a.agenda.Feed, Log: a.log, Now: a.now,
	})
	a.notebook = notebook.New(notebook.Config{Directory: a.directory, Files: a.files, Log: a.log, Now: a.now})
	a.grades = grades.New(grades.Config{Directory: a.directory, Files: a.files, Notices: a.notices, Log: a.log, Now: a.now})
	a.skills = skills.New(skills.Config{Directory: a.directory, Marks: a.grades, Notices: a.notices, Now: a.now})
	a.attendance = attendance.New(attendance.Config{
		Directory: a.directory, Timetable: a.timetable, Files: a.files, Notices: a.notices, Now: a.now,
	})
	a.cards = reportcard.New(reportcard.Config{
		Directory: a.directory, Marks: a.grades, Presence: a.attendance, Positioning: a.skills, Notices: a.notices, Log: a.log, Now: a.now,
	})
	a.canteen = canteen.New(canteen.Config{Directory: a.directory, Files: a.files})
	a.informing = information.New(information.Config{Directory: a.directory, Files: a.files, Log: a.log, Now: a.now})
	a.transfers = transfer.New(transfer.Config{
		Directory: a.directory, Blobs: a.blobs, Scanner: a.scanner(), Notices: a.notices, Rules: a.config.Transfers, Key: a.keys.Accounts, Log: a.log, Now: a.now,
	})
	a.collects = collect.New(a.directory, a.transfers)
	a.openEngine()
	a.accounts, err = account.New(account.Config{
		Engine: a.engine, Watcher: a.records, Directory: a.directory, Kick: a.engine.Hub().Kick,
		Key: a.keys.Accounts, Egress: a.config.Egress, Log: a.log, Now: a.now,
	})
	if err != nil {
		return err
	}
	a.mail.Bind(a.engine, a.accounts)
	a.notices.Ask(a.accounts)
	a.accounts.OnRevoke(a.forgetPush)
	return nil
}

func (a *App) openEngine() {
	mux := psync.NewMux()
	a.directory.Register(mux)
	a.files.Register(mux)
	a.notices.Register(mux)
	a.homework.Register(mux)
	a.mail.Register(mux)
	a.documents.Register(mux)
	a.agenda.Register(mux)
	a.timetable.Register(mux)
	a.notebook.Register(mux)
	a.grades.Register(mux)
	a.skills.Register(mux)
	a.attendance.Register(mux)
	a.canteen.Register(mux)
	a.informing.Register(mux)
	a.cards.Register(mux)
	a.transfers.Register(mux)
	a.collects.Register(mux)
	a.engine = psync.New(psync.Config{Records: counted{a.records, &a.counts}, Mux: mux, Access: a.directory, Lease: a.config.Takeover, Log: a.log, Now: a.now})
	a.directory.Bind(a.engine)
	a.files.Bind(a.engine)
	a.notices.Bind(a.engine)
	a.homework.Bind(a.engine)
	a.documents.Bind(a.engine)
	a.agenda.Bind(a.engine)
	a.timetable.Bind(a.engine)
	a.notebook.Bind(a.engine)
	a.grades.Bind(a.engine)
	a.skills.Bind(a.engine)
	a.attendance.Bind(a.engine)
	a.informing.Bind(a.engine)
	a.cards.Bind(a.engine)
	a.transfers.Bind(a.engine)
	a.collects.Bind(a.engine)
}

// edge lists what the HTTP edge stands on.
func (a *App) edge() api.Deps {
	accounts := &api.Accounts{Service: a.accounts, Directory: a.directory, Now: a.now}
	routes := []api.Routes{
		accounts.Routes,
		api.DirectoryRoutes(a.directory),
		api.FileRoutes(a.files),
		api.CopyRoutes(a.homework),
		api.PushRoutes(a.notices),
		api.CalendarRoutes(a.timetable),
		api.LivretRoutes(export.New(a.directory, published{a.cards, a.grades}, version())),
		api.TransferRoutes(a.transfers, a.schoolName, a.directory.Location),
		api.CollectRoutes(a.collects, a.schoolName, a.directory.Location),
	}
	if a.config.Demo {
		accounts.Demo = demoAccounts{}
		routes = append(routes, demoRoutes)
	}
	return api.Deps{
		Log: a.log, Now: a.now, Sessions: accounts, Passes: accounts, Roles: a.directory.Roles, Routes: routes,
		Engine: a.engine, Uploads: a.uploads, App: pwa.Dist(), Proxies: a.config.Proxies,
		Health: api.Health{Ready: a.ready, Token: a.config.MetricsToken, Version: version(), Figures: a.figures},
	}
}

const (
	uploadQuota = 500 << 20 // bytes under way, per account, besides those of a transfer
	uploadMost  = 200
)

func (a *App) newUploads() *api.Uploads {
	uses := map[string]int64{"message": mail.MaxFileBytes, "transfer": a.transfers.Rules.Most, "collect": a.transfers.Rules.Most}
	for _, use := range []string{"submission", "homework", "correction", "document", "notebook", "assessment", "justification", "punishment", "menu", "event", "information"} {
		uses[use] = attachment.MaxSize
	}
	return &api.Uploads{
		Blobs: a.blobs, Dir: filepath.Join(a.config.Data, "uploads"), Uses: uses, Plain: []string{"transfer", "collect"}, Quota: uploadQuota + a.transfers.Rules.Most, Most: uploadMost,
		Arrivals: arrivals{a.files, a.transfers, a.collects, &a.counts}, Now: a.now,
	}
}

// arrivals hands uploads over to package attachment, transfer or collect.
type arrivals struct {
	files     *attachment.Service
	transfers *transfer.Service
	collects  *collect.Service
	n         *tallies
}

// Arrived implements [api.Arrivals].
func (a arrivals) Arrived(ctx context.Context, actor psync.Actor, f api.Arrival) error {
	if err := a.take(ctx, actor, f); err != nil {
		return err
	}
	a.n.uploads.Add(1)
	a.n.bytes.Add(f.Size)
	return nil
}

func (a arrivals) take(ctx context.Context, actor psync.Actor, f api.Arrival) error {
	switch f.Meta["use"] {
	case "transfer":
		return a.transfers.Arrived(ctx, actor, f.Meta, f.Size, f.Keep)
	case "collect":
		return a.collects.Arrived(ctx, actor, f.Meta, f.Size, f.Keep)
	}
	up := attachment.Upload{SHA: f.Sum, Name: f.Meta["name"], Type: f.Meta["type"], Size: f.Size}
	return a.files.Arrived(ctx, actor, up, f.Body)
}

// schoolName is how a school is called.
func (a *App) schoolName(id string) string {
	school, _ := a.directory.School(id)
	return school.Name
}

// mayRuleAlerts says whether somebody may set when a school's alerts ring.
func (a *App) mayRuleAlerts(who psync.Actor, scope string) error {
	return a.directory.May(who, directory.RuleAlerts, scope)
}

// forgetPush drops the push subscription of a device that was revoked.
func (a *App) forgetPush(user, device string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := a.notices.Forget(ctx, user, device); err != nil {
		a.log.Warn("push subscription stays", "user", user, "device", device, "error", err)
	}
}

// scanner is the one that is set, if one is. When it does not answer the server
// starts all the same: files are held, and nothing else.
func (a *App) scanner() attachment.Scanner {
	if a.config.Clamd == nil {
		return nil
	}
	return a.config.Clamd
}

// greetScanner says in the log how it is.
func (a *App) greetScanner(ctx context.Context) {
	if a.config.Clamd == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := a.config.Clamd.Ping(ctx); err != nil {
		a.log.Warn("scanner does not answer: files will be held", "error", err)
		return
	}
	a.log.Info("scanner answers")
}

// What /readyz says to everybody; the log says why.
var (
	errDatabase = errors.New("the database is out of reach")
	noFiles     = "the files are out of reach"
	noScanner   = "the scanner does not answer: files that people send are held"
)

// ready asks the database and the files. Without files most of a day in a
// school still works, on every node or on none. The scanner is not asked: the
// last upload knows.
func (a *App) ready(ctx context.Context) (short string, err error) {
	if _, err := a.records.Epoch(ctx, false); err != nil {
		a.log.Warn("database out of reach", "error", err)
		return "", errDatabase
	}
	if _, err := a.blobs.Stat(ctx, "ready"); err != nil && !errors.Is(err, storage.ErrNotFound) {
		a.log.Warn("files out of reach", "error", err)
		return noFiles, nil
	}
	if _, answers := a.files.Scanned(); !answers {
		return noScanner, nil
	}
	return "", nil
}

func (a *App) origin() string {
	if a.config.Origin != "" {
		return a.config.Origin
	}
	return a.fronts.address()
}

// closePatience is how long requests under way may take when the server stops.
const closePatience = 10 * time.Second

// Run answers requests and carries out effects until ctx ends. Then it says
// that it is about to stop, goes on for as long as a proxy needs to notice,
// stops accepting, lets what is under way end, and returns.
func (a *App) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	workers, working := errgroup.WithContext(work)
	for _, run := range []func(context.Context) error{a.engine.Run, a.directory.Run, a.accounts.Run, a.uploads.Run} {
		workers.Go(func() error { return run(working) })
	}
	front, serving := errgroup.WithContext(ctx)
	front.Go(func() error { return a.server.Serve(a.fronts.main) })
	front.Go(a.fronts.servePlain)
	front.Go(a.post.serve)
	front.Go(func() error {
		select {
		case <-serving.Done():
		case <-working.Done():
		}
		if a.server.Leave(); ctx.Err() != nil { // somebody asked, and may be in front
			pause(working, a.config.Drain)
		}
		return a.closeFronts()
	})
	err := front.Wait()
	stop()
	return errors.Join(err, workers.Wait())
}

// pause lasts some time, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (a *App) closeFronts() error {
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	err := errors.Join(a.fronts.closePlain(ctx), a.post.shut(ctx), a.server.Close(ctx))
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("connections were cut")
		return nil
	}
	return err
}

// Close closes the stores. Run must have returned, if it was called.
func (a *App) Close() error {
	err := errors.Join(a.fronts.close(), a.post.close())
	if a.blobs != nil {
		err = errors.Join(err, a.blobs.Close())
	}
	if a.records != nil {
		err = errors.Join(err, a.records.Close())
	}
	return err
}
