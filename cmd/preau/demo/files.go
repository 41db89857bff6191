package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"strings"
)

// handout makes a PDF of A4 pages with a title and lines of text.
func handout(name, title string, pages ...[]string) File {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), fmt.Sprintf(format, args...))
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 4+2*i))
	}
	object("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	for i, lines := range pages {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", 5+2*i)
		text := pageText(title, lines)
		object("<< /Length %d >>\nstream\n%s\nendstream", len(text), text)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return newFile(name, "application/pdf", b.Bytes())
}

func pageText(title string, lines []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BT /F1 18 Tf 60 770 Td (%s) Tj /F1 12 Tf 0 -36 Td 18 TL", winAnsi(title))
	for _, line := range lines {
		fmt.Fprintf(&b, " (%s) Tj T*", winAnsi(line))
	}
	return b.String() + " ET"
}

// winAnsi writes text as a PDF string of that encoding.
func winAnsi(s string) string {
	var b strings.Builder
	for _, r := range strings.NewReplacer("’", "'", "œ", "oe", "…", "...", "–", "-").Replace(s) {
		switch {
		case r == '(' || r == ')' || r == '\\':
			fmt.Fprintf(&b, `\%c`, r)
		case r < 0x80:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\%03o`, r&0xff)
		}
	}
	return b.String()
}

// Sides of a copy, in pixels.
const (
	copyWidth  = 900
	copyHeight = 1272
)

var (
	paper  = color.RGBA{250, 249, 245, 255}
	ruling = color.RGBA{196, 208, 232, 255}
	margin = color.RGBA{232, 120, 130, 255}
	inks   = []color.RGBA{{30, 50, 140, 255}, {20, 20, 30, 255}, {60, 40, 120, 255}}
)

// sheet makes the photo of a handwritten page, as a JPEG. The same number
// gives the same page.
func sheet(number uint64) File {
	r := rand.New(rand.NewPCG(number, 7))
	m := image.NewRGBA(image.Rect(0, 0, copyWidth, copyHeight))
	draw.Draw(m, m.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	for y := 140; y < copyHeight; y += 36 {
		draw.Draw(m, image.Rect(0, y, copyWidth, y+1), image.NewUniform(ruling), image.Point{}, draw.Src)
	}
	draw.Draw(m, image.Rect(150, 0, 152, copyHeight), image.NewUniform(margin), image.Point{}, draw.Src)
	ink := inks[r.IntN(len(inks))]
	for y := 140; y < 140+36*(14+r.IntN(14)); y += 36 {
		writeLine(m, r, y, ink)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 72}); err != nil {
		panic(err) // a buffer takes anything
	}
	return newFile(fmt.Sprintf("page %d.jpg", number), "image/jpeg", b.Bytes())
}

// writeLine scribbles words on a ruled line.
func writeLine(m *image.RGBA, r *rand.Rand, y int, ink color.RGBA) {
	for x := 170.0; x < copyWidth-120; {
		width := 30 + r.Float64()*90
		pace, lean := 0.35+r.Float64()*0.2, r.Float64()*6
		for t := 0.0; t < width; t += 0.4 {
			high := 7 + 5*math.Sin(t/11+lean)
			dot(m, int(x+t+3*math.Cos(t*pace)), y-2-int(high*(1+math.Sin(t*pace*2))/2), ink)
		}
		x += width + 14
	}
}

func dot(m *image.RGBA, x, y int, ink color.RGBA) {
	m.SetRGBA(x, y, ink)
	m.SetRGBA(x+1, y, ink)
	m.SetRGBA(x, y+1, ink)
}
