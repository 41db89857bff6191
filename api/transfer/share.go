package transfer

import (
	"context"
	"errors"
	"fmt"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Room is how many bytes a school may still send, or have sent to it.
func (s *Service) Room(ctx context.Context, school string) (int64, error) {
	taken, err := s.roomOf(ctx, school)
	return max(0, s.Rules.School-taken), err
}

// kindHeld is the kind of records of what others than transfers take of a
// school's room, beside kindRoom.
const kindHeld = "held"

// Hold counts bytes that somebody else than a transfer, named by, takes of a
// school's room; negative ones give some back. Once per job.
func (s *Service) Hold(ctx context.Context, job *psync.Job, school, by string, bytes int64) error {
	return job.Commit(ctx, roomScope(school), func(ctx context.Context, tx *psync.Tx) error {
		var r roomTaken
		if _, err := tx.Get(ctx, kindHeld, by, &r); err != nil {
			return err
		}
		tx.Put(kindHeld, by, roomTaken{Bytes: max(0, r.Bytes+bytes)})
		return nil
	})
}

// Examine has a blob looked at and says in which state its file is then:
// [Ready], [Infected] or [Unsafe], with what was found. Whoever asks notes the
// verdict and then deletes the bytes of what is not ready: without them it is
// not looked at again. It is [psync.ErrLater] as long as the scanner does not
// answer, and [storage.ErrNotFound] where nothing is left.
func (s *Service) Examine(ctx context.Context, key string) (state, finding string, err error) {
	body, _, err := s.Blobs.Open(ctx, key, 0, -1)
	if err != nil {
		return "", "", err
	}
	defer body.Close()
	finding, err = s.Scanner.Scan(ctx, body)
	switch {
	case errors.Is(err, attachment.ErrUnscannable):
		return Unsafe, "", nil
	case err != nil:
		return "", "", fmt.Errorf("%w: %w", psync.ErrLater, err)
	case finding != "":
		return Infected, finding, nil
	}
	return Ready, "", nil
}

// Limits are what somebody may send at the moment, in bytes.
type Limits struct {
	Most  int64 `json:"most"`  // one transfer, were nothing taken
	Room  int64 `json:"room"`  // all that the person sends at a time
	Taken int64 `json:"taken"` // of it
	Left  int64 `json:"left"`  // of it; less where the school's own room is nearly full

	Sealed bool `json:"sealed"` // transfers may be
}

// Limits says what an actor may send.
func (s *Service) Limits(ctx context.Context, a psync.Actor) (Limits, error) {
	scope := "user:" + a.User
	if err := s.Directory.May(a, directory.SendFiles, scope); err != nil {
		return Limits{}, err
	}
	recs, err := s.engine.Find(ctx, scope, storage.Key{Type: kindTransfer})
	if err != nil {
		return Limits{}, err
	}
	taken, err := sizes(recs)
	if err != nil {
		return Limits{}, err
	}
	school, err := s.Room(ctx, a.School)
	room := s.most(a.User)
	return Limits{Most: min(s.Rules.Most, room), Room: room, Taken: taken, Left: max(0, min(room-taken, school)), Sealed: s.Rules.Sealed}, err
}

// sizes is the sum of what transfers are, all files of theirs included.
func sizes(recs []storage.Record) (sum int64, err error) {
	for _, rec := range recs {
		t, err := psync.Decode[Transfer](rec)
		if err != nil {
			return 0, err
		}
		sum += t.Size
	}
	return sum, nil
}

// roomOf is how many bytes are taken of a school's room.
func (s *Service) roomOf(ctx context.Context, school string) (sum int64, err error) {
	recs, err := s.engine.Find(ctx, roomScope(school), storage.Key{Type: kindRoom}, storage.Key{Type: kindHeld})
	for _, rec := range recs {
		r, err := psync.Decode[roomTaken](rec)
		if err != nil {
			return 0, err
		}
		sum += r.Bytes
	}
	return sum, err
}
