package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// operator runs the server's program as whoever operates it does.
type operator struct {
	program        string
	records, blobs string
	data           string
}

// node is one server that the program has started.
type node struct {
	url  string
	cmd  *exec.Cmd
	gone chan struct{} // closed once the process has ended
	log  *serverLog
}

func (o *operator) env(data string) []string {
	env := append(os.Environ(), "PREAU_DATA="+data, "PREAU_ADDR=127.0.0.1:0")
	if o.records != "" {
		env = append(env, "PREAU_RECORDS="+o.records)
	}
	if o.blobs != "" {
		env = append(env, "PREAU_BLOBS="+o.blobs)
	}
	return env
}

// run runs one of the operator's commands and gives what it says.
func (o *operator) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, o.program, args...)
	cmd.Env = o.env(o.data)
	var said, complained strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &complained
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("preau %s: %w: %s", args[0], err, strings.TrimSpace(complained.String()))
	}
	return said.String(), nil
}

var printedSheet = regexp.MustCompile(`(\S+/activer#1\.\S+)\s+code (.+)`)

// found imports a school of so many accounts and gives what opens its
// administrator's account.
func (o *operator) found(ctx context.Context, accounts int) (key sheet, err error) {
	register, err := os.MkdirTemp("", "preau-load-onde")
	if err != nil {
		return sheet{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(register)) }()
	if err := writeSchool(register, sizesOf(accounts)); err != nil {
		return sheet{}, err
	}
	if _, err := o.run(ctx, "import", "onde", register, "-name", schoolName); err != nil {
		return sheet{}, err
	}
	said, err := o.run(ctx, "admin", "Alix", "Charge", "-new")
	if err != nil {
		return sheet{}, err
	}
	printed := printedSheet.FindStringSubmatch(said)
	if printed == nil {
		return sheet{}, fmt.Errorf("preau admin printed no sheet: %s", said)
	}
	return sheet{URL: printed[1], Code: strings.TrimSpace(printed[2])}, nil
}

var serving = regexp.MustCompile(`msg=serving address=(\S+)`)

// serve starts a server. All share the stores and the keys; each has a folder
// of its own for what is under way.
func (o *operator) serve(ctx context.Context, number int) (*node, error) {
	data := o.data
	if number > 0 {
		var err error
		if data, err = o.besides(number); err != nil {
			return nil, err
		}
	}
	n := &node{cmd: exec.CommandContext(ctx, o.program, "serve"), gone: make(chan struct{}), log: &serverLog{}}
	n.cmd.Env = o.env(data)
	n.cmd.Cancel = func() error { return n.cmd.Process.Signal(syscall.SIGTERM) }
	n.cmd.WaitDelay = 20 * time.Second
	out, err := n.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for n.url == "" && lines.Scan() {
		if m := serving.FindStringSubmatch(lines.Text()); m != nil {
			n.url = m[1]
		} else {
			n.log.note(lines.Text())
		}
	}
	go n.listen(lines)
	if n.url == "" {
		<-n.gone
		return nil, fmt.Errorf("the server did not start: %s", n.log.last)
	}
	return n, nil
}

// besides is the folder of another node, with the same keys.
func (o *operator) besides(number int) (string, error) {
	data := filepath.Join(o.data, "node"+strconv.Itoa(number))
	if err := os.MkdirAll(data, 0o700); err != nil {
		return "", err
	}
	keys, err := os.ReadFile(filepath.Join(o.data, "keys.json"))
	if err != nil {
		return "", err
	}
	return data, os.WriteFile(filepath.Join(data, "keys.json"), keys, 0o600)
}

// listen reads what the server says until it ends.
func (n *node) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		n.log.note(lines.Text())
	}
	_ = n.cmd.Wait()
	close(n.gone)
}

func (n *node) stop() error {
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	<-n.gone
	if !n.cmd.ProcessState.Success() {
		return fmt.Errorf("the server ended with %s: %s", n.cmd.ProcessState, n.log.last)
	}
	return nil
}

