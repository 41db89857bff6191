// Package ferrettest runs all of storagetest on storage/mongo, against
// FerretDB embedded in the test or, with PREAU_TEST_MONGO_URI, against any
// other server. It is a module of its own, so that FerretDB's dependencies are
// not the project's.
//
// FerretDB 1 keeps a database in SQLite and scans it for every command, so the
// cases are smaller there. It stands behind a gate of package ferret, without
// which its updates are not atomic.
package ferrettest
