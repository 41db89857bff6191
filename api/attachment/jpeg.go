package attachment

import (
	"bytes"
	"encoding/binary"
	"image/jpeg"
)

// The markers of a JPEG file that matter here.
const (
	markerSOF0 = 0xc0
	markerSOF2 = 0xc2
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerAPP0 = 0xe0
	markerAPP1 = 0xe1
	markerAPPE = 0xee
	markerAPPF = 0xef
	markerCOM  = 0xfe
)

// maxScans bounds the work that a progressive picture can ask for.
const maxScans = 64

// segment is one marker of a JPEG file with what belongs to it: its length
// and payload, and for a scan the coded pixels behind.
type segment struct {
	marker  byte
	whole   []byte
	payload []byte
}

// segments cuts a JPEG file at its markers, up to the end of its first
// picture: whatever follows is not part of it.
func segments(data []byte) ([]segment, error) {
	if len(data) < 4 || data[0] != 0xff || data[1] != markerSOI {
		return nil, damaged
	}
	all := []segment{{marker: markerSOI, whole: data[:2]}}
	for at := 2; ; {
		for at+1 < len(data) && data[at] == 0xff && data[at+1] == 0xff {
			at++ // fill bytes
		}
		if at+2 > len(data) || data[at] != 0xff {
			return nil, damaged
		}
		marker := data[at+1]
		if marker == markerEOI {
			return append(all, segment{marker: marker, whole: data[at : at+2]}), nil
		}
		if at+4 > len(data) || marker < markerSOF0 || marker >= 0xd0 && marker <= markerSOI {
			return nil, damaged
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end < at+4 || end > len(data) {
			return nil, damaged
		}
		s := segment{marker: marker, payload: data[at+4 : end]}
		if marker == markerSOS {
			end = endOfScan(data, end)
		}
		s.whole = data[at:end]
		all = append(all, s)
		at = end
	}
}

// endOfScan finds the next marker behind coded pixels.
func endOfScan(data []byte, from int) int {
	for at := from; ; at++ {
		next := bytes.IndexByte(data[at:], 0xff)
		if next < 0 || at+next+1 >= len(data) {
			return len(data)
		}
		at += next
		if m := data[at+1]; m != 0 && m != 0xff && (m < 0xd0 || m > 0xd7) {
			return at
		}
	}
}

// measureJPEG reads the size of a picture and what decoding it takes: a
// progressive one is gathered whole before it is drawn.
func measureJPEG(data []byte) (shape, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return shape{}, damaged
	}
	m := shape{w: c.Width, h: c.Height, bytes: int64(c.Width) * int64(c.Height) * 3}
	if err := m.check(); err != nil {
		return m, err
	}
	all, err := segments(data)
	if err != nil {
		return m, err
	}
	scans := 0
	for _, s := range all {
		switch s.marker {
		case markerSOF2:
			m.bytes *= 3
		case markerSOS:
			scans++
		}
	}
	if scans > maxScans {
		return m, damaged
	}
	return m, nil
}

// stripJPEG keeps what draws the picture and drops the rest, to the byte:
// every application segment but Adobe's colour transform, comments, and what
// follows the end. It tells how the picture is to be turned.
func stripJPEG(data []byte) (stripped []byte, turn int, err error) {
	all, err := segments(data)
	if err != nil {
		return nil, 0, err
	}
	turn = 1
	out := make([]byte, 0, len(data))
	for _, s := range all {
		if exif, ok := bytes.CutPrefix(s.payload, []byte("Exif\x00\x00")); ok && s.marker == markerAPP1 && turn == 1 {
			turn = exifOrientation(exif)
		}
		if !s.metadata() {
			out = append(out, s.whole...)
		}
	}
	return out, turn, nil
}

func (s segment) metadata() bool {
	switch {
	case s.marker == markerAPPE:
		return !bytes.HasPrefix(s.payload, []byte("Adobe")) || len(s.payload) > 12
	case s.marker >= markerAPP0 && s.marker <= markerAPPF:
		return true
	}
	return s.marker == markerCOM
}
