package average_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"preau/api/grades/average"
)

var update = flag.Bool("update", false, "draw other random cases")

// vectors are what PRONOTE's documentation and forum publish (data-model B.9),
// and the edges of each rule. TypeScript reads the same file.
type vectors struct {
	Averages []struct {
		Name, Want, Exact string
		Rescale           bool
		Rules             average.Rules
		Tests             [][]string // value, outOf, coefficient, kind, rescale or aside, part
	}
	General []struct {
		Name, Want string
		Lines      [][2]string
	}
	Figures []struct {
		Name   string
		OutOf  average.Decimal
		Values []average.Value
		Want   average.Figures
	}
	Competences []struct {
		Name, Want string
		OutOf      average.Decimal
		Items      [][2]any
	}
	Positionings []struct {
		Name, Mode string
		Points     []int
		Want       int
	}
}

func read(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(name, err)
	}
}

func decimal(t testing.TB, s string) average.Decimal {
	t.Helper()
	d, err := average.ParseDecimal(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func test(t testing.TB, i int, rescale bool, c []string) average.Test {
	c = append(c, "", "", "")
	return average.Test{
		ID: fmt.Sprint(i), Value: average.Value(c[0]), OutOf: decimal(t, c[1]), Coefficient: decimal(t, c[2]),
		Kind: c[3], Rescale: rescale || c[4] == "rescale", Aside: c[4] == "aside", Part: c[5],
	}
}

func TestPublishedAverages(t *testing.T) {
	var all vectors
	read(t, "vectors.json", &all)
	for _, v := range all.Averages {
		var tests []average.Test
		for i, c := range v.Tests {
			tests = append(tests, test(t, i, v.Rescale, c))
		}
		got := average.Of(tests, v.Rules)
		if string(got.Value) != v.Want {
			t.Errorf("%s: %q, want %q", v.Name, got.Value, v.Want)
		}
		if v.Exact != "" && got.Exact.String() != v.Exact {
			t.Errorf("%s: exactly %s, want %s", v.Name, got.Exact, v.Exact)
		}
	}
	for _, v := range all.General {
		var lines []average.Line
		for i, l := range v.Lines {
			one := average.Of([]average.Test{test(t, i, false, []string{l[0], "20", "1"})}, average.Rules{})
			lines = append(lines, average.Line{ID: fmt.Sprint(i), Result: one, Coefficient: decimal(t, l[1])})
		}
		if got := average.General(lines, average.Rounding{}); string(got.Value) != v.Want {
			t.Errorf("general, %s: %q, want %q", v.Name, got.Value, v.Want)
		}
	}
}

func TestPublishedFiguresAndCompetences(t *testing.T) {
	var all vectors
	read(t, "vectors.json", &all)
	for _, v := range all.Figures {
		if d := cmp.Diff(v.Want, average.FiguresOf(average.Numbers(v.Values), v.OutOf)); d != "" {
			t.Errorf("%s: %s", v.Name, d)
		}
	}
	for _, v := range all.Competences {
		var items []average.Item
		for _, i := range v.Items {
			items = append(items, average.Item{Points: int(i[0].(float64)), Coefficient: decimal(t, i[1].(string))})
		}
		if got := average.MarkOf(items, v.OutOf); string(got) != v.Want {
			t.Errorf("%s: %q, want %q", v.Name, got, v.Want)
		}
	}
	for _, v := range all.Positionings {
		if got := average.Positioning(v.Points, v.Mode); got != v.Want {
			t.Errorf("%s: %d, want %d", v.Name, got, v.Want)
		}
	}
}

// A formula says of each test whether it counts, and why not.
func TestFormulaSaysWhy(t *testing.T) {
	var half average.Decimal = 50
	tests := []average.Test{
		test(t, 0, false, []string{"12", "20", "1"}),
		test(t, 1, false, []string{"A", "20", "1"}),
		test(t, 2, false, []string{"Z", "20", "1"}),
		test(t, 3, false, []string{"15", "20", "0"}),
		test(t, 4, false, []string{"15", "20", "1", "", "aside"}),
		test(t, 5, false, []string{"2", "20", "1", "optional"}),
		test(t, 6, false, []string{"9", "20", "1", "bonus"}),
		test(t, 7, false, []string{"", "20", "1"}),
	}
	got := average.Of(tests, average.Rules{Lowest: &half})
	var said []string
	for _, term := range got.Terms {
		said = append(said, fmt.Sprint(term.ID, " ", term.Counted, " ", term.Coefficient, " ", term.Why))
	}
	want := []string{
		"0 true 1 ", "1 false 1 code", "2 true 0.5 lowest", "3 false 0 coefficient",
		"4 false 1 aside", "5 false 1 optional", "6 false 1 bonus",
	}
	if d := cmp.Diff(want, said); d != "" {
		t.Error(d)
	}
	if got.Sum.String() != "12/1" || got.Divisor.String() != "30/1" || got.Value != "8" {
		t.Errorf("%s / %s = %s", got.Sum, got.Divisor, got.Value)
	}
}

// randomCase is one pupil: the services with the answers of this engine.
type randomCase struct {
	Services []randomService  `json:"services"`
	General  average.Result   `json:"general"`
	Figures  average.Figures  `json:"figures"` // of all values, out of 20
	Rounding average.Rounding `json:"rounding"`
}

type randomService struct {
	Tests       []average.Test  `json:"tests"`
	Rules       average.Rules   `json:"rules"`
	Coefficient average.Decimal `json:"coefficient"`
	Want        average.Result  `json:"want"`
}

type dice struct{ *rand.Rand }

func (d dice) one(words ...string) string { return words[d.IntN(len(words))] }

func (d dice) decimal(most int) average.Decimal {
	if d.IntN(3) > 0 {
		return average.Decimal(d.IntN(most/100+1) * 100)
	}
	return average.Decimal(d.IntN(most + 1))
}

func (d dice) test(id int) average.Test {
	t := average.Test{
		ID: fmt.Sprint(id), OutOf: max(100, d.decimal(9900)), Coefficient: d.decimal(400),
		Kind: d.one("", "", "", "", average.Optional, average.Bonus), Part: d.one("", "p", "q"),
		Rescale: d.IntN(4) == 0, Aside: d.IntN(12) == 0,
	}
	if d.IntN(2) == 0 {
		t.OutOf = 2000
	}
	t.Value = average.Value(d.decimal(int(t.OutOf)).String())
	if d.IntN(6) == 0 {
		t.Value = append([]average.Value{""}, average.Codes...)[d.IntN(8)]
	}
	return t
}

func (d dice) rounding() average.Rounding {
	steps := []average.Decimal{0, 0, 1, 10, 50, 100}
	return average.Rounding{Step: steps[d.IntN(len(steps))], Up: d.IntN(2) == 0}
}

func (d dice) rules() average.Rules {
	r := average.Rules{ByParts: d.IntN(3) == 0, Rounding: d.rounding()}
	if d.IntN(2) == 0 {
		r.Parts = []average.Part{{ID: "p", Coefficient: d.decimal(300)}, {ID: "q", Coefficient: 100}}
	}
	weights := []*average.Decimal{nil, nil, new(average.Decimal), new(average.Decimal)}
	*weights[3] = 200
	r.Highest, r.Lowest = weights[d.IntN(4)], weights[d.IntN(4)]
	return r
}

func (d dice) pupil() randomCase {
	c := randomCase{Rounding: d.rounding()}
	var lines []average.Line
	var values []average.Value
	for i := range 1 + d.IntN(4) {
		s := randomService{Rules: d.rules(), Coefficient: d.decimal(500), Tests: []average.Test{}}
		for j := range d.IntN(9) {
			s.Tests = append(s.Tests, d.test(j))
			values = append(values, s.Tests[j].Value)
		}
		s.Want = average.Of(s.Tests, s.Rules)
		c.Services = append(c.Services, s)
		lines = append(lines, average.Line{ID: fmt.Sprint(i), Result: s.Want, Coefficient: s.Coefficient})
	}
	c.General = average.General(lines, c.Rounding)
	c.Figures = average.FiguresOf(average.Numbers(values), 2000)
	return c
}

const randomCases = 40

// The cases that TypeScript computes as well (average.test.ts) are what this
// engine answers today. -update draws others.
func TestRandomCasesAreOurs(t *testing.T) {
	type file struct {
		Seed  uint64          `json:"seed"`
		Cases json.RawMessage `json:"cases"`
	}
	var kept file
	if *update {
		kept.Seed = uint64(time.Now().UnixNano()) % 1_000_000
	} else {
		read(t, "random.json", &kept)
	}
	t.Logf("seed %d", kept.Seed)
	d := dice{rand.New(rand.NewPCG(kept.Seed, 1))}
	var all []randomCase
	for range randomCases {
		all = append(all, d.pupil())
	}
	raw, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		kept.Cases = raw
		out, _ := json.Marshal(kept)
		if err := os.WriteFile("testdata/random.json", append(out, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if string(kept.Cases) != string(raw) {
		t.Error("testdata/random.json is not what this engine answers: go test ./api/grades/average -update")
	}
}

// Optional marks never lower an average, and no choice of them is better than
// the one made.
func TestOptionalIsOptimal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dice{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))}
		var must, may []average.Test
		for i := range 1 + d.IntN(4) {
			one := d.test(i)
			one.Kind, one.Aside = "", false
			must = append(must, one)
		}
		for i := range d.IntN(6) {
			one := d.test(100 + i)
			one.Kind, one.Aside = average.Optional, false
			may = append(may, one)
		}
		got, numeric := average.Of(append(append([]average.Test{}, must...), may...), average.Rules{}).Number()
		if _, alone := average.Of(must, average.Rules{}).Number(); !numeric || !alone {
			return
		}
		best := new(big.Rat).SetInt64(-1)
		for choice := range 1 << len(may) {
			some := append([]average.Test{}, must...)
			for i, one := range may {
				if choice&(1<<i) != 0 {
					one.Kind = ""
					some = append(some, one)
				}
			}
			if n, ok := average.Of(some, average.Rules{}).Number(); ok && n.Cmp(best) > 0 {
				best = n
			}
		}
		if got.Cmp(best) != 0 {
			t.Fatalf("%s, the best is %s", got, best)
		}
	})
}

