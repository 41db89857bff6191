package ferret

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// message is one of MongoDB's wire protocol, with its header: length, two
// numbers and the kind, 32 bits each in little endian. See
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
type message []byte

const (
	headerLen  = 16
	maxLen     = 48_000_000 // of a message, by the protocol
	opMsg      = 2013
	moreToCome = 1 << 1 // flag: do not answer
	bodyKind   = 0      // of a section: the command itself
)

func readMessage(r io.Reader) (message, error) {
	head := make([]byte, headerLen)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head)
	if n < headerLen || n > maxLen {
		return nil, fmt.Errorf("message of %d bytes", n)
	}
	m := append(head, make([]byte, n-headerLen)...)
	_, err := io.ReadFull(r, m[headerLen:])
	return m, err
}

func (m message) kind() uint32 { return binary.LittleEndian.Uint32(m[12:]) }

// answered tells whether the server answers.
func (m message) answered() bool {
	return m.kind() != opMsg || len(m) < headerLen+4 || binary.LittleEndian.Uint32(m[headerLen:])&moreToCome == 0
}

// sections are what a message consists of: its kind, and behind that a body,
// or the length and name of a sequence of documents.
func (m message) sections(yield func(kind byte, content []byte) bool) {
	if m.kind() != opMsg || len(m) < headerLen+4 {
		return
	}
	for rest := m[headerLen+4:]; len(rest) > 5; {
		n := uint64(binary.LittleEndian.Uint32(rest[1:])) + 1
		if n < 5 || n > uint64(len(rest)) || !yield(rest[0], rest[1:n]) {
			return
		}
		rest = rest[n:]
	}
}

// command is the name of the command, the first key of the body; "" for other
// kinds of message, which old drivers greet with.
func (m message) command() (name string) {
	m.sections(func(kind byte, content []byte) bool {
		if kind == bodyKind && len(content) > 5 {
			first, _, _ := bytes.Cut(content[5:], []byte{0}) // behind the length, and the type of the first field
			name = string(first)
		}
		return kind != bodyKind
	})
	return name
}

// inserted are the documents of an insert, as our driver sends them.
func (m message) inserted() (docs []bson.Raw) {
	m.sections(func(kind byte, content []byte) bool {
		name, rest, _ := bytes.Cut(content[4:], []byte{0})
		if kind == bodyKind || string(name) != "documents" {
			return true
		}
		for len(rest) >= 4 {
			n := uint64(binary.LittleEndian.Uint32(rest))
			if n < 5 || n > uint64(len(rest)) {
				break
			}
			docs, rest = append(docs, bson.Raw(rest[:n])), rest[n:]
		}
		return true
	})
	return docs
}

// stamp gives the top fields of a document that hold an empty timestamp the
// one that next makes.
func stamp(doc bson.Raw, next func() uint64) {
	fields, _ := doc.Elements()
	for _, f := range fields {
		if v := f.Value(); v.Type == bson.TypeTimestamp && binary.LittleEndian.Uint64(v.Value) == 0 {
			binary.LittleEndian.PutUint64(v.Value, next())
		}
	}
}

// reading are the commands that change nothing; all others wait for each other.
var reading = map[string]bool{
	"find": true, "getMore": true, "aggregate": true, "count": true, "distinct": true, "explain": true,
	"listCollections": true, "listDatabases": true, "listIndexes": true, "collStats": true, "dbStats": true,
	"hello": true, "isMaster": true, "ismaster": true, "ping": true, "buildInfo": true,
	"killCursors": true, "endSessions": true, "saslStart": true, "saslContinue": true,
}
