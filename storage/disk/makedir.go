package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// MakeDir makes a directory and those above it, each entered on disk: a file
// synced in a directory whose own name is not on disk goes with the power.
func MakeDir(dir string) error {
	above := filepath.Dir(dir)
	if above == dir {
		return nil
	}
	if _, err := os.Stat(above); errors.Is(err, fs.ErrNotExist) {
		if err := MakeDir(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !isDir(dir) {
		return plain(err)
	}
	return syncAbove(above)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// plain says what stands where the directory should be.
func plain(err error) error {
	if wrong, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrExist) {
		wrong.Err = syscall.ENOTDIR
	}
	return err
}

// syncAbove is SyncDir; a directory that is not ours to open was made, and
// looked after, by somebody else.
func syncAbove(dir string) error {
	if err := SyncDir(dir); !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}

// SyncDir brings the names in a directory to disk.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
