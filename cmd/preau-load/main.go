// Command preau-load is a school morning at eight: so many devices start
// within a minute, hold live connections, look for what is new, tick, hand in
// photos and answer, against a real server.
//
// The arrivals are fixed in advance and latency counts from the planned
// moment, so a server that slows down is asked no less. What was acknowledged
// is looked for at the end. Any error, and anything lost, makes it fail.
//
//	preau-load -server bin/preau                              starts a server
//	preau-load -url https://… -admin SHEET -code CODE         against one that runs
//	preau-load -write DIR                                     writes the register to import there
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the arguments.
type options struct {
	program        string
	nodes          int
	records, blobs string
	data           string

	url         string
	admin, code string
	write       string

	accounts  int
	live      int
	rate      float64
	storm     time.Duration
	duration  time.Duration
	passwords int
	works     int
	sample    int
	witnesses int
	patience  time.Duration
	seed      uint64
}

func (o *options) parse(args []string, help io.Writer) error {
	f := flag.NewFlagSet("preau-load", flag.ContinueOnError)
	f.SetOutput(help)
	f.StringVar(&o.program, "server", "", "start this `program`, a preau")
	f.IntVar(&o.nodes, "nodes", 1, "how many of it, on the same stores")
	f.StringVar(&o.records, "records", "", "its PREAU_RECORDS; SQLite in the data folder if absent")
	f.StringVar(&o.blobs, "blobs", "", "its PREAU_BLOBS; the data folder if absent")
	f.StringVar(&o.data, "data", "", "its data `folder`; if absent a new one, deleted at the end")
	f.StringVar(&o.url, "url", "", "`address` of a server that runs, with the school of -write imported")
	f.StringVar(&o.admin, "admin", "", "with -url: what `preau admin` printed, or the administrator's name")
	f.StringVar(&o.code, "code", "", "with -url: its code; PREAU_LOAD_PASSWORD is the password, then and later")
	f.StringVar(&o.write, "write", "", "only write the register of the school into this `folder`")
	f.IntVar(&o.accounts, "accounts", 3300, "people, each with one device")
	f.IntVar(&o.live, "live", 1500, "devices that hold a live connection")
	f.Float64Var(&o.rate, "rate", 300, "requests a second, besides those that follow from pokes")
	f.DurationVar(&o.storm, "storm", time.Minute, "in which all devices start")
	f.DurationVar(&o.duration, "for", 10*time.Minute, "how long the morning lasts behind that")
	f.IntVar(&o.passwords, "passwords", 10, "one in so many of the families signs in with a password, as all teachers do; 0: none")
	f.IntVar(&o.works, "works", 3, "pieces of homework that each class has before")
	f.IntVar(&o.sample, "sample", 600, "devices with acknowledged actions that are verified, besides teachers and witnesses")
	f.IntVar(&o.witnesses, "witnesses", 100, "devices that keep all they are told, to be compared at the end")
	f.DurationVar(&o.patience, "patience", 2*time.Minute, "how long what is missing at the end may still come, before it is lost")
	f.Uint64Var(&o.seed, "seed", 1, "of the plan")
	if err := f.Parse(args); err != nil {
		return err
	}
	return o.check(f.Args())
}

func (o *options) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case (o.program == "") == (o.url == "") && o.write == "":
		return errors.New("either -server, or -url, or -write (-help tells all)")
	case o.url != "" && o.admin == "":
		return errors.New("-url needs -admin: what `preau admin` printed")
	case o.accounts < 8 || o.rate <= 0 || o.nodes < 1:
		return errors.New("at least 8 accounts, a rate and a node")
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "preau-load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	var o options
	if err := o.parse(args, errOut); err != nil {
		return err
	}
	switch {
	case o.write != "":
		return writeSchool(o.write, sizesOf(o.accounts))
	case o.url != "":
		key := sheet{URL: o.admin, Code: o.code}
		if !strings.Contains(o.admin, "#") {
			key = sheet{Login: o.admin}
		}
		return drive(ctx, o, []string{strings.TrimSuffix(o.url, "/")}, key, nil, out)
	}
	return serveAndDrive(ctx, o, out)
}

