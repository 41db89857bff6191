package faults

import (
	"context"
	"maps"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// node is a file or directory. The names that programs see are kept by
// fs.Inode; kept are those on disk.
type node struct {
	fs.Inode
	content

	on   *Disk
	dir  bool
	refs int // names that programs see
	kept map[string]*node
	log  []change // of names, since the last sync
}

// change is a name given, or taken when node is nil.
type change struct {
	name string
	node *node
}

var (
	_ fs.NodeOnAdder        = (*node)(nil)
	_ fs.NodeGetattrer      = (*node)(nil)
	_ fs.NodeSetattrer      = (*node)(nil)
	_ fs.NodeOpener         = (*node)(nil)
	_ fs.NodeReader         = (*node)(nil)
	_ fs.NodeWriter         = (*node)(nil)
	_ fs.NodeFsyncer        = (*node)(nil)
	_ fs.NodeCreater        = (*node)(nil)
	_ fs.NodeMkdirer        = (*node)(nil)
	_ fs.NodeLinker         = (*node)(nil)
	_ fs.NodeUnlinker       = (*node)(nil)
	_ fs.NodeRmdirer        = (*node)(nil)
	_ fs.NodeRenamer        = (*node)(nil)
	_ fs.NodeOpendirHandler = (*node)(nil)
)

func newDir(d *Disk) *node { return &node{on: d, dir: true, kept: map[string]*node{}} }

func (n *node) mode() uint32 {
	if n.dir {
		return fuse.S_IFDIR
	}
	return fuse.S_IFREG
}

// OnAdd shows the names that are on disk.
func (n *node) OnAdd(ctx context.Context) {
	for name, child := range n.kept {
		n.AddChild(name, n.inode(ctx, child), true)
	}
}

// inode makes a node known to the kernel, once.
func (n *node) inode(ctx context.Context, child *node) *fs.Inode {
	if child.EmbeddedInode().StableAttr().Ino != 0 {
		return child.EmbeddedInode()
	}
	return n.NewPersistentInode(ctx, child, fs.StableAttr{Mode: child.mode()})
}

// change notes a name given or taken, which a sync will bring to disk.
func (n *node) change(name string, child *node) { n.log = append(n.log, change{name, child}) }

// Getattr implements [fs.NodeGetattrer].
func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	n.attr(&out.Attr)
	return 0
}

func (n *node) attr(a *fuse.Attr) {
	a.Mode, a.Nlink, a.Size = n.mode()|0o600, 1, uint64(len(n.now))
	if n.dir {
		a.Mode |= 0o700
	}
	a.Blksize, a.Blocks = 4096, (a.Size+511)/512
}

// Setattr implements [fs.NodeSetattrer]: a file's length.
func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if size, ok := in.GetSize(); ok && !n.dir {
		if errno := n.on.allow(Resize, n.name()); errno != 0 {
			return errno
		}
		if errno := n.on.grow(int64(size) - int64(len(n.now))); errno != 0 {
			return errno
		}
		n.resize(int64(size))
	}
	n.attr(&out.Attr)
	return 0
}

func (n *node) name() string { return n.Path(nil) }

// Open implements [fs.NodeOpener]. The kernel may cache: SQLite maps a file.
func (n *node) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_KEEP_CACHE, 0
}

// Read implements [fs.NodeReader].
func (n *node) Read(_ context.Context, _ fs.FileHandle, into []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if n.on.dark {
		return nil, syscall.EIO
	}
	return fuse.ReadResultData(into[:n.read(into, off)]), 0
}

// Write implements [fs.NodeWriter].
func (n *node) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if errno := n.on.allow(Write, n.name()); errno != 0 {
		return 0, errno
	}
	if errno := n.on.grow(max(0, off+int64(len(data))-int64(len(n.now)))); errno != 0 {
		return 0, errno
	}
	n.write(data, off)
	return uint32(len(data)), 0
}

// Fsync implements [fs.NodeFsyncer] and, for directories, Fsyncdir.
func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if errno := n.on.allow(Sync, n.name()); errno != 0 {
		n.forget()
		return errno
	}
	if n.on.Lies {
		return 0
	}
	if !n.dir {
		n.sync()
		return 0
	}
	for _, c := range n.log {
		if c.node == nil {
			delete(n.kept, c.name)
		} else {
			n.kept[c.name] = c.node
		}
	}
	n.log = nil
	return 0
}

// OpendirHandle implements [fs.NodeOpendirHandler].
func (n *node) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return &openDir{n, nil}, 0, 0
}

// openDir is a directory being read or synced.
type openDir struct {
	node *node
	list []fuse.DirEntry
}

// Fsyncdir implements [fs.FileFsyncdirer].
func (o *openDir) Fsyncdir(ctx context.Context, flags uint32) syscall.Errno {
	return o.node.Fsync(ctx, nil, flags)
}

// Seekdir implements [fs.FileSeekdirer]: only back to the start.
func (o *openDir) Seekdir(context.Context, uint64) syscall.Errno {
	o.list = nil
	return 0
}

// Readdirent implements [fs.FileReaddirenter].
func (o *openDir) Readdirent(context.Context) (*fuse.DirEntry, syscall.Errno) {
	if o.list == nil {
		o.list = []fuse.DirEntry{}
		for name, child := range maps.All(o.node.Children()) {
			o.list = append(o.list, fuse.DirEntry{Name: name, Mode: child.Mode(), Ino: child.StableAttr().Ino})
		}
	}
	if len(o.list) == 0 {
		return nil, 0
	}
	next := o.list[0]
	o.list = o.list[1:]
	return &next, 0
}

// Create implements [fs.NodeCreater].
func (n *node) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	in, errno := n.add(ctx, name, &node{on: n.on}, out)
	return in, nil, 0, errno
}

// Mkdir implements [fs.NodeMkdirer].
func (n *node) Mkdir(ctx context.Context, name string, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.add(ctx, name, newDir(n.on), out)
}

// Link implements [fs.NodeLinker].
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.add(ctx, name, target.(*node), out)
}

func (n *node) add(ctx context.Context, name string, child *node, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if errno := n.on.allow(Create, name); errno != 0 {
		return nil, errno
	}
	n.change(name, child)
	child.refs++
	child.attr(&out.Attr)
	return n.inode(ctx, child), 0
}

// Unlink implements [fs.NodeUnlinker].
func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if errno := n.on.allow(Remove, name); errno != 0 {
		return errno
	}
	n.free(name)
	n.change(name, nil)
	return 0
}

// free gives back the space of a file whose last name goes.
func (n *node) free(name string) {
	in := n.GetChild(name)
	if in == nil {
		return
	}
	gone := in.Operations().(*node)
	if gone.refs--; gone.refs == 0 {
		n.on.used -= int64(len(gone.now))
	}
}

// Rmdir implements [fs.NodeRmdirer].
func (n *node) Rmdir(ctx context.Context, name string) syscall.Errno { return n.Unlink(ctx, name) }

// Rename implements [fs.NodeRenamer].
func (n *node) Rename(_ context.Context, name string, to fs.InodeEmbedder, newName string, _ uint32) syscall.Errno {
	n.on.mu.Lock()
	defer n.on.mu.Unlock()
	if errno := n.on.allow(Rename, name); errno != 0 {
		return errno
	}
	moved := n.GetChild(name).Operations().(*node)
	to.(*node).free(newName)
	n.change(name, nil)
	to.(*node).change(newName, moved)
	return 0
}
