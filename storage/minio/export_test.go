package minio

import "time"

// Parts makes a store send what is over single bytes in parts.
func (s *Store) Parts(single, part int64) { s.single, s.part = single, part }

// Patience sets how long the server may be silent.
func (s *Store) Patience(d time.Duration) { s.silence = d }
