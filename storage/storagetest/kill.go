package storagetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"preau/storage"
)

// The kill tests run the test binary again as a child, which prints a line for
// every acknowledgement, and kill it with SIGKILL at a random moment. That
// shows what a crash of the program leaves; what a power cut leaves depends on
// fsync as well, and is shown by module storage/faults with the same entries.
const (
	childVar  = "PREAU_KILL_DIR"    // the directory a child works in
	roundsVar = "PREAU_KILL_ROUNDS" // how many children are killed
	ackMark   = "acknowledged "
)

var killCases = []recordsCase{{"acknowledged entries survive SIGKILL", entriesSurviveKill}}

func childDir() string { return os.Getenv(childVar) }

func killRounds() int {
	if n, err := strconv.Atoi(os.Getenv(roundsVar)); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 20
}

// killChild runs this very test in a child on dir, kills it, and calls yield
// for each acknowledgement that it got out.
func killChild(t *testing.T, dir string, yield func(ack string)) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run="+onlyThis(t.Name()), "-test.timeout=1m")
	child.Env = append(os.Environ(), childVar+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	acks := readAcks(t, out, func() { child.Process.Kill() }, yield)
	child.Wait()
	if acks == 0 {
		t.Fatal("the child acknowledged nothing")
	}
}

// readAcks reads to the end; the killing is set off by the first line.
func readAcks(t *testing.T, out io.Reader, kill func(), yield func(string)) (acks int) {
	t.Helper()
	for lines := bufio.NewScanner(out); lines.Scan(); {
		ack, ok := strings.CutPrefix(lines.Text(), ackMark)
		if !ok {
			t.Log("child: " + lines.Text())
			continue
		}
		if acks++; acks == 1 {
			time.AfterFunc(rand.N(120*time.Millisecond), kill)
		}
		yield(ack)
	}
	return acks
}

