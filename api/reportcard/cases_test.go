package reportcard

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"preau/api/grades/average"
)

// spoken is an appraisal by its words alone.
type spoken struct {
	Text   string   `json:"text"`
	Rivals []string `json:"rivals"`
}

func (s spoken) appraisal() Appraisal {
	a := Appraisal{Text: s.Text}
	for _, text := range s.Rivals {
		a.Rivals = append(a.Rivals, Rival{Text: text})
	}
	return a
}

func spokenOf(a Appraisal) spoken {
	s := spoken{Text: a.Text}
	for _, r := range a.Rivals {
		s.Rivals = append(s.Rivals, r.Text)
	}
	return s
}

// cases are also those of the devices (pwa/src/cards/cards.test.ts).
func cases(t *testing.T) (all struct {
	Merge []struct {
		Name      string
		Before    spoken
		Was, Text string
		Want      spoken
	}
	General []struct {
		Name  string
		Lines [][4]string
		Want  average.Value
	}
},
) {
	t.Helper()
	raw, err := os.ReadFile("testdata/cases.json")
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestMergingTexts(t *testing.T) {
	for _, c := range cases(t).Merge {
		t.Run(c.Name, func(t *testing.T) {
			got, _ := c.Before.appraisal().merge(c.Was, Rival{Text: c.Text})
			if diff := cmp.Diff(c.Want, spokenOf(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGeneralAverage(t *testing.T) {
	for _, c := range cases(t).General {
		t.Run(c.Name, func(t *testing.T) {
			p, card, proof := &press{general: true}, Card{}, Proof{Lines: map[string]Line{}}
			for _, l := range c.Lines {
				weight, err := average.ParseDecimal(l[3])
				if err != nil {
					t.Fatal(err)
				}
				p.columns = append(p.columns, Column{Course: l[0], Coefficient: weight})
				proof.Lines[l[0]] = Line{Average: average.Value(l[1]), Exact: l[2]}
			}
			p.fill(&card, proof)
			var got average.Value
			if card.General != nil {
				got = card.General.Average
			}
			if got != c.Want {
				t.Errorf("%q, want %q", got, c.Want)
			}
		})
	}
}
