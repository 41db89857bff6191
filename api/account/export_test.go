package account

import "context"

// Checks is how many passwords were hashed so far.
func (s *Service) Checks() int64 { return s.hasher.done.Load() }

// SignInLong opens a session with a token of the kind given before tokens
// were shortened.
func (s *Service) SignInLong(ctx context.Context, user string) (Ticket, error) {
	secret := newSecret()
	t, err := s.open(ctx, opening{user: user, secret: secret})
	t.Token = token{user, t.Device, secret}.String()
	return t, err
}
