package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"preau/storage"
)

// Job is one effect being carried out. It is safe for concurrent use.
type Job struct {
	engine  *Engine
	task    storage.Task
	ordered bool
}

// Source is the scope whose commit caused the effect.
func (j *Job) Source() string { return j.task.Scope }

// Seq is the number of that commit.
func (j *Job) Seq() int64 { return j.task.N }

// At is when it was committed.
func (j *Job) At() time.Time { return j.task.At }

// Tries is how often the effect was attempted before.
func (j *Job) Tries() int { return j.task.Tries }

// Payload decodes what the effect carries. The error is ErrDrop: what cannot be
// read never will be.
func (j *Job) Payload(into any) error {
	if err := json.Unmarshal(j.task.Payload, into); err != nil {
		return fmt.Errorf("payload of %s: %w: %w", j.task.ID, ErrDrop, err)
	}
	return nil
}

// Commit runs a rule in a scope, exactly once for this job and scope: when it
// was already committed, by an earlier attempt or another node, nothing is
// done and the error is nil. The zero Actor acts. The error is the rule's, or
// the store's; nothing was written then.
func (j *Job) Commit(ctx context.Context, scope string, r Rule) error {
	if !validScope(scope) {
		return fmt.Errorf("commit of %s: %q is not a scope", j.task.ID, scope)
	}
	lane, k := j.lane()
	out := j.engine.committer.commit(ctx, scope, action{lane: lane, k: k, rule: r})
	return out.err
}

// lane names the lane and step of the job. Jobs of ordered kinds share one
// lane per source, in which their numbers grow; others have one each.
func (j *Job) lane() (lane string, k int64) {
	if j.ordered {
		return "fx:" + j.task.Scope, j.task.N*storage.MaxOps + int64(j.task.Index) + 1
	}
	return "fx:" + j.task.ID, 1
}
