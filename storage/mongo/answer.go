package mongo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
)

// unavailable gives its kind to an error that is no answer of the server: the
// line, the time, or a server that is about to stop or to be deposed. Every
// error of the driver goes through it, once it is not one that was expected.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) && !errors.Is(err, errSilent) || answered(err) {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

// answered tells whether the server itself refused a command for good.
func answered(err error) bool {
	var said mongo.ServerError
	return errors.As(err, &said) && !slices.ContainsFunc(unsaid, said.HasErrorLabel) && !slices.ContainsFunc(passing, said.HasErrorCode)
}

// unsaid are the labels of errors that are made on this side of the line, or of
// commands that may be sent again. No command is part of a transaction: one that
// is "transient" got no connection, since those that there were had been cut.
var unsaid = []string{"NetworkError", "RetryableWriteError", "TransientTransactionError"}

// passing are the codes with which a server says that it cannot now. Only
// writes that may be retried come with a label that says so.
var passing = []int{
	6,     // HostUnreachable
	7,     // HostNotFound
	43,    // CursorNotFound: it was another server's
	50,    // MaxTimeMSExpired
	64,    // WriteConcernTimeout
	89,    // NetworkTimeout
	91,    // ShutdownInProgress
	134,   // ReadConcernMajorityNotAvailableYet
	189,   // PrimarySteppedDown
	237,   // CursorKilled
	262,   // ExceededTimeLimit
	9001,  // SocketException
	10107, // NotWritablePrimary
	11600, // InterruptedAtShutdown
	11601, // Interrupted
	11602, // InterruptedDueToReplStateChange
	13435, // NotPrimaryNoSecondaryOk
	13436, // NotPrimaryOrSecondary
}
