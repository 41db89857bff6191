package sync_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"preau/storage"
)

// memory is a store without files: for tests of time, where nothing may block
// on a disk, and as the plainest reading of the port. All else runs on sqlite.
type memory struct {
	mu     sync.Mutex
	epoch  int64
	scopes map[string]*memoryScope
	tasks  []*memoryTask
}

type memoryScope struct {
	log   []storage.Entry // entry n at n-1; trimmed ones are zero
	kept  int64           // entries up to here are gone
	floor int64
	recs  map[storage.Key]storage.Record
	lanes map[string]storage.Lane
	steps map[string][]byte
}

type memoryTask struct {
	storage.Task
	ready time.Time // due, or the end of a lease or of a wait
}

func newMemory() *memory { return &memory{epoch: 1, scopes: map[string]*memoryScope{}} }

func (m *memory) scope(name string) *memoryScope {
	s := m.scopes[name]
	if s == nil {
		s = &memoryScope{
			recs: map[storage.Key]storage.Record{}, lanes: map[string]storage.Lane{}, steps: map[string][]byte{},
		}
		m.scopes[name] = s
	}
	return s
}

func (m *memory) Append(_ context.Context, e storage.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.scope(e.Scope)
	if e.N != int64(len(s.log))+1 {
		return storage.ErrConflict
	}
	s.log = append(s.log, e)
	for _, op := range e.Ops {
		s.recs[storage.Key{Type: op.Type, ID: op.ID}] = storage.Record{Seq: e.N, Type: op.Type, ID: op.ID, Value: op.Value}
	}
	for _, st := range e.Steps {
		s.lanes[st.Lane] = storage.Lane{K: st.K}
		s.steps[fmt.Sprint(st.Lane, "#", st.K)] = st.Result
	}
	for i, fx := range e.Effects {
		m.tasks = append(m.tasks, &memoryTask{Task: storage.Task{
			ID: fmt.Sprintf("%s#%d#%d", e.Scope, e.N, i), Scope: e.Scope, N: e.N, Index: i,
			At: e.At, Kind: fx.Kind, Payload: fx.Payload, Due: fx.Due,
		}, ready: fx.Due})
	}
	return nil
}

func (m *memory) Tails(_ context.Context, at []storage.Position, limit int) ([]storage.Tail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]storage.Tail, len(at))
	for i, p := range at {
		s := m.scope(p.Scope)
		out[i] = storage.Tail{Scope: p.Scope, Head: int64(len(s.log)), Floor: s.floor}
		if limit > 0 && p.After >= s.kept && p.After < out[i].Head {
			out[i].Entries = s.log[p.After:min(p.After+int64(limit), out[i].Head)]
		}
	}
	return out, nil
}

func (m *memory) Scan(_ context.Context, p storage.Page) ([]storage.Record, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.scope(p.Scope)
	var out []storage.Record
	for _, r := range s.recs {
		if r.Seq > p.After && (p.Before == 0 || r.Seq < p.Before) && (r.Value != nil || p.Tombstones) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b storage.Record) int {
		order := cmp.Compare(a.Seq, b.Seq)
		if p.Down {
			order = -order
		}
		return cmp.Or(order, strings.Compare(a.Type+" "+a.ID, b.Type+" "+b.ID))
	})
	n := min(p.Limit, len(out))
	for n > 0 && n < len(out) && out[n].Seq == out[n-1].Seq {
		n++
	}
	return out[:n], int64(len(s.log)), nil
}

func (m *memory) Find(_ context.Context, scope string, keys ...storage.Key) ([]storage.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []storage.Record
	for _, key := range keys {
		start := len(out)
		for k, r := range m.scope(scope).recs {
			if r.Value != nil && k.Type == key.Type && (key.ID == "" || k.ID == key.ID) {
				out = append(out, r)
			}
		}
		slices.SortFunc(out[start:], func(a, b storage.Record) int { return strings.Compare(a.ID, b.ID) })
	}
	return out, nil
}

func (m *memory) Lane(_ context.Context, scope, lane string, k int64) (storage.Lane, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.scope(scope)
	return storage.Lane{K: s.lanes[lane].K, Result: s.steps[fmt.Sprint(lane, "#", k)]}, nil
}

func (m *memory) Claim(_ context.Context, c storage.Claim) ([]storage.Task, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []storage.Task
	blocked := map[string]bool{}
	for _, t := range m.tasks {
		ordered := c.Ordered(t.Kind)
		free := !t.ready.After(c.Now)
		if len(out) == c.Limit || ordered && blocked[t.Scope] {
			continue
		}
		blocked[t.Scope] = blocked[t.Scope] || ordered
		if free {
			out = append(out, t.Task)
			t.ready, t.Tries = c.Now.Add(c.Lease), t.Tries+1
		}
	}
	return out, nil
}

func (m *memory) Settle(_ context.Context, t storage.Task, next time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if next.IsZero() {
		m.tasks = slices.DeleteFunc(m.tasks, func(o *memoryTask) bool { return o.ID == t.ID })
		return nil
	}
	for _, o := range m.tasks {
		if o.ID == t.ID {
			o.ready = next
		}
	}
	return nil
}

func (m *memory) Trim(_ context.Context, scope string, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.scope(scope)
	for i := s.kept; i < int64(len(s.log))-1 && s.log[i].At.Before(before); i++ {
		s.kept, s.floor = i+1, i+1
	}
	for key, r := range s.recs {
		if r.Value == nil && r.Seq <= s.floor {
			delete(s.recs, key)
		}
	}
	return nil
}

func (m *memory) Scopes(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for name := range m.scopes {
		if strings.HasPrefix(name, prefix) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (m *memory) Epoch(_ context.Context, raise bool) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if raise {
		m.epoch++
	}
	return m.epoch, nil
}

func (m *memory) Watch(context.Context) <-chan storage.Moved { return nil }

func (m *memory) Close() error { return nil }
