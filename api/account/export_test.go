package account

// Checks is how many passwords were hashed so far.
func (s *Service) Checks() int64 { return s.hasher.done.Load() }
