package attachment

import (
	"context"
	"errors"
	"io"
)

// Scanner looks for what does harm in content that people send. Finding names
// what was found; "" says that the whole of body was looked at and nothing
// was. With an error nothing is known: body is to be held back and scanned
// again, unless the error is ErrUnscannable. Safe for concurrent use.
type Scanner interface {
	Scan(ctx context.Context, body io.Reader) (finding string, err error)
}

// ErrUnscannable says that the scanner will never look at all of a body, which
// is larger, or deeper nested, than what it takes.
var ErrUnscannable = errors.New("attachment: too large to be scanned")
