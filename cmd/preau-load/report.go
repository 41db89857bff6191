package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what is told of a run.
type report struct {
	options
	version string
	morning *morning
	checked *verification
	watch   *watch  // nil: the server is not ours
	own     float64 // cores that the program itself kept busy
	took    struct{ prepare, verify time.Duration }
}

// parts are what was counted, by name.
func (r *report) parts() []*tally {
	return []*tally{r.morning.storm, r.morning.steady, r.checked.failed}
}

// errors counts all that went wrong, with what the server wrote down.
func (r *report) errors() (n int) {
	for _, t := range r.parts() {
		n += t.errors()
	}
	for _, f := range r.complaints("ERROR") {
		n += f.n
	}
	return n
}

// complaints are those of a level in the logs of our servers.
func (r *report) complaints(level string) (all []*failure) {
	if r.watch == nil {
		return nil
	}
	for _, n := range r.watch.nodes {
		if f := n.log.of(level); f != nil {
			all = append(all, f)
		}
	}
	return all
}

// write tells everything, the line for the ledger last.
func (r *report) write(out io.Writer) {
	m := r.morning
	fmt.Fprintf(out, "\nprepared %d accounts in %s (not counted below)\n", len(m.devices), r.took.prepare.Round(100*time.Millisecond))
	r.table(out, "all devices start within "+r.storm.String(), m.storm)
	r.table(out, fmt.Sprintf("a morning of %s", r.duration), m.steady)
	fmt.Fprintf(out, "\nrequests/s: asked %.1f, reached %.1f with %.1f after pokes (%d pokes)\n",
		m.steady.rate(m.steady.planned), m.steady.rate(m.steady.requests()), m.steady.rate(m.steady.all(kindPoked).n), m.steady.pokes)
	fmt.Fprintf(out, "live connections held: %d to %d of %d\n", m.least, m.most, r.live)
	fmt.Fprintf(out, "the program began operations %s ms (p99) behind its plan, at most %s, on %.2f cores\n",
		ms(m.steady.late.at(0.99)), ms(m.steady.late.most), r.own)
	r.memory(out)
	c := r.checked
	fmt.Fprintf(out, "verified in %s: %d devices pulled anew, %d acknowledged records, %d copies and %d messages with their teachers, %d pages, %d elsewhere; %d lost\n",
		r.took.verify.Round(100*time.Millisecond), c.devices, c.actions, c.copies, c.letters, c.pages, c.spread, c.lost)
	r.failures(out)
	fmt.Fprintln(out, "\n"+r.ledger())
}

func (r *report) memory(out io.Writer) {
	if r.watch == nil {
		return
	}
	first, last, most := r.watch.thirds()
	fmt.Fprintf(out, "server: %.2f cores; memory %.1f MB in the first third, %.1f in the last (%+.1f %%), %.1f at most\n",
		r.watch.cores(), mb(first), mb(last), 100*(mb(last)/max(mb(first), 1e-9)-1), mb(most))
}

func mb(n int64) float64 { return float64(n) / 1e6 }

// table shows how long each kind of request took.
func (r *report) table(out io.Writer, title string, t *tally) {
	fmt.Fprintf(out, "\n%s\n", title)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "requests\t/s\tp50\tp90\tp99\tmax ms\t")
	row := func(name string, l *latencies) {
		if l.n > 0 {
			fmt.Fprintf(w, "%d\t%.1f\t%s\t%s\t%s\t%s\t  %s\n", l.n, t.rate(l.n), ms(l.at(.5)), ms(l.at(.9)), ms(l.at(.99)), ms(l.most), name)
		}
	}
	for _, k := range t.kinds() {
		row(string(k), t.all(k))
	}
	row("READS", t.all(reads...))
	row("WRITES", t.all(t.writes()...))
	_ = w.Flush() // out is a screen
}

// kinds are those counted, the reads first.
func (t *tally) kinds() []kind {
	t.mu.Lock()
	defer t.mu.Unlock()
	rank := func(k kind) int {
		if i := slices.Index(slices.Concat(arrives, reads), k); i >= 0 {
			return i
		}
		return len(mix)
	}
	return slices.SortedFunc(maps.Keys(t.took), func(a, b kind) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// writes are the kinds that change something of the school.
func (t *tally) writes() []kind {
	return slices.DeleteFunc(t.kinds(), func(k kind) bool {
		return slices.Contains(reads, k) || slices.Contains(arrives, k)
	})
}

// failures tells each code once, with how it first looked.
func (r *report) failures(out io.Writer) {
	for _, level := range []string{"WARN", "ERROR"} {
		for _, f := range r.complaints(level) {
			fmt.Fprintf(out, "server log: %d of level %s, first: %s\n", f.n, level, f.first)
		}
	}
	for _, t := range r.parts() {
		for _, code := range t.codes() {
			f := t.failures[code]
			fmt.Fprintf(out, "ERROR %s: %d times, first: %s\n", code, f.n, f.first)
		}
	}
	if r.errors() == 0 {
		fmt.Fprintln(out, "no error")
	}
}

// ledger is the run in one line.
func (r *report) ledger() string {
	t := r.morning.steady
	var line strings.Builder
	fmt.Fprintf(&line, "load %s, %s: %d accounts, %d live, %.0f requests/s asked and %.0f reached for %s:",
		time.Now().UTC().Format(time.DateOnly), r.version, len(r.morning.devices), r.morning.least,
		t.rate(t.planned), t.rate(t.requests()), r.duration)
	side := func(name string, l *latencies) {
		fmt.Fprintf(&line, " %s %s/%s/%s/%s ms (p50/p90/p99/max);", name, ms(l.at(.5)), ms(l.at(.9)), ms(l.at(.99)), ms(l.most))
	}
	side("reads", t.all(reads...))
	side("writes", t.all(t.writes()...))
	fmt.Fprintf(&line, " %d errors, %d of %d lost", r.errors(), r.checked.lost, r.checked.actions)
	if r.watch != nil {
		first, last, _ := r.watch.thirds()
		fmt.Fprintf(&line, "; server %.2f cores, %.0f MB then %.0f MB; load average %s", r.watch.cores(), mb(first), mb(last), loadAverage())
	}
	return line.String()
}