// serverLog counts what a server complains of.
type serverLog struct {
	mu     sync.Mutex
	last   string
	levels map[string]*failure
}

var level = regexp.MustCompile(`level=(WARN|ERROR)`)

func (l *serverLog) note(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = line
	m := level.FindStringSubmatch(line)
	if m == nil {
		return
	}
	if l.levels == nil {
		l.levels = map[string]*failure{}
	}
	if l.levels[m[1]] == nil {
		l.levels[m[1]] = &failure{first: line}
	}
	l.levels[m[1]].n++
}

// usage is what processes use of the machine.
type usage struct {
	memory int64 // bytes in RAM
	cpu    time.Duration
}

// watch samples a server until ctx ends.
type watch struct {
	nodes   []*node
	samples []usage
}

const sampleEvery = time.Second

func (w *watch) run(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		if u, err := w.now(); err == nil {
			w.samples = append(w.samples, u)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// now adds up all nodes.
func (w *watch) now() (sum usage, err error) {
	for _, n := range w.nodes {
		u, err := usageOf(n.cmd.Process.Pid)
		if err != nil {
			return usage{}, err
		}
		sum.memory += u.memory
		sum.cpu += u.cpu
	}
	return sum, nil
}

const (
	pageSize    = 4096
	clockTick   = 10 * time.Millisecond // of /proc on Linux
	utimeField  = 11                    // behind the name of the program
	memoryField = 1
)

// usageOf reads /proc about one process.
func usageOf(pid int) (usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return usage{}, err
	}
	statm, err := os.ReadFile(filepath.Join(dir, "statm"))
	if err != nil {
		return usage{}, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields, pages := strings.Fields(rest), strings.Fields(string(statm))
	if len(fields) <= utimeField+1 || len(pages) <= memoryField {
		return usage{}, errors.New("/proc has another form")
	}
	user, err1 := strconv.ParseInt(fields[utimeField], 10, 64)
	system, err2 := strconv.ParseInt(fields[utimeField+1], 10, 64)
	resident, err3 := strconv.ParseInt(pages[memoryField], 10, 64)
	return usage{resident * pageSize, time.Duration(user+system) * clockTick}, errors.Join(err1, err2, err3)
}

// thirds are the mean memory of the first and of the last third, and the most.
func (w *watch) thirds() (first, last, most int64) {
	n := max(1, len(w.samples)/3)
	if len(w.samples) < n {
		return 0, 0, 0
	}
	for i := range n {
		first += w.samples[i].memory / int64(n)
		last += w.samples[len(w.samples)-1-i].memory / int64(n)
	}
	for _, u := range w.samples {
		most = max(most, u.memory)
	}
	return first, last, most
}

// cpu is how many cores the server kept busy.
func (w *watch) cores() float64 {
	n := len(w.samples)
	if n < 2 {
		return 0
	}
	return (w.samples[n-1].cpu - w.samples[0].cpu).Seconds() / (float64(n-1) * sampleEvery.Seconds())
}

func (w *watch) stop() (err error) {
	for _, n := range w.nodes {
		err = errors.Join(err, n.stop())
	}
	return err
}

// of is what a server has complained of at a level, nil if nothing.
func (l *serverLog) of(level string) *failure {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.levels[level]
}

// versionOf asks the program that is loaded.
func versionOf(ctx context.Context, o options) string {
	if o.program == "" {
		return o.url
	}
	op := &operator{program: o.program, data: o.data}
	said, err := op.run(ctx, "version")
	if err != nil {
		return err.Error()
	}
	version, _, _ := strings.Cut(said, " ")
	return strings.TrimSpace(version)
}

// ownTime is the processor time of this program.
func ownTime() time.Duration {
	u, err := usageOf(os.Getpid())
	if err != nil {
		return 0
	}
	return u.cpu
}

// loadAverage is how busy the machine is, of the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
