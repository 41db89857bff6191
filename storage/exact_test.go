package storage_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"preau/storage"
)

func TestExact(t *testing.T) {
	sum := sha256.Sum256([]byte("content"))
	for name, c := range map[string]struct {
		from io.Reader
		size int64
		sum  []byte
		want error
	}{
		"as announced":    {strings.NewReader("content"), 7, sum[:], nil},
		"byte by byte":    {iotest.OneByteReader(strings.NewReader("content")), 7, sum[:], nil},
		"end with data":   {iotest.DataErrReader(strings.NewReader("content")), 7, sum[:], nil},
		"more behind":     {strings.NewReader("content and more"), 7, sum[:], nil},
		"any content":     {strings.NewReader("another"), 7, nil, nil},
		"other content":   {strings.NewReader("another"), 7, sum[:], storage.ErrCorrupt},
		"short":           {strings.NewReader("conten"), 7, sum[:], io.ErrUnexpectedEOF},
		"nothing at all":  {strings.NewReader(""), 7, sum[:], io.ErrUnexpectedEOF},
		"empty":           {strings.NewReader(""), 0, nil, nil},
		"empty, with sum": {strings.NewReader(""), 0, sum[:], storage.ErrCorrupt},
		"broken":          {iotest.ErrReader(io.ErrClosedPipe), 7, sum[:], io.ErrClosedPipe},
	} {
		t.Run(name, func(t *testing.T) {
			e := storage.NewExact(t.Context(), c.from, c.size, c.sum)
			var got bytes.Buffer
			_, err := io.Copy(&got, e)
			if !errors.Is(err, c.want) || !errors.Is(e.Err(), c.want) {
				t.Errorf("got %v and %v, want %v", err, e.Err(), c.want)
			}
			if whole := int64(got.Len()) == c.size; whole != (c.want == nil) && c.size > 0 {
				t.Errorf("got %q", got.String())
			}
			if n, err := e.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Errorf("read on: %d, %v", n, err)
			}
		})
	}
}
