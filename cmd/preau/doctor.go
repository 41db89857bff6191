package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const doctorUsage = `usage: preau doctor [-data DIR] [-offline]

looks for what is wrong with this server and says what to do; it changes nothing
and may run beside the server. -offline leaves the push services out`

// grade is how bad a finding is.
type grade int

const (
	fine grade = iota
	note       // worth knowing
	mend       // must be mended
)

var gradeWords = map[grade]string{fine: "ok  ", note: "note", mend: "MEND"}

// finding is one thing that was looked at.
type finding struct {
	grade grade
	what  string
	todo  string // in plain words; "" when there is nothing to do
}

func good(format string, args ...any) finding {
	return finding{fine, fmt.Sprintf(format, args...), ""}
}

// doctor is `preau doctor`.
type doctor struct {
	config  Config
	now     func() time.Time
	environ []string // NAME=value
	offline bool
	seen    time.Time // the latest date met in the database or on disk
	prints  string    // fingerprint of the keys of the database; "": none yet
}

// checks are what is looked at, in this order: what the database says of keys
// and dates comes before these.
var checks = []struct {
	name  string
	check func(*doctor, context.Context) []finding
}{
	{"settings", (*doctor).settings},
	{"address", (*doctor).address},
	{"proxies", (*doctor).proxies},
	{"data folder", (*doctor).folder},
	{"database", (*doctor).database},
	{"files", (*doctor).files},
	{"keys", (*doctor).keys},
	{"clock", (*doctor).clock},
	{"time zones", (*doctor).zones},
	{"push", (*doctor).push},
	{"mail", (*doctor).mail},
	{"scanner", (*doctor).scanner},
	{"outside", (*doctor).outside},
}

func (c *command) doctor(ctx context.Context) error {
	d := &doctor{now: time.Now, environ: os.Environ()}
	set := flag.NewFlagSet("doctor", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&c.config.Data, "data", c.config.Data, "")
	set.BoolVar(&d.offline, "offline", false, "")
	if err := set.Parse(c.args); err != nil || set.NArg() > 0 {
		return errors.Join(err, errors.New(doctorUsage))
	}
	if err := c.config.complete(); err != nil {
		return err
	}
	d.config = c.config
	return d.examine(ctx, c.out)
}

// examine looks at everything, tells it, and fails when something must be
// mended.
func (d *doctor) examine(ctx context.Context, out io.Writer) error {
	bad := 0
	for _, c := range checks {
		for _, f := range c.check(d, ctx) {
			fmt.Fprintf(out, "%s  %-12s %s\n", gradeWords[f.grade], c.name, strings.ReplaceAll(f.what, "\n", " "))
			if f.todo != "" {
				fmt.Fprintf(out, "%s→ %s\n", strings.Repeat(" ", 19), f.todo)
			}
			if f.grade == mend {
				bad++
			}
		}
	}
	if bad > 0 {
		return fmt.Errorf("to be mended: %d", bad)
	}
	return nil
}
