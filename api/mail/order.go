package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"preau/api/attachment"
	psync "preau/sync"
)

// Draft is a message being written: what mail.send or mail.reply will say.
type Draft struct {
	Subject string            `json:"subject"`
	Mode    string            `json:"mode,omitempty"`
	To      []Addressee       `json:"to"`
	Cc      []Addressee       `json:"cc,omitempty"`
	Bcc     []Addressee       `json:"bcc,omitempty"`
	Body    Body              `json:"body"`
	Files   []attachment.File `json:"files,omitempty"`
	Re      string            `json:"re,omitempty"`
	All     bool              `json:"all,omitempty"`
	Quotes  []Quote           `json:"quotes,omitempty"`
	Forward []string          `json:"forward,omitempty"` // messages passed on
	At      time.Time         `json:"at"`                // by the server's clock
}

// maxDrafts is how many messages somebody may be writing.
const maxDrafts = 100

// draft keeps what a person is writing; it may be anything but huge.
func (s *Service) draft(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID    string `json:"id"`
		Draft Draft  `json:"draft"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	d := args.Draft
	for _, err := range []error{psync.CheckID("id", args.ID), psync.CheckText("draft.subject", d.Subject, MaxSubject), d.Body.check("draft.body")} {
		if err != nil {
			return err
		}
	}
	if len(d.To)+len(d.Cc)+len(d.Bcc) > MaxRecipients || len(d.Quotes) > maxQuotes || len(d.Forward) > maxQuotes || len(d.Files) > MaxFiles {
		return psync.Refuse("too_large", "draft", "more than a message can have")
	}
	if err := keepOther(ctx, tx, args.ID); err != nil {
		return err
	}
	d.At = tx.Now().UTC().Truncate(time.Second)
	tx.Put("draft", args.ID, d)
	return nil
}

// keepOther makes room for a draft. What another device wrote that the actor
// has not seen becomes a draft of its own.
func keepOther(ctx context.Context, tx *psync.Tx, id string) error {
	var there Draft
	seq, err := tx.Get(ctx, "draft", id, &there)
	if err != nil {
		return err
	}
	if seq == 0 {
		all, err := tx.List(ctx, "draft")
		if err == nil && len(all) >= maxDrafts {
			err = psync.Refuse("too_many", "id", "at most %d drafts", maxDrafts)
		}
		return err
	}
	err = tx.CheckBase(seq, nil)
	if conflict, ok := errors.AsType[*psync.Refusal](err); ok && conflict.Code == "conflict" {
		tx.Put("draft", fmt.Sprintf("%.40s-%d", id, seq), there)
		return nil
	}
	return err
}

// discard deletes a draft.
func (s *Service) discard(ctx context.Context, tx *psync.Tx) error { return s.drop(ctx, tx, "draft") }

// maxKey is how long the id of such a record may be: a contact outside has the
// longest.
const maxKey = len(outsideKey) + maxAddress

// drop deletes records that are the actor's to delete; one that is gone is no
// error.
func (s *Service) drop(ctx context.Context, tx *psync.Tx, typ string) error {
	var args struct {
		IDs []string `json:"ids"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	if len(args.IDs) == 0 || len(args.IDs) > maxThreads {
		return psync.Refuse("invalid", "ids", "1 to %d", maxThreads)
	}
	for _, id := range args.IDs {
		if id == "" || len(id) > maxKey || strings.ContainsAny(id, " \"\\") {
			return psync.Refuse("invalid", "ids", "not an id")
		}
		if seq, err := tx.Get(ctx, typ, id, nil); err != nil {
			return err
		} else if seq > 0 {
			tx.Delete(typ, id)
		}
	}
	return nil
}

// forget deletes contacts of the address book.
func (s *Service) forget(ctx context.Context, tx *psync.Tx) error { return s.drop(ctx, tx, "contact") }

// Folder is one of a person's own; a folder in another holds none itself.
type Folder struct {
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"`
	Order  int    `json:"order"`
}

// Limits of the order that a person keeps.
const (
	maxFolders = 100
	maxName    = 60 // characters
)

