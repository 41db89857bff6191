package main

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Percentiles are within the width of a bucket of the exact ones.
func TestLatencies(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var l latencies
		var all []time.Duration
		for range 1 + chance.IntN(3000) {
			d := time.Duration(chance.ExpFloat64()*1e7) * time.Nanosecond
			if chance.IntN(50) == 0 {
				d *= 1000
			}
			l.add(d)
			all = append(all, d)
		}
		slices.Sort(all)
		for _, share := range []float64{0, .5, .9, .99, 1} {
			want := all[min(int(share*float64(len(all))), len(all)-1)]
			got := l.at(share)
			if low, high := want-2*time.Microsecond, want+want/30+2*time.Microsecond; got < low || got > high {
				t.Fatalf("p%g of %d is %v, not %v", 100*share, len(all), got, want)
			}
		}
	}
}

func TestPlan(t *testing.T) {
	list := func(seed uint64) (at []time.Duration, requests int) {
		for p := newPlan(seed, 300, time.Minute); p.next(); {
			at = append(at, p.at)
			requests += p.what.requests()
		}
		return at, requests
	}
	one, requests := list(1)
	again, _ := list(1)
	other, _ := list(2)
	if !slices.Equal(one, again) || slices.Equal(one, other) {
		t.Error("the plan does not follow from the seed")
	}
	if requests < 300*60*95/100 || requests > 300*60*105/100 {
		t.Errorf("%d requests in a minute at 300 a second", requests)
	}
}

func TestMissing(t *testing.T) {
	at := address{"user:u", "tick", "h"}
	done := func(seq int64, text string) proof { return proof{seq: seq, want: map[string]any{"done": text}} }
	held := func(seq int64, value string) map[address]record {
		return map[address]record{at: {seq: seq, typ: at.typ, id: at.id, value: json.RawMessage(value)}}
	}
	for _, c := range []struct {
		name   string
		held   map[address]record
		proofs []proof
		wrong  string // begins so
	}{
		{"there", held(5, `{"done":"a"}`), []proof{done(5, "a")}, ""},
		{"changed since by somebody else", held(6, `{"done":"b"}`), []proof{done(5, "a")}, ""},
		{"changed nothing", held(3, `{"done":"a"}`), []proof{done(5, "a")}, ""},
		{"another had the last word in the same commit", held(5, `{"done":"b"}`), []proof{done(5, "a"), done(5, "b")}, ""},
		{"says something else", held(5, `{"done":"c"}`), []proof{done(5, "a"), done(5, "b")}, "version 5 says"},
		{"as before", held(4, `{"done":"b"}`), []proof{done(5, "a")}, "version 4 says"},
		{"not there", nil, []proof{done(5, "a")}, "it is not there"},
		{"deleted as of before", held(5, `0`), []proof{done(5, "a")}, "it is not there"},
		{"dismissed", nil, []proof{{seq: 5}}, ""},
		{"still there", held(4, `{}`), []proof{{seq: 5}}, "it is still there"},
	} {
		if got := missing(c.held, at, c.proofs); !strings.HasPrefix(got, c.wrong) || (got == "") != (c.wrong == "") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestDiffer(t *testing.T) {
	at := address{"class:c", "homework", "h"}
	have := func(seq int64, value string) map[address]record {
		return map[address]record{at: {seq: seq, value: json.RawMessage(value)}}
	}
	for _, c := range []struct {
		name         string
		held, anew   map[address]record
		wantsTheSame bool
	}{
		{"the same", have(2, `{}`), have(2, `{}`), true},
		{"deleted, and not told anew", have(3, `0`), nil, true},
		{"an older version", have(1, `{}`), have(2, `{}`), false},
		{"another value", have(2, `{"a":1}`), have(2, `{}`), false},
		{"one too many", have(2, `{}`), nil, false},
		{"one missing", nil, have(2, `{}`), false},
	} {
		if err := differ(c.held, c.anew); (err == nil) != c.wantsTheSame {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, accounts := range []int{8, 66, 200, 3300, 5000} {
		s := sizesOf(accounts)
		if got := s.pupils + s.guardians + s.teachers; got < accounts*98/100 || got > accounts*102/100 {
			t.Errorf("%d accounts asked, %d made: %+v", accounts, got, s)
		}
		if s.pupils > 25*s.classes {
			t.Errorf("%+v: classes of more than 25", s)
		}
	}
}

// What an action sends elsewhere is missed where somebody looked, and only
// there.
func TestSpread(t *testing.T) {
	roll := address{"course:k", "roll", "20261124-0800"}
	inOffice, elsewhere := address{"office:x", "roll", "k~20261124-0800"}, address{"office:y", "roll", "k~20261124-0800"}
	d := &device{acked: map[address]proof{roll: {seq: 1, also: []address{inOffice, elsewhere}}}}
	for there, lost := range map[bool]int{true: 0, false: 1} {
		v := &verification{
			morning: &morning{devices: []*device{d}}, failed: newTally(),
			read: map[string]bool{"office:x": true}, there: map[address]bool{inOffice: there},
		}
		if v.checkSpread(); v.lost != lost || v.spread != 1 {
			t.Errorf("there %v: %d of %d lost", there, v.lost, v.spread)
		}
	}
}
