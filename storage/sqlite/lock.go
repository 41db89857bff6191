package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock takes the file for this process alone. The kernel gives it back when
// the process ends, however it ends.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("another process is using this database (it holds %s): stop it first", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
