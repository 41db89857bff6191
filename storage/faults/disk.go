// Package faults is a file system in memory for tests. It behaves as a disk
// does with a cache that forgets: what was not synced is lost when the power
// fails, whole or in part and in any order, and any operation may fail.
//
// It is stricter than a journalling file system: a name is on disk only once
// its directory was synced, and the two ends of a rename are lost separately.
package faults

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Op is a kind of operation that changes the disk.
type Op string

// The operations that a fault may strike.
const (
	Write  Op = "write"
	Sync   Op = "fsync" // of a file or a directory
	Create Op = "create"
	Rename Op = "rename"
	Remove Op = "unlink"
	Resize Op = "truncate"
)

// Disk is a file system. Its zero value is empty.
type Disk struct {
	// Fault is asked before each operation; 0 lets it happen. A failed fsync
	// takes what was to be written for clean, as Linux does.
	Fault func(op Op, name string) syscall.Errno
	// Quota is how many bytes all files together may have; 0: any number.
	Quota int64
	// Lies tells that fsync answers and does nothing.
	Lies bool

	mu   sync.Mutex
	root *node
	dark bool  // the power is off
	used int64 // bytes of all files
}

// Mount shows the disk at an existing directory until unmount.
func (d *Disk) Mount(dir string) (unmount func() error, err error) {
	d.mu.Lock()
	if d.root == nil {
		d.root = newDir(d)
	}
	d.mu.Unlock()
	server, err := fs.Mount(dir, d.root, &fs.Options{
		MountOptions: fuse.MountOptions{DirectMount: true, DisableXAttrs: true, FsName: "preau-faults", Name: "faults"},
	})
	if err != nil {
		return nil, fmt.Errorf("mount a test disk (it needs /dev/fuse, and root or the package fuse3): %w", err)
	}
	return func() error {
		if err := server.Unmount(); err == nil {
			return nil
		}
		return syscall.Unmount(dir, syscall.MNT_DETACH)
	}, nil
}

// Cut turns the power off: from now on nothing reaches the disk, and every
// operation fails. It is for Fault to call.
func (d *Disk) Cut() { d.dark = true }

// allow tells whether an operation may happen.
func (d *Disk) allow(op Op, name string) syscall.Errno {
	if d.dark {
		return syscall.EIO
	}
	if d.Fault != nil {
		if errno := d.Fault(op, name); errno != 0 {
			return errno
		}
	}
	if d.dark {
		return syscall.EIO
	}
	return 0
}

// grow makes room for more bytes.
func (d *Disk) grow(by int64) syscall.Errno {
	if by > 0 && d.Quota > 0 && d.used+by > d.Quota {
		return syscall.ENOSPC
	}
	d.used += by
	return 0
}

// SetQuota changes how many bytes there are.
func (d *Disk) SetQuota(bytes int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Quota = bytes
}

// Left is the disk as it is found when the power comes back: what was synced,
// and when torn is not nil any part of the rest.
func (d *Disk) Left(torn *rand.Rand) *Disk {
	d.mu.Lock()
	defer d.mu.Unlock()
	after := &Disk{}
	after.root = d.root.left(after, torn, map[*node]*node{})
	return after
}

// Save writes what is on the disk to a directory that does not exist.
func (d *Disk) Save(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.root.save(dir)
}

func (n *node) save(path string) error {
	if !n.dir {
		return os.WriteFile(path, n.disk, 0o600)
	}
	errs := []error{os.Mkdir(path, 0o700)}
	for name, child := range n.kept {
		errs = append(errs, child.save(filepath.Join(path, name)))
	}
	return errors.Join(errs...)
}

// left makes what a power cut leaves of a node. A file with two names stays
// one file.
func (n *node) left(after *Disk, torn *rand.Rand, met map[*node]*node) *node {
	if m := met[n]; m != nil {
		return m
	}
	if !n.dir {
		m := &node{on: after}
		m.disk = n.content.left(torn)
		m.now = append([]byte(nil), m.disk...)
		after.used += int64(len(m.now))
		met[n] = m
		return m
	}
	m := newDir(after)
	met[n] = m
	for name, child := range n.onDisk(torn) {
		c := child.left(after, torn, met)
		c.refs++
		m.kept[name] = c
	}
	return m
}

// onDisk gives the names that a power cut leaves: when torn, some of the
// changes since the last sync have come to disk, in their order.
func (n *node) onDisk(torn *rand.Rand) map[string]*node {
	names := maps.Clone(n.kept)
	if torn == nil {
		return names
	}
	for _, c := range n.log[:torn.IntN(len(n.log)+1)] {
		if c.node == nil {
			delete(names, c.name)
		} else {
			names[c.name] = c.node
		}
	}
	return names
}
