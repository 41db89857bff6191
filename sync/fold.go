package sync

import (
	"strconv"
	"sync"

	"preau/storage"
)

// appendRecord appends a record as it is sent: [seq, type, id, value], a
// tombstone with the value 0.
func appendRecord(b []byte, seq int64, typ, id string, value []byte) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = strconv.AppendInt(append(b, '['), seq, 10)
	b = appendString(append(b, ','), typ)
	b = appendString(append(b, ','), id)
	b = append(b, ',')
	if value == nil {
		b = append(b, '0')
	} else {
		b = append(b, value...)
	}
	return append(b, ']')
}

// fold encodes the latest version of every record that the entries touched,
// ascending. Operations without a type are not sent.
func fold(entries []storage.Entry) []byte {
	last := map[storage.Key]int64{}
	size := 0
	for _, e := range entries {
		for _, op := range e.Ops {
			last[storage.Key{Type: op.Type, ID: op.ID}] = e.N
			size += opSize(op)
		}
	}
	b := make([]byte, 0, size)
	for _, e := range entries {
		for _, op := range e.Ops {
			if op.Type != "" && last[storage.Key{Type: op.Type, ID: op.ID}] == e.N {
				b = appendRecord(b, e.N, op.Type, op.ID, op.Value)
			}
		}
	}
	return b
}

// opSize is about how many bytes a record takes when it is sent.
func opSize(op storage.Op) int {
	if op.Type == "" {
		return 0
	}
	return len(op.Type) + len(op.ID) + len(op.Value) + 24
}

// fitting is how many entries, at least one, make a page of about room bytes.
func fitting(entries []storage.Entry, room int) int {
	for i, e := range entries {
		for _, op := range e.Ops {
			room -= opSize(op)
		}
		if room < 0 {
			return max(i, 1)
		}
	}
	return len(entries)
}

// foldCacheBytes is what the shared folds may take in memory.
const foldCacheBytes = 16 << 20

// foldCache keeps encoded folds: after a poke, all readers of a scope ask for
// the same one.
type foldCache struct {
	mu    sync.Mutex
	folds map[foldKey][]byte
	order []foldKey // oldest first
	bytes int
	limit int
}

// foldKey names a fold of the entries after from, up to and with to.
type foldKey struct {
	scope    string
	from, to int64
}

func newFoldCache(limit int) *foldCache {
	return &foldCache{folds: map[foldKey][]byte{}, limit: limit}
}

func (c *foldCache) get(key foldKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b, ok := c.folds[key]
	return b, ok
}

// put keeps a fold in the place of the oldest ones.
func (c *foldCache) put(key foldKey, b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, kept := c.folds[key]; kept || cost(b) > c.limit/8 {
		return
	}
	c.folds[key] = b
	c.order = append(c.order, key)
	for c.bytes += cost(b); c.bytes > c.limit; {
		oldest := c.order[0]
		c.order = c.order[1:]
		c.bytes -= cost(c.folds[oldest])
		delete(c.folds, oldest)
	}
}

// cost is what a fold takes in the cache, its key included.
func cost(b []byte) int { return cap(b) + 128 }
