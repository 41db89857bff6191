package transfer

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// Nothing is found by guessing. Nothing brakes guesses but the price of each: at
// the rate that is printed the first hit among 100,000 open links is ages away.
// PREAU_GUESSES=1000000 tries as many.
func TestGuessedLinks(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	most := 2000
	if n, err := strconv.Atoi(os.Getenv("PREAU_GUESSES")); err == nil {
		most = n
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	rnd, begun := rand.New(rand.NewPCG(1, 2)), time.Now()
	for i := range most {
		guess := []byte(secret)
		if guess[rnd.IntN(22)] = '_'; i%2 == 0 { // half of them are near the right one
			for n := range guess {
				guess[n] = letters[rnd.IntN(64)]
			}
		}
		if v, err := w.Look(t.Context(), string(guess)); !errors.Is(err, ErrNone) {
			t.Fatalf("%q: %+v, %v", guess, v, err)
		}
	}
	rate := float64(most) / time.Since(begun).Seconds()
	years := math.Exp2(132) / 1e5 / rate / (365 * 24 * 3600)
	t.Logf("%d guesses, none opens, %.0f a second: one among 100,000 links is hit after %.0e years", most, rate, years)
}

// Somebody else's secret leads to nobody's new transfer, and nobody learns that
// it was taken.
func TestATakenSecret(t *testing.T) {
	w := newWorld(t)
	w.Must(act("garnier", "open", opening(nil, "a.txt")))
	w.Must(act("malo", "open", opening(map[string]any{"id": "transfer-2"}, "b.txt")))
	if v := w.look(); v.From != "Mme Garnier" {
		t.Errorf("the link was taken over: %+v", v)
	}
}
