package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// A school writes to its people too: its author is "school:X", its posts lie
// in the server-only scope mail:X, and nobody answers it.
const schoolAuthor = "school:"

// mailScope holds what a school wrote, and when its mailboxes are swept.
func mailScope(school string) string { return "mail:" + school }

// homeOf is the scope that holds what somebody wrote.
func homeOf(author string) string {
	if school, _, ok := outsideOf(author); ok {
		return mailScope(school)
	}
	if school, ok := strings.CutPrefix(author, schoolAuthor); ok {
		return mailScope(school)
	}
	return userScope(author)
}

// authorOf is whose posts a scope holds.
func authorOf(scope string) string {
	if school, ok := strings.CutPrefix(scope, "mail:"); ok {
		return schoolAuthor + school
	}
	return psync.ScopeID(scope)
}

// notice is a message of a school to one person. Its id makes it one.
type notice struct {
	id, to, subject, text string
}

// announce writes notices of a school down and sends them on their way.
func (s *Service) announce(ctx context.Context, job *psync.Job, school string, all []notice) error {
	info, _ := s.dir.School(school)
	return job.Commit(ctx, mailScope(school), func(ctx context.Context, tx *psync.Tx) error {
		for _, n := range all {
			if _, there, err := postIn(ctx, tx, n.id); err != nil {
				return err
			} else if there {
				continue
			}
			p := post{Root: schoolAuthor + school, Readers: []string{n.to}}
			p.Discussion, p.Subject, p.Mode, p.Body = n.id, n.subject, ModeNone, Body{{Runs: []Run{{Text: n.text}}}}
			p.From = directory.Named{ID: schoolAuthor + school, Name: info.Name}
			p.To = []Addressee{{Key: userScope(n.to), Name: s.dir.Display(n.to)}}
			p.At = tx.Now().UTC().Truncate(time.Millisecond)
			putPost(tx, n.id, p)
			tx.Effect(effectDeliver, delivery{ID: n.id})
		}
		return nil
	})
}

// english says whether a person reads the app in English.
func (s *Service) english(ctx context.Context, user string) (bool, error) {
	recs, err := s.engine.Find(ctx, userScope(user), storage.Key{Type: "settings", ID: "settings"})
	if err != nil || len(recs) == 0 {
		return false, err
	}
	var set struct {
		Lang string `json:"lang"`
	}
	if err := json.Unmarshal(recs[0].Value, &set); err != nil {
		return false, fmt.Errorf("settings of %s: %w", user, err)
	}
	return set.Lang == "en", nil
}