func TestDecimalsAreWrittenInOneWay(t *testing.T) {
	for _, good := range []string{"0", "14", "14.5", "14.25", "0.05", "-3.1", "99"} {
		if d, err := average.ParseDecimal(good); err != nil || d.String() != good {
			t.Errorf("%q: %v %v", good, d, err)
		}
	}
	for _, bad := range []string{"", ".", "-", "-0", "+1", "01", "1.", "1.50", "1.255", ".5", "1,5", " 1", "1e3", "NaN", "99999999999", "١"} {
		if d, err := average.ParseDecimal(bad); err == nil {
			t.Errorf("%q is %v", bad, d)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	f.Add("14.25")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := average.ParseDecimal(s); err == nil && d.String() != s {
			t.Errorf("%q is read as %s", s, d)
		}
	})
}

// A class of 30 with 40 assessments each.
func BenchmarkClass(b *testing.B) {
	d := dice{rand.New(rand.NewPCG(7, 7))}
	var class [30][]average.Test
	for i := range class {
		for j := range 40 {
			class[i] = append(class[i], d.test(j))
		}
	}
	for b.Loop() {
		var numbers []*big.Rat
		for _, tests := range class {
			if n, ok := average.Of(tests, average.Rules{}).Number(); ok {
				numbers = append(numbers, n)
			}
		}
		average.FiguresOf(numbers, 2000)
	}
}
