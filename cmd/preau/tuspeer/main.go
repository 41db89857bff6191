// Command tuspeer serves uploads by the reference implementation of tus, on a
// folder: what Préau's own is measured beside.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve prints the address that it listens on.
func serve() error {
	if len(os.Args) != 2 {
		return errors.New("usage: tuspeer FOLDER")
	}
	parts := handler.NewStoreComposer()
	filestore.New(os.Args[1]).UseIn(parts)
	tus, err := handler.NewHandler(handler.Config{BasePath: "/files/", StoreComposer: parts, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	return http.Serve(ln, http.StripPrefix("/files/", tus)) //nolint:gosec // for measurements on one machine
}
