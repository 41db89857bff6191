package average

import (
	"math/big"
	"slices"
)

// Levels of mastery of a competence, by the points that each is worth. The two
// between are used by schools with six levels.
const (
	MasteryVeryGood     = 50
	MasteryGood         = 40
	MasteryFairly       = 33
	MasteryFragile      = 25
	MasteryBeginning    = 18
	MasteryInsufficient = 10
)

const mostMastery = MasteryVeryGood

// Item is one competence of an evaluation as a pupil showed it.
type Item struct {
	Points      int     `json:"points"`
	Coefficient Decimal `json:"coefficient"`
}

// MarkOf makes a mark of competences: their points by their coefficients,
// brought to a scale and rounded to the nearest whole; nothing without items.
func MarkOf(items []Item, outOf Decimal) Value {
	sum, most := new(big.Rat), new(big.Rat)
	for _, i := range items {
		c := i.Coefficient.Rat()
		sum.Add(sum, new(big.Rat).Mul(c, big.NewRat(int64(i.Points), 1)))
		most.Add(most, c.Mul(c, big.NewRat(mostMastery, 1)))
	}
	if most.Sign() == 0 {
		return ""
	}
	mark := sum.Quo(sum, most)
	return shown(Rounding{Step: one}.Round(mark.Mul(mark, outOf.Rat())))
}

// The ways to look at the evaluations of a period, oldest first.
const (
	AllOfThem   = "all"
	LastFive    = "last5"
	BestFive    = "best5"
	Progressive = "progressive" // the first weighs 1, the second 2 …
)

// Positioning is 1 to 4 from the points of evaluations, oldest first; 0
// without any.
func Positioning(points []int, mode string) int {
	points = considered(points, mode)
	sum, weight := 0, 0
	for i, p := range points {
		w := 1
		if mode == Progressive {
			w = i + 1
		}
		sum, weight = sum+w*p, weight+w
	}
	switch {
	case weight == 0:
		return 0
	case sum > 45*weight:
		return 4
	case sum >= 33*weight:
		return 3
	case sum >= 18*weight:
		return 2
	}
	return 1
}

func considered(points []int, mode string) []int {
	kept := slices.Clone(points)
	if mode == BestFive {
		slices.Sort(kept)
	}
	if (mode == BestFive || mode == LastFive) && len(kept) > 5 {
		kept = kept[len(kept)-5:]
	}
	return kept
}
