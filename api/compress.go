package api

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// minCompressed is the size under which an answer travels as it is.
const minCompressed = 512

// coding is one way to compress an answer.
type coding struct {
	name string
	pool sync.Pool // of compressor
}

type compressor interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// codings are those offered, the densest on small JSON first.
var codings = []*coding{
	{name: "br", pool: sync.Pool{New: func() any {
		return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: 4, LGWin: 18})
	}}},
	{name: "zstd", pool: sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
		if err != nil {
			panic(err) // the options above are valid
		}
		return w
	}}},
	{name: "gzip", pool: sync.Pool{New: func() any { return gzip.NewWriter(nil) }}},
}

// compress gives the body as the client accepts it, and the name of the
// coding, "" for none.
func compress(body []byte, accept string) ([]byte, string) {
	if len(body) < minCompressed {
		return body, ""
	}
	c := choose(accept)
	if c == nil {
		return body, ""
	}
	return c.encode(body), c.name
}

func (c *coding) encode(body []byte) []byte {
	w := c.pool.Get().(compressor)
	defer c.pool.Put(w)
	var out bytes.Buffer
	out.Grow(len(body) / 3)
	w.Reset(&out)
	// Writing to a buffer does not fail.
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}

// choose is the coding that an Accept-Encoding header likes best, nil if none.
func choose(accept string) *coding {
	var best *coding
	var liked float64
	for _, c := range codings {
		if q := preference(accept, c.name); q > liked {
			best, liked = c, q
		}
	}
	return best
}

// preference is the weight that an Accept-Encoding header gives a coding.
func preference(accept, name string) float64 {
	rest := 0.0
	for item := range strings.SplitSeq(accept, ",") {
		token, params, _ := strings.Cut(item, ";")
		switch token = strings.TrimSpace(token); {
		case strings.EqualFold(token, name):
			return weight(params)
		case token == "*":
			rest = weight(params)
		}
	}
	return rest
}

func weight(params string) float64 {
	text, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
	if !found {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}
