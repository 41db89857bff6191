//go:build race

package attachment

// raced says that the race detector watches. It makes compiling the decoder
// of HEIC, which is WebAssembly, take minutes, and learns nothing from it.
const raced = true
