package attachment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// stripPNG keeps the chunks that draw the picture. A moving one stands still.
func stripPNG(data []byte) (stripped []byte, turn int, err error) {
	const signature = 8
	out := append(make([]byte, 0, len(data)), data[:signature]...)
	turn = 1
	for at := signature; at+12 <= len(data); {
		size := int(binary.BigEndian.Uint32(data[at:]))
		end := at + 12 + size
		if size < 0 || end > len(data) || end < at {
			return nil, 0, damaged
		}
		body, sum := data[at+4:end-4], binary.BigEndian.Uint32(data[end-4:])
		switch kind := string(body[:4]); kind {
		case "IHDR", "PLTE", "tRNS", "IDAT", "IEND":
			if crc32.ChecksumIEEE(body) != sum {
				return nil, 0, damaged
			}
			out = append(out, data[at:end]...)
			if kind == "IEND" {
				return out, turn, nil
			}
		case "eXIf":
			turn = exifOrientation(body[4:])
		}
		at = end
	}
	return nil, 0, damaged
}

// The flags of an extended WebP file that stay: transparency only.
const webpAlpha = 0x10

// stripWebP keeps the chunks that draw the picture.
func stripWebP(data []byte) (stripped []byte, turn int, err error) {
	const header = 12
	end := 8 + int(binary.LittleEndian.Uint32(data[4:]))
	if end < header || end > len(data) {
		return nil, 0, damaged
	}
	out := append(make([]byte, 0, len(data)), data[:header]...)
	turn = 1
	for at := header; at+8 <= end; {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		next := at + 8 + size + size&1
		if size < 0 || next > end || next < at {
			return nil, 0, damaged
		}
		switch string(data[at : at+4]) {
		case "VP8 ", "VP8L", "ALPH":
			out = append(out, data[at:next]...)
		case "VP8X":
			out = append(out, data[at:next]...)
			out[len(out)-(next-at)+8] &= webpAlpha
		case "EXIF":
			turn = exifOrientation(bytes.TrimPrefix(data[at+8:at+8+size], []byte("Exif\x00\x00")))
		}
		at = next
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out, turn, nil
}

// measureHEIC reads the largest size that an ISO media file declares for one
// of its pictures. The boxes "ispe" say it wherever they are.
func measureHEIC(data []byte) (shape, error) {
	head := data[:min(len(data), 1<<20)]
	var m shape
	for {
		at := bytes.Index(head, []byte("ispe"))
		if at < 0 || at+16 > len(head) {
			break
		}
		w, h := binary.BigEndian.Uint32(head[at+8:]), binary.BigEndian.Uint32(head[at+12:])
		if w > MaxSide || h > MaxSide {
			return shape{}, tooMany
		}
		if int(w)*int(h) > m.w*m.h {
			m = shape{w: int(w), h: int(h), bytes: int64(w) * int64(h) * 6}
		}
		head = head[at+16:]
	}
	return m, nil
}
