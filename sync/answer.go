package sync

import (
	"context"
	"maps"
	"slices"
	"time"

	"preau/storage"
)

// Sync answers one request of a device: it carries out its mutations, then
// tells what changed. The error is a *RequestError.
func (e *Engine) Sync(ctx context.Context, a Actor, req *Request) (*Response, error) {
	if err := e.admit(a, req); err != nil {
		return nil, err
	}
	var s *sight
	if len(req.Mutations) == 0 && req.Cursors != nil {
		var err error
		if s, err = e.look(ctx, a, req); err != nil {
			return nil, err
		}
		if req.current(s) {
			return nothing, nil
		}
	}
	return e.answer(ctx, a, req, s)
}

// answer does what Sync does when there is something to do. What was seen is
// nil when it is to be looked at after the mutations.
func (e *Engine) answer(ctx context.Context, a Actor, req *Request, s *sight) (*Response, error) {
	if err := req.validate(); err != nil {
		return nil, err
	}
	results, err := e.push(ctx, a, req.Mutations)
	if err != nil {
		return nil, err
	}
	out := answer{results: results}
	if req.Cursors != nil {
		if err := e.pull(ctx, a, req, s, &out); err != nil {
			return out.salvage(err, req, e.now())
		}
	}
	return out.response(e.now()), nil
}

// admit refuses devices that may not send this request, whatever else it says.
func (e *Engine) admit(a Actor, req *Request) error {
	if err := req.introduce(); err != nil {
		return err
	}
	if req.Device != a.Device {
		return &RequestError{Code: UnknownDevice, Field: "device", Message: "the session belongs to another device"}
	}
	if req.Schema < e.schema && req.Cursors != nil {
		return &RequestError{Code: UpgradeRequired, Field: "schema", Message: "this version may only send"}
	}
	return nil
}

// salvage gives the results of mutations their answer although the pull
// failed: the scopes are to be asked again.
func (a *answer) salvage(err error, req *Request, now time.Time) (*Response, error) {
	if len(a.results) == 0 {
		return nil, err
	}
	a.scopes, a.more = nil, slices.Sorted(maps.Keys(req.Cursors))
	return a.response(now), nil
}

// sight is what an actor may read, what of it the device follows, and how far
// that has come.
type sight struct {
	readable []Grant
	grants   []Grant        // followed
	tails    []storage.Tail // of the scopes followed, without entries
	epoch    int64
}

// look asks for no more than heads.
func (e *Engine) look(ctx context.Context, a Actor, req *Request) (s *sight, err error) {
	s = &sight{}
	s.readable, _ = e.access.Grants(a)
	s.grants = req.followed(s.readable)
	e.hub.follow(a, s.readable, onDemand(s.grants))
	if s.epoch, err = e.records.Epoch(ctx, false); err != nil {
		return nil, unavailable(err)
	}
	if len(s.grants) == 0 {
		return s, nil
	}
	at := make([]storage.Position, len(s.grants))
	for i, g := range s.grants {
		at[i].Scope = g.Scope
	}
	if s.tails, err = e.records.Tails(ctx, at, 0); err != nil {
		return nil, unavailable(err)
	}
	return s, nil
}

// current tells whether the device holds exactly what may be read, up to now.
func (r *Request) current(s *sight) bool {
	if len(r.Cursors) != len(s.tails) || len(r.Digest) > 0 {
		return false
	}
	for i := range s.tails {
		c, held := r.Cursors[s.tails[i].Scope]
		if !held || c != (Cursor{Epoch: s.epoch, Hi: s.tails[i].Head}) {
			return false
		}
	}
	return true
}

// followed lists the grants that a device is told of: all but those on demand
// that it does not name.
func (r *Request) followed(grants []Grant) []Grant {
	always := slices.IndexFunc(grants, func(g Grant) bool { return g.OnDemand })
	if always < 0 {
		return grants
	}
	left := len(r.Cursors)
	for _, g := range grants[:always] {
		if _, named := r.Cursors[g.Scope]; named {
			left--
		}
	}
	all := grants[:always:always]
	for _, g := range grants[always:] {
		if left == 0 {
			break
		}
		if _, named := r.Cursors[g.Scope]; named {
			all = append(all, g)
			left--
		}
	}
	return all
}

// onDemand lists the scopes on demand.
func onDemand(grants []Grant) (scopes []string) {
	for _, g := range grants {
		if g.OnDemand {
			scopes = append(scopes, g.Scope)
		}
	}
	return scopes
}
