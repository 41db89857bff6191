package inbound

import (
	"bytes"
	"context"
	"fmt"
)

// scan asks the virus scanner; without an answer of its the mail has to wait.
func (s *Server) scan(ctx context.Context, data []byte) (finding string, err error) {
	if len(data) == 0 {
		return "", nil
	}
	finding, err = s.config.Scanner.Scan(ctx, bytes.NewReader(data))
	if err != nil {
		return "", fmt.Errorf("virus scanner: %w", err)
	}
	return finding, nil
}
