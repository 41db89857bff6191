package mail

import (
	"context"
	"encoding/json"
	"fmt"

	"preau/storage"
	psync "preau/sync"
)

// A post stands under one of two types. What is written over stays in the log
// for a while, what is deleted goes from it at once: a post that loses text
// moves to the other type.
const (
	kindPost = "post"
	kindRest = "rest" // what is left of a post
)

// putPost writes a post where it stands.
func putPost(tx *psync.Tx, id string, p post) {
	if p.stands == "" {
		p.stands = kindPost
	}
	tx.Put(p.stands, id, p)
}

// movePost writes a post without what was taken out of it, which is nowhere
// any more.
func movePost(tx *psync.Tx, id string, p post) post {
	from := p.stands
	p.stands = kindRest
	if from == kindRest {
		p.stands = kindPost
	}
	tx.Delete(from, id)
	tx.Put(p.stands, id, p)
	return p
}

// postIn reads a post of the scope that tx is in.
func postIn(ctx context.Context, tx *psync.Tx, id string) (p post, there bool, err error) {
	for _, kind := range []string{kindPost, kindRest} {
		seq, err := tx.Get(ctx, kind, id, &p)
		if err != nil || seq > 0 {
			p.stands = kind
			return p, seq > 0, err
		}
	}
	return post{}, false, nil
}

// posts reads messages of one author, by id; those that are gone are missing.
func (s *Service) posts(ctx context.Context, author string, ids ...string) (map[string]post, error) {
	found := map[string]post{}
	if err := s.find(ctx, found, author, ids, kindPost); err != nil || len(found) == len(ids) {
		return found, err
	}
	var missing []string
	for _, id := range ids {
		if _, there := found[id]; !there {
			missing = append(missing, id)
		}
	}
	return found, s.find(ctx, found, author, missing, kindPost, kindRest)
}

// find adds messages that stand under some types.
func (s *Service) find(ctx context.Context, found map[string]post, author string, ids []string, kinds ...string) error {
	var keys []storage.Key
	for _, id := range ids {
		for _, kind := range kinds {
			keys = append(keys, storage.Key{Type: kind, ID: id})
		}
	}
	recs, err := s.engine.Find(ctx, homeOf(author), keys...)
	if err != nil {
		return fmt.Errorf("posts of %s: %w", author, err)
	}
	for _, r := range recs {
		p := post{stands: r.Type}
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return fmt.Errorf("post %s of %s: %w", r.ID, author, err)
		}
		found[r.ID] = p
	}
	return nil
}

// postOf reads a message of somebody, by its id.
func (s *Service) postOf(ctx context.Context, tx *psync.Tx, author, id string) (p post, there bool, err error) {
	if homeOf(author) == tx.Scope() {
		return postIn(ctx, tx, id)
	}
	posts, err := s.posts(ctx, author, id)
	p, there = posts[id]
	return p, there, err
}
