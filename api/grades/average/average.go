// Package average works out what marks come to: the average of a service (a
// subject of one pupil), the general average, the figures of a class, and
// marks and positionings from evaluations of competences. All of it is exact:
// decimals are hundredths, everything else is a fraction.
//
// An average says how it was made: each test is a [Term], with what it weighs
// or why it does not count, so that a screen can show the whole sum. The same
// engine in TypeScript (pwa/src/grades/average.ts) answers the same for every
// case of testdata.
package average

import (
	"math/big"
	"slices"
)

// Scale is what averages are out of.
const Scale = 20

// The kinds of test; the empty one is compulsory.
const (
	Optional = "optional" // counts if it raises the average
	Bonus    = "bonus"    // what is above half of its scale is added
)

// Test is one mark with what its assessment says of it.
type Test struct {
	ID          string  `json:"id"`
	Value       Value   `json:"value"`
	OutOf       Decimal `json:"outOf"`
	Coefficient Decimal `json:"coefficient"`
	Kind        string  `json:"kind,omitempty"`
	Rescale     bool    `json:"rescale,omitempty"` // weighs as if it were out of 20
	Aside       bool    `json:"aside,omitempty"`   // shown, never counted
	Part        string  `json:"part,omitempty"`    // the sub-service that it belongs to
}

// Part is a sub-service, such as "écrit" of a language.
type Part struct {
	ID          string  `json:"id"`
	Coefficient Decimal `json:"coefficient"`
}

// Rules are the settings of a service.
type Rules struct {
	// ByParts makes the average of the parts; else that of all tests.
	ByParts bool   `json:"byParts,omitempty"`
	Parts   []Part `json:"parts,omitempty"`
	// Highest and Lowest multiply the coefficient of a pupil's best and worst
	// compulsory mark; nil is once, zero leaves it out.
	Highest  *Decimal `json:"highest,omitempty"`
	Lowest   *Decimal `json:"lowest,omitempty"`
	Rounding Rounding `json:"rounding,omitzero"`
}

// Rounding is how an average is rounded; a zero Step leaves it as it is.
type Rounding struct {
	Step Decimal `json:"step,omitempty"`
	Up   bool    `json:"up,omitempty"` // else to the nearest, halves up
}

// Why a test counts otherwise than as written, or not at all.
const (
	WhyCode        = "code"        // absent, exempt …
	WhyAside       = "aside"       // set aside by the teacher
	WhyCoefficient = "coefficient" // weighs nothing
	WhyOptional    = "optional"    // would not raise the average
	WhyBonus       = "bonus"       // has no points above half of its scale
	WhyZero        = "zero"        // a code that counts as zero
	WhyHighest     = "highest"     // the best mark, weighted
	WhyLowest      = "lowest"      // the worst mark, weighted
)

// Term is what one test, or one service of a general average, is in the sum.
type Term struct {
	ID          string  `json:"id"`
	Value       Value   `json:"value"`
	OutOf       Decimal `json:"outOf"`
	Coefficient Decimal `json:"coefficient"` // as it counts
	Kind        string  `json:"kind,omitempty"`
	Rescale     bool    `json:"rescale,omitempty"`
	Counted     bool    `json:"counted"`
	Why         string  `json:"why,omitempty"`

	ratio *big.Rat
}

// Result is an average and how it was made: Sum / Divisor × 20, rounded. Parts
// are its sub-services, where they make it.
type Result struct {
	Value   Value        `json:"value"` // to the hundredth; a code, or empty, where nothing counts
	Exact   Fraction     `json:"exact"`
	Sum     Fraction     `json:"sum"`
	Divisor Fraction     `json:"divisor"`
	Terms   []Term       `json:"terms"`
	Parts   []PartResult `json:"parts,omitempty"`
}

// PartResult is the average of a sub-service.
type PartResult struct {
	ID          string  `json:"id"`
	Coefficient Decimal `json:"coefficient"`
	Result
}

// Number is the average as a number; false where nothing counts.
func (r Result) Number() (*big.Rat, bool) { return r.Exact.Rat, r.Exact.Rat != nil }

// Of is the average of one pupil in one service.
func Of(tests []Test, rules Rules) Result {
	if rules.ByParts && len(rules.Parts) > 0 {
		return ofParts(tests, rules)
	}
	return ofTests(tests, rules)
}

func ofTests(tests []Test, rules Rules) Result {
	s := &sum{points: new(big.Rat), weight: new(big.Rat)}
	for _, t := range tests {
		if t.Value != "" {
			s.terms = append(s.terms, read(t))
		}
	}
	s.weighExtremes(rules)
	s.addCompulsory()
	s.addOptional()
	s.addBonuses()
	return s.result(rules.Rounding)
}

