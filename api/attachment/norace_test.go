//go:build !race

package attachment

const raced = false
