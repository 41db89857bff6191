import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { fit, longestSide, sniff } from './page.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))

describe('sniff', () => {
  test.each([
    ['a JPEG', '\xff\xd8\xff\xe0\x00\x10JFIF', 'jpeg'],
    ['a PNG', '\x89PNG\r\n\x1a\n\0\0\0\0', 'png'],
    ['a WebP', 'RIFF\x10\0\0\0WEBPVP8 ', 'webp'],
    ['an iPhone photo', '\0\0\0\x24ftypheic\0\0\0\0', 'heic'],
    ['a film from the same phone', '\0\0\0\x14ftypqt  \0\0\0\0', 'other'],
    ['a page of HTML', '<!doctype html>', 'other'],
    ['nothing', '', 'other'],
  ])('%s', (_, head, kind) => {
    expect(sniff(bytes(head))).toBe(kind)
  })
})

test('a page keeps its shape and never grows', () => {
  const side = fc.integer({ min: 1, max: 12_000 })
  fc.assert(
    fc.property(side, side, (width, height) => {
      const page = fit(width, height)
      expect(Math.max(page.width, page.height)).toBeLessThanOrEqual(
        Math.max(1, Math.min(longestSide, Math.max(width, height))),
      )
      expect(page.width).toBeLessThanOrEqual(width)
      expect(page.height).toBeLessThanOrEqual(height)
      if (Math.max(width, height) <= longestSide) expect(page).toEqual({ width, height })
    }),
  )
})
