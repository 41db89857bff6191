package attachment

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func judge(t testing.TB, data []byte, declared string) (safe, error) {
	t.Helper()
	return New(Config{}).judge(t.Context(), data, declared)
}

// photos is the folder of real photos; the test is skipped where it is not.
func photos(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PREAU_SHARED")
	if dir == "" {
		dir = "../../../shared"
	}
	dir = filepath.Join(dir, "data", "photos")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no photos here: set PREAU_SHARED")
	}
	return dir
}

// Orientations and sizes as exiftool shows them before; what is served must be
// upright, of the same content, and bare.
func TestRealPhotos(t *testing.T) {
	for _, c := range []struct {
		file string
		w, h int
	}{
		{"DSCN0010.jpg", 640, 480},
		{"HMD_Nokia_8.3_5G.jpg", 4608, 1976},
		{"iphone_hdr_NO.jpg", 3264, 2448},
		{"jolla.jpg", 3264, 2448},
		{"landscape_8.jpg", 600, 450},
		{"portrait_6.jpg", 450, 600},
		{"iphone_13_pro_max.HEIC", 3024, 4032},
	} {
		t.Run(c.file, func(t *testing.T) {
			if raced && strings.HasSuffix(c.file, ".HEIC") {
				t.Skip("see raced")
			}
			data, err := os.ReadFile(filepath.Join(photos(t), c.file))
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			made, err := judge(t, data, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d×%d, %d → %d bytes in %v", made.w, made.h, len(data), len(made.forms[Original].data), time.Since(start).Round(time.Millisecond))
			if made.w != c.w || made.h != c.h {
				t.Errorf("size %d×%d, want %d×%d", made.w, made.h, c.w, c.h)
			}
			if made.kind != typeJPEG {
				t.Errorf("served as %s", made.kind)
			}
			checkForms(t, made)
		})
	}
}

// checkForms makes sure that every variant decodes, fits and is bare.
func checkForms(t *testing.T, made safe) {
	t.Helper()
	most := map[Variant]int{Original: max(made.w, made.h), Page: PageSide, Thumb: ThumbSide}
	for v, f := range made.forms {
		img, _, err := image.Decode(bytes.NewReader(f.data))
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if size := img.Bounds().Size(); max(size.X, size.Y) > most[v] {
			t.Errorf("%s is %v", v, size)
		}
		bareOf(t, string(v), f.data)
	}
	if _, ok := made.forms[Thumb]; !ok {
		t.Error("no thumb")
	}
}

// bareOf asks exiftool what metadata it finds.
func bareOf(t *testing.T, what string, data []byte) {
	t.Helper()
	tool, err := exec.LookPath("exiftool")
	if err != nil {
		if bytes.Contains(data, []byte("Exif")) || bytes.Contains(data, []byte("http://ns.adobe.com")) {
			t.Errorf("%s: metadata left", what)
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), tool, "-s", "-G1", "-a", "-u", "-ee", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("exiftool: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		group := strings.TrimSpace(line[1:max(1, strings.IndexByte(line, ']'))])
		switch group {
		case "ExifTool", "System", "File", "Composite", "PNG", "RIFF", "APP14", "Adobe":
		default:
			t.Errorf("%s: left behind: %s", what, line)
		}
	}
}

// A decoder is asked what it thinks of the damaged file; we think the same.
func TestCorruptedPhoto(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(photos(t), "corrupted.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	_, judged := judge(t, data, "image/jpeg")
	_, decoded := jpeg.Decode(bytes.NewReader(data))
	t.Logf("judged %v, decoder says %v", judged, decoded)
	if (judged == nil) != (decoded == nil) {
		t.Errorf("judged %v, decoder says %v", judged, decoded)
	}
	if judged != nil && !errors.Is(judged, damaged) {
		t.Errorf("judged %v", judged)
	}
}

// quarters is a picture with another colour in each corner.
func quarters(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	colours := []color.RGBA{{220, 30, 30, 255}, {30, 200, 30, 255}, {30, 30, 220, 255}, {230, 230, 30, 255}}
	for y := range h {
		for x := range w {
			img.SetRGBA(x, y, colours[2*(2*y/h)+2*x/w])
		}
	}
	return img
}

// corner names the colour of a corner: r, g, b or y.
func corner(img image.Image, right, bottom bool) string {
	b := img.Bounds()
	x, y := b.Min.X+b.Dx()/8, b.Min.Y+b.Dy()/8
	if right {
		x = b.Max.X - b.Dx()/8
	}
	if bottom {
		y = b.Max.Y - b.Dy()/8
	}
	r, g, bl, _ := img.At(x, y).RGBA()
	switch {
	case r > 0x9000 && g > 0x9000:
		return "y"
	case r > 0x9000:
		return "r"
	case g > 0x9000:
		return "g"
	case bl > 0x9000:
		return "b"
	}
	return "?"
}

func corners(img image.Image) string {
	return corner(img, false, false) + corner(img, true, false) + corner(img, false, true) + corner(img, true, true)
}

// exifSegment is an APP1 segment with an orientation and a GPS pointer.
func exifSegment(turn byte) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0, 0, 0, 0, 0}
	body := append([]byte("Exif\x00\x00"), tiff...)
	return append([]byte{0xff, markerAPP1, 0, byte(len(body) + 2)}, body...)
}

func withSegment(data, segment []byte) []byte {
	return append(append(bytes.Clone(data[:2]), segment...), data[2:]...)
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// All eight orientations, with odd and even sides: the standard's table of
// where row 0 and column 0 are.
func TestOrientationIsBakedIn(t *testing.T) {
	want := map[byte]string{1: "rgby", 2: "gryb", 3: "ybgr", 4: "byrg", 5: "rbgy", 6: "bryg", 7: "ygbr", 8: "gyrb"}
	for turn, corner4 := range want {
		for _, size := range []image.Point{{96, 64}, {97, 65}, {33, 80}} {
			data := withSegment(jpegOf(t, quarters(size.X, size.Y)), exifSegment(turn))
			made, err := judge(t, data, "image/jpeg")
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(made.forms[Original].data))
			if err != nil {
				t.Fatal(err)
			}
			if got := corners(img); got != corner4 {
				t.Errorf("orientation %d of %v: corners %s, want %s", turn, size, got, corner4)
			}
			if size.X == 97 {
				bareOf(t, "turned", made.forms[Original].data)
			}
		}
	}
}

// Without a turn not one pixel changes: the coded picture is the same bytes.
func TestStrippingIsLossless(t *testing.T) {
	clean := jpegOf(t, quarters(120, 90))
	dirty := withSegment(clean, exifSegment(1))
	dirty = append(dirty, "SECRET BEHIND THE END"...)
	made, err := judge(t, dirty, "image/jpeg")
	if err != nil {
		t.Fatal(err)
	}
	if got := made.forms[Original].data; !bytes.Equal(got, clean) {
		t.Errorf("%d bytes, want the %d before", len(got), len(clean))
	}
}

func TestManyPicturesAtOnceStayWithinTheBudget(t *testing.T) {
	s := New(Config{Memory: 8 << 20})
	data := jpegOf(t, quarters(1600, 1200))
	done := make(chan error)
	for range 12 {
		go func() {
			_, err := s.judge(context.Background(), data, "")
			done <- err
		}()
	}
	for range 12 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if !s.memory.TryAcquire(8 << 20) {
		t.Error("memory was not given back")
	}
}
