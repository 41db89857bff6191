package document

import (
	"context"
	"slices"
	"strings"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// keepArgs put a file among one's own: one that is being uploaded or, with
// Origin, one that the actor may read already.
type keepArgs struct {
	ID     string          `json:"id"`
	Folder string          `json:"folder"`
	File   attachment.File `json:"file"`
	Origin *Origin         `json:"origin"`
}

// keep adds a document. Saying it twice is harmless.
func (s *Service) keep(ctx context.Context, tx *psync.Tx) error {
	var args keepArgs
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	file, err := args.check()
	if err != nil {
		return err
	}
	if done, err := already(ctx, tx, args); done || err != nil {
		return err
	}
	if err := knownFolder(ctx, tx, args.Folder); err != nil {
		return err
	}
	if file, err = s.file(ctx, tx.Actor(), file, args.Origin != nil); err != nil {
		return err
	}
	if err := s.room(ctx, tx, file.Size); err != nil {
		return err
	}
	d := Document{Name: file.Name, Folder: args.Folder, File: file, Origin: args.Origin, At: tx.Now().UTC().Truncate(time.Second)}
	tx.Put(kindDocument, args.ID, d)
	attachment.Refer(tx, s.reference(tx.Scope(), args.ID, d))
	return nil
}

func (a keepArgs) check() (attachment.File, error) {
	if err := psync.CheckID("id", a.ID); err != nil {
		return a.File, err
	}
	if o := a.Origin; o != nil {
		if err := psync.OneOf("origin.kind", o.Kind, originKinds...); err != nil {
			return a.File, err
		}
		if err := psync.CheckID("origin.id", o.ID); err != nil {
			return a.File, err
		}
	}
	a.File.Name = strings.TrimSpace(a.File.Name)
	if err := checkName("file.name", a.File.Name); err != nil {
		return a.File, err
	}
	if a.File.Size < 1 {
		return a.File, psync.Refuse("invalid", "file.size", "an empty file")
	}
	return a.File.Declared("file")
}

func checkName(field, name string) error {
	if name == "" {
		return psync.Refuse("invalid", field, "a name")
	}
	return psync.CheckText(field, name, MaxName)
}

// already says whether this very document was kept before.
func already(ctx context.Context, tx *psync.Tx, args keepArgs) (bool, error) {
	var there Document
	seq, err := tx.Get(ctx, kindDocument, args.ID, &there)
	if err == nil && seq > 0 && there.File.SHA != args.File.SHA {
		err = psync.Refuse("conflict", "id", "another document is called so")
	}
	return seq > 0, err
}

// file says what is known of a file. One that is kept from somewhere else must
// be there, and the actor's to read; another may still be on its way.
func (s *Service) file(ctx context.Context, a psync.Actor, declared attachment.File, there bool) (attachment.File, error) {
	held, ok, err := s.files.Held(ctx, a, declared)
	switch {
	case err != nil:
		return declared, err
	case ok:
		return held, nil
	case there:
		return declared, psync.Refuse("not_found", "file", "no such file")
	}
	return declared, nil
}

// growth is how much larger a file may become than its owner said, when it is
// made safe: photos of some phones are stored in another format.
const growth = 4

// arrived notes in a document what became of its file. One that is far larger
// than was said, and finds no room, is given up.
func (s *Service) arrived(ctx context.Context, job *psync.Job, a attachment.Arrival) error {
	return job.Commit(ctx, a.Scope, func(ctx context.Context, tx *psync.Tx) error {
		var d Document
		seq, err := tx.Get(ctx, kindDocument, a.ID, &d)
		if err != nil || seq == 0 {
			return err
		}
		said, files := d.File.Size, []attachment.File{d.File}
		if !attachment.Learn(files, a.Files) {
			return nil
		}
		d.File = files[0]
		if d.File.Ready() && d.File.Size > growth*said {
			if err := s.squeeze(ctx, tx, a.ID, &d); err != nil {
				return err
			}
		}
		tx.Put(kindDocument, a.ID, d)
		return nil
	})
}

// squeeze gives up the file of a document for which there is no room.
func (s *Service) squeeze(ctx context.Context, tx *psync.Tx, id string, d *Document) error {
	full, err := s.usage(ctx, tx, id)
	if err != nil || full.left() >= d.File.Size {
		return err
	}
	d.File.Problem = codeQuota
	attachment.Release(tx, s.reference(tx.Scope(), id, *d))
	return nil
}

// rename gives a document another name.
func (s *Service) rename(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	d, err := known(ctx, tx, "id", args.ID)
	if err != nil {
		return err
	}
	d.Name = strings.TrimSpace(args.Name)
	if err := checkName("name", d.Name); err != nil {
		return err
	}
	tx.PutIfChanged(kindDocument, args.ID, d)
	return nil
}

// move puts documents into a folder; "" is outside of all.
func (s *Service) move(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		IDs    []string `json:"ids"`
		Folder string   `json:"folder"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := knownFolder(ctx, tx, args.Folder); err != nil {
		return err
	}
	return eachDocument(ctx, tx, args.IDs, func(_ string, d *Document) bool {
		moved := d.Folder != args.Folder
		d.Folder = args.Folder
		return moved
	})
}

// knownFolder refuses a folder that is not there.
func knownFolder(ctx context.Context, tx *psync.Tx, id string) error {
	if id == "" {
		return nil
	}
	if err := psync.CheckID("folder", id); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, kindFolder, id, nil)
	if err == nil && seq == 0 {
		err = psync.Refuse("not_found", "folder", "no such folder")
	}
	return err
}

// folder makes or renames a folder.
func (s *Service) folder(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
		Folder
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	args.Name = strings.TrimSpace(args.Name)
	if err := checkName("name", args.Name); err != nil {
		return err
	}
	all, err := tx.List(ctx, kindFolder)
	if err != nil {
		return err
	}
	others := 0
	for _, r := range all {
		if r.ID != args.ID {
			others++
		}
	}
	if others >= MaxFolders {
		return psync.Refuse("too_many", "id", "at most %d folders", MaxFolders)
	}
	tx.PutIfChanged(kindFolder, args.ID, args.Folder)
	return nil
}

// unfolder deletes a folder; what lay in it lies outside of all then.
func (s *Service) unfolder(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if err := psync.CheckID("id", args.ID); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, kindFolder, args.ID, nil)
	if err == nil && seq > 0 {
		tx.Delete(kindFolder, args.ID)
	}
	return err
}

// distinct are ids, each once.
func distinct(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
