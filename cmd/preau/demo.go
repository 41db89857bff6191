package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/skip2/go-qrcode"

	"preau/api"
	"preau/cmd/preau/demo"
)

// demoData is where the demo lives unless another folder is asked for: never
// where a real school does.
const demoData = "data-demo"

// demo prepares the fictional school, on first use, and serves it:
// `preau demo [-size normal|small] [flags of serve]`.
func (c *command) demo(ctx context.Context) error {
	size, rest, err := demoSize(c.args)
	if err != nil {
		return err
	}
	if c.config.Demo = true; c.config.Data == "data" {
		c.config.Data = demoData
	}
	if err := c.config.flags(rest, c.errOut); err != nil {
		return err
	}
	a, err := Open(ctx, c.config, c.log, time.Now)
	if err != nil {
		return err
	}
	if err := a.prepareDemo(ctx, size); err != nil {
		return errors.Join(err, a.Close())
	}
	c.greet(a)
	c.introduce(a)
	return errors.Join(a.Run(ctx), a.Close())
}

// demoSize takes -size out of the arguments.
func demoSize(args []string) (size demo.Size, rest []string, err error) {
	size, rest = demo.Normal, slices.Clone(args)
	for i, arg := range rest {
		name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if name != "size" || !strings.HasPrefix(arg, "-") {
			continue
		}
		end := i + 1
		if !joined && end < len(rest) {
			value, end = rest[end], end+1
		}
		size, rest = demo.Size(value), slices.Delete(rest, i, end)
		break
	}
	if size != demo.Small && size != demo.Normal {
		return "", nil, fmt.Errorf("-size is %s or %s", demo.Normal, demo.Small)
	}
	return size, rest, nil
}

// prepareDemo fills the stores of a server that is open and does not run yet.
func (a *App) prepareDemo(ctx context.Context, size demo.Size) error {
	err := demo.Prepare(ctx, demo.Config{
		Records: a.records, Blobs: a.blobs, Log: a.log,
		AccountKey: a.keys.Accounts, ReceiptKey: a.keys.Signer(),
		Size: size, Seed: 1, Today: a.now(),
	})
	if errors.Is(err, demo.ErrUnfinished) {
		return fmt.Errorf("%w: delete the folder %s and start again", err, a.config.Data)
	}
	if err != nil {
		return err
	}
	return a.directory.Load(ctx)
}

// introduce says who can sign in, and where.
func (c *command) introduce(a *App) {
	fmt.Fprintf(c.out, "\nCollège Joseph-Collard : %s\n\n", a.origin())
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for _, who := range demo.Accounts() {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", who.Name, who.Detail, who.Login, who.Password)
	}
	_ = table.Flush() // what cannot be printed is lost anyway
	if a.fronts.lan != nil {
		return // the page that explains how a phone comes in was printed already
	}
	if code, err := qrcode.New(a.origin(), qrcode.Low); err == nil {
		fmt.Fprintln(c.out, "\n"+code.ToSmallString(false))
	}
	if !reachable(a.origin()) {
		fmt.Fprintln(c.out, "Cette adresse ne s'ouvre que sur cette machine ; pour un téléphone : preau demo -lan")
	}
}

// reachable says whether a phone could open an address.
func reachable(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

// demoAccounts lets everybody be anybody of the demo's cast.
type demoAccounts struct{}

// Account implements [api.Demo].
func (demoAccounts) Account(key string) (user string, ok bool) {
	for _, a := range demo.Accounts() {
		if a.Key == key {
			return a.User, true
		}
	}
	return "", false
}

// demoRoutes lists the cast for the screen on which one of them is chosen.
func demoRoutes(s *api.Server) {
	s.Route("GET", "/api/demo", api.Public, api.NoBody, func(c *api.Call) error {
		return c.JSON(fiber.StatusOK, map[string]any{"accounts": demo.Accounts()})
	})
}
