package api

import (
	"testing"
	"time"
)

func TestOutageIsToldNowAndThen(t *testing.T) {
	var o outage
	now := time.Unix(1000, 0)
	lines, silent := 0, 0
	for range 250 {
		if n, ok := o.tell(now); ok {
			lines, silent = lines+1, silent+n
		}
		now = now.Add(100 * time.Millisecond)
	}
	if lines != 3 || silent != 2*99 {
		t.Errorf("%d lines, %d counted in them", lines, silent)
	}
}
