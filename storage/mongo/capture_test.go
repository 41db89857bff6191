package mongo

import "testing"

// TestErased looks for values that a copy cannot have any more.
func TestErased(t *testing.T) {
	entry := func(n int64, id, value string) entryDoc {
		return entryDoc{ID: entryKey("s", n), Ops: []opDoc{{Type: "t", ID: id, Value: []byte(value)}}}
	}
	for name, c := range map[string]struct {
		entry, later entryDoc
		want         bool
	}{
		"put, deleted later, still there": {entry(1, "a", "1"), entry(2, "a", ""), false},
		"put, deleted later, taken out":   {entry(1, "a", ""), entry(2, "a", ""), true},
		"deleted, and put later":          {entry(1, "a", ""), entry(2, "a", "1"), false},
		"another deleted later":           {entry(1, "a", ""), entry(2, "b", ""), false},
	} {
		if got := erased("s", []entryDoc{c.entry}, []entryDoc{c.later}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
