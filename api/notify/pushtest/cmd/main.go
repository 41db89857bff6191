// Command cmd runs the push service of package pushtest, for a browser test:
//
//	go run ./api/notify/pushtest/cmd -listen 127.0.0.1:8282
//
// It prints where it listens. Port 0 picks a free one.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	"preau/api/notify/pushtest"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8282", "address to listen on")
	flag.Parse()
	if err := serve(*listen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(address string) error {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	origin := "http://" + ln.Addr().String()
	fmt.Println(origin)
	return http.Serve(ln, pushtest.New(origin))
}
