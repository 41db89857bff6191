package sync_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"preau/storage"
)

// TestRunForgets holds that a running engine forgets what is older than a
// school year and a summer, and nothing else.
func TestRunForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, newMemory())
		w.put("class:5b", "homework", "h", 1)
		w.put("class:4a", "homework", "h", 1)
		w.clock.pass(401 * 24 * time.Hour)
		w.put("class:5b", "homework", "h", 2)
		w.put("class:5b", "homework", "h", 3)
		ctx, cancel := context.WithTimeout(t.Context(), 11*time.Minute)
		defer cancel()
		if err := w.engine.Run(ctx); err != nil {
			t.Fatal(err)
		}
		for scope, want := range map[string]int{"class:5b": 0, "class:4a": 1} {
			tails, err := w.records.Tails(t.Context(), []storage.Position{{Scope: scope}}, 10)
			if err != nil || len(tails[0].Entries) != want {
				t.Errorf("%s: %d entries from the start, %v", scope, len(tails[0].Entries), err)
			}
		}
	})
}
