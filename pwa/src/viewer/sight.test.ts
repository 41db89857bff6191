import { expect, test } from 'vitest'
import { fitted, held, largest, turned, whole, zoomed } from './sight.ts'

const stage = { width: 400, height: 800 }

test('a picture is as large as the stage holds, and not larger than it is', () => {
  expect(fitted({ width: 4000, height: 3000 }, stage)).toEqual({ width: 400, height: 300 })
  expect(fitted({ width: 100, height: 50 }, stage)).toEqual({ width: 100, height: 50 })
  expect(fitted({ width: 4000, height: 3000 }, { width: 0, height: 0 })).toEqual({ width: 0, height: 0 })
  expect(fitted({ width: 0, height: 0 }, stage)).toEqual({ width: 0, height: 0 })
})

test('a quarter turn changes its sides', () => {
  expect(turned({ width: 2, height: 1 }, 1)).toEqual({ width: 1, height: 2 })
  expect(turned({ width: 2, height: 1 }, 2)).toEqual({ width: 2, height: 1 })
})

test('what is under the fingers stays there', () => {
  const at = { x: 100, y: -50 }
  const near = zoomed(whole, 2, 4, at)
  expect(near).toEqual({ scale: 2, x: -100, y: 50 })
  // The point was at (100 - 0) / 1 of the picture, and is at the same one now.
  expect((at.x - near.x) / near.scale).toBe(100)
  expect(zoomed(near, 1, 4, at)).toEqual(whole)
})

test('it becomes neither smaller than what fits nor larger than allowed', () => {
  expect(zoomed(whole, 0.2, 4).scale).toBe(1)
  expect(zoomed(whole, 99, 4).scale).toBe(4)
  expect(largest({ width: 4000, height: 3000 }, { width: 400, height: 300 })).toBe(20)
  expect(largest({ width: 100, height: 50 }, { width: 100, height: 50 })).toBe(4)
})

test('nobody drags it off the stage', () => {
  const shown = { width: 400, height: 300 }
  expect(held({ scale: 2, x: 999, y: 999 }, shown, stage)).toEqual({ scale: 2, x: 200, y: 0 })
  expect(held({ scale: 4, x: -10, y: -999 }, shown, stage)).toEqual({ scale: 4, x: -10, y: -200 })
})
