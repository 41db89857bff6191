package attachment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/gen2brain/heic"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// The quality of what is encoded anew.
const (
	turnedQuality = 90
	pageQuality   = 82
	thumbQuality  = 72
)

// maxDecoded is how many bytes a decoded image may take.
const maxDecoded = 200 << 20

// shape is what is known of an image before it is decoded.
type shape struct {
	w, h  int
	bytes int64 // that decoding takes
}

// check refuses an image that is too large to be opened.
func (m shape) check() error {
	switch {
	case m.w < 1 || m.h < 1:
		return damaged
	case m.w > MaxSide || m.h > MaxSide || m.w*m.h > MaxPixels || m.bytes > 2*maxDecoded:
		return tooMany
	}
	return nil
}

// picture makes an image safe. Its size is read before anything is decoded;
// it is then decoded to its end, with the memory that this takes reserved.
func (s *Service) picture(ctx context.Context, data []byte, kind string) (safe, error) {
	m, err := measure(data, kind)
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return safe{}, err
	}
	weight := min(m.bytes+int64(m.w*m.h*2), s.budget)
	if err := s.memory.Acquire(ctx, weight); err != nil {
		return safe{}, fmt.Errorf("wait for memory: %w", err)
	}
	defer s.memory.Release(weight)
	return develop(data, kind)
}

// measure reads the size of an image from its header.
func measure(data []byte, kind string) (shape, error) {
	switch kind {
	case typeJPEG:
		return measureJPEG(data)
	case typePNG:
		c, err := png.DecodeConfig(bytes.NewReader(data))
		return shape{c.Width, c.Height, int64(c.Width) * int64(c.Height) * bytesPerPixel(c.ColorModel)}, broken(err)
	case typeWebP:
		c, err := webp.DecodeConfig(bytes.NewReader(data))
		return shape{c.Width, c.Height, int64(c.Width) * int64(c.Height) * 4}, broken(err)
	default:
		return measureHEIC(data)
	}
}

func bytesPerPixel(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

// broken makes any error of a decoder a damaged file.
func broken(err error) error {
	if err == nil {
		return nil
	}
	return damaged
}

// develop decodes an image and makes its variants.
func develop(data []byte, kind string) (safe, error) {
	img, err := decode(data, kind)
	if err != nil {
		return safe{}, err
	}
	original, img, err := bare(data, kind, img)
	if err != nil {
		return safe{}, err
	}
	size := img.Bounds().Size()
	made := safe{kind: original.kind, w: size.X, h: size.Y, forms: map[Variant]encoded{Original: original}}
	if max(size.X, size.Y) > PageSide {
		img = fit(img, PageSide)
		if made.forms[Page], err = encodeJPEG(img, pageQuality); err != nil {
			return safe{}, err
		}
	}
	made.forms[Thumb], err = encodeJPEG(fit(img, ThumbSide), thumbQuality)
	return made, err
}

// decode reads an image to its end. A decoder that panics has met a damaged
// file.
func decode(data []byte, kind string) (img image.Image, err error) {
	defer func() {
		if recover() != nil {
			img, err = nil, damaged
		}
	}()
	r := bytes.NewReader(data)
	switch kind {
	case typeJPEG:
		img, err = jpeg.Decode(r)
	case typePNG:
		img, err = png.Decode(r)
	case typeWebP:
		img, err = webp.Decode(r)
	default:
		img, err = heic.Decode(r)
	}
	if err == nil && (img.Bounds().Dx() < 1 || img.Bounds().Dx()*img.Bounds().Dy() > MaxPixels) {
		err = errors.New("not of the size that the header says")
	}
	return img, broken(err)
}

// bare returns the image without metadata: the same bytes but for those, or
// encoded anew where it has to be turned or converted.
func bare(data []byte, kind string, img image.Image) (encoded, image.Image, error) {
	if kind == typeHEIC { // its decoder has turned it
		e, err := encodeJPEG(img, turnedQuality)
		return e, img, err
	}
	stripped, turn, err := strip(data, kind)
	if err != nil {
		return encoded{}, nil, err
	}
	if turn <= 1 {
		return encoded{kind, stripped}, img, nil
	}
	img = turned(img, turn)
	if kind == typePNG {
		e, err := encodePNG(img)
		return e, img, err
	}
	e, err := encodeJPEG(img, turnedQuality)
	return e, img, err
}

// strip removes all metadata from an image and tells how it is to be turned.
func strip(data []byte, kind string) (stripped []byte, turn int, err error) {
	switch kind {
	case typeJPEG:
		return stripJPEG(data)
	case typePNG:
		return stripPNG(data)
	default:
		return stripWebP(data)
	}
}

func encodeJPEG(img image.Image, quality int) (encoded, error) {
	var b bytes.Buffer
	err := jpeg.Encode(&b, opaque(img), &jpeg.Options{Quality: quality})
	return encoded{typeJPEG, b.Bytes()}, err
}

func encodePNG(img image.Image) (encoded, error) {
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return encoded{typePNG, b.Bytes()}, err
}

// opaque lays an image that may be transparent on white.
func opaque(img image.Image) image.Image {
	switch img.(type) {
	case *image.YCbCr, *image.Gray, *image.Gray16, *image.CMYK:
		return img
	}
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return img
	}
	flat := image.NewRGBA(img.Bounds())
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Over)
	return flat
}

// fit scales an image down until no side is longer than side.
func fit(img image.Image, side int) image.Image {
	size := img.Bounds().Size()
	most := max(size.X, size.Y)
	if most <= side {
		return img
	}
	scale := float64(side) / float64(most)
	w := max(1, int(math.Round(float64(size.X)*scale)))
	h := max(1, int(math.Round(float64(size.Y)*scale)))
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	if photo, ok := img.(*image.YCbCr); ok {
		img = coarse(photo, most/(2*side))
	}
	draw.BiLinear.Scale(small, small.Bounds(), img, img.Bounds(), draw.Over, nil)
	return small
}

// coarse makes each square of n by n pixels one, their mean. It leaves fine
// scaling little to do, which takes four times as long on a photo.
func coarse(img *image.YCbCr, n int) image.Image {
	if n < 2 || min(img.Rect.Dx(), img.Rect.Dy()) < 8*n || img.Rect.Min != (image.Point{}) {
		return img
	}
	small := image.NewYCbCr(image.Rect(0, 0, img.Rect.Dx()/n, img.Rect.Dy()/n), img.SubsampleRatio)
	means(small.Y, small.YStride, img.Y, img.YStride, n)
	means(small.Cb, small.CStride, img.Cb, img.CStride, n)
	means(small.Cr, small.CStride, img.Cr, img.CStride, n)
	return small
}

// means fills a plane with the means of squares of a larger one, as far as
// that reaches.
func means(small []uint8, smallStride int, large []uint8, stride, n int) {
	sums := make([]int, smallStride)
	for y := range len(small) / smallStride {
		clear(sums)
		rows := 0
		for ; rows < n && (y*n+rows+1)*stride <= len(large); rows++ {
			row := large[(y*n+rows)*stride:][:stride]
			for x := range sums {
				for _, v := range row[min(x*n, stride-1):min((x+1)*n, stride)] {
					sums[x] += int(v)
				}
			}
		}
		for x, sum := range sums {
			columns := min((x+1)*n, stride) - min(x*n, stride-1)
			small[y*smallStride+x] = uint8(sum / max(1, rows*columns))
		}
	}
}
