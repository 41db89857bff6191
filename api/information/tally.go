package information

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	psync "preau/sync"
)

// An anonymous answer is sealed in its reader's scope until it is counted with
// at least four others, or with all that are left at the end. The count is one
// commit that names nobody. What is sealed is erased then, and so is the count
// that was before, so that no two counts can be compared.
const (
	typeSealed  = "sealed"
	typeWaiting = "waiting"
	fewest      = 5
)

// Result is what so many people answered, without their names.
type Result struct {
	Information string  `json:"information"`
	Count       int     `json:"count"`
	Questions   []Tally `json:"questions"`
	// Omitted is how many texts found no room.
	Omitted int `json:"omitted,omitempty"`
}

// Tally is what was answered to one question: how often each choice was taken,
// the free one last, and texts in the order of the alphabet.
type Tally struct {
	Counts []int    `json:"counts,omitempty"`
	Texts  []string `json:"texts,omitempty"`
}

// mostTexts is how many bytes of texts a result has room for.
const mostTexts = 600 << 10

// sealedBy is an anonymous answer that is not counted yet.
type sealedBy struct {
	User string `json:"user"`
	Key  string `json:"key"`
}

// await notes that somebody answered. When enough did, they are counted.
func (s *Service) await(ctx context.Context, tx *psync.Tx, h hearsay) error {
	var w []sealedBy
	if _, err := tx.Get(ctx, typeWaiting, h.ID, &w); err != nil {
		return err
	}
	w = append(w, sealedBy{h.User, h.Key})
	tx.Put(typeWaiting, h.ID, w)
	var b Broadcast
	_, err := tx.Get(ctx, "broadcast", h.ID, &b)
	if s.countable(b, len(w)) {
		tx.Effect(effectMix, about{h.ID})
	}
	return err
}

func (s *Service) countable(b Broadcast, waiting int) bool {
	return waiting >= fewest || waiting > 0 && !s.now().Before(s.ends(b))
}

// mix counts the answers that wait, if they are enough.
func (s *Service) mix(ctx context.Context, job *psync.Job) error {
	var m about
	if err := job.Payload(&m); err != nil {
		return err
	}
	author := psync.ScopeID(job.Source())
	b, there, err := s.broadcast(ctx, author, m.ID)
	if err != nil || !there {
		return err
	}
	w, _, err := psync.Find[[]sealedBy](ctx, s.engine, job.Source(), typeWaiting, m.ID)
	if err != nil || !s.countable(b, len(w)) {
		return err
	}
	opened := map[sealedBy][]Given{}
	for _, one := range w {
		given, there, err := psync.Find[[]Given](ctx, s.engine, userScope(one.User), typeSealed, m.ID+"."+one.Key)
		if err != nil {
			return err
		}
		if there {
			opened[one] = given
		}
	}
	return job.Commit(ctx, job.Source(), func(ctx context.Context, tx *psync.Tx) error {
		return s.count(ctx, tx, m.ID, b, opened)
	})
}

// count adds answers to the result, which takes the place of the one before.
func (s *Service) count(ctx context.Context, tx *psync.Tx, id string, b Broadcast, opened map[sealedBy][]Given) error {
	var w, counted []sealedBy
	if _, err := tx.Get(ctx, typeWaiting, id, &w); err != nil {
		return err
	}
	r, err := resultOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if r.Count > 0 {
		tx.Delete("surveyResult", partID(id, r.Count))
	} else {
		r = Result{Information: id, Questions: make([]Tally, len(b.Questions))}
	}
	left := slices.DeleteFunc(w, func(one sealedBy) bool {
		given, there := opened[one]
		if there {
			r.add(b.Questions, given)
			counted = append(counted, one)
		}
		return there
	})
	r.tidy()
	if len(left) > 0 {
		tx.Put(typeWaiting, id, left)
	} else {
		tx.Delete(typeWaiting, id)
	}
	if r.Count > 0 {
		tx.Put("surveyResult", partID(id, r.Count), r)
	}
	tx.Effect(effectUnseal, unsealing{id, counted})
	return nil
}

// resultOf is the result so far.
func resultOf(ctx context.Context, tx *psync.Tx, id string) (r Result, err error) {
	recs, err := tx.List(ctx, "surveyResult")
	for _, rec := range recs {
		var one Result
		if err := json.Unmarshal(rec.Value, &one); err != nil {
			return r, fmt.Errorf("result %s: %w", rec.ID, err)
		}
		if one.Information == id {
			r = one
		}
	}
	return r, err
}

// add counts one answer.
func (r *Result) add(questions []Question, given []Given) {
	r.Count++
	for i, q := range questions {
		t := &r.Questions[i]
		if q.chosen() && t.Counts == nil {
			t.Counts = make([]int, q.offered())
		}
		for _, c := range given[i].Choices {
			t.Counts[c]++
		}
		if given[i].Text != "" {
			t.Texts = append(t.Texts, given[i].Text)
		}
	}
}

// tidy puts texts into an order that does not tell when they came, and leaves
// out what no record has room for.
func (r *Result) tidy() {
	room := mostTexts
	for i := range r.Questions {
		texts := r.Questions[i].Texts
		slices.Sort(texts)
		n := 0
		for n < len(texts) && room >= len(texts[n]) {
			room -= len(texts[n])
			n++
		}
		r.Omitted += len(texts) - n
		r.Questions[i].Texts = texts[:n]
	}
}

// unsealing is the payload of effectUnseal: answers that are counted.
type unsealing struct {
	ID  string     `json:"id"`
	All []sealedBy `json:"all"`
}

// unseal erases answers that are counted from the scopes of those who gave them.
func (s *Service) unseal(ctx context.Context, job *psync.Job) error {
	var u unsealing
	if err := job.Payload(&u); err != nil {
		return err
	}
	keys := map[string][]string{}
	for _, one := range u.All {
		keys[one.User] = append(keys[one.User], u.ID+"."+one.Key)
	}
	for user, all := range keys {
		err := job.Commit(ctx, userScope(user), func(_ context.Context, tx *psync.Tx) error {
			for _, key := range all {
				tx.Delete(typeSealed, key)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
