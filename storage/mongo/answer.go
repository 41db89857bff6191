package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"preau/storage"
)

// unavailable gives its kind to an error that is no answer of the server: the
// line, the time, or a server that is about to stop or to be deposed.
func unavailable(err error) error {
	if err == nil || errors.Is(err, context.Canceled) && !errors.Is(err, errSilent) || answered(err) {
		return err
	}
	return fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
}

// answered tells whether the server itself refused a command for good.
func answered(err error) bool {
	var said mongo.ServerError
	return errors.As(err, &said) && !said.HasErrorLabel("NetworkError") && !said.HasErrorLabel("RetryableWriteError")
}
