package faults

import (
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes at once.
const sector = 512

// content is a file: what programs see of it, and what is on disk.
type content struct {
	now   []byte
	disk  []byte
	dirty map[int64][][]byte // versions of a sector since the last sync, the newest last
	sizes []int64            // and of the length
	low   int64              // the lowest of these
}

func (c *content) read(into []byte, off int64) int {
	if off >= int64(len(c.now)) {
		return 0
	}
	return copy(into, c.now[off:])
}

func (c *content) write(data []byte, off int64) {
	if end := off + int64(len(data)); end > int64(len(c.now)) {
		c.resize(end)
	}
	copy(c.now[off:], data)
	for i := off / sector; i*sector < off+int64(len(data)); i++ {
		c.keep(i)
	}
}

// versions is how many a sector is remembered in.
const versions = 4

func (c *content) keep(i int64) {
	if c.dirty == nil {
		c.dirty = map[int64][][]byte{}
	}
	end := min((i+1)*sector, int64(len(c.now)))
	c.dirty[i] = append(c.dirty[i], slices.Clone(c.now[i*sector:end]))
	c.dirty[i] = c.dirty[i][max(0, len(c.dirty[i])-versions):]
}

func (c *content) resize(size int64) {
	if len(c.sizes) == 0 {
		c.low = int64(len(c.disk))
	}
	c.sizes = append(c.sizes, size)
	c.low = min(c.low, size)
	c.now = resized(c.now, size)
}

func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		clear(b[size:])
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// sync brings to disk what was written since the last one.
func (c *content) sync() {
	c.shrink()
	c.disk = resized(c.disk, int64(len(c.now)))
	for i := range c.dirty {
		from := i * sector
		if from < int64(len(c.now)) {
			copy(c.disk[from:], c.now[from:min(from+sector, int64(len(c.now)))])
		}
	}
	c.forget()
}

// shrink takes from the disk what was cut off meanwhile.
func (c *content) shrink() {
	if len(c.sizes) > 0 && c.low < int64(len(c.disk)) {
		c.disk = resized(c.disk, c.low)
	}
}

// forget takes what was written for clean: done after a sync, and what a
// kernel does after one that failed.
func (c *content) forget() { c.dirty, c.sizes = nil, nil }

// left is what a power cut leaves of the file: what was synced, and when torn
// any of the sectors and lengths written since.
func (c *content) left(torn *rand.Rand) []byte {
	out := slices.Clone(c.disk)
	if torn == nil {
		return out
	}
	if n := len(c.sizes); n > 0 {
		if i := torn.IntN(n + 1); i < n {
			out = resized(out, c.sizes[i])
		}
	}
	for i, v := range c.dirty {
		if n := torn.IntN(len(v) + 1); n < len(v) && i*sector < int64(len(out)) {
			copy(out[i*sector:], v[n])
		}
	}
	return out
}
