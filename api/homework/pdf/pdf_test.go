package pdf_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"preau/api/homework/pdf"
)

func picture(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x), uint8(y), 80, 255})
		}
	}
	return img
}

func sample(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := pdf.New(&b)
	var gray bytes.Buffer
	if err := jpeg.Encode(&gray, image.NewGray(image.Rect(0, 0, 30, 50)), nil); err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		w.Picture(picture(300, 200)), w.Picture(picture(200, 300)), w.JPEG(gray.Bytes()),
		w.Text("Il était une fois (encore) un \\ chat à 3 €.\nœuvre — «\u00a0fin\u00a0» 漢"),
		w.Text(strings.Repeat("mot ", 2000)),
		w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if w.Pages() < 6 {
		t.Errorf("%d pages", w.Pages())
	}
	return b.Bytes()
}

// What other programs think of it.
func TestReadersLikeIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy.pdf")
	if err := os.WriteFile(path, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	out := run(t, "pdfinfo", path)
	if !strings.Contains(out, "Pages:           6") || strings.Contains(out, "Error") || strings.Contains(out, "Warning") {
		t.Errorf("pdfinfo: %s", out)
	}
	text := run(t, "pdftotext", "-layout", path, "-")
	for _, want := range []string{`Il était une fois (encore) un \ chat à 3 €.`, "œuvre — «", "?"} {
		if !strings.Contains(text, want) {
			t.Errorf("pdftotext misses %q in %q", want, text[:200])
		}
	}
	if n := strings.Count(text, "mot"); n != 2000 {
		t.Errorf("%d words of 2000", n)
	}
	if images := run(t, "pdfimages", "-list", path); strings.Count(images, "jpeg") != 3 {
		t.Errorf("pdfimages: %s", images)
	}
	run(t, "pdftoppm", "-r", "20", "-png", path, filepath.Join(t.TempDir(), "p"))
}

func run(t *testing.T, tool string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("no %s here", tool)
	}
	out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, out)
	}
	return string(out)
}

// full is a disk with little room left.
type full struct{ left int }

var errFull = errors.New("disk full")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorsAreKept(t *testing.T) {
	for room := range 2000 {
		w := pdf.New(&full{room})
		_ = w.Text("bonjour")
		if err := w.Close(); err != nil && !errors.Is(err, errFull) {
			t.Fatal(err)
		}
	}
	w := pdf.New(&bytes.Buffer{})
	if err := w.JPEG([]byte("no picture")); err == nil {
		t.Error("no picture was taken for one")
	}
}
