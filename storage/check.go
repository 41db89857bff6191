package storage

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check refuses an entry that breaks the rules of the port: ErrTooLarge when
// it is over a limit, ErrInvalid for a number below 1, a name that is empty,
// too long or unprintable, a value that is empty but not nil, a record that is
// touched twice, or a lane that does not grow. Every implementation calls it before anything else.
func (e *Entry) Check() error {
	if err := e.check(); err != nil {
		return fmt.Errorf("entry %d of %q: %w", e.N, e.Scope, err)
	}
	return nil
}

func (e *Entry) check() error {
	if e.N < 1 {
		return fmt.Errorf("number below 1: %w", ErrInvalid)
	}
	if len(e.Ops) > MaxOps || len(e.Steps) > MaxOps || len(e.Effects) > MaxOps {
		return fmt.Errorf("more than %d parts: %w", MaxOps, ErrTooLarge)
	}
	if e.size() > MaxEntryBytes {
		return fmt.Errorf("more than %d bytes: %w", MaxEntryBytes, ErrTooLarge)
	}
	if strings.Contains(e.Scope, "#") {
		return fmt.Errorf("scope contains #: %w", ErrInvalid)
	}
	return e.checkParts()
}

func (e *Entry) checkParts() error {
	if err := checkNames(e.Scope); err != nil {
		return err
	}
	if err := checkOps(e.Ops); err != nil {
		return err
	}
	for _, f := range e.Effects {
		if err := checkNames(f.Kind); err != nil {
			return err
		}
	}
	return checkSteps(e.Steps)
}

func checkOps(ops []Op) error {
	met := make(map[Key]bool, len(ops))
	for _, o := range ops {
		key := Key{o.Type, o.ID}
		if met[key] || o.Value != nil && len(o.Value) == 0 {
			return fmt.Errorf("record %s %s is touched twice or empty: %w", o.Type, o.ID, ErrInvalid)
		}
		if err := checkNames(o.Type, o.ID); err != nil {
			return err
		}
		met[key] = true
	}
	return nil
}

func checkSteps(steps []Step) error {
	for i, s := range steps {
		if err := checkNames(s.Lane); err != nil {
			return err
		}
		if s.K < 1 {
			return fmt.Errorf("step below 1: %w", ErrInvalid)
		}
		for _, before := range steps[:i] {
			if before.Lane == s.Lane && before.K >= s.K {
				return fmt.Errorf("steps of lane %q do not grow: %w", s.Lane, ErrInvalid)
			}
		}
	}
	return nil
}

func checkNames(names ...string) error {
	for _, n := range names {
		if n == "" || len(n) > MaxName || !utf8.ValidString(n) || strings.ContainsFunc(n, control) {
			return fmt.Errorf("name %.40q: %w", n, ErrInvalid)
		}
	}
	return nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func (e *Entry) size() int {
	size := len(e.Scope)
	for _, o := range e.Ops {
		size += len(o.Type) + len(o.ID) + len(o.Value)
	}
	for _, s := range e.Steps {
		size += len(s.Lane) + len(s.Result)
	}
	for _, f := range e.Effects {
		size += len(f.Kind) + len(f.Payload)
	}
	return size
}
