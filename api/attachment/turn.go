package attachment

import (
	"encoding/binary"
	"image"
	"image/draw"
)

// exifOrientation reads the orientation (1–8) out of a TIFF block, as EXIF
// has it; 1 when there is none.
func exifOrientation(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	} else if string(tiff[:2]) != "II" {
		return 1
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 1
	}
	for entry := range uint64(order.Uint16(tiff[at:])) {
		from := at + 2 + 12*entry
		if from+12 > uint64(len(tiff)) {
			return 1
		}
		if order.Uint16(tiff[from:]) == 0x0112 {
			return orientation(order.Uint16(tiff[from+8:]))
		}
	}
	return 1
}

func orientation(v uint16) int {
	if v < 1 || v > 8 {
		return 1
	}
	return int(v)
}

// source tells, for the pixel (x, y) of a turned picture, where it was in the
// w×h picture before.
func source(x, y, w, h, turn int) (int, int) {
	switch turn {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	case 8:
		return w - 1 - y, x
	}
	return x, y
}

// turned bakes an EXIF orientation into the pixels.
func turned(img image.Image, turn int) image.Image {
	switch src := img.(type) {
	case *image.YCbCr:
		if ratio, ok := turnedRatio(src.SubsampleRatio, turn); ok {
			return turnYCbCr(src, ratio, turn)
		}
	case *image.Gray:
		out := image.NewGray(turnedRect(img.Bounds(), turn))
		turnPlane(out.Pix, out.Stride, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 1, turn)
		return out
	}
	src := image.NewNRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(src, src.Bounds(), img, img.Bounds().Min, draw.Src)
	out := image.NewNRGBA(turnedRect(src.Bounds(), turn))
	turnPlane(out.Pix, out.Stride, src.Pix, src.Stride, src.Rect.Dx(), src.Rect.Dy(), 4, turn)
	return out
}

func turnedRect(r image.Rectangle, turn int) image.Rectangle {
	if turn >= 5 {
		return image.Rect(0, 0, r.Dy(), r.Dx())
	}
	return image.Rect(0, 0, r.Dx(), r.Dy())
}

// turnedRatio is how colour is sampled after a turn; false where that does not
// exist.
func turnedRatio(ratio image.YCbCrSubsampleRatio, turn int) (image.YCbCrSubsampleRatio, bool) {
	if turn < 5 || ratio == image.YCbCrSubsampleRatio444 || ratio == image.YCbCrSubsampleRatio420 {
		return ratio, true
	}
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return image.YCbCrSubsampleRatio440, true
	case image.YCbCrSubsampleRatio440:
		return image.YCbCrSubsampleRatio422, true
	default:
		return ratio, false
	}
}

// turnYCbCr turns brightness and colour planes each for itself. Where colour
// is sampled every other pixel and a side is odd, the last sample is shared.
func turnYCbCr(src *image.YCbCr, ratio image.YCbCrSubsampleRatio, turn int) image.Image {
	out := image.NewYCbCr(turnedRect(src.Rect, turn), ratio)
	turnPlane(out.Y, out.YStride, src.Y, src.YStride, src.Rect.Dx(), src.Rect.Dy(), 1, turn)
	w, h := chroma(src)
	turnPlane(out.Cb, out.CStride, src.Cb, src.CStride, w, h, 1, turn)
	turnPlane(out.Cr, out.CStride, src.Cr, src.CStride, w, h, 1, turn)
	return out
}

// chroma is the size of the colour planes.
func chroma(m *image.YCbCr) (w, h int) {
	w, h = m.Rect.Dx(), m.Rect.Dy()
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio420:
		return (w + 1) / 2, (h + 1) / 2
	case image.YCbCrSubsampleRatio422:
		return (w + 1) / 2, h
	case image.YCbCrSubsampleRatio440:
		return w, (h + 1) / 2
	case image.YCbCrSubsampleRatio411:
		return (w + 3) / 4, h
	case image.YCbCrSubsampleRatio410:
		return (w + 3) / 4, (h + 1) / 2
	default:
		return w, h
	}
}

// turnPlane copies a w×h plane of n bytes a sample, turned.
func turnPlane(dst []byte, dstStride int, src []byte, srcStride, w, h, n, turn int) {
	outW, outH := w, h
	if turn >= 5 {
		outW, outH = h, w
	}
	for y := range outH {
		for x := range outW {
			sx, sy := source(x, y, w, h, turn)
			to, from := y*dstStride+x*n, sy*srcStride+sx*n
			copy(dst[to:to+n], src[from:from+n])
		}
	}
}
