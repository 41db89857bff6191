package grades

import (
	"testing"

	"preau/api/grades/average"
)

// What thresholds compare is a mark on 20, whatever its scale.
func TestLevelOfAMark(t *testing.T) {
	none := -1
	for _, c := range []struct {
		value string
		outOf average.Decimal
		want  int
	}{
		{"7.99", 2000, 799},
		{"8", 2000, 800},
		{"3.5", 1000, 700},
		{"50", 10000, 1000},
		{"Z", 2000, 0},
		{"W", 500, 0},
		{"A", 2000, none},
		{"", 2000, none},
		{"12", 0, none},
	} {
		got := none
		if l := level(Grade{Value: average.Value(c.value), Outline: Outline{OutOf: c.outOf}}); l != nil {
			got = *l
		}
		if got != c.want {
			t.Errorf("%s of %s is at %d, want %d", c.value, c.outOf, got, c.want)
		}
	}
}
