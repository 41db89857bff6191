package minio

// Parts makes a store send what is over single bytes in parts.
func (s *Store) Parts(single, part int64) { s.single, s.part = single, part }
