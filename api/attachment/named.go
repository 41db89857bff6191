package attachment

import (
	"context"
	"fmt"
	"slices"

	psync "preau/sync"
)

// Declared refuses names that are none and names given twice; what a device
// says of a file is cut to what is believed until the file is there.
func Declared(field string, files []File, most int) ([]File, error) {
	if len(files) > most {
		return nil, psync.Refuse("too_large", field, "at most %d files", most)
	}
	kept := make([]File, 0, len(files))
	for i, f := range files {
		at := fmt.Sprintf("%s[%d]", field, i)
		if slices.ContainsFunc(kept, func(k File) bool { return k.SHA == f.SHA }) {
			return nil, psync.Refuse("invalid", at+".sha", "named twice")
		}
		f, err := f.Declared(at)
		if err != nil {
			return nil, err
		}
		kept = append(kept, f)
	}
	return kept, nil
}

// Declared is the file as a device may say that it is, before it is there.
func (f File) Declared(field string) (File, error) {
	switch {
	case !ValidSHA(f.SHA):
		return f, psync.Refuse("invalid", field+".sha", "not a name of a file")
	case f.Name == "" || len(f.Name) > 255:
		return f, psync.Refuse("invalid", field+".name", "1 to 255 bytes")
	case len(f.Type) > 100:
		return f, psync.Refuse("invalid", field+".type", "not a media type")
	case f.Size < 0 || f.Size > MaxSize:
		return f, psync.Refuse("too_large", field+".size", "at most %d bytes", MaxSize)
	}
	return File{SHA: f.SHA, Name: f.Name, Type: f.Type, Size: f.Size, Waiting: true}, nil
}

// Complete says of files that are there already what they are; names stay as
// given.
func (s *Service) Complete(ctx context.Context, user string, files []File) ([]File, error) {
	owned, err := s.Owned(ctx, user, Names(files)...)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(files)
	for i, f := range all {
		if there, ok := owned[f.SHA]; ok {
			all[i] = there
			all[i].Name = f.Name
		}
	}
	return all, nil
}

// Learn takes over what is known of arrived files, keeping the given names.
// That one is held is no news of a file that has been settled since.
func Learn(files, arrived []File) (changed bool) {
	for i, f := range files {
		for _, there := range arrived {
			if there.SHA == f.SHA && f.Name != "" {
				there.Name = f.Name
			}
			late := there.Waiting && !f.Waiting
			if there.SHA == f.SHA && !late && files[i] != there {
				files[i], changed = there, true
			}
		}
	}
	return changed
}

// Refused lists those of files that arrived and are of no use, by names that
// are fit to be told.
func Refused(files, arrived []File) (all []File) {
	for _, f := range files {
		same := func(there File) bool { return there.SHA == f.SHA && there.Problem != "" }
		if i := slices.IndexFunc(arrived, same); i >= 0 {
			all = append(all, arrived[i])
			all[len(all)-1].Name = CleanName(f.Name, "")
		}
	}
	return all
}

// Names lists the names of files.
func Names(files []File) []string {
	var names []string
	for _, f := range files {
		names = append(names, f.SHA)
	}
	return names
}

// ReadyNames lists the names of files of which all is known.
func ReadyNames(files []File) []string {
	var names []string
	for _, f := range files {
		if f.Ready() {
			names = append(names, f.SHA)
		}
	}
	return names
}
