/** How large pages are laid out and painted. Knows no browser. */
import type { Box } from './sight.ts'

/** As many dots as the smallest device allows in one picture. */
const mostDots = 16_000_000
const mostSide = 8192
const sharpest = 2

/** Dots for one point of the screen: sharp, and never more than a device holds. */
export function heldRatio({ width, height }: Box, ratio: number): number {
  return Math.min(
    sharpest,
    ratio,
    Math.sqrt(mostDots / Math.max(1, width * height)),
    mostSide / Math.max(1, width, height),
  )
}

/** A page may be so many times as high as it is wide. */
const mostHigh = 10

/** The part of the column that a page takes: all of it, unless the page is a ribbon. */
export function partOf({ width, height }: Box): number {
  return Math.min(1, (mostHigh * width) / Math.max(1, height))
}
