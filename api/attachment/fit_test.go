package attachment

import (
	"fmt"
	"image"
	"math"
	"testing"

	"golang.org/x/image/draw"
)

// lined is a photo of written paper: fine lines on a slope of light.
func lined(w, h int, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), ratio)
	for i := range img.Y {
		x, y := i%img.YStride, i/img.YStride
		img.Y[i] = uint8(120 + 80*x/w + 40*((x/9+y/5)%2))
	}
	for i := range img.Cb {
		x, y := i%img.CStride, i/img.CStride
		img.Cb[i], img.Cr[i] = uint8(100+x*60/img.CStride), uint8(110+y*40*img.CStride/len(img.Cb))
	}
	return img
}

// A photo scaled down in two steps looks like one scaled down in one.
func TestFitPhotos(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio411} {
		for _, size := range []image.Point{{2000, 1499}, {1999, 1}, {3, 1999}, {641, 1283}, {700, 639}, {2501, 2003}} {
			t.Run(fmt.Sprint(ratio, size), func(t *testing.T) {
				img := lined(size.X, size.Y, ratio)
				got := fit(img, ThumbSide)
				if longest := max(got.Bounds().Dx(), got.Bounds().Dy()); longest != ThumbSide {
					t.Fatalf("it is %v", got.Bounds())
				}
				want := image.NewRGBA(got.Bounds())
				draw.BiLinear.Scale(want, want.Bounds(), img, img.Bounds(), draw.Src, nil)
				if d := distance(got.(*image.RGBA), want); d > 3 {
					t.Errorf("it differs by %.1f of 255", d)
				}
			})
		}
	}
}

// distance is the root of the mean square of the differences.
func distance(a, b *image.RGBA) float64 {
	sum := 0.0
	for i := range a.Pix {
		d := float64(a.Pix[i]) - float64(b.Pix[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a.Pix)))
}

// BenchmarkThumb makes the thumbnail of a page as phones send it.
func BenchmarkThumb(b *testing.B) {
	img := lined(1500, 2000, image.YCbCrSubsampleRatio420)
	b.ReportAllocs()
	for b.Loop() {
		fit(img, ThumbSide)
	}
}
