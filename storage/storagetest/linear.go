package storagetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"preau/storage"
)

// asked is an operation of a history: an append of a value with number n, or a
// read of what follows after.
type asked struct {
	scope    string
	do       string // "append", "tails", "scan"
	n, after int64
	value    int
}

// answered is what came back.
type answered struct {
	conflict bool
	head     int64
	values   []int // of the entries after the position, or the newest alone
}

// scopeLog is the model of one scope: the values of its entries, in order.
var scopeLog = porcupine.Model{
	Partition: byScope,
	Init:      func() any { return []int(nil) },
	Step:      stepLog,
	Equal:     func(a, b any) bool { return slices.Equal(a.([]int), b.([]int)) },
	DescribeOperation: func(in, out any) string {
		return fmt.Sprintf("%+v -> %+v", in, out)
	},
}

func stepLog(state, in, out any) (bool, any) {
	log, q, a := state.([]int), in.(asked), out.(answered)
	head := int64(len(log))
	switch {
	case q.do == "append" && a.conflict:
		return q.n != head+1, log
	case q.do == "append":
		return q.n == head+1, append(slices.Clip(log), q.value)
	case q.do == "tails":
		return a.head == head && slices.Equal(a.values, log[min(q.after, head):]), log
	default:
		return a.head == head && slices.Equal(a.values, log[max(0, head-1):]), log
	}
}

func byScope(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, op := range history {
		scope := op.Input.(asked).scope
		parts[scope] = append(parts[scope], op)
	}
	var all [][]porcupine.Operation
	for _, p := range parts {
		all = append(all, p)
	}
	return all
}

// linearizable lets clients append and read three scopes at random, and looks
// for an order of one-at-a-time operations that explains all answers.
func linearizable(s *store) {
	const clients = 6
	each := max(30, s.times(60))
	var mu sync.Mutex
	var history []porcupine.Operation
	start := time.Now()
	s.together(clients, func(id int) {
		c := client{store: s, id: id, random: rand.New(rand.NewPCG(uint64(id), 7))}
		for i := range each {
			op := porcupine.Operation{ClientId: id, Call: since(start)}
			op.Input, op.Output = c.act(i)
			op.Return = since(start)
			mu.Lock()
			history = append(history, op)
			mu.Unlock()
		}
	})
	for _, part := range byScope(history) {
		if found := porcupine.CheckOperationsTimeout(scopeLog, part, time.Minute); found != porcupine.Ok {
			s.show(part)
			s.Fatalf("no order explains this history: %s", found)
		}
	}
}

// show prints the history of one scope, and whether the scans are at fault.
func (s *store) show(history []porcupine.Operation) {
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	for _, op := range history {
		s.Logf("%d: %d to %d: %s", op.ClientId, op.Call, op.Return, scopeLog.DescribeOperation(op.Input, op.Output))
	}
	rest := slices.DeleteFunc(history, func(op porcupine.Operation) bool { return op.Input.(asked).do == "scan" })
	s.Logf("without the scans: %s", porcupine.CheckOperationsTimeout(scopeLog, rest, time.Minute))
}

type client struct {
	*store
	id     int
	random *rand.Rand
}

// act does one random thing.
func (c *client) act(i int) (asked, answered) {
	q := asked{scope: fmt.Sprint("s:", c.random.IntN(3)), value: c.id*1000 + i}
	switch c.random.IntN(4) {
	case 0:
		q.do = "scan"
		return q, c.scanned(q)
	case 1:
		q.do, q.after = "tails", max(0, c.headAny(q.scope)-c.random.Int64N(3))
		return q, c.tails(q)
	default:
		q.do, q.n = "append", c.headAny(q.scope)+1
		return q, c.appended(q)
	}
}

func (c *client) appended(q asked) answered {
	err := c.Append(c.Context(), c.entry(q.scope, q.n, put("t", "i", strconv.Itoa(q.value))))
	if err != nil && !errors.Is(err, storage.ErrConflict) {
		c.Error(err)
	}
	return answered{conflict: err != nil}
}

func (c *client) tails(q asked) (a answered) {
	tails, err := c.Tails(c.Context(), []storage.Position{{Scope: q.scope, After: q.after}}, 1000)
	if err != nil {
		c.Error(err)
		return a
	}
	a.head = tails[0].Head
	for _, e := range tails[0].Entries {
		a.values = append(a.values, number(e.Ops[0].Value))
	}
	return a
}

func (c *client) scanned(q asked) answered {
	recs, head, err := c.Scan(c.Context(), storage.Page{Scope: q.scope})
	if err != nil {
		c.Error(err)
	}
	a := answered{head: head}
	for _, r := range recs {
		a.values = append(a.values, number(r.Value))
	}
	return a
}

func number(value []byte) int {
	n, _ := strconv.Atoi(string(value))
	return n
}
