package document

import (
	"context"
	"encoding/json"
	"fmt"

	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Quotas says how many megabytes each may keep, by what they are in the
// school. Whoever is several things has the most.
type Quotas struct {
	Pupil    int64 `json:"pupil"`
	Guardian int64 `json:"guardian"`
	Staff    int64 `json:"staff"`
}

// DefaultQuotas are those of a school which decided nothing.
func DefaultQuotas() Quotas { return Quotas{Pupil: 500, Guardian: 200, Staff: 2000} }

const (
	megabyte = 1_000_000
	maxQuota = 100_000 // megabytes
)

// setQuotas replaces the quotas of a school.
func (s *Service) setQuotas(_ context.Context, tx *psync.Tx) error {
	if err := s.dir.May(tx.Actor(), directory.RuleDocuments, tx.Scope()); err != nil {
		return err
	}
	var q Quotas
	if err := tx.Args(&q); err != nil {
		return err
	}
	for _, one := range []struct {
		field string
		n     int64
	}{{"pupil", q.Pupil}, {"guardian", q.Guardian}, {"staff", q.Staff}} {
		if one.n < 0 || one.n > maxQuota {
			return psync.Refuse("invalid", one.field, "0 to %d megabytes", maxQuota)
		}
	}
	tx.PutIfChanged(kindQuotas, kindQuotas, q)
	return nil
}

// of is how many bytes somebody may keep who is all this in the school.
func (q Quotas) of(roles []directory.Role) int64 {
	var most int64
	for _, r := range roles {
		switch r {
		case directory.RoleStudent:
			most = max(most, q.Pupil)
		case directory.RoleGuardian:
			most = max(most, q.Guardian)
		default:
			most = max(most, q.Staff)
		}
	}
	return most * megabyte
}

// quota is how many bytes a person may keep.
func (s *Service) quota(ctx context.Context, user string) (int64, error) {
	q := DefaultQuotas()
	school := s.dir.SchoolOf(user)
	recs, err := s.engine.Find(ctx, "school:"+school, storage.Key{Type: kindQuotas, ID: kindQuotas})
	if err == nil && len(recs) > 0 {
		err = json.Unmarshal(recs[0].Value, &q)
	}
	if err != nil {
		return 0, fmt.Errorf("quotas of school %s: %w", school, err)
	}
	return q.of(s.dir.Roles(user)), nil
}

// usage is what a person's documents take up, and may.
type usage struct {
	used, most int64
	documents  int
}

func (u usage) left() int64 { return max(0, u.most-u.used) }

// usage counts all documents of a scope but one, those in the bin too. What
// could not be taken takes up nothing.
func (s *Service) usage(ctx context.Context, tx *psync.Tx, but string) (u usage, err error) {
	if u.most, err = s.quota(ctx, psync.ScopeID(tx.Scope())); err != nil {
		return u, err
	}
	recs, err := tx.List(ctx, kindDocument)
	if err != nil {
		return u, err
	}
	for _, r := range recs {
		var d Document
		if err := json.Unmarshal(r.Value, &d); err != nil {
			return u, fmt.Errorf("document %s: %w", r.ID, err)
		}
		if u.documents++; r.ID != but && d.File.Problem == "" {
			u.used += d.File.Size
		}
	}
	return u, nil
}

// codeQuota is the code of the refusal, and the problem, when there is no room.
const codeQuota = "quota"

// full is what whoever has no room left is told.
type full struct {
	Left int64 `json:"left"`
	Most int64 `json:"most"`
}

// room refuses what does not fit among a person's documents.
func (s *Service) room(ctx context.Context, tx *psync.Tx, size int64) error {
	u, err := s.usage(ctx, tx, "")
	if err != nil {
		return err
	}
	if u.documents >= MaxDocuments {
		return psync.Refuse("too_many", "id", "at most %d documents", MaxDocuments)
	}
	if size <= u.left() {
		return nil
	}
	told, err := json.Marshal(full{u.left(), u.most})
	if err != nil {
		return err
	}
	return &psync.Refusal{Code: codeQuota, Field: "file", Message: fmt.Sprintf("%d bytes are left", u.left()), Current: told}
}
