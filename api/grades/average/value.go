package average

import "slices"

// Value is a mark or an average: a number as [Decimal] writes it, one of the
// codes below, or nothing.
type Value string

// The codes. The last two count as zero, the others not at all.
const (
	Absent          Value = "A"
	Exempt          Value = "E"
	NotMarked       Value = "N"
	Unfit           Value = "I"
	NotHandedIn     Value = "S"
	AbsentZero      Value = "Z"
	NotHandedInZero Value = "W"
)

// Codes lists all codes, in the order in which they are offered.
var Codes = []Value{Absent, Exempt, NotMarked, Unfit, NotHandedIn, AbsentZero, NotHandedInZero}

// IsCode says whether a value is one of the codes.
func (v Value) IsCode() bool { return slices.Contains(Codes, v) }

// Points is what a value counts as; false for what counts as nothing.
func (v Value) Points() (Decimal, bool) {
	if v == AbsentZero || v == NotHandedInZero {
		return 0, true
	}
	d, err := ParseDecimal(string(v))
	return d, err == nil
}

// Valid says whether a value is a number, a code or nothing.
func (v Value) Valid() bool {
	_, numeric := v.Points()
	return v == "" || numeric || v.IsCode()
}
