package attachment

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	psync "preau/sync"
)

// Scanner looks for what does harm in content that people send. Finding names
// what was found; "" says that the whole of body was looked at and nothing
// was. With an error nothing is known: body is to be held back and scanned
// again, unless the error is ErrUnscannable. Safe for concurrent use.
type Scanner interface {
	Scan(ctx context.Context, body io.Reader) (finding string, err error)
}

// ErrUnscannable says that the scanner will never look at all of a body, which
// is larger, or deeper nested, than what it takes.
var ErrUnscannable = errors.New("attachment: too large to be scanned")

// scansAtOnce is how many uploads are scanned side by side: fewer than effects
// run, which must not all wait for a scanner that hangs. A turn is waited for
// as long as turnPatience.
const (
	scansAtOnce  = 8
	turnPatience = time.Second
)

// errUnscanned says that the scanner has not said what a file is.
var errUnscanned = errors.New("not scanned")

// guard is the scanner, and how it is.
type guard struct {
	scanner Scanner
	slots   *semaphore.Weighted
	silent  atomic.Bool // it did not answer the last time
	counts  [len(Scans)]atomic.Int64
}

// Scans are the outcomes of scans, in the order in which Scanned counts them.
var Scans = [...]string{"clean", "infected", "unscannable", "held"}

const (
	scanClean = iota
	scanInfected
	scanTooDeep
	scanHeld
)

// Scanned counts the scans since the start by outcome, and says whether the
// scanner answered the last time.
func (s *Service) Scanned() (counts [len(Scans)]int64, answers bool) {
	for i := range counts {
		counts[i] = s.guard.counts[i].Load()
	}
	return counts, !s.guard.silent.Load()
}

// scan has an upload looked at. The error is a problem when nobody may ever
// read it, and errUnscanned when that is not known yet.
func (s *Service) scan(ctx context.Context, e examination) error {
	if s.guard.scanner == nil {
		return nil
	}
	free, err := s.guard.turn(ctx)
	if err != nil {
		return err
	}
	defer free()
	body, err := s.arrival(ctx, e)
	if err != nil {
		return err
	}
	defer body.Close()
	from := &spring{r: body}
	finding, err := s.guard.scanner.Scan(ctx, from)
	if from.err != nil || errors.Is(ctx.Err(), context.Canceled) {
		return cmp.Or(from.err, ctx.Err()) // no fault of the scanner
	}
	return s.conclude(e, finding, err)
}

// turn waits for a while until one more may be scanned. Of a scanner that is
// silent one asks at a time.
func (g *guard) turn(ctx context.Context) (free func(), err error) {
	places, late := int64(1), psync.ErrLater
	if g.silent.Load() {
		places, late = scansAtOnce, errUnscanned
	}
	ctx, cancel := context.WithTimeout(ctx, turnPatience)
	defer cancel()
	if err := g.slots.Acquire(ctx, places); err != nil {
		return nil, fmt.Errorf("wait for the scanner: %w: %w", late, err)
	}
	return func() { g.slots.Release(places) }, nil
}

// conclude makes of what the scanner says what becomes of an upload. The log
// tells once that it is silent, and once that it is not.
func (s *Service) conclude(e examination, finding string, err error) error {
	silent := err != nil && !errors.Is(err, ErrUnscannable)
	switch was := s.guard.silent.Swap(silent); {
	case silent && !was:
		s.log.Warn("scanner does not answer: files are held", "error", err)
	case was && !silent:
		s.log.Info("scanner answers again")
	}
	switch {
	case silent:
		s.guard.counts[scanHeld].Add(1)
		return fmt.Errorf("%w: %w", errUnscanned, err)
	case err != nil:
		s.guard.counts[scanTooDeep].Add(1)
		return tooDeep
	case finding != "":
		s.log.Warn("virus found", "user", e.User, "sha", e.SHA, "finding", finding)
		s.guard.counts[scanInfected].Add(1)
		return infected
	}
	s.guard.counts[scanClean].Add(1)
	return nil
}

// hold keeps an upload until the scanner answers, and says so to whoever waits
// for it.
func (s *Service) hold(ctx context.Context, e examination, why error) error {
	ctx = context.WithoutCancel(ctx) // the scanner may have taken all the time there was
	_, err := s.engine.Commit(ctx, psync.Actor{}, filesScope(e.User), func(ctx context.Context, tx *psync.Tx) error {
		var up upload
		seq, err := tx.Get(ctx, "file", e.SHA, &up)
		if err != nil || seq == 0 || up.State != stateExamining {
			return err
		}
		up.State = stateHeld
		tx.Put("file", e.SHA, up)
		wants, err := awaiting(ctx, tx, e.SHA)
		for _, w := range wants {
			tx.Effect(effectArrived, settled{w, up.file(e.SHA)})
		}
		return err
	})
	return cmp.Or(err, fmt.Errorf("%w: %w", psync.ErrLater, why))
}

// spring remembers that it could not be read.
type spring struct {
	r   io.Reader
	err error
}

// Read implements [io.Reader].
func (s *spring) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = fmt.Errorf("read upload: %w", err)
	}
	return n, err
}