// onlyThis is a pattern for the test of this name alone.
func onlyThis(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// acknowledge prints one line in one write.
func acknowledge(format string, args ...any) {
	fmt.Fprintf(os.Stdout, ackMark+format+"\n", args...)
}

const killScopes = 4

func killScope(i int) string { return fmt.Sprint("kill:", i) }

// KillScopes are the scopes that [Survived] looks at.
func KillScopes() (names []string) {
	for i := range killScopes {
		names = append(names, killScope(i))
	}
	return names
}

// entriesSurviveKill is parent and child in one.
func entriesSurviveKill(s *store) {
	if childDir() != "" {
		s.together(killScopes, s.commitForEver)
		return
	}
	s.must(s.Close())
	acked := map[string]int64{}
	for range killRounds() {
		killChild(s.T, s.dir, func(ack string) {
			var scope string
			var n int64
			if _, err := fmt.Sscan(ack, &scope, &n); err != nil {
				s.Fatalf("the child said %q", ack)
			}
			acked[scope] = max(acked[scope], n)
		})
		s.openAgain()
		Survived(s.T, s.Records, acked, nil)
		s.must(s.Close())
	}
	s.openAgain()
	s.allTasks(acked)
}

// KillEntry is what entry n of a scope of [KillScopes] holds, so that the parent
// knows.
func KillEntry(scope string, n int64) storage.Entry {
	v := strconv.FormatInt(n, 10)
	ops := []any{put("t", "last", v), put("t", strconv.FormatInt(n%50, 10), v), step("l", n), effect("x")}
	if n%7 == 0 {
		ops = append(ops, del("t", strconv.FormatInt((n-3)%50, 10)))
	}
	return (&store{now: KillTime(n)}).entry(scope, n, ops...)
}

// KillTime is when entry n was committed: for a Trim with this cut the log
// begins with it.
func KillTime(n int64) time.Time { return day.Add(time.Duration(n) * time.Millisecond) }

// Cut tells where the log of a scope may begin: not before Least, to where a
// Trim has acknowledged that it cut, nor after Most, to where one was asked to.
// A log that was never cut begins at 1.
type Cut struct{ Least, Most int64 }

func (s *store) commitForEver(i int) {
	scope := killScope(i)
	for n := s.headAny(scope) + 1; ; n++ {
		if err := s.Append(context.Background(), KillEntry(scope, n)); err != nil {
			s.Error(err)
			return
		}
		acknowledge("%s %d", scope, n)
	}
}

// Survived checks that a store in which others appended each [KillEntry] holds
// all up to the numbers acknowledged, but for what was cut, and all of it whole.
func Survived(t *testing.T, r storage.Records, acked map[string]int64, cuts map[string]Cut) {
	t.Helper()
	s := &store{T: t, Records: r}
	if c, ok := s.Records.(interface{ Check(context.Context) error }); ok {
		s.must(c.Check(s.Context()))
	}
	for _, scope := range KillScopes() {
		cut := cuts[scope]
		tail := s.longestTail(scope, max(cut.Least, 1), max(cut.Most, 1))
		if tail.Head < acked[scope] {
			s.Fatalf("%s is at %d, and %d was acknowledged", scope, tail.Head, acked[scope])
		}
		if tail.Floor > 0 && tail.Floor >= cut.Most {
			s.Fatalf("the floor of %s is %d, and it was trimmed to %d", scope, tail.Floor, cut.Most)
		}
		s.survived(scope, tail)
	}
}

// longestTail is the log of a scope, which begins from least to most.
func (s *store) longestTail(scope string, least, most int64) (t storage.Tail) {
	s.Helper()
	for n := least; n <= most; n++ {
		t = s.tail(scope, n-1, 1<<30)
		if len(t.Entries) > 0 || t.Head == 0 {
			return t
		}
	}
	s.Fatalf("the log of %s, which is at %d, does not begin from %d to %d", scope, t.Head, least, most)
	return t
}

// survived compares a scope with what was committed to it.
func (s *store) survived(scope string, tail storage.Tail) {
	s.Helper()
	first := tail.Head - int64(len(tail.Entries))
	latest := map[storage.Key]storage.Record{}
	for i, want := range killLog(scope, tail.Head) {
		if at := int64(i) - first; at >= 0 {
			same(s, "entry", tail.Entries[at], want)
		}
		apply(latest, want)
	}
	for _, r := range s.scan(storage.Page{Scope: scope, Tombstones: true}) {
		same(s, "record", r, latest[storage.Key{Type: r.Type, ID: r.ID}])
		delete(latest, storage.Key{Type: r.Type, ID: r.ID})
	}
	for _, r := range latest {
		if r.Value != nil || r.Seq > tail.Floor {
			s.Fatalf("a record of %s is missing: %+v", scope, r)
		}
	}
	same(s, "lane", s.lane(scope, "l", 1).K, tail.Head)
}

// killLog is what the log of a scope must hold up to head.
func killLog(scope string, head int64) []storage.Entry {
	log := make([]storage.Entry, head)
	deleted := map[storage.Key]bool{}
	for n := head; n >= 1; n-- {
		e := KillEntry(scope, n)
		e.Effects = nil
		for i, o := range e.Ops {
			key := storage.Key{Type: o.Type, ID: o.ID}
			if deleted[key] {
				e.Ops[i].Value = nil
			}
			deleted[key] = deleted[key] || o.Value == nil
		}
		log[n-1] = e
	}
	return log
}

func apply(latest map[storage.Key]storage.Record, e storage.Entry) {
	for _, o := range e.Ops {
		latest[storage.Key{Type: o.Type, ID: o.ID}] = storage.Record{Seq: e.N, Type: o.Type, ID: o.ID, Value: o.Value}
	}
}

// allTasks checks that every entry left its task.
func (s *store) allTasks(acked map[string]int64) {
	s.Helper()
	var entries int64
	for scope := range acked {
		entries += s.head(scope)
	}
	c := storage.Claim{Now: s.now.Add(time.Hour), Lease: time.Minute, Limit: 1 << 30}
	same(s, "tasks", len(s.claim(c)), int(entries))
	s.Logf("%d entries over %d rounds", entries, killRounds())
}
