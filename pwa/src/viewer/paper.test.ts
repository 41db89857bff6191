import { expect, test } from 'vitest'
import { heldRatio, partOf } from './paper.ts'

test('a page is as sharp as the screen, but twice at most', () => {
  expect(heldRatio({ width: 390, height: 550 }, 1)).toBe(1)
  expect(heldRatio({ width: 390, height: 550 }, 3)).toBe(2)
})

test.each([
  ['near', { width: 4000, height: 5600 }],
  ['huge', { width: 14_400, height: 14_400 }],
  ['a ribbon', { width: 400, height: 200_000 }],
  ['absurd', { width: 1e9, height: 1e9 }],
])('%s: never more dots than a device holds', (_, box) => {
  const ratio = heldRatio(box, 3)
  expect(box.width * box.height * ratio * ratio).toBeLessThanOrEqual(16_000_001)
  expect(Math.max(box.width, box.height) * ratio).toBeLessThanOrEqual(8193)
})

test('a page takes the whole column, a ribbon less', () => {
  expect(partOf({ width: 595, height: 842 })).toBe(1)
  expect(partOf({ width: 100, height: 10_000 })).toBeCloseTo(0.1)
  expect(partOf({ width: 0, height: 0 })).toBe(0)
})
