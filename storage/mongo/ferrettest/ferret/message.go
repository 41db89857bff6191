package ferret

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
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

// command is the name of the command, the first key of the body; "" for other
// kinds of message, which old drivers greet with. Sections of documents may
// come before the body.
func (m message) command() string {
	if m.kind() != opMsg || len(m) < headerLen+4 {
		return ""
	}
	rest := m[headerLen+4:]
	for len(rest) > 5 && rest[0] != bodyKind {
		n := uint64(binary.LittleEndian.Uint32(rest[1:])) + 1
		if n > uint64(len(rest)) {
			return ""
		}
		rest = rest[n:]
	}
	if len(rest) < 7 {
		return ""
	}
	name, _, _ := bytes.Cut(rest[6:], []byte{0}) // behind kind, length, and the type of the first field
	return string(name)
}

// reading are the commands that change nothing; all others wait for each other.
var reading = map[string]bool{
	"find": true, "getMore": true, "aggregate": true, "count": true, "distinct": true, "explain": true,
	"listCollections": true, "listDatabases": true, "listIndexes": true, "collStats": true, "dbStats": true,
	"hello": true, "isMaster": true, "ismaster": true, "ping": true, "buildInfo": true,
	"killCursors": true, "endSessions": true, "saslStart": true, "saslContinue": true,
}
