// Command preau is the server of Préau and its operator's tools: serve, demo,
// import, admin, backup, restore, doctor, ready, dump, vapid, version.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/skip2/go-qrcode"

	"preau/storage"
)

const usage = `usage: preau command [arguments]

  serve     answer the devices of schools (preau serve -help)
  demo      the same, with a fictional school where everybody may be anybody
  import    set what a school's register exports against the directory
  admin     give a school its administrator, and what opens the account
  backup    copy the records and the files into one archive, while a server serves
  restore   fill an empty server with such an archive
  doctor    look for what is wrong with this server, and say what to do
  ready     ask the server of this machine whether it answers, for health checks
  dump      write every record as a line of JSON
  vapid     print the public key of push messages
  version   print the version

Settings are variables PREAU_… of the environment; see README.md.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "preau:", err)
		os.Exit(1)
	}
}

// command is one run of the program.
type command struct {
	config Config
	args   []string
	out    io.Writer
	log    *slog.Logger
	errOut io.Writer
}

var errUsage = errors.New("unknown command\n\n" + strings.TrimSpace(usage))

func run(ctx context.Context, args []string, env func(string) string, out, errOut io.Writer) error {
	if len(args) == 0 {
		_, err := fmt.Fprint(out, usage)
		return err
	}
	config, err := readConfig(env)
	if err != nil {
		return err
	}
	c := &command{config: config, args: args[1:], out: out, errOut: errOut}
	c.log = slog.New(slog.NewTextHandler(errOut, nil))
	commands := map[string]func(context.Context) error{
		"serve": c.serve, "demo": c.demo, "import": c.importRegister, "admin": c.admin,
		"backup": c.backup, "restore": c.restore, "doctor": c.doctor,
		"ready": c.ready, "dump": c.dump, "vapid": c.vapid, "version": c.version,
	}
	f, ok := commands[args[0]]
	if !ok {
		return errUsage
	}
	return f(ctx)
}

// serve answers devices until it is told to stop.
func (c *command) serve(ctx context.Context) error {
	if err := c.config.flags(c.args, c.errOut); err != nil {
		return err
	}
	a, err := Open(ctx, c.config, c.log, time.Now)
	if err != nil {
		return err
	}
	c.greet(a)
	return errors.Join(a.Run(ctx), a.Close())
}

// greet says where the server answers.
func (c *command) greet(a *App) {
	c.log.Info("serving", "address", a.origin(), "version", version())
	if a.fronts.lan == nil {
		return
	}
	address := a.fronts.lan.address(port(a.fronts.plain))
	code, err := qrcode.New(address, qrcode.Low)
	if err == nil {
		fmt.Fprintln(c.out, code.ToSmallString(false))
	}
	fmt.Fprintln(c.out, "Téléphones de ce réseau : "+address)
}

func (c *command) importRegister(ctx context.Context) error {
	return runImport(ctx, c.args, c.out, c.openRecords)
}

func (c *command) openRecords(ctx context.Context) (storage.Records, error) {
	if err := c.config.complete(); err != nil {
		return nil, err
	}
	return openRecords(ctx, c.config.Records)
}

func (c *command) dump(ctx context.Context) error {
	if err := c.config.complete(); err != nil {
		return err
	}
	return dump(ctx, c.config.Records, c.out)
}

// vapid prints the key by which browsers know this server's pushes.
func (c *command) vapid(context.Context) error {
	keys, err := loadKeys(c.config.Data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.out, keys.VAPIDPublic)
	return err
}

func (c *command) version(context.Context) error {
	_, err := fmt.Fprintln(c.out, version())
	return err
}

// version is the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	found := map[string]string{}
	for _, s := range info.Settings {
		found[s.Key] = s.Value
	}
	revision := found["vcs.revision"]
	if revision == "" {
		return info.Main.Version
	}
	if found["vcs.modified"] == "true" {
		revision += "+"
	}
	return revision[:min(12, len(revision))] + " " + found["vcs.time"]
}
