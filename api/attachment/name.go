package attachment

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how long a file name may be, in characters.
const maxName = 120

// CleanName makes a name of a person's device fit to be offered for download:
// one line without directories, controls or characters that turn the reading
// direction, and with the ending of its type.
func CleanName(name, kind string) string {
	name = strings.ToValidUTF8(name, "")
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.TrimRight(strings.Map(keepRune, name), ". ")
	ending := path.Ext(name)
	stem := strings.Trim(strings.TrimSuffix(name, ending), ". ")
	if stem == "" {
		stem = "fichier"
	}
	if endings[kind] != "" && !rightEnding(name, kind) {
		ending = endings[kind]
	}
	return strings.TrimRight(shorten(stem+ending), ". ")
}

// keepRune drops what does not belong in a file name.
func keepRune(r rune) rune {
	switch {
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return -1
	case strings.ContainsRune(`<>:"/\|?*`, r):
		return '-'
	}
	return r
}

// rightEnding says whether a name ends as files of its type do.
func rightEnding(name, kind string) bool {
	ending := strings.ToLower(path.Ext(name))
	return ending == endings[kind] || kind == typeJPEG && ending == ".jpeg"
}

// shorten cuts the stem of a name that is too long.
func shorten(name string) string {
	runes := []rune(name)
	if len(runes) <= maxName {
		return name
	}
	ending := []rune(path.Ext(name))
	if len(ending) > 10 {
		ending = nil
	}
	return string(runes[:maxName-len(ending)]) + string(ending)
}

// cut keeps at most n bytes of a text, whole characters.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
