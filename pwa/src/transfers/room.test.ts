import { describe, expect, test } from 'vitest'
import type { Local } from '../sync/local.ts'
import { askLimits, leftOf, refusalOf, roomy } from './room.svelte.ts'

const giga = 2 ** 30
const limits = { most: 2 * giga, room: 10 * giga, taken: giga, left: 9 * giga }
const plain = (text: string | undefined): string | undefined => text?.replace(/\s/g, ' ')

describe('W3 what is left', () => {
  test('follows what was begun and closed here since the school was asked', () => {
    expect([0, giga, 3 * giga, 99 * giga].map((now) => leftOf(limits, now) / giga)).toEqual([10, 9, 7, 0])
    expect(leftOf({ ...limits, left: giga / 2 }, giga)).toBe(giga / 2)
  })

  test.each([
    ['fits', giga, undefined],
    ['is too large for one', 2 * giga + 1, 'C’est trop lourd : 2 Go par transfert au plus.'],
    ['nothing', 0, undefined],
  ])('%s', (_, bytes, said) => {
    expect(plain(refusalOf(limits, giga, bytes))).toBe(said)
  })

  test('says how much is left when that is less', () => {
    expect(plain(refusalOf(limits, 9.5 * giga, giga))).toMatch(/^Il ne reste que 512 Mo/)
    expect(refusalOf(undefined, 0, 99 * giga)).toBeUndefined()
  })

  test('is said in round figures', () => {
    expect([10 * giga, 7.24 * giga, giga / 2, 5 * 2 ** 20].map((bytes) => plain(roomy(bytes)))).toEqual([
      ...['10 Go', '7,2 Go', '512 Mo', '5 Mo'],
    ])
  })

  test('is kept as the school said it, and nothing else is', async () => {
    const held = new Map<string, unknown>()
    const local: Local = {
      get: <T>(key: string) => Promise.resolve(held.get(key) as T | undefined),
      set: (key, value) => Promise.resolve(void held.set(key, value)),
      delete: (key) => Promise.resolve(void held.delete(key)),
    }
    expect(await askLimits(local, () => Promise.reject(new Error('offline')))).toBeUndefined()
    expect(await askLimits(local, () => Promise.resolve(Response.json({ most: 1 })))).toBeUndefined()
    expect(await askLimits(local, () => Promise.resolve(new Response('{}', { status: 401 })))).toBeUndefined()
    expect(held.size).toBe(0)
    expect(await askLimits(local, () => Promise.resolve(Response.json({ ...limits, sealed: true })))).toEqual(
      limits,
    )
    expect([...held.values()]).toEqual([limits])
    expect(
      await askLimits(local, () => Promise.resolve(Response.json({ ...limits, sealed: false }))),
    ).toEqual({ ...limits, sealed: false })
  })
})