// serveAndDrive starts the server, or several, loads it and stops it.
func serveAndDrive(ctx context.Context, o options, out io.Writer) (err error) {
	if o.data == "" {
		if o.data, err = os.MkdirTemp("", "preau-load"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.data)) }()
	}
	op := &operator{program: o.program, records: o.records, blobs: o.blobs, data: o.data}
	fmt.Fprintln(out, "importing a school of", o.accounts)
	key, err := op.found(ctx, o.accounts)
	if err != nil {
		return err
	}
	w := &watch{}
	var bases []string
	// A server outlives the interrupt until it is told to stop.
	alive := context.WithoutCancel(ctx)
	for i := range o.nodes {
		n, err := op.serve(alive, i)
		if err != nil {
			return errors.Join(err, w.stop())
		}
		w.nodes = append(w.nodes, n)
		bases = append(bases, n.url)
	}
	return errors.Join(drive(ctx, o, bases, key, w, out), w.stop())
}

// drive prepares the school, lets the morning happen, verifies and reports.
func drive(ctx context.Context, o options, bases []string, key sheet, w *watch, out io.Writer) error {
	begun := time.Now()
	fmt.Fprintln(out, "loading", strings.Join(bases, " and "))
	r := &report{options: o, watch: w, version: "unknown version"}
	office, err := prepare(ctx, o, bases, key, out)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	r.version = versionOf(ctx, o)
	r.took.prepare = time.Since(begun)
	if r.morning, err = newMorning(o, office.arrivals, bases); err != nil {
		return err
	}
	if err := r.happen(ctx, office, out); err != nil {
		return err
	}
	r.write(out)
	if n := r.errors(); n > 0 {
		return fmt.Errorf("%d errors", n)
	}
	return nil
}

func prepare(ctx context.Context, o options, bases []string, key sheet, out io.Writer) (*office, error) {
	password := os.Getenv("PREAU_LOAD_PASSWORD")
	if password == "" {
		password = rand.Text()
	}
	office, err := enter(ctx, bases, key, password)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(out, "making activation sheets")
	if err := office.roster(ctx); err != nil {
		return nil, err
	}
	teachers, err := office.choosePasswords(ctx, o.passwords)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(out, "%d accounts; giving %d pieces of work to each class\n", len(office.arrivals), o.works)
	if err := office.giveWork(ctx, teachers, o.works); err != nil {
		return nil, err
	}
	if err := arrange(ctx, teachers); err != nil {
		return nil, err
	}
	return office, office.settled(ctx)
}

// happen is the morning itself, and the look back at it.
func (r *report) happen(ctx context.Context, office *office, out io.Writer) error {
	m := r.morning
	streams, hangUp := context.WithCancel(ctx)
	defer hangUp()
	fmt.Fprintln(out, "the devices start")
	if err := m.arrive(ctx, streams, office.arrivals); err != nil {
		return err
	}
	fmt.Fprintln(out, "the morning goes on")
	if err := r.measured(ctx, m.goOn); err != nil {
		return err
	}
	if err := office.settled(ctx); err != nil {
		m.steady.fail(err)
	}
	hangUp()
	m.streams.Wait()
	if err := m.idle(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "verifying")
	begun := time.Now()
	var err error
	r.checked, err = verifyUntil(ctx, m, begun.Add(r.patience))
	r.took.verify = time.Since(begun)
	return err
}

// measured watches the server and the program itself while do runs.
func (r *report) measured(ctx context.Context, do func(context.Context) error) error {
	before, begun := ownTime(), time.Now()
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if r.watch != nil {
			r.watch.run(watching)
		}
	}()
	err := do(ctx)
	stop()
	<-ended
	r.own = (ownTime() - before).Seconds() / time.Since(begun).Seconds()
	return err
}
