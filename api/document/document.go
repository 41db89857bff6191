// Package document keeps each person's own files: what they upload for
// themselves, and what they keep of messages and of work. A file that is kept
// is a reference: its bytes are stored once, and stay for as long as any record
// shows them, whatever becomes of the message that they came with.
//
//	user:U   document D        a file of U's, a [Document]
//	         documentFolder F  a folder of U's, a [Folder]; one level
//	school:X documents         how much each may keep, a [Quotas]
//
// A document whose folder is gone lies outside of all folders.
package document

import (
	"context"
	"fmt"
	"time"

	"preau/api/attachment"
	"preau/api/directory"
	"preau/storage"
	psync "preau/sync"
)

// Document is one file of a person's. It may not have arrived yet, or never:
// then the file says so.
type Document struct {
	Name   string          `json:"name"`
	Folder string          `json:"folder,omitempty"`
	File   attachment.File `json:"file"`
	Origin *Origin         `json:"origin,omitempty"`
	At     time.Time       `json:"at"`              // when it was kept
	Binned time.Time       `json:"binned,omitzero"` // since when it lies in the bin
}

// Origin says what a document was kept from, as its owner's device knows it.
type Origin struct {
	Kind string `json:"kind"` // one of originKinds
	ID   string `json:"id"`
}

var originKinds = []string{"message", "homework"}

// Folder is one of a person's own; none lies in another.
type Folder struct {
	Name string `json:"name"`
}

// Limits of what one person keeps.
const (
	MaxDocuments = 5000
	MaxFolders   = 100
	MaxName      = 120 // characters
	maxAtOnce    = 400 // documents that one act is about
)

// KeepBinned is how long a document lies in the bin.
const KeepBinned = 30 * 24 * time.Hour

// The kinds of records.
const (
	kindDocument = "document"
	kindFolder   = "documentFolder"
	kindQuotas   = "documents"
)

// Directory is what this package asks of the school's directory.
type Directory interface {
	May(a psync.Actor, do directory.Action, scope string) error
	Roles(id string) []directory.Role
	SchoolOf(id string) string
}

// Files is what this package asks about files.
type Files interface {
	Held(ctx context.Context, a psync.Actor, f attachment.File) (attachment.File, bool, error)
	OnArrived(kind string, w attachment.Waiter)
}

// Engine is what this package needs of the sync engine.
type Engine interface {
	Find(ctx context.Context, scope string, keys ...storage.Key) ([]storage.Record, error)
}

// Service holds the rules of documents. Safe for concurrent use.
type Service struct {
	dir    Directory
	files  Files
	engine Engine
}

// New returns a Service. Before use: Register its rules and Bind the engine.
func New(dir Directory, files Files) *Service { return &Service{dir: dir, files: files} }

// Bind gives the service the engine that it reads other scopes through.
func (s *Service) Bind(e Engine) { s.engine = e }

// effectPurge deletes what has lain in the bin for long enough.
const effectPurge = "document.purge"

// Register adds the rules of this package to the engine's mux and says to
// attachment who waits for files.
func (s *Service) Register(mux *psync.Mux) {
	mux.Mutation("document.keep@1", "user:*", s.keep)
	mux.Mutation("document.rename@1", "user:*", s.rename)
	mux.Mutation("document.move@1", "user:*", s.move)
	mux.Mutation("document.remove@1", "user:*", s.remove)
	mux.Mutation("document.restore@1", "user:*", s.restore)
	mux.Mutation("document.purge@1", "user:*", s.purge)
	mux.Mutation("document.folder@1", "user:*", s.folder)
	mux.Mutation("document.unfolder@1", "user:*", s.unfolder)
	mux.Mutation("document.quotas@1", "school:*", s.setQuotas)
	mux.Later(effectPurge, 400*24*time.Hour, s.purgeBinned)
	s.files.OnArrived(kindDocument, s.arrived)
}

// begin checks the right and reads the arguments of a person's act.
func (s *Service) begin(tx *psync.Tx, args any) error {
	if err := s.dir.May(tx.Actor(), directory.KeepDocuments, tx.Scope()); err != nil {
		return err
	}
	return tx.Args(args)
}

// eachDocument changes documents of the actor; change says whether it did.
func eachDocument(ctx context.Context, tx *psync.Tx, ids []string, change func(id string, d *Document) bool) error {
	if len(ids) == 0 || len(ids) > maxAtOnce {
		return psync.Refuse("invalid", "ids", "1 to %d documents", maxAtOnce)
	}
	for i, id := range ids {
		d, err := known(ctx, tx, fmt.Sprintf("ids[%d]", i), id)
		if err != nil {
			return err
		}
		if change(id, &d) {
			tx.Put(kindDocument, id, d)
		}
	}
	return nil
}

// known reads a document, which must be there.
func known(ctx context.Context, tx *psync.Tx, field, id string) (d Document, err error) {
	if err := psync.CheckID(field, id); err != nil {
		return d, err
	}
	seq, err := tx.Get(ctx, kindDocument, id, &d)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", field, "no such document")
	}
	return d, err
}

// reference says that the document of a scope's owner shows its file.
func (s *Service) reference(scope, id string, d Document) attachment.Reference {
	user := psync.ScopeID(scope)
	ref := attachment.Reference{
		School: s.dir.SchoolOf(user), By: user, Kind: kindDocument, ID: id,
		Scopes: []string{scope}, Files: []string{d.File.SHA},
	}
	if d.File.Ready() {
		ref.Known = ref.Files
	}
	return ref
}
