package onde

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Limits that no real export comes near.
const (
	maxFile = 16 << 20
	maxCell = 300 // bytes
)

// table is a CSV file with its header set apart.
type table struct {
	file   string
	header []string // folded
	shown  []string // as written
	rows   []row
}

// row is a line of a table, as long as the header.
type row struct {
	cells []string
	at    []position
}

type position struct{ line, column int }

func readTable(folder fs.FS, name string) (*table, error) {
	info, err := fs.Stat(folder, name)
	if err != nil || info.Size() > maxFile {
		return nil, &Error{File: name, Problem: Unreadable}
	}
	raw, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, &Error{File: name, Problem: Unreadable}
	}
	return parseTable(name, raw)
}

// parseTable splits a file into cells, trimmed. Every row ends up with the
// columns of the header: trailing separators beyond it are dropped, anything
// else out of shape is an *Error.
func parseTable(file string, raw []byte) (*table, error) {
	text := decode(raw)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = ';', -1
	lines := strings.Split(text, "\n")
	t := &table{file: file}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, t.syntaxError(err, lines)
		}
		if err := t.add(cells, r, lines); err != nil {
			return nil, err
		}
	}
}

func (t *table) add(cells []string, r *csv.Reader, lines []string) error {
	rw := row{cells: make([]string, len(cells)), at: make([]position, len(cells))}
	for i, cell := range cells {
		line, column := r.FieldPos(i)
		rw.at[i] = position{line, characters(lines, line, column)}
		rw.cells[i] = strings.TrimSpace(cell)
	}
	if strings.Join(rw.cells, "") == "" {
		return nil
	}
	for i, cell := range rw.cells {
		if problem := badCell(cell); problem != "" {
			return t.problem(rw, i, problem)
		}
	}
	if t.header == nil {
		t.setHeader(rw.cells)
		return nil
	}
	return t.addRow(rw)
}

func (t *table) setHeader(cells []string) {
	t.shown = trimTail(cells)
	for _, cell := range t.shown {
		t.header = append(t.header, Fold(cell))
	}
}

func (t *table) addRow(rw row) error {
	if len(rw.cells) < len(t.header) {
		return t.problem(rw, len(rw.cells)-1, ShortLine)
	}
	for i := len(t.header); i < len(rw.cells); i++ {
		if rw.cells[i] != "" {
			return t.problem(rw, i, ExtraCell)
		}
	}
	rw.cells = rw.cells[:len(t.header)]
	t.rows = append(t.rows, rw)
	return nil
}

// problem blames the i-th cell of a row.
func (t *table) problem(rw row, i int, p Problem) error {
	e := &Error{File: t.file, Line: rw.at[i].line, Column: rw.at[i].column, Problem: p}
	if i < len(t.shown) {
		e.Field = t.shown[i]
	}
	return e
}

func (t *table) syntaxError(err error, lines []string) error {
	var at *csv.ParseError
	if !errors.As(err, &at) {
		return &Error{File: t.file, Problem: Unreadable}
	}
	return &Error{File: t.file, Line: at.Line, Column: characters(lines, at.Line, at.Column), Problem: BadQuote}
}

// characters turns a column counted in bytes into one counted in characters.
func characters(lines []string, line, column int) int {
	if line < 1 || line > len(lines) {
		return column
	}
	text := lines[line-1]
	return utf8.RuneCountInString(text[:min(column-1, len(text))]) + 1
}

func badCell(cell string) Problem {
	switch {
	case len(cell) > maxCell:
		return TooLong
	case strings.ContainsFunc(cell, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }):
		return BadCharacter
	}
	return ""
}

// decode reads UTF-8, with or without a byte order mark, or else ISO-8859-1
// as Windows writes it.
func decode(raw []byte) string {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if utf8.Valid(raw) {
		return string(raw)
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return string(raw)
	}
	return string(text)
}

// Fold makes headers, names and classes comparable: no accents, one case,
// single spaces, straight apostrophes.
func Fold(s string) string {
	s = strings.ReplaceAll(s, "’", "'")
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
	return strings.Join(strings.Fields(s), " ")
}

func trimTail(cells []string) []string {
	n := len(cells)
	for n > 0 && cells[n-1] == "" {
		n--
	}
	return slices.Clone(cells[:n])
}
