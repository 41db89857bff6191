package clamd

import "time"

// Hurry makes a daemon's silence short.
func Hurry(d *Daemon, patience time.Duration) { d.patience = patience }
