// Package pdf writes PDF files made of photographed pages and plain text, page
// after page, without holding more than one. A JPEG is put in as it is.
package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// A4, in points.
const (
	short  = 595.28
	long   = 841.89
	margin = 14.0
)

// Text is set in lines of Courier, whose characters are all equally wide.
const (
	textMargin   = 50.0
	textSize     = 10.0
	leading      = 14.0
	charWidth    = 0.6 * textSize
	lineChars    = 82 // that fit between the margins
	linesPerPage = 52
)

// Writer writes one PDF file. Close finishes it. After an error of the
// underlying writer every call returns it.
type Writer struct {
	out     io.Writer
	size    int64
	err     error
	offsets []int64 // of the objects, from 1
	pages   []int   // their objects
}

// The objects with fixed numbers.
const (
	catalog = 1
	tree    = 2
	font    = 3
)

// New begins a file.
func New(out io.Writer) *Writer {
	w := &Writer{out: out, offsets: make([]int64, 3)}
	w.print("%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n")
	w.begin(font)
	w.print("<</Type/Font/Subtype/Type1/BaseFont/Courier/Encoding/WinAnsiEncoding>>\nendobj\n")
	return w
}

// JPEG adds a page that shows a JPEG file as large as A4 allows, upright or
// across as the picture is.
func (w *Writer) JPEG(data []byte) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("page %d: %w", len(w.pages)+1, err)
	}
	width, height := short, long
	if c.Width > c.Height {
		width, height = long, short
	}
	scale := min((width-2*margin)/float64(c.Width), (height-2*margin)/float64(c.Height))
	iw, ih := scale*float64(c.Width), scale*float64(c.Height)
	img := w.stream(fmt.Sprintf("/Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/Filter/DCTDecode%s",
		c.Width, c.Height, colours(c)), data)
	content := fmt.Sprintf("q %.2f 0 0 %.2f %.2f %.2f cm /I Do Q\n", iw, ih, (width-iw)/2, (height-ih)/2)
	w.page(width, height, fmt.Sprintf("/XObject<</I %d 0 R>>", img), content)
	return w.err
}

// Picture adds a page that shows any picture.
func (w *Writer) Picture(img image.Image) error {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		return fmt.Errorf("page %d: %w", len(w.pages)+1, err)
	}
	return w.JPEG(b.Bytes())
}

// colours describes the colours of a JPEG. Those of four inks are stored
// upside down, as Adobe does.
func colours(c image.Config) string {
	switch c.ColorModel {
	case color.GrayModel:
		return "/ColorSpace/DeviceGray"
	case color.CMYKModel:
		return "/ColorSpace/DeviceCMYK/Decode[1 0 1 0 1 0 1 0]"
	}
	return "/ColorSpace/DeviceRGB"
}

// Text adds as many pages as a text takes. Characters that the font does not
// have become question marks.
func (w *Writer) Text(text string) error {
	lines := wrap(text)
	for len(lines) > 0 {
		n := min(len(lines), linesPerPage)
		var b strings.Builder
		fmt.Fprintf(&b, "BT /F %.0f Tf %.0f TL %.0f %.2f Td\n", textSize, leading, textMargin, long-textMargin-textSize)
		for _, line := range lines[:n] {
			fmt.Fprintf(&b, "(%s) '\n", escape(line))
		}
		b.WriteString("ET\n")
		w.page(short, long, fmt.Sprintf("/Font<</F %d 0 R>>", font), b.String())
		lines = lines[n:]
	}
	return w.err
}

// wrap breaks a text into lines that fit, at spaces where there are any.
func wrap(text string) []string {
	var lines []string
	for par := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		rest := []rune(strings.ReplaceAll(par, "\t", "    "))
		for len(rest) > lineChars {
			at := lineChars
			for at > 0 && rest[at] != ' ' {
				at--
			}
			if at == 0 {
				at = lineChars
			}
			lines = append(lines, string(rest[:at]))
			rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
		}
		lines = append(lines, string(rest))
	}
	return lines
}

// escape writes a line as a PDF string in the font's encoding.
func escape(line string) string {
	encoded, err := encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder()).String(line)
	if err != nil {
		return ""
	}
	encoded = strings.ReplaceAll(encoded, "\x1a", "?")
	return strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(encoded)
}

// Pages is how many pages the file has so far.
func (w *Writer) Pages() int { return len(w.pages) }

// Close writes what makes the pages a file. It does not close the underlying
// writer.
func (w *Writer) Close() error {
	w.begin(tree)
	w.print("<</Type/Pages/Count %d/Kids[", len(w.pages))
	for _, p := range w.pages {
		w.print("%d 0 R ", p)
	}
	w.print("]>>\nendobj\n")
	w.begin(catalog)
	w.print("<</Type/Catalog/Pages %d 0 R>>\nendobj\n", tree)
	start := w.size
	w.print("xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, at := range w.offsets {
		w.print("%010d 00000 n \n", at)
	}
	w.print("trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(w.offsets)+1, catalog, start)
	return w.err
}

// page writes a page with its content.
func (w *Writer) page(width, height float64, resources, content string) {
	body := w.stream("", []byte(content))
	n := w.next()
	w.begin(n)
	w.print("<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.2f %.2f]/Resources<<%s>>/Contents %d 0 R>>\nendobj\n",
		tree, width, height, resources, body)
	w.pages = append(w.pages, n)
}

// stream writes an object with bytes of its own and returns its number.
func (w *Writer) stream(dict string, data []byte) int {
	n := w.next()
	w.begin(n)
	w.print("<<%s/Length %d>>\nstream\n", dict, len(data))
	w.write(data)
	w.print("\nendstream\nendobj\n")
	return n
}

func (w *Writer) next() int {
	w.offsets = append(w.offsets, 0)
	return len(w.offsets)
}

func (w *Writer) begin(n int) {
	w.offsets[n-1] = w.size
	w.print("%d 0 obj\n", n)
}

func (w *Writer) print(format string, args ...any) { w.write(fmt.Appendf(nil, format, args...)) }

func (w *Writer) write(data []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(data)
	w.size += int64(n)
	w.err = err
}
