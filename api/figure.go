package api

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// Figure is something that an operator watches, with its samples.
type Figure struct {
	Name, Help string
	Kind       string // "counter", "gauge" or "histogram"
	Samples    []Sample
}

// Sample is one value of a figure.
type Sample struct {
	Suffix string // of the name: "_bucket"
	Labels string // "" or "{name="value",…}"
	Value  float64
}

// Gauge is a figure that goes up and down.
func Gauge(name, help string, value float64) Figure {
	return Figure{Name: name, Help: help, Kind: "gauge", Samples: []Sample{{Value: value}}}
}

// Counter is a figure that only goes up, until a restart.
func Counter(name, help string, value float64) Figure {
	return Figure{Name: name, Help: help, Kind: "counter", Samples: []Sample{{Value: value}}}
}

// expose writes figures in Prometheus' text format.
func expose(all []Figure) []byte {
	var b bytes.Buffer
	for _, f := range all {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.Name, f.Help, f.Name, f.Kind)
		for _, s := range f.Samples {
			fmt.Fprintf(&b, "%s%s%s %s\n", f.Name, s.Suffix, s.Labels, strconv.FormatFloat(s.Value, 'g', -1, 64))
		}
	}
	return b.Bytes()
}

// steps are the upper ends of a histogram's buckets.
var steps = [...]time.Duration{
	5 * time.Millisecond, 25 * time.Millisecond, 100 * time.Millisecond,
	250 * time.Millisecond, time.Second, 5 * time.Second,
}

// histogram counts durations by size.
type histogram struct {
	buckets [len(steps) + 1]atomic.Int64
	micros  atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	i := 0
	for i < len(steps) && d > steps[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.micros.Add(d.Microseconds())
}

// samples are the buckets, each with those before it, their sum and count.
func (h *histogram) samples(kind string) (all []Sample) {
	var count int64
	for i := range h.buckets {
		count += h.buckets[i].Load()
		end := "+Inf"
		if i < len(steps) {
			end = strconv.FormatFloat(steps[i].Seconds(), 'g', -1, 64)
		}
		all = append(all, Sample{"_bucket", fmt.Sprintf("{kind=%q,le=%q}", kind, end), float64(count)})
	}
	labels := fmt.Sprintf("{kind=%q}", kind)
	return append(all, Sample{"_sum", labels, float64(h.micros.Load()) / 1e6}, Sample{"_count", labels, float64(count)})
}
