package sync

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Limits of one request.
const (
	MaxRequest   = 2 << 20 // bytes of the body
	maxMutations = 256
	maxCursors   = 1024
	maxArgs      = 256 << 10 // bytes of the arguments of one mutation

	minBudget     = 4 << 10
	defaultBudget = 64 << 10
	maxBudget     = 1 << 20
)

var errShape = errors.New("not of the shape of a request")

// DecodeRequest reads the body of POST /api/sync strictly: nothing unknown,
// nothing twice, nothing behind. It keeps no part of the body. The error is a
// RequestError. Whether the values make sense is for Sync to say.
func DecodeRequest(body []byte) (*Request, error) {
	if len(body) > MaxRequest {
		return nil, tooLarge("", "more than %d bytes", MaxRequest)
	}
	d := decoder{scanner: scanner{text: string(body)}}
	err := d.request()
	if err == nil && !d.end() {
		err = d.malformed("", "something follows the request")
	}
	if errors.Is(err, errShape) {
		err = d.malformed(d.field, "%v, at byte %d", errShape, d.pos)
	}
	if err != nil {
		return nil, err
	}
	return &d.req, nil
}

type decoder struct {
	scanner
	req   Request
	field string // being read, for the error
	index int    // of the mutation being read
}

func (d *decoder) malformed(field, format string, args ...any) error {
	return &RequestError{Code: Malformed, Field: field, Message: fmt.Sprintf(format, args...)}
}

// once refuses a field that is not known or that is there a second time.
func (d *decoder) once(seen *uint, known []string, name, path string) error {
	d.field = path
	bit := slices.Index(known, name)
	switch {
	case bit < 0:
		return d.malformed(path, "unknown field")
	case *seen&(1<<bit) != 0:
		return d.malformed(path, "given twice")
	}
	*seen |= 1 << bit
	return nil
}

func (d *decoder) request() error {
	var seen uint
	return d.members(func(name string) error {
		if err := d.once(&seen, requestFields, name, name); err != nil {
			return err
		}
		err := d.requestField(name)
		if err == nil {
			d.field = ""
		}
		return err
	})
}

var requestFields = []string{"v", "schema", "device", "mutations", "cursors", "digest", "budget"}

func (d *decoder) requestField(name string) error {
	switch name {
	case "v":
		return d.small(&d.req.V)
	case "schema":
		return d.small(&d.req.Schema)
	case "device":
		return d.textual(&d.req.Device)
	case "mutations":
		return d.mutations()
	case "cursors":
		return d.cursors()
	case "digest":
		return d.digest()
	default:
		return d.small(&d.req.Budget)
	}
}

func (d *decoder) mutations() error {
	d.req.Mutations = []Mutation{}
	return d.elements(func(i int) error {
		if i == maxMutations {
			return tooLarge("mutations", "more than %d", maxMutations)
		}
		d.index = i
		d.req.Mutations = append(d.req.Mutations, Mutation{})
		return d.mutation(&d.req.Mutations[i])
	})
}

func (d *decoder) mutation(m *Mutation) error {
	var seen uint
	d.field = d.in("")
	return d.members(func(name string) error {
		if err := d.once(&seen, mutationFields, name, d.in(name)); err != nil {
			return err
		}
		return d.mutationField(m, name)
	})
}

var mutationFields = []string{"scope", "k", "name", "at", "base", "args"}

func (d *decoder) mutationField(m *Mutation, name string) error {
	switch name {
	case "scope":
		return d.textual(&m.Scope)
	case "k":
		return d.number(&m.K)
	case "name":
		return d.textual(&m.Name)
	case "at":
		return d.number(&m.At)
	case "base":
		return d.number(&m.Base)
	default:
		return d.args(m)
	}
}

func (d *decoder) args(m *Mutation) error {
	raw, ok := d.object()
	switch {
	case !ok:
		return errShape
	case len(raw) > maxArgs:
		return tooLarge(d.field, "more than %d bytes", maxArgs)
	}
	m.Args = raw
	return nil
}

func (d *decoder) cursors() error {
	d.req.Cursors = make(map[string]Cursor, min(strings.Count(d.text[d.pos:], "["), maxCursors))
	return d.members(func(scope string) error {
		if len(d.req.Cursors) == maxCursors {
			return tooLarge("cursors", "more than %d", maxCursors)
		}
		if _, twice := d.req.Cursors[scope]; twice {
			return d.malformed("cursors", "a scope is given twice")
		}
		var c Cursor
		if !d.cursor(&c) {
			return errShape
		}
		d.req.Cursors[scope] = c
		return nil
	})
}

func (d *decoder) digest() error {
	d.req.Digest = map[string]string{}
	return d.members(func(scope string) error {
		if len(d.req.Digest) == maxCursors {
			return tooLarge("digest", "more than %d", maxCursors)
		}
		if _, twice := d.req.Digest[scope]; twice {
			return d.malformed("digest", "a scope is given twice")
		}
		var sum string
		err := d.textual(&sum)
		d.req.Digest[scope] = sum
		return err
	})
}

func (d *decoder) textual(into *string) (err error) {
	text, ok := d.str()
	if !ok {
		return errShape
	}
	*into = text
	return nil
}

func (d *decoder) number(into *int64) error {
	n, ok := d.integer()
	if !ok {
		return errShape
	}
	*into = n
	return nil
}

// small reads a number that fits everywhere.
func (d *decoder) small(into *int) error {
	n, ok := d.integer()
	if !ok || n != int64(int32(n)) {
		return errShape
	}
	*into = int(n)
	return nil
}

// in names a member of the mutation being read.
func (d *decoder) in(name string) string {
	if name == "" {
		return fmt.Sprintf("mutations[%d]", d.index)
	}
	return fmt.Sprintf("mutations[%d].%s", d.index, name)
}
