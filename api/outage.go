package api

import (
	"sync"
	"time"
)

// outageEvery is how often an outage is told to the log while it lasts.
const outageEvery = 10 * time.Second

// outage keeps a store that is out of reach from filling the log with a line
// for each request.
type outage struct {
	mu     sync.Mutex
	next   time.Time
	silent int // requests that failed since the last line
}

// tell says whether this failure gets a line, and how many got none before it.
func (o *outage) tell(now time.Time) (silent int, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Before(o.next) {
		o.silent++
		return 0, false
	}
	silent, o.silent = o.silent, 0
	o.next = now.Add(outageEvery)
	return silent, true
}
