package clamd

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"preau/api/attachment"
)

// What may be wrong with a daemon that answers.
var (
	ErrBlind = errors.New("clamd: it does not find the test virus")
	ErrSmall = errors.New("clamd: it takes no files of the largest size")
	ErrLax   = errors.New("clamd: it passes what it does not look into")
)

// Check has the daemon find a virus, take a file of the largest size, and say
// that it did not open everything. The error is one of the above, or why
// nothing is known.
func (d *Daemon) Check(ctx context.Context, largest int64) error {
	if finding, err := d.Scan(ctx, bytes.NewReader(EICAR())); err != nil || finding == "" {
		return unless(err, ErrBlind)
	}
	_, err := d.Scan(ctx, io.LimitReader(zeros{}, largest))
	if errors.Is(err, attachment.ErrUnscannable) {
		return ErrSmall
	}
	if err != nil {
		return err
	}
	deep, err := nested(50)
	if err != nil {
		return err
	}
	if _, err = d.Scan(ctx, bytes.NewReader(deep)); errors.Is(err, attachment.ErrUnscannable) {
		return nil
	}
	return unless(err, ErrLax)
}

// unless is an error, or what is to be said when there is none.
func unless(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// EICAR is the harmless file that every scanner finds. It stands here back to
// front, so that none finds this program.
func EICAR() []byte {
	file := []byte(`*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\4[PA@%P!O5X`)
	slices.Reverse(file)
	return file
}

// zeros has no end.
type zeros struct{}

// Read implements [io.Reader].
func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// nested is an archive in an archive, and so on.
func nested(depth int) ([]byte, error) {
	data := []byte("nothing")
	for range depth {
		var out bytes.Buffer
		z := zip.NewWriter(&out)
		w, err := z.Create("inside.zip")
		if err == nil {
			_, err = w.Write(data)
		}
		if err := errors.Join(err, z.Close()); err != nil {
			return nil, err
		}
		data = out.Bytes()
	}
	return data, nil
}
