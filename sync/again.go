package sync

import (
	"context"
	"sync"

	"preau/storage"
)

// Answer is DecodeRequest and Sync in one. A device that asks once more what
// it was told nothing about is answered without decoding: most requests are
// of this kind. It keeps no part of the body. The error is a *RequestError.
func (e *Engine) Answer(ctx context.Context, a Actor, body []byte) (*Response, error) {
	return e.AnswerCoded(ctx, a, body, func() ([]byte, error) { return body, nil })
}

// AnswerCoded is Answer for a body that is sent compressed: plain gives what
// it says, and is called unless the same was asked before. An error of plain
// is returned as it is.
func (e *Engine) AnswerCoded(ctx context.Context, a Actor, coded []byte, plain func() ([]byte, error)) (*Response, error) {
	if q := e.questions.get(coded); q != nil && q.actor == a && e.nothingSince(ctx, q) {
		return nothing, nil
	}
	body, err := plain()
	if err != nil {
		return nil, err
	}
	req, err := DecodeRequest(body)
	if err != nil {
		return nil, err
	}
	res, err := e.Sync(ctx, a, req)
	if err == nil && res.Empty() && len(req.Digest) == 0 {
		e.remember(a, req, coded)
	}
	return res, err
}

// question is a request that had nothing as its answer: its device held
// exactly what it could read. It has nothing as its answer again as long as
// the grants are the same and no scope has moved.
type question struct {
	actor  Actor
	grants []Grant
	epoch  int64
	at     []storage.Position // of the scopes followed, each After its head
	asked  []string           // those of them that are on demand
}

func (e *Engine) nothingSince(ctx context.Context, q *question) bool {
	grants, _ := e.access.Grants(q.actor)
	if !sameGrants(grants, q.grants) {
		return false
	}
	epoch, err := e.records.Epoch(ctx, false)
	if err != nil || epoch != q.epoch {
		return false
	}
	tails, err := e.records.Tails(ctx, q.at, 0)
	if err != nil {
		return false
	}
	for i := range tails {
		if tails[i].Head != q.at[i].After {
			return false
		}
	}
	e.hub.follow(q.actor, grants, q.asked)
	return true
}

// sameGrants tells whether two lists let the same scopes be read and followed. Access hands out
// the same slice until something changes.
func sameGrants(a, b []Grant) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if a[i].Scope != b[i].Scope || a[i].OnDemand != b[i].OnDemand {
			return false
		}
	}
	return true
}

// remember keeps a question whose answer was nothing.
func (e *Engine) remember(a Actor, req *Request, body []byte) {
	grants, _ := e.access.Grants(a)
	followed := req.followed(grants)
	if len(followed) == 0 || len(followed) != len(req.Cursors) {
		return
	}
	q := &question{actor: a, grants: grants, epoch: req.Cursors[followed[0].Scope].Epoch, asked: onDemand(followed)}
	for _, g := range followed {
		c, held := req.Cursors[g.Scope]
		if !held || c != (Cursor{Epoch: q.epoch, Hi: c.Hi}) {
			return // the grants have changed since
		}
		q.at = append(q.at, storage.Position{Scope: g.Scope, After: c.Hi})
	}
	e.questions.keep(string(body), q)
}

// questions are the latest questions, by their bodies.
type questions struct {
	mu  sync.RWMutex
	all map[string]*question
}

func newQuestions() *questions { return &questions{all: map[string]*question{}} }

func (q *questions) get(body []byte) *question {
	q.mu.RLock()
	defer q.mu.RUnlock()
	return q.all[string(body)]
}

func (q *questions) keep(body string, asked *question) {
	if len(body) > maxQuestion {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	forgetSome(q.all)
	q.all[body] = asked
}

// maxQuestion bounds the memory that questions take.
const maxQuestion = 4 << 10
