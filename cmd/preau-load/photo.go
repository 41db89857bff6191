package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image"
	"image/jpeg"
	mathrand "math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// What a phone makes of a photographed page.
const (
	photoWidth, photoHeight = 1500, 2000
	photoSize               = 1 << 20 // about
	photoKinds              = 4
	grain                   = 58
)

// photos are a few pictures of a page. Each upload is one of them with a
// comment of its own, so that no two are the same file.
type photos [][]byte

func newPhotos() (photos, error) {
	var all photos
	for seed := range photoKinds {
		var shot bytes.Buffer
		if err := jpeg.Encode(&shot, paper(uint64(seed)), &jpeg.Options{Quality: 82}); err != nil {
			return nil, err
		}
		all = append(all, shot.Bytes())
	}
	return all, nil
}

// paper is a page with as much grain as makes its photo the right size.
func paper(seed uint64) image.Image {
	chance := mathrand.New(mathrand.NewPCG(seed, 0))
	img := image.NewYCbCr(image.Rect(0, 0, photoWidth, photoHeight), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = uint8(128 + chance.IntN(grain) - grain/2)
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 128, 128
	}
	return img
}

// photo is a file to hand in.
type photo struct {
	data []byte
	sha  string
}

// next is a photo like no other: the comment stands behind the first marker.
func (p photos) next() photo {
	base := p[mathrand.IntN(len(p))]
	comment := make([]byte, 20)
	copy(comment, "\xff\xfe\x00\x12")
	_, _ = rand.Read(comment[4:]) // never fails
	data := bytes.Join([][]byte{base[:2], comment, base[2:]}, nil)
	sum := sha256.Sum256(data)
	return photo{data, "sha256-" + hex.EncodeToString(sum[:])}
}

// same says whether what the server serves is one of the photos: what it took
// out stands before the picture itself.
func (p photos) same(served []byte) bool {
	for _, base := range p {
		if bytes.HasSuffix(served, base[len(base)/2:]) {
			return true
		}
	}
	return false
}

// The parts of an upload grow as they succeed, as on a phone.
const (
	firstPart = 256 << 10
	mostPart  = 512 << 10
)

// upload sends a photo in parts. Each request counts from when it was due.
func (d *device) upload(ctx context.Context, p photo, each func(begun time.Time), from time.Time) error {
	pair := func(key, value string) string { return key + " " + base64.StdEncoding.EncodeToString([]byte(value)) }
	begun, err := d.call(ctx, http.MethodPost, "/api/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {strconv.Itoa(len(p.data))},
		"Upload-Metadata": {pair("sha", p.sha) + "," + pair("name", "page.jpg") + "," + pair("type", "image/jpeg") + "," + pair("use", "submission")},
	}, nil)
	if err != nil {
		return err
	}
	each(from)
	part := firstPart
	for at := 0; at < len(p.data); {
		from = time.Now()
		end := min(at+part, len(p.data))
		if err := d.sendPart(ctx, begun.header.Get("Location"), p.data[at:end], at); err != nil {
			return err
		}
		each(from)
		at, part = end, mostPart
	}
	return nil
}

func (d *device) sendPart(ctx context.Context, path string, part []byte, at int) error {
	sum := sha256.Sum256(part)
	answer, err := d.call(ctx, http.MethodPatch, path, http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {strconv.Itoa(at)}, "Content-Type": {"application/offset+octet-stream"},
		"Upload-Checksum": {"sha256 " + base64.StdEncoding.EncodeToString(sum[:])},
	}, part)
	if err != nil {
		return err
	}
	if stands := answer.header.Get("Upload-Offset"); stands != strconv.Itoa(at+len(part)) {
		return &problem{code: "upload", text: fmt.Sprintf("an upload of %d bytes stands at %q", at+len(part), stands)}
	}
	return nil
}

// partsOf is how many requests carry a photo, creation included.
func partsOf(size int) int {
	return 2 + (max(0, size-firstPart)+mostPart-1)/mostPart
}
