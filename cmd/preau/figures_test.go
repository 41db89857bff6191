package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"preau/storage"
)

var (
	sampleLine = regexp.MustCompile(`^([a-z_][a-z0-9_]*)(\{[a-z]+="[^"\\\n]*"(?:,[a-z]+="[^"\\\n]*")*\})? (\S+)$`)
	helpLine   = regexp.MustCompile(`^# HELP ([a-z_][a-z0-9_]*) \S.*$`)
	typeLine   = regexp.MustCompile(`^# TYPE ([a-z_][a-z0-9_]*) (counter|gauge|histogram)$`)
)

// exposition is Prometheus' text format, read as strictly as it is written.
type exposition struct {
	kinds  map[string]string  // by name of a figure
	values map[string]float64 // by name and labels of a sample
}

// parseExposition wants HELP, TYPE and then the samples of each figure.
func parseExposition(t *testing.T, text string) exposition {
	t.Helper()
	x := exposition{map[string]string{}, map[string]float64{}}
	name, helped := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := helpLine.FindStringSubmatch(line); m != nil {
			helped = m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			if name = m[1]; x.kinds[name] != "" || helped != name {
				t.Errorf("%s: twice, or without HELP", name)
			}
			x.kinds[name] = m[2]
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a line of the format: %q", line)
			continue
		}
		base := m[1]
		if x.kinds[name] == "histogram" {
			base = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(base, "_bucket"), "_sum"), "_count")
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if _, twice := x.values[m[1]+m[2]]; err != nil || twice || base != name {
			t.Errorf("%q under %s: %v", line, name, err)
		}
		x.values[m[1]+m[2]] = value
	}
	return x
}

func (r *running) exposed() exposition {
	r.t.Helper()
	t := r.t.(*testing.T)
	status, header, text := get(t, plainClient(), r.url("/metrics"))
	if status != 200 || header.Get("Content-Type") != "text/plain; version=0.0.4" {
		t.Fatalf("%d %v", status, header)
	}
	return parseExposition(t, text)
}

func TestFiguresAreWhatHappened(t *testing.T) {
	r := start(t, testConfig(t))
	r.put("user:a", "1")
	err := r.records.Append(context.Background(), storage.Entry{Scope: "user:b", N: 1, Effects: []storage.Effect{
		{Kind: "nobody knows"}, {Kind: "not yet", Due: time.Now().Add(time.Hour)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		get(t, plainClient(), r.url("/api/none"))
	}
	waitFor(t, func() bool { return r.exposed().values["preau_effects_put_off_total"] > 0 })
	x := r.exposed()
	for name, want := range map[string]float64{
		"preau_commits_total": 1, "preau_effects": 2, "preau_effects_due": 1, "preau_scopes": 3,
		`preau_http_responses_total{class="4xx"}`: 3, `preau_pushes_total{outcome="sent"}`: 0, "preau_uploads_total": 0,
	} {
		if got, there := x.values[name]; !there || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	for _, name := range []string{"preau_records_bytes", "preau_disk_free_bytes", "preau_heap_bytes", "preau_http_request_seconds_sum{kind=\"other\"}"} {
		if x.values[name] <= 0 {
			t.Errorf("%s is %v", name, x.values[name])
		}
	}
	wantHistogram(t, x)
}

// wantHistogram checks that buckets hold those before them, and the last all.
func wantHistogram(t *testing.T, x exposition) {
	t.Helper()
	before := 0.0
	for _, end := range []string{"0.005", "0.025", "0.1", "0.25", "1", "5", "+Inf"} {
		n, there := x.values[fmt.Sprintf("preau_http_request_seconds_bucket{kind=\"other\",le=%q}", end)]
		if !there || n < before {
			t.Errorf("up to %s: %v after %v", end, n, before)
		}
		before = n
	}
	if count := x.values[`preau_http_request_seconds_count{kind="other"}`]; count != before || count < 3 {
		t.Errorf("%v counted, %v in the last bucket", count, before)
	}
}