// read takes a test as a term and says at once if it cannot count.
func read(t Test) Term {
	term := Term{ID: t.ID, Value: t.Value, OutOf: t.OutOf, Coefficient: t.Coefficient, Kind: t.Kind, Rescale: t.Rescale}
	points, numeric := t.Value.Points()
	switch {
	case !numeric:
		term.Why = WhyCode
	case t.Aside:
		term.Why = WhyAside
	case t.Coefficient == 0:
		term.Why = WhyCoefficient
	default:
		term.Counted = true
		term.ratio = big.NewRat(int64(points), int64(t.OutOf))
		if t.Value.IsCode() {
			term.Why = WhyZero
		}
	}
	return term
}

// sum is an average being made.
type sum struct {
	terms          []Term
	points, weight *big.Rat
}

// weighs is what a term weighs: its scale times its coefficient.
func (t Term) weighs() *big.Rat {
	scale := t.OutOf.Rat()
	if t.Rescale {
		scale.SetInt64(Scale)
	}
	return scale.Mul(scale, t.Coefficient.Rat())
}

// weighExtremes multiplies the coefficients of the best and the worst
// compulsory mark, where they differ. Of equal ones the first is taken.
func (s *sum) weighExtremes(rules Rules) {
	best, worst := -1, -1
	for i, t := range s.terms {
		if !t.Counted || t.Kind != "" {
			continue
		}
		if best < 0 || t.ratio.Cmp(s.terms[best].ratio) > 0 {
			best = i
		}
		if worst < 0 || t.ratio.Cmp(s.terms[worst].ratio) < 0 {
			worst = i
		}
	}
	if best != worst {
		s.weigh(best, rules.Highest, WhyHighest)
		s.weigh(worst, rules.Lowest, WhyLowest)
	}
}

func (s *sum) weigh(i int, by *Decimal, why string) {
	if by == nil || *by == one {
		return
	}
	t := &s.terms[i]
	t.Coefficient, t.Why = t.Coefficient.Times(*by), why
	t.Counted = t.Coefficient != 0
}

func (s *sum) addCompulsory() {
	for _, t := range s.terms {
		if t.Counted && t.Kind == "" {
			s.add(t)
		}
	}
}

func (s *sum) add(t Term) {
	w := t.weighs()
	s.weight.Add(s.weight, w)
	s.points.Add(s.points, w.Mul(w, t.ratio))
}

// addOptional counts, best first, the optional marks that are above what the
// average is by then: no other choice of them makes a better average, and
// none ever lowers it. Where nothing else counts, the best one does.
func (s *sum) addOptional() {
	for _, i := range s.best(Optional) {
		t := &s.terms[i]
		if s.weight.Sign() > 0 && s.lifted(t).Sign() <= 0 {
			t.Counted, t.Why = false, WhyOptional
			continue
		}
		s.add(*t)
	}
}

