package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// ready asks the server of this machine whether it answers: `preau ready`, the
// health check of a container, in which there is nothing else that could.
func (c *command) ready(ctx context.Context) error {
	if err := c.config.complete(); err != nil {
		return err
	}
	if c.config.Host != "" || c.config.LAN {
		return errors.New("it answers over TLS: ask https://…/readyz from outside")
	}
	_, port, err := net.SplitHostPort(c.config.Addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort("localhost", port)+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it is not ready: %s", res.Status)
	}
	return nil
}
