package attachment

import (
	"archive/zip"
	"bytes"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// checkPDF makes sure that a PDF has a beginning and an end.
func checkPDF(data []byte) error {
	tail := data[max(0, len(data)-2048):]
	if len(data) < 64 || !bytes.Contains(tail, []byte("%%EOF")) || !bytes.Contains(tail, []byte("startxref")) {
		return damaged
	}
	return nil
}

var (
	pdfPage  = regexp.MustCompile(`/Type\s*/Page[^s\w]`)
	pdfCount = regexp.MustCompile(`/Count\s+(\d{1,5})\b`)
)

// countPages counts the pages of a PDF as well as can be done without reading
// it: its page objects or, where these are compressed, what the page tree
// says; 0 if unknown.
func countPages(data []byte) int {
	if n := len(pdfPage.FindAllIndex(data, 10_000)); n > 0 {
		return n
	}
	most := 0
	for _, m := range pdfCount.FindAllSubmatch(data, 1000) {
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			most = max(most, n)
		}
	}
	return most
}

// Limits of an archive that is only listed, never unpacked.
const (
	maxEntries  = 1000
	maxUnpacked = 200 << 20
	maxRatio    = 100
)

// officeType tells which office document an archive is; "" if it is none, or
// one that carries programs or was made to burst.
func officeType(data []byte) string {
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(r.File) == 0 || len(r.File) > maxEntries {
		return ""
	}
	kind, total := "", uint64(0)
	for _, f := range r.File {
		total += f.UncompressedSize64
		if unsafeEntry(f) || total > maxUnpacked {
			return ""
		}
		if kind == "" {
			kind = officeEntry(f)
		}
	}
	return kind
}

// unsafeEntry finds names that leave their folder, programs and bombs.
func unsafeEntry(f *zip.File) bool {
	name := strings.ReplaceAll(f.Name, `\`, "/")
	ratio := f.UncompressedSize64 / max(f.CompressedSize64, 1)
	return path.IsAbs(name) || strings.HasPrefix(path.Clean(name), "..") || !f.Mode().IsRegular() && !f.Mode().IsDir() ||
		strings.EqualFold(path.Base(name), "vbaProject.bin") || strings.HasPrefix(name, "Basic/") ||
		ratio > maxRatio && f.UncompressedSize64 > 1<<20
}

// officeEntry tells the type of a document by one of its parts.
func officeEntry(f *zip.File) string {
	switch f.Name {
	case "word/document.xml":
		return typeDOCX
	case "xl/workbook.xml":
		return typeXLSX
	case "ppt/presentation.xml":
		return typePPTX
	case "mimetype":
		return openDocument(f)
	}
	return ""
}

func openDocument(f *zip.File) string {
	r, err := f.Open()
	if err != nil {
		return ""
	}
	defer r.Close()
	said, err := io.ReadAll(io.LimitReader(r, 100))
	if err != nil {
		return ""
	}
	switch kind := string(said); kind {
	case typeODT, typeODS, typeODP:
		return kind
	}
	return ""
}
