// Package siecle reads what the ministry calls the people and subjects of a
// school that has them already: ELEVE_ID of pupils and codes of subjects from
// SIECLE (BEE_ELEVES, BEE_NOMENCLATURES), ids of teachers and codes of subjects
// from STS (STS_EDT). Nobody comes or leaves by it.
//
// [Read] parses the files of a folder: all of it or nothing, an *[Error] says
// where a file is damaged. [Compare] finds the people by their names and birth
// dates, and says whom it will not guess about; nothing is written before
// [directory.Directory.Apply] is given the plan's Puts.
package siecle

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"

	"preau/api/directory"
)

// Register is what the files say.
type Register struct {
	UAI      string // of the school; empty: the files do not say
	Pupils   []Person
	Teachers []Person
	Subjects []Subject
}

// Person is somebody with a number. Born is known of pupils, Local of
// teachers.
type Person struct {
	Last, Usage, First string
	Born               directory.Date
	Number             int64
	Local              bool
}

// Subject is one of the national list, under all the names it has there.
type Subject struct {
	Code  string
	Names []string
}

// Problem says what is wrong with a file.
type Problem string

// What may be wrong. The words for it belong to whoever shows them.
const (
	Unreadable   Problem = "unreadable"    // cannot be opened, or far too big
	Broken       Problem = "broken"        // not well-formed XML
	BadEncoding  Problem = "bad_encoding"  // an alphabet that no register is in
	BadNumber    Problem = "bad_number"    // an id that is no positive number
	MissingFile  Problem = "missing_file"  // none of the files that are read
	OtherSchools Problem = "other_schools" // files of two schools
)

// Error says where a file is damaged; Line is 0 when the file as a whole is
// meant.
type Error struct {
	File    string
	Line    int
	Problem Problem
}

func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem) }

const maxFile = 64 << 20

// Read parses the XML files of a folder. Which is which is told by what is in
// them; others are left alone.
func Read(folder fs.FS) (*Register, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, &Error{File: ".", Problem: Unreadable}
	}
	r, known := &Register{}, false
	for _, entry := range entries {
		if entry.IsDir() || !strings.EqualFold(path.Ext(entry.Name()), ".xml") {
			continue
		}
		d, err := readFile(folder, entry.Name())
		if err != nil {
			return nil, err
		}
		if !d.known() {
			continue
		}
		known = true
		if err := r.add(entry.Name(), d); err != nil {
			return nil, err
		}
	}
	if !known {
		return nil, &Error{File: ".", Problem: MissingFile}
	}
	return r, nil
}

// document is what is read of any of the files.
type document struct {
	XMLName xml.Name
	UAJ     struct {
		Code string `xml:"CODE,attr"`
		Text string `xml:",chardata"`
	} `xml:"PARAMETRES>UAJ"`
	Pupils []struct {
		Number string `xml:"ELEVE_ID,attr"`
		Family string `xml:"NOM_DE_FAMILLE"`
		Name   string `xml:"NOM"` // of old versions
		Usage  string `xml:"NOM_USAGE"`
		First  string `xml:"PRENOM"`
		Born   string `xml:"DATE_NAISS"`
	} `xml:"DONNEES>ELEVES>ELEVE"`
	Teachers []struct {
		Number string `xml:"ID,attr"`
		Kind   string `xml:"TYPE,attr"`
		Family string `xml:"NOM_PATRONYMIQUE"`
		Usage  string `xml:"NOM_USAGE"`
		First  string `xml:"PRENOM"`
	} `xml:"DONNEES>INDIVIDUS>INDIVIDU"`
	Subjects []subject `xml:"DONNEES>MATIERES>MATIERE"`
	Taught   []subject `xml:"NOMENCLATURES>MATIERES>MATIERE"` // in STS
}

type subject struct {
	Code  string `xml:"CODE_MATIERE,attr"`
	STS   string `xml:"CODE,attr"`
	Short string `xml:"CODE_GESTION"`
	Brief string `xml:"LIBELLE_COURT"`
	Long  string `xml:"LIBELLE_LONG"`
	Shown string `xml:"LIBELLE_EDITION"`
}

func (d *document) known() bool {
	switch d.XMLName.Local {
	case "BEE_ELEVES", "BEE_NOMENCLATURES", "STS_EDT":
		return true
	}
	return false
}

func readFile(folder fs.FS, name string) (*document, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, &Error{File: name, Problem: Unreadable}
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil || len(data) > maxFile {
		return nil, &Error{File: name, Problem: Unreadable}
	}
	d := &document{}
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = charset
	if err := decode(dec, d); err != nil {
		return nil, damage(name, err)
	}
	return d, nil
}

// decode reads one element and makes sure that nothing but space is behind it.
func decode(dec *xml.Decoder, d *document) error {
	if err := dec.Decode(d); err != nil {
		return err
	}
	for {
		if _, err := dec.Token(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

var errEncoding = errors.New("unknown encoding")

func charset(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "iso-8859-15":
		return charmap.ISO8859_15.NewDecoder().Reader(in), nil
	case "iso-8859-1":
		return charmap.ISO8859_1.NewDecoder().Reader(in), nil
	case "windows-1252":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	return nil, errEncoding
}

func damage(file string, err error) error {
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &Error{file, syntax.Line, Broken}
	case strings.Contains(err.Error(), errEncoding.Error()): // it is not wrapped
		return &Error{File: file, Problem: BadEncoding}
	}
	return &Error{File: file, Problem: Broken}
}

// add takes in what a file says.
func (r *Register) add(file string, d *document) error {
	uai := strings.TrimSpace(d.UAJ.Code + d.UAJ.Text)
	if r.UAI != "" && uai != "" && r.UAI != uai {
		return &Error{File: file, Problem: OtherSchools}
	}
	if uai != "" {
		r.UAI = uai
	}
	var bad error
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n <= 0 {
			bad = &Error{File: file, Problem: BadNumber}
		}
		return n
	}
	for _, p := range d.Pupils {
		last := p.Family
		if last == "" {
			last = p.Name
		}
		r.Pupils = append(r.Pupils, Person{Last: last, Usage: p.Usage, First: p.First, Born: day(p.Born), Number: number(p.Number)})
	}
	for _, t := range d.Teachers {
		r.Teachers = append(r.Teachers, Person{Last: t.Family, Usage: t.Usage, First: t.First, Number: number(t.Number), Local: t.Kind == "local"})
	}
	for _, s := range append(d.Subjects, d.Taught...) {
		if c := s.Code + s.STS; validCode.MatchString(c) {
			r.Subjects = append(r.Subjects, Subject{c, []string{s.Shown, s.Long, s.Brief, s.Short}})
		}
	}
	return bad
}

// validCode is that of the national list; schools have others of their own.
var validCode = regexp.MustCompile(`^[0-9A-Z]{6}$`)

// day reads 22/12/2004; a pupil without a birth date matches nobody whose date
// is known.
func day(s string) directory.Date {
	t, err := time.Parse("02/01/2006", strings.TrimSpace(s))
	if err != nil {
		return ""
	}
	return directory.DateOf(t)
}
