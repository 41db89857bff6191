package mail

import (
	"context"
	"slices"

	psync "preau/sync"
)

// How many people a pupil reaches from a device in quarantine.
const (
	doubtedMessage = 3 // with one message
	doubtedDay     = 5 // within 24 hours
)

// quarantine refuses what a device in quarantine may not send: a message to
// many, one to somebody to whom its person never wrote, and one too many. What
// is about to be sent is counted among all departures.
func quarantine(ctx context.Context, tx *psync.Tx, p post, all departures) error {
	if p.people() > doubtedMessage {
		return psync.Refuse("quarantine", "", "this device is new: at most %d people", doubtedMessage)
	}
	if all.people(func(d departure) bool { return d.Doubted }) > doubtedDay {
		return psync.Refuse("quarantine", "", "this device is new: at most %d people in 24 hours", doubtedDay)
	}
	if p.Re != "" {
		return nil
	}
	for _, to := range slices.Concat(p.To, p.Cc, p.Bcc) {
		if seq, err := tx.Get(ctx, "contact", to.Key, nil); err != nil {
			return err
		} else if seq == 0 {
			return psync.Refuse("quarantine", "", "this device is new: only people written to before")
		}
	}
	return nil
}
