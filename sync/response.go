package sync

import "time"

// Response is the answer to a Request, already encoded.
type Response struct{ body []byte }

// nothing is the answer of which there is only one: 204.
var nothing = &Response{}

// Empty tells that there is nothing to say: answer 204 without a body.
func (r *Response) Empty() bool { return len(r.body) == 0 }

// AppendJSON appends the body. JSON gives it without copying; do not modify it.
func (r *Response) AppendJSON(b []byte) []byte { return append(b, r.body...) }

// JSON is the body.
func (r *Response) JSON() []byte { return r.body }

// answer assembles the parts of a response.
type answer struct {
	results []byte   // encoded results, separated by commas
	scopes  []byte   // encoded members of "scopes", separated by commas
	more    []string // scopes to ask for again
}

func (a *answer) response(now time.Time) *Response {
	if len(a.results) == 0 && len(a.scopes) == 0 {
		return nothing
	}
	b := make([]byte, 0, len(a.results)+len(a.scopes)+128)
	b = append(b, '{')
	if len(a.results) > 0 {
		b = append(append(append(b, `"results":[`...), a.results...), `],`...)
	}
	if len(a.scopes) > 0 {
		b = append(append(append(b, `"scopes":{`...), a.scopes...), `},`...)
	}
	b = appendMore(b, a.more)
	b = append(b, `"now":"`...)
	b = now.UTC().AppendFormat(b, time.RFC3339)
	return &Response{body: append(b, `"}`...)}
}

func appendMore(b []byte, more []string) []byte {
	if len(more) == 0 {
		return b
	}
	b = append(b, `"more":[`...)
	for i, scope := range more {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, scope)
	}
	return append(b, `],`...)
}
