package attachment

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// The types of file that are taken. HEIC is served as JPEG.
const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeWebP = "image/webp"
	typeHEIC = "image/heic"
	typePDF  = "application/pdf"
	typeText = "text/plain"
	typeDOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	typeXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	typePPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	typeODT  = "application/vnd.oasis.opendocument.text"
	typeODS  = "application/vnd.oasis.opendocument.spreadsheet"
	typeODP  = "application/vnd.oasis.opendocument.presentation"
)

// endings gives the ending of names by type.
var endings = map[string]string{
	typeJPEG: ".jpg", typePNG: ".png", typeWebP: ".webp", typePDF: ".pdf", typeText: ".txt",
	typeDOCX: ".docx", typeXLSX: ".xlsx", typePPTX: ".pptx", typeODT: ".odt", typeODS: ".ods", typeODP: ".odp",
}

// problem is the code of the reason why an upload is refused for good.
type problem string

func (p problem) Error() string { return string(p) }

// Why an upload is refused. The codes reach whoever named the file.
const (
	notAllowed problem = "type_not_allowed" // not one of the types that are taken
	mismatch   problem = "type_mismatch"    // not what the device said that it is
	damaged    problem = "damaged_file"     // cannot be read to its end
	tooMany    problem = "too_many_pixels"  // a picture too large to be opened
	infected   problem = "infected"         // the scanner found something that does harm
	tooDeep    problem = "unscannable"      // the scanner does not look at all of it
)

// safe is what an upload becomes.
type safe struct {
	kind  string
	pages int
	w, h  int
	forms map[Variant]encoded
}

type encoded struct {
	kind string
	data []byte
}

// judge finds out what a file is, refuses what is not taken, and makes the
// rest safe. The error is a problem, or ctx's.
func (s *Service) judge(ctx context.Context, data []byte, declared string) (safe, error) {
	kind := sniff(data)
	if kind == "" {
		return safe{}, notAllowed
	}
	if !compatible(declared, kind) {
		return safe{}, mismatch
	}
	switch kind {
	case typeJPEG, typePNG, typeWebP, typeHEIC:
		return s.picture(ctx, data, kind)
	case typePDF:
		if err := checkPDF(data); err != nil {
			return safe{}, err
		}
		return asIs(kind, data, countPages(data)), nil
	}
	return asIs(kind, data, 0), nil
}

func asIs(kind string, data []byte, pages int) safe {
	return safe{kind: kind, pages: pages, forms: map[Variant]encoded{Original: {kind, data}}}
}

// sniff tells the type of a file by its content alone; "" if it is not taken.
func sniff(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return typeJPEG
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return typePNG
	case len(data) > 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WEBP":
		return typeWebP
	case isHEIC(data):
		return typeHEIC
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return typePDF
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		return officeType(data)
	case isText(data):
		return typeText
	}
	return ""
}

// isHEIC reads the brands of an ISO media file.
func isHEIC(data []byte) bool {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return false
	}
	switch string(data[8:12]) {
	case "heic", "heix", "heim", "heis", "mif1", "msf1":
		return true
	}
	return false
}

// isText says whether data is plain text: UTF-8 or an old one-byte encoding,
// without control characters, and no markup that a browser could run.
func isText(data []byte) bool {
	if len(data) > 1<<20 {
		return false
	}
	for _, b := range data {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' || b == 0x7f {
			return false
		}
	}
	head := http.DetectContentType(data)
	looks := strings.ToLower(string(data[:min(len(data), 1024)]))
	return strings.HasPrefix(head, "text/plain") && !strings.Contains(looks, "<svg") && !strings.Contains(looks, "<html") &&
		(utf8.Valid(data) || mostlyLetters(data))
}

// mostlyLetters tells an old text from a binary file that happens to hold no
// control characters.
func mostlyLetters(data []byte) bool {
	high := 0
	for _, b := range data {
		if b >= 0x80 {
			high++
		}
	}
	return high*4 < len(data)
}

// compatible says whether what a device says of a file agrees with what it
// is. A device that knows nothing may say nothing.
func compatible(declared, kind string) bool {
	said, _, err := mime.ParseMediaType(declared)
	if declared == "" || said == "application/octet-stream" {
		return true
	}
	switch said {
	case "image/jpg", "image/pjpeg":
		said = typeJPEG
	case "image/heif", "image/heic-sequence", "image/heif-sequence":
		said = typeHEIC
	}
	// What was HEIC when it was uploaded is stored as JPEG.
	return err == nil && (said == kind || said == typeHEIC && kind == typeJPEG)
}
