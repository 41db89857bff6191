// @vitest-environment node
// W3: a sealed file leaves in pieces, over cuts anywhere and after the app was closed, and is one file in the end.
import 'fake-indexeddb/auto'
import fc from 'fast-check'
import { beforeEach, expect, test, vi } from 'vitest'
import { Keys, shownOf, wholeLink } from './keys.ts'
import type { Transfer } from './records.ts'
import { headerBytes, keyText, newKey, newSalt, Seal, sealedSize } from './seal.ts'
import { Courier, isChanged } from './sending.ts'

/** A school that takes as much of each piece as its turn says, and after that hangs up. */
class School {
  bytes = new Uint8Array(0)
  ended = false
  constructor(private readonly turns: number[]) {}

  readonly ask: typeof fetch = (_, { method, body } = {}) => {
    if (method === 'POST') return Promise.resolve(this.#says(201, { Location: '/api/uploads/1' }))
    if (method === 'HEAD') return Promise.resolve(this.#says(200))
    const sent = new Uint8Array(body as ArrayBuffer)
    const taken = this.turns.shift() ?? sent.length
    this.bytes = Uint8Array.from([...this.bytes, ...sent.subarray(0, taken)])
    if (taken < sent.length) return Promise.reject(new TypeError('cut'))
    return Promise.resolve(this.#says(204))
  }

  #says(status: number, headers: Record<string, string> = {}): Response {
    return new Response(null, { status, headers: { 'Upload-Offset': String(this.bytes.length), ...headers } })
  }
}

/** There is one tab. */
beforeEach(() => vi.stubGlobal('navigator', {}))

/** Carries until all is sent; each cut closes the app. */
async function carried(name: string, school: School): Promise<void> {
  for (let left = 1; left > 0;) {
    const courier: Courier = new Courier(
      name,
      () => undefined,
      async (...args) => {
        try {
          return await school.ask(...args)
        } catch (fault) {
          courier.pause(true)
          throw fault
        }
      },
    )
    await courier.run()
    left = (await courier.ways()).size
    await courier.close()
  }
}

test('cuts anywhere', async () => {
  let n = 0
  await fc.assert(
    fc.asyncProperty(fc.nat(150_000), fc.array(fc.nat(100_000), { maxLength: 4 }), async (size, turns) => {
      const name = `cuts-${n++}`
      const plain = Uint8Array.from({ length: size }, (_, i) => i % 251)
      const key = newKey()
      const file = new Blob([plain])
      const courier = new Courier(name, () => undefined)
      await courier.keep('t', 0, [{ file, name: '0', type: '', seal: { key, salt: newSalt(), modified: 0 } }])
      expect((await courier.ways()).get('t')?.bytes).toBe(sealedSize(size))
      await courier.close()
      const school = new School(turns)
      await carried(name, school)
      const seal = await Seal.from(key, 0, school.bytes.slice(0, headerBytes))
      const opened = await seal.open(school.bytes.slice(headerBytes), 0, size)
      expect(Buffer.compare(opened, plain)).toBe(0)
    }),
    { numRuns: 15 },
  )
}, 30_000)

test('a file that has changed since is another one', () => {
  const file = new File(['new'], 'a.txt', { lastModified: 2 })
  const seal = { key: newKey(), salt: newSalt(), modified: 2 }
  expect(isChanged({ file, seal })).toBe(false)
  expect(isChanged({ file, seal: { ...seal, modified: 1 } })).toBe(true)
  expect(isChanged({ file })).toBe(false)
})

test('the whole link is where its key is, and nowhere else', async () => {
  const keys = new Keys('here')
  const key = newKey()
  await keys.keep({ id: 't', key, title: 'Le voyage', files: 2, size: 10 })
  const mine = (await keys.all()).get('t')
  const transfer = { secret: 's', sealed: true, title: '', files: 3, size: 8000 } as Transfer
  globalThis.location = { origin: 'https://ecole.example' } as Location
  expect(wholeLink(transfer, mine)).toBe(`https://ecole.example/t/s#${keyText(key)}`)
  expect(wholeLink(transfer, undefined)).toBeUndefined()
  expect(wholeLink({ ...transfer, sealed: false }, undefined)).toBe('https://ecole.example/t/s')
  expect(shownOf(transfer, mine)).toMatchObject({ title: 'Le voyage', files: 2, size: 10 })
  expect(shownOf(transfer, undefined)).toMatchObject({ title: '', files: 2 })
  await keys.drop('t')
  expect((await keys.all()).size).toBe(0)
})

test('a file is written to the device once, however many pieces it leaves in', async () => {
  const puts = vi.spyOn(IDBObjectStore.prototype, 'put')
  const courier = new Courier('once', () => undefined, new School([]).ask)
  await courier.keep('t', 0, [{ file: new Blob([new Uint8Array(700_000)]), name: 'a', type: '' }])
  await courier.run()
  expect((await courier.ways()).size).toBe(0)
  const rows = puts.mock.calls.map(([row]) => row as object)
  expect(rows.length).toBeGreaterThan(3)
  expect(rows.filter((row) => 'file' in row)).toHaveLength(1)
  puts.mockRestore()
  await courier.close()
})
