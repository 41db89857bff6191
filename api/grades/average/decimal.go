package average

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
)

// Decimal is a number of hundredths. It is written "14", "14.5" or "14.25",
// in JSON as a string, so that no reader takes it for a float.
type Decimal int64

const one Decimal = 100

// ErrDecimal says that a text is no decimal of at most two places.
var ErrDecimal = errors.New("not a decimal")

// ParseDecimal reads a decimal as it is written, and in no other way: no sign
// but a leading minus, no leading or trailing zeros, at most nine digits.
func ParseDecimal(s string) (Decimal, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, places, _ := strings.Cut(digits, ".")
	n, err := strconv.ParseUint(whole+(places + "00")[:2], 10, 31)
	d := Decimal(n)
	if negative {
		d = -d
	}
	if err != nil || d.String() != s {
		return 0, fmt.Errorf("%.20q: %w", s, ErrDecimal)
	}
	return d, nil
}

func (d Decimal) String() string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := fmt.Sprintf("%s%d.%02d", sign, d/one, d%one)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Rat is the decimal as a fraction.
func (d Decimal) Rat() *big.Rat { return big.NewRat(int64(d), int64(one)) }

// Times multiplies, to the hundredth, halves up.
func (d Decimal) Times(by Decimal) Decimal { return (d*by + one/2) / one }

// MarshalJSON implements [json.Marshaler].
func (d Decimal) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON implements [json.Unmarshaler].
func (d *Decimal) UnmarshalJSON(b []byte) error {
	var s string
	err := json.Unmarshal(b, &s)
	if err == nil {
		*d, err = ParseDecimal(s)
	}
	if err != nil { // of the kind to which the decoder adds the field
		return &json.UnmarshalTypeError{Value: string(b), Type: reflect.TypeFor[Decimal]()}
	}
	return nil
}

// Fraction is an exact number in a formula, "251/15"; "" where there is none.
type Fraction struct{ *big.Rat }

// MarshalJSON implements [json.Marshaler].
func (f Fraction) MarshalJSON() ([]byte, error) {
	if f.Rat == nil {
		return []byte(`""`), nil
	}
	return json.Marshal(f.String())
}

// Round rounds a number that is not negative.
func (r Rounding) Round(x *big.Rat) *big.Rat {
	if r.Step == 0 {
		return x
	}
	step := r.Step.Rat()
	steps := new(big.Rat).Quo(x, step)
	var whole *big.Int
	if r.Up {
		whole = new(big.Int).Neg(floor(new(big.Rat).Neg(steps)))
	} else {
		whole = floor(steps.Add(steps, big.NewRat(1, 2)))
	}
	return step.Mul(step, new(big.Rat).SetInt(whole))
}

// floor is the largest whole number that is not above x.
func floor(x *big.Rat) *big.Int {
	return new(big.Int).Div(x.Num(), x.Denom()) // rounds down, as the denominator is positive
}

// shown is a number to the hundredth, halves up.
func shown(x *big.Rat) Value {
	hundredths := new(big.Rat).Mul(x, big.NewRat(int64(one), 1))
	return Value(Decimal(floor(hundredths.Add(hundredths, big.NewRat(1, 2))).Int64()).String())
}
