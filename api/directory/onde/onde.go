// Package onde reads what ONDE, the register of French primary schools,
// exports (CSV files of pupils, guardians and teachers) and works out what it
// changes in a directory.
//
// [Read] parses the files of a folder: all of it or nothing, an *[Error] says
// where a file is damaged. [Compare] sets the result against the directory and
// returns a [Plan], which says what would change and which people it will not
// guess about; nothing is written before [directory.Directory.Apply] is given
// the plan's Puts. Ids come from the source, so a second run plans nothing.
// Who is no longer in the files has left, with a date; nobody is deleted.
package onde

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"preau/api/directory"
)

// Roster is what the three files say.
type Roster struct {
	Pupils    []Pupil
	Guardians []Guardian
	Teachers  []Teacher
}

// Name is how ONDE names a person.
type Name struct{ Last, Usage, First string }

// Pupil is a line of the pupils' file.
type Pupil struct {
	Name
	Born         directory.Date
	Level, Class string
}

// Guardian is a line of the guardians' file.
type Guardian struct {
	Name
	Civility string
	Address  string // tells homonyms apart; never stored
	Children []Child
}

// Child is how a guardian's line names a pupil.
type Child struct {
	Name
	Class string
}

// Teacher is a line of the teachers' file.
type Teacher struct {
	Name
	Civility string
	Head     bool // directs the school
	Class    string
}

// Problem says what is wrong with a file.
type Problem string

// What may be wrong. The words for it belong to whoever shows them.
const (
	Unreadable    Problem = "unreadable"     // cannot be opened, or far too big
	BadQuote      Problem = "bad_quote"      // a quotation mark out of place, or never closed
	ShortLine     Problem = "short_line"     // fewer columns than the header
	ExtraCell     Problem = "extra_cell"     // something beyond the last column
	BadCharacter  Problem = "bad_character"  // a control character, or none of the encoding
	TooLong       Problem = "too_long"       // a cell nobody would have typed
	MissingValue  Problem = "missing_value"  // a cell that must not be empty is
	BadDate       Problem = "bad_date"       // not a day written 2006-08-17 or 17/08/2006
	BadChoice     Problem = "bad_choice"     // not one of the words expected
	MissingColumn Problem = "missing_column" // a column that must be there is not
	MissingFile   Problem = "missing_file"   // no file of pupils, guardians or teachers
	SameFileTwice Problem = "same_file_twice"
	EmptyFile     Problem = "empty_file" // a header and nobody
)

// Error says where a file is damaged. Line and Column count from 1, Column in
// characters; both are 0 when the file as a whole is meant.
type Error struct {
	File         string
	Line, Column int
	Field        string // the column's name, when known
	Problem      Problem
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s %s", e.File, e.Line, e.Column, e.Problem, e.Field)
}

// Read parses the CSV files of a folder. Which is which is told by their
// headers, whatever the files are called; others are left alone.
func Read(folder fs.FS) (*Roster, error) {
	names, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, &Error{File: ".", Problem: Unreadable}
	}
	found := map[*layout]*table{}
	for _, entry := range names {
		if entry.IsDir() || !strings.EqualFold(path.Ext(entry.Name()), ".csv") {
			continue
		}
		t, err := readTable(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		l := recognise(t)
		if l == nil {
			continue
		}
		if found[l] != nil {
			return nil, &Error{File: entry.Name(), Problem: SameFileTwice}
		}
		found[l] = t
	}
	return parse(found)
}

func parse(found map[*layout]*table) (*Roster, error) {
	r := &Roster{}
	for _, l := range layouts {
		t := found[l]
		if t == nil {
			return nil, &Error{File: l.name, Problem: MissingFile}
		}
		if err := l.parse(t, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}