// folder makes, renames or moves a folder.
func (s *Service) folder(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
		Folder
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	f := args.Folder
	f.Name = strings.TrimSpace(f.Name)
	if err := checkNamed(args.ID, f.Name); err != nil {
		return err
	}
	if err := s.checkParent(ctx, tx, args.ID, f); err != nil {
		return err
	}
	if err := room(ctx, tx, "folder", args.ID); err != nil {
		return err
	}
	tx.PutIfChanged("folder", args.ID, f)
	return nil
}

func checkNamed(id, name string) error {
	if err := psync.CheckID("id", id); err != nil {
		return err
	}
	if name == "" {
		return psync.Refuse("invalid", "name", "a name")
	}
	return psync.CheckText("name", name, maxName)
}

// checkParent holds that there is one level below the first, and no more.
func (s *Service) checkParent(ctx context.Context, tx *psync.Tx, id string, f Folder) error {
	if f.Parent == "" {
		return nil
	}
	if err := psync.CheckID("parent", f.Parent); err != nil {
		return err
	}
	var above Folder
	seq, err := tx.Get(ctx, "folder", f.Parent, &above)
	if err != nil {
		return err
	}
	inside, err := within(ctx, tx, id)
	if err != nil {
		return err
	}
	if seq == 0 || above.Parent != "" || f.Parent == id || len(inside) > 0 {
		return psync.Refuse("invalid", "parent", "a folder lies in a folder of the first level, and holds none then")
	}
	return nil
}

// within lists the folders in a folder.
func within(ctx context.Context, tx *psync.Tx, id string) (ids []string, err error) {
	recs, err := tx.List(ctx, "folder")
	if err != nil {
		return nil, err
	}
	for _, r := range recs {
		f, err := decode[Folder](r.Value)
		if err != nil {
			return nil, err
		}
		if f.Parent == id {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// room refuses one more of what there are many of.
func room(ctx context.Context, tx *psync.Tx, typ, id string) error {
	all, err := tx.List(ctx, typ)
	if err != nil {
		return err
	}
	if seq, err := tx.Get(ctx, typ, id, nil); err != nil {
		return err
	} else if seq == 0 && len(all) >= maxFolders {
		return psync.Refuse("too_many", "id", "at most %d", maxFolders)
	}
	return nil
}

// unfolder deletes a folder that holds no others.
func (s *Service) unfolder(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	inside, err := within(ctx, tx, args.ID)
	if err != nil {
		return err
	}
	if len(inside) > 0 {
		return psync.Refuse("conflict", "id", "other folders lie in it")
	}
	return remove(ctx, tx, "folder", args.ID)
}

// remove deletes a folder or a category. Discussions that name one which is
// gone are as if they did not.
func remove(ctx context.Context, tx *psync.Tx, typ, id string) error {
	if err := psync.CheckID("id", id); err != nil {
		return err
	}
	seq, err := tx.Get(ctx, typ, id, nil)
	if err == nil && seq > 0 {
		tx.Delete(typ, id)
	}
	return err
}

// Category is a label with a colour (hue, 0 to 359).
type Category struct {
	Name string `json:"name"`
	Hue  int    `json:"hue"`
}

// category makes or renames a category.
func (s *Service) category(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
		Category
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	c := args.Category
	c.Name = strings.TrimSpace(c.Name)
	if err := checkNamed(args.ID, c.Name); err != nil {
		return err
	}
	if c.Hue < 0 || c.Hue > 359 {
		return psync.Refuse("invalid", "hue", "0 to 359")
	}
	if err := room(ctx, tx, "category", args.ID); err != nil {
		return err
	}
	tx.PutIfChanged("category", args.ID, c)
	return nil
}

// uncategory deletes a category.
func (s *Service) uncategory(ctx context.Context, tx *psync.Tx) error {
	var args struct {
		ID string `json:"id"`
	}
	if err := s.begin(tx, &args); err != nil {
		return err
	}
	return remove(ctx, tx, "category", args.ID)
}
