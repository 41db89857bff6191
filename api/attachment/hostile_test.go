package attachment

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func chunk(kind string, body []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngOf builds a PNG of one colour without ever holding its pixels.
func pngOf(t testing.TB, w, h int, depth, kind byte, bytesPerRow int) []byte {
	t.Helper()
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w)), uint32(h))
	var body bytes.Buffer
	z, _ := zlib.NewWriterLevel(&body, zlib.BestCompression)
	row := make([]byte, bytesPerRow+1)
	for range h {
		if _, err := z.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	out := []byte("\x89PNG\r\n\x1a\n")
	out = append(out, chunk("IHDR", append(head, depth, kind, 0, 0, 0))...)
	out = append(out, chunk("IDAT", body.Bytes())...)
	return append(out, chunk("IEND", nil)...)
}

func smallPNG(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, quarters(40, 30)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		name, body, _ := strings.Cut(name, "=")
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(f, body)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const onePage = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n" +
	"3 0 obj<</Type /Page /Parent 2 0 R>>endobj\nxref\n0 0\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"

func TestEachFileGetsAVerdict(t *testing.T) {
	photo := jpegOf(t, quarters(200, 100))
	cases := []struct {
		name     string
		data     []byte
		declared string
		want     error
		kind     string
	}{
		{"a photo", photo, "image/jpeg", nil, typeJPEG},
		{"a photo, undeclared", photo, "", nil, typeJPEG},
		{"a photo, by its nickname", photo, "image/jpg", nil, typeJPEG},
		{"a photo said to be a PNG", photo, "image/png", mismatch, ""},
		{"a photo said to be a PDF", photo, "application/pdf", mismatch, ""},
		{"a photo cut in half", photo[:len(photo)/2], "image/jpeg", damaged, ""},
		{"a photo without its end", photo[:len(photo)-2], "image/jpeg", damaged, ""},
		{"only the beginning of a photo", photo[:20], "image/jpeg", damaged, ""},
		{"a PNG", smallPNG(t), "image/png", nil, typePNG},
		{"a PNG cut short", smallPNG(t)[:80], "image/png", damaged, ""},
		{"a PDF", []byte(onePage), "application/pdf", nil, typePDF},
		{"a PDF without end", []byte(onePage[:120]), "application/pdf", damaged, ""},
		{"a page of the web said to be a PDF", []byte("<html>%PDF-1.4"), "application/pdf", notAllowed, ""},
		{"HTML", []byte("<!DOCTYPE html><script>alert(1)</script>"), "text/html", notAllowed, ""},
		{"HTML said to be text", []byte("hello <HTML><script>alert(1)</script>"), "text/plain", notAllowed, ""},
		{"SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), "image/svg+xml", notAllowed, ""},
		{"SVG said to be text", []byte(`x <svg onload="alert(1)">`), "text/plain", notAllowed, ""},
		{"XML", []byte(`<?xml version="1.0"?><a/>`), "text/xml", notAllowed, ""},
		{"text", []byte("Il était une fois…\nFin.\n"), "text/plain", nil, typeText},
		{"old text", []byte("Il \xe9tait une fois un \xe9l\xe8ve."), "text/plain; charset=iso-8859-1", nil, typeText},
		{"GIF", []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "image/gif", notAllowed, ""},
		{"TIFF", []byte("II*\x00\x08\x00\x00\x00\x00\x00"), "image/tiff", notAllowed, ""},
		{"a program", []byte("MZ\x90\x00\x03\x00\x00\x00"), "application/octet-stream", notAllowed, ""},
		{"ELF", []byte("\x7fELF\x02\x01\x01\x00"), "", notAllowed, ""},
		{"nothing but zeros", make([]byte, 4096), "", notAllowed, ""},
		{"a zip", zipOf(t, "a.txt=x"), "application/zip", notAllowed, ""},
		{"a Word file", zipOf(t, "[Content_Types].xml=x", "word/document.xml=x"), typeDOCX, nil, typeDOCX},
		{"a Word file with programs", zipOf(t, "word/document.xml=x", "word/vbaProject.bin=x"), "", notAllowed, ""},
		{"an ODT file", zipOf(t, "mimetype="+typeODT, "content.xml=x"), typeODT, nil, typeODT},
		{"an ODT file with macros", zipOf(t, "mimetype="+typeODT, "Basic/Standard/Module1.xml=x"), "", notAllowed, ""},
		{"a zip that leaves its folder", zipOf(t, "word/document.xml=x", "../../etc/passwd=x"), "", notAllowed, ""},
		{"the same, Windows", zipOf(t, "word/document.xml=x", `..\..\boot.ini=x`), "", notAllowed, ""},
		{"a zip with an absolute name", zipOf(t, "word/document.xml=x", "/etc/passwd=x"), "", notAllowed, ""},
		{"HEIC that is none", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "image/heic", damaged, ""},
		{"HEIC of nonsense", append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x14ispe\x00\x00\x00\x00\x00\x00\x00\x10\x00\x00\x00\x10"), make([]byte, 400)...), "image/heic", damaged, ""},
		{"HEIC as large as a house", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x00\x14ispe\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00"), "image/heic", tooMany, ""},
		{"WebP of nonsense", []byte("RIFF\x20\x00\x00\x00WEBPVP8 \x10\x00\x00\x00aaaaaaaaaaaaaaaaaaaaaa"), "image/webp", damaged, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if raced && c.name == "HEIC of nonsense" {
				t.Skip("see raced")
			}
			made, err := judge(t, c.data, c.declared)
			if !errors.Is(err, c.want) || made.kind != c.kind {
				t.Errorf("got %q, %v; want %q, %v", made.kind, err, c.kind, c.want)
			}
		})
	}
}

// A bomb is refused by its header: no pixel of it is ever drawn.
func TestBombsAreNotDecoded(t *testing.T) {
	huge := pngOf(t, 20_000, 20_000, 1, 0, 2500)
	t.Logf("bomb of %d KB", len(huge)>>10)
	for name, data := range map[string][]byte{
		"20,000² in a few KB":   huge,
		"one row of 40,000":     pngOf(t, 40_000, 1, 8, 0, 40_000),
		"too many for its side": pngOf(t, 11_000, 4_000, 1, 0, 1375),
		"JPEG 65,535²":          giantJPEG(t),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			mem := testing.AllocsPerRun(1, func() {
				if _, err := judge(t, data, ""); !errors.Is(err, tooMany) {
					t.Errorf("got %v", err)
				}
			})
			if took := time.Since(start); took > 200*time.Millisecond || mem > 500 {
				t.Errorf("took %v and %v allocations", took, mem)
			}
		})
	}
}

// giantJPEG is a small photo whose header says 65,535 by 65,535.
func giantJPEG(t testing.TB) []byte {
	data := jpegOf(t, quarters(16, 16))
	at := bytes.Index(data, []byte{0xff, markerSOF0})
	copy(data[at+5:], "\xff\xff\xff\xff")
	return data
}

// A picture that asks for endless passes over the same pixels.
func TestEndlessScansAreRefused(t *testing.T) {
	data := jpegOf(t, quarters(64, 64))
	scan := bytes.Index(data, []byte{0xff, markerSOS})
	end := len(data) - 2
	many := bytes.Clone(data[:scan])
	for range 200 {
		many = append(many, data[scan:end]...)
	}
	if _, err := judge(t, append(many, 0xff, markerEOI), ""); !errors.Is(err, damaged) {
		t.Errorf("got %v", err)
	}
}

// What hides in chunks that draw nothing does not stay.
func TestPNGKeepsPixelsOnly(t *testing.T) {
	data := smallPNG(t)
	end := len(data) - 12
	dirty := append(bytes.Clone(data[:end]), chunk("tEXt", []byte("Author\x00Inès Benali"))...)
	dirty = append(dirty, chunk("eXIf", exifSegment(6)[10:])...)
	dirty = append(append(dirty, data[end:]...), "BEHIND"...)
	made, err := judge(t, dirty, "image/png")
	if err != nil {
		t.Fatal(err)
	}
	out := made.forms[Original].data
	if bytes.Contains(out, []byte("Benali")) || bytes.Contains(out, []byte("BEHIND")) || bytes.Contains(out, []byte("eXIf")) {
		t.Error("something stayed")
	}
	img, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if got := corners(img); got != "bryg" {
		t.Errorf("corners %s", got)
	}
	plain, err := judge(t, data, "image/png")
	if err != nil || !bytes.Equal(plain.forms[Original].data, data) {
		t.Errorf("a clean PNG changed: %v", err)
	}
}

func TestTransparencyIsLaidOnWhite(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 500, 400))); err != nil {
		t.Fatal(err)
	}
	made, err := judge(t, b.Bytes(), "")
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(made.forms[Thumb].data))
	if err != nil {
		t.Fatal(err)
	}
	if c := color.GrayModel.Convert(img.At(100, 100)).(color.Gray); c.Y < 250 {
		t.Errorf("grey %d", c.Y)
	}
}

