package mail

import (
	"context"
	"fmt"

	"preau/api/attachment"
	psync "preau/sync"
)

// forgottenAtOnce is how many cases one commit deletes: what follows of each
// fits into it.
const forgottenAtOnce = 20

// forgetCases deletes the cases that were decided long enough ago, with their
// evidence, and the reports with their reporters.
func (s *Service) forgetCases(ctx context.Context, job *psync.Job) error {
	school := psync.ScopeID(job.Source())
	p, err := s.policy(ctx, school)
	if err != nil {
		return err
	}
	return job.Commit(ctx, officeScope(school), func(ctx context.Context, tx *psync.Tx) error {
		recs, err := tx.List(ctx, "report")
		left := forgottenAtOnce
		for _, r := range recs {
			c, err := decode[Case](r.Value)
			if err != nil {
				return fmt.Errorf("case %s: %w", r.ID, err)
			}
			if c.Decided.IsZero() || !over(p.KeepCases, dayOf(c.Decided), dayOf(tx.Now())) {
				continue
			}
			if left == 0 {
				tx.Effect(effectForget, struct{}{}) // the rest
				return nil
			}
			left--
			s.forgetCase(tx, r.ID, c)
		}
		return err
	})
}

func (s *Service) forgetCase(tx *psync.Tx, id string, c Case) {
	tx.Delete("report", id)
	for _, e := range c.Evidence {
		attachment.Release(tx, s.exhibited(id, tx.Scope(), e))
	}
	tx.Effect(effectSettled, c.reporting(id))
}

// forgetReport deletes what a reporter sees of a case that is no more.
func (s *Service) forgetReport(ctx context.Context, job *psync.Job) error {
	var of reporting
	if err := job.Payload(&of); err != nil {
		return err
	}
	return job.Commit(ctx, userScope(of.By), func(ctx context.Context, tx *psync.Tx) error {
		return remove(ctx, tx, "report", of.ID)
	})
}
