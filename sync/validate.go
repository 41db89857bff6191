package sync

import (
	"fmt"
	"strings"
)

// introduce checks what a request says of its device.
func (r *Request) introduce() error {
	switch {
	case r.V != 1:
		return invalid("v", "this server speaks version 1")
	case r.Schema < 1:
		return invalid("schema", "must be at least 1")
	case !validDevice(r.Device):
		return invalid("device", "not an id of a device")
	case r.Budget < 0:
		return invalid("budget", "must not be negative")
	}
	return nil
}

// validate refuses requests whose values make no sense. What concerns one
// mutation's arguments is for its rule: a request that is refused here is
// refused for ever, and would block the device.
func (r *Request) validate() error {
	if len(r.Mutations) > maxMutations {
		return tooLarge("mutations", "more than %d", maxMutations)
	}
	if len(r.Cursors) > maxCursors {
		return tooLarge("cursors", "more than %d", maxCursors)
	}
	for i := range r.Mutations {
		if member, problem := r.Mutations[i].check(); problem != "" {
			return invalid(fmt.Sprintf("mutations[%d].%s", i, member), "%s", problem)
		}
	}
	for scope, c := range r.Cursors {
		if problem := c.check(scope); problem != "" {
			return invalid("cursors", "%s", problem)
		}
	}
	return r.checkDigest()
}

func (m *Mutation) check() (member, problem string) {
	switch {
	case !validScope(m.Scope):
		return "scope", "not a scope"
	case m.K < 1 || m.K > maxCount:
		return "k", "must be between 1 and 2^53"
	case m.Name == "" || len(m.Name) > maxMutationName || strings.ContainsFunc(m.Name, isControl):
		return "name", "not a name"
	case m.At < 0 || m.At > maxCount:
		return "at", "not a time in milliseconds"
	case m.Base < 0 || m.Base > maxCount:
		return "base", "not a number of a commit"
	case len(m.Args) == 0:
		return "args", "missing"
	case len(m.Args) > maxArgs:
		return "args", "too large"
	}
	return "", ""
}

// maxCount is the largest whole number that every JSON reader keeps exact.
const maxCount = 1 << 53

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func (c Cursor) check(scope string) (problem string) {
	switch {
	case !validScope(scope):
		return "not a scope"
	case c.Epoch < 0 || c.Lo < 0 || c.Hi < c.Lo || c.Epoch > maxCount || c.Hi > maxCount:
		return "a cursor is [epoch, hi, lo] with 0 <= lo <= hi"
	}
	return ""
}

func (r *Request) checkDigest() error {
	for scope, sum := range r.Digest {
		if _, held := r.Cursors[scope]; !held {
			return invalid("digest", "of a scope without cursor")
		}
		if len(sum) != 8 || strings.Trim(sum, "0123456789abcdef") != "" {
			return invalid("digest", "not 8 hexadecimal digits")
		}
	}
	return nil
}

// budget is how many bytes the answer shall have, about.
func (r *Request) budget() int {
	if r.Budget == 0 {
		return defaultBudget
	}
	return min(max(r.Budget, minBudget), maxBudget)
}