// best lists the counted terms of a kind, best first.
func (s *sum) best(kind string) []int {
	var all []int
	for i, t := range s.terms {
		if t.Counted && t.Kind == kind {
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(i, j int) int { return s.terms[j].ratio.Cmp(s.terms[i].ratio) })
	return all
}

// lifted is positive if a term is above the average so far.
func (s *sum) lifted(t *Term) *big.Rat {
	mean := new(big.Rat).Quo(s.points, s.weight)
	return mean.Sub(t.ratio, mean)
}

// addBonuses adds what bonuses have above half of their scale to the points,
// and nothing to the divisor. They add to something, or count for nothing.
func (s *sum) addBonuses() {
	for _, i := range s.best(Bonus) {
		t := &s.terms[i]
		above := bonusPoints(*t)
		if s.weight.Sign() == 0 || above.Sign() <= 0 {
			t.Counted, t.Why = false, WhyBonus
			continue
		}
		s.points.Add(s.points, above)
	}
}

// bonusPoints is what a bonus adds: its points above half of its scale, times
// its coefficient. For a mark out of 20 that is what is above 10; another
// scale weighs as it does for an ordinary mark.
func bonusPoints(t Term) *big.Rat {
	above := new(big.Rat).Sub(t.ratio, big.NewRat(1, 2))
	return above.Mul(above, t.weighs())
}

func (s *sum) result(r Rounding) Result {
	res := Result{Terms: s.terms, Sum: Fraction{s.points}, Divisor: Fraction{s.weight}}
	if s.weight.Sign() == 0 {
		res.Value = common(s.terms)
		return res
	}
	exact := new(big.Rat).Quo(s.points, s.weight)
	exact = r.Round(exact.Mul(exact, big.NewRat(Scale, 1)))
	res.Exact, res.Value = Fraction{exact}, shown(exact)
	return res
}

// common is what an average is where no mark counts: the code that all have,
// "not marked" for a mixture, nothing for nothing.
func common(terms []Term) Value {
	var code Value
	for _, t := range terms {
		switch {
		case !t.Value.IsCode():
		case code == "":
			code = t.Value
		case code != t.Value:
			return NotMarked
		}
	}
	return code
}

// ofParts is the average of the averages of the parts. Tests that belong to
// none of them are a part of their own, which weighs once.
func ofParts(tests []Test, rules Rules) Result {
	inside := rules
	inside.ByParts, inside.Rounding = false, Rounding{}
	of := func(part string) []Test {
		return slices.DeleteFunc(slices.Clone(tests), func(t Test) bool { return rules.partOf(t) != part })
	}
	var parts []PartResult
	for _, p := range append(slices.Clone(rules.Parts), Part{Coefficient: one}) {
		if some := of(p.ID); len(some) > 0 {
			parts = append(parts, PartResult{p.ID, p.Coefficient, ofTests(some, inside)})
		}
	}
	var lines []Line
	for _, p := range parts {
		lines = append(lines, Line{p.ID, p.Result, p.Coefficient})
	}
	res := General(lines, rules.Rounding)
	res.Parts = parts
	return res
}

func (r Rules) partOf(t Test) string {
	if slices.ContainsFunc(r.Parts, func(p Part) bool { return p.ID == t.Part }) {
		return t.Part
	}
	return ""
}

// Line is one service of a general average.
type Line struct {
	ID          string
	Result      Result
	Coefficient Decimal
}

// General is the average of services, each by its coefficient and as rounded.
func General(lines []Line, r Rounding) Result {
	s := &sum{points: new(big.Rat), weight: new(big.Rat)}
	for _, l := range lines {
		if l.Result.Value == "" {
			continue
		}
		s.terms = append(s.terms, l.term())
	}
	s.addCompulsory()
	return s.result(r)
}

func (l Line) term() Term {
	t := Term{ID: l.ID, Value: l.Result.Value, OutOf: Scale * one, Coefficient: l.Coefficient}
	exact, numeric := l.Result.Number()
	switch {
	case !numeric:
		t.Why = WhyCode
	case l.Coefficient == 0:
		t.Why = WhyCoefficient
	default:
		t.Counted = true
		t.ratio = new(big.Rat).Mul(exact, big.NewRat(1, Scale))
	}
	return t
}

// Figures are those of a class, for one test or one service.
type Figures struct {
	Count   int    `json:"count"` // how many numbers there are
	Average Value  `json:"average"`
	Min     Value  `json:"min"`
	Max     Value  `json:"max"`
	Median  Value  `json:"median"`
	Spread  [5]int `json:"spread"` // how many are in each fifth of the scale
}

// FiguresOf are the figures of numbers out of some scale; all are empty where
// there is no number.
func FiguresOf(numbers []*big.Rat, outOf Decimal) Figures {
	f := Figures{Count: len(numbers)}
	if len(numbers) == 0 {
		return f
	}
	sorted := slices.SortedFunc(slices.Values(numbers), func(a, b *big.Rat) int { return a.Cmp(b) })
	total := new(big.Rat)
	for _, n := range sorted {
		total.Add(total, n)
		f.Spread[fifth(n, outOf)]++
	}
	n := len(sorted)
	f.Average = shown(total.Mul(total, big.NewRat(1, int64(n))))
	f.Min, f.Max = shown(sorted[0]), shown(sorted[n-1])
	middle := new(big.Rat).Add(sorted[(n-1)/2], sorted[n/2])
	f.Median = shown(middle.Mul(middle, big.NewRat(1, 2)))
	return f
}

// fifth is in which fifth of the scale a number lies; the last one has both
// its ends, and what is above.
func fifth(n *big.Rat, outOf Decimal) int {
	part := new(big.Rat).Quo(n, outOf.Rat())
	at := floor(part.Mul(part, big.NewRat(5, 1)))
	return min(4, max(0, int(at.Int64())))
}

// Numbers are the values that are numbers, or count as zero.
func Numbers(values []Value) []*big.Rat {
	var all []*big.Rat
	for _, v := range values {
		if points, ok := v.Points(); ok {
			all = append(all, points.Rat())
		}
	}
	return all
}
