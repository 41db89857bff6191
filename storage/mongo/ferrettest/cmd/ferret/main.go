// Ferret runs FerretDB 1 with atomic updates, for tests, until it is told to
// stop. Its first line of output is its address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"preau/storage/mongo/ferrettest/ferret"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:0", "where to listen")
	dir := flag.String("dir", "", "where the databases lie; empty: nowhere, when it has ended")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "ferret:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, addr, dir string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "preau-ferret-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	server, err := ferret.Start(addr, dir)
	if err != nil {
		return err
	}
	fmt.Println(server.URI())
	<-ctx.Done()
	return server.Close()
}