func TestNamesAreMadeFit(t *testing.T) {
	for _, c := range []struct{ name, kind, want string }{
		{"rédaction.pdf", typePDF, "rédaction.pdf"},
		{"IMG_0001.HEIC", typeJPEG, "IMG_0001.jpg"},
		{"photo.JPEG", typeJPEG, "photo.JPEG"},
		{"photo", typePNG, "photo.png"},
		{"facture.exe", typePDF, "facture.pdf"},
		{"fdp.\u202eexe.pdf", typePDF, "fdp.exe.pdf"},
		{"../../etc/passwd", typeText, "passwd.txt"},
		{`C:\temp\a.pdf`, typePDF, "a.pdf"},
		{"a\r\nSet-Cookie: x.pdf", typePDF, "aSet-Cookie- x.pdf"},
		{"", typePDF, "fichier.pdf"},
		{"..", typePDF, "fichier.pdf"},
		{".pdf", typePDF, "fichier.pdf"},
		{"\xff\xfe.pdf", typePDF, "fichier.pdf"},
		{`un "devoir".pdf`, typePDF, "un -devoir-.pdf"},
	} {
		if got := CleanName(c.name, c.kind); got != c.want {
			t.Errorf("CleanName(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	if got := CleanName(strings.Repeat("é", 400)+".pdf", typePDF); utf8.RuneCountInString(got) != maxName || !strings.HasSuffix(got, ".pdf") {
		t.Errorf("long name became %d characters", utf8.RuneCountInString(got))
	}
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a.pdf", "\u202e", "..", `\\x\y`, "\x00", strings.Repeat("a", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, kind := range []string{typeJPEG, typePDF, ""} {
			got := CleanName(name, kind)
			switch {
			case got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxName:
				t.Fatalf("%q → %q", name, got)
			case strings.ContainsAny(got, "/\\\"<>:|?*") || strings.ContainsFunc(got, unicode.IsControl) || strings.ContainsRune(got, 0x202e):
				t.Fatalf("%q → %q", name, got)
			case kind != "" && !rightEnding(got, kind):
				t.Fatalf("%q → %q", name, got)
			}
		}
	})
}

