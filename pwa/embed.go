// Package pwa holds the built web application. Without a build only a marker
// file is embedded, so that Go's tests need no Node.
package pwa

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist is the built application, rooted at its index.html.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the pattern above names the folder
	}
	return sub
}