// Whatever arrives: no panic, and what is made safe is what it says.
func FuzzJudge(f *testing.F) {
	f.Add(jpegOf(f, quarters(8, 8)), "")
	f.Add(withSegment(jpegOf(f, quarters(9, 7)), exifSegment(6)), "image/jpeg")
	f.Add(smallPNG(f), "image/png")
	f.Add([]byte(onePage), "application/pdf")
	f.Add(zipOf(f, "word/document.xml=x"), "")
	f.Add([]byte("RIFF\x20\x00\x00\x00WEBPVP8L\x10\x00\x00\x00\x2f\x00\x00\x00\x00aaaaaaaaaaaaaaaa"), "")
	s := New(Config{})
	f.Fuzz(func(t *testing.T, data []byte, declared string) {
		if isHEIC(data) || len(data) > 1<<16 {
			return // its decoder takes a second each
		}
		made, err := s.judge(t.Context(), data, declared)
		if err != nil {
			if _, ok := errors.AsType[problem](err); !ok {
				t.Fatalf("not a problem: %v", err)
			}
			return
		}
		again, err := s.judge(t.Context(), made.forms[Original].data, "")
		if err != nil || again.kind != made.kind || again.w != made.w || again.h != made.h {
			t.Fatalf("made safe, it is %+v, %v; before %q %d×%d", again.kind, err, made.kind, made.w, made.h)
		}
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add(exifSegment(6)[10:])
	f.Add([]byte("II*\x00\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, tiff []byte) {
		if n := exifOrientation(tiff); n < 1 || n > 8 {
			t.Fatal(n)
		}
	})
}

func ExampleValidSHA() {
	fmt.Println(ValidSHA("sha256-"+strings.Repeat("0a", 32)), ValidSHA("sha256-"+strings.Repeat("0A", 32)), ValidSHA("0a"))
	// Output: true false false
}
