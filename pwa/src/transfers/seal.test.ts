// @vitest-environment node
// The format of sealed files: what another implementation makes of them, and that nothing else opens.
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import vectors from '../../../api/transfer/testdata/sealed.json' with { type: 'json' }
import { cleanPath, manifestFile, readManifest } from './manifest.ts'
import {
  Broken,
  headerBytes,
  keyText,
  newKey,
  newSalt,
  plainSize,
  readKey,
  Seal,
  sealedRange,
  sealedSize,
  type Bytes,
} from './seal.ts'

const hex = (text: string): Bytes => new Uint8Array(Buffer.from(text, 'hex'))
const pattern = Uint8Array.from({ length: 262_144 }, (_, i) => Math.floor((i * i) / 8) % 256)
const bytesOf = (size: number): Bytes => pattern.slice(0, size)
const same = (a: Bytes, b: Bytes): boolean => Buffer.compare(a, b) === 0
const key = readKey(vectors.key) ?? newKey()

/** All of a sealed part, opened. */
async function opened(master: Bytes, part: number, sealed: Bytes, size: number): Promise<Bytes> {
  const seal = await Seal.from(master, part, sealed.slice(0, headerBytes))
  return seal.open(sealed.slice(headerBytes), 0, size)
}

async function sealedWhole(master: Bytes, part: number, plain: Bytes): Promise<Bytes> {
  const seal = await Seal.of(master, part, newSalt())
  return seal.range(new Blob([plain]), 0, sealedSize(plain.length))
}

describe('the vectors that another implementation made', () => {
  test.each(vectors.cases)(
    'part $part of $size bytes',
    async ({ part, salt, size, sealed, head, sum, text }) => {
      const plain = text === undefined ? bytesOf(size) : new TextEncoder().encode(text)
      const seal = await Seal.of(key, part, hex(salt))
      const got = await seal.range(new Blob([plain]), 0, sealedSize(size))
      expect(got.length).toBe(sealed)
      expect(Buffer.from(got.subarray(0, 64)).toString('hex')).toBe(head)
      expect(createHash('sha256').update(got).digest('hex')).toBe(sum)
      expect(same(await opened(key, part, got, size), plain)).toBe(true)
      if (text !== undefined) expect(readManifest(plain)?.files).toHaveLength(1)
    },
  )
})

/** Sizes around the ends of chunks, where mistakes are made. */
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 200_000 }),
  fc
    .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: -2, max: 2 }))
    .map(([n, d]) => Math.max(0, n * 65_536 + d)),
)

describe('sealing', () => {
  test('any range is that of the whole, whenever it is made', async () => {
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (size, a, b) => {
          const file = new Blob([bytesOf(size)])
          const salt = newSalt()
          const whole = await (await Seal.of(key, 1, salt)).range(file, 0, sealedSize(size))
          const [from, to] = [a, b]
            .map((share) => Math.floor(share * whole.length))
            .sort((x, y) => x - y) as [number, number]
          const again = await Seal.of(key, 1, salt)
          expect(same(await again.range(file, from, to), whole.slice(from, to))).toBe(true)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('chunks open by themselves, wherever they lie', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(3), fc.integer({ min: 1, max: 3 }), async (size, a, n) => {
        const plain = bytesOf(size)
        const sealed = await sealedWhole(key, 1, plain)
        const first = Math.min(a, Math.max(0, Math.ceil(size / 65_536) - 1))
        const seal = await Seal.from(key, 1, sealed.slice(0, headerBytes))
        const got = await seal.open(sealed.slice(...sealedRange(first, first + n, size)), first, size)
        expect(same(got, plain.slice(first * 65_536, (first + n) * 65_536))).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('sizes are found again, and others are none', () => {
    fc.assert(fc.property(fc.nat(), (size) => plainSize(sealedSize(size)) === size))
    fc.assert(fc.property(fc.nat(), (sealed) => [undefined, sealed].includes(backAndForth(sealed))))
    expect([0, 32, 47].map(plainSize)).toEqual([undefined, undefined, undefined])
  })
})

function backAndForth(sealed: number): number | undefined {
  const size = plainSize(sealed)
  return size === undefined ? undefined : sealedSize(size)
}

describe('what was tampered with does not open', () => {
  const plain = bytesOf(150_000)
  const chunk = 65_552
  const body = (sealed: Bytes, ...chunks: number[]): Bytes =>
    new Uint8Array(
      Buffer.concat([
        sealed.slice(0, headerBytes),
        ...chunks.map((n) => sealed.slice(headerBytes + n * chunk, headerBytes + (n + 1) * chunk)),
      ]),
    )
  const broken = async (sealed: Bytes, size = plain.length, part = 1, master = key) =>
    expect(opened(master, part, sealed, size)).rejects.toThrow(Broken)

  test('a single bit, anywhere', async () => {
    const sealed = await sealedWhole(key, 1, plain)
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length - 1), fc.nat(7), async (at, bit) => {
        const other = sealed.slice()
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        await broken(other)
      }),
      { numRuns: 30 },
    )
  })

  test('cut, at the end of a chunk too, longer, in another order, twice', async () => {
    const sealed = await sealedWhole(key, 1, plain)
    await broken(sealed.slice(0, -1))
    await broken(body(sealed, 0, 1), 131_072)
    await broken(body(sealed, 0), 65_536)
    await broken(body(sealed, 1, 0, 2))
    await broken(body(sealed, 0, 0, 2))
    await broken(body(sealed, 0, 1, 2, 2))
  })

  test('another part, another key, chunks of another file', async () => {
    const sealed = await sealedWhole(key, 1, plain)
    await broken(sealed, plain.length, 2)
    await broken(sealed, plain.length, 1, newKey())
    const other = await sealedWhole(key, 1, plain)
    await broken(new Uint8Array(Buffer.concat([sealed.slice(0, headerBytes), other.slice(headerBytes)])))
  })
})

describe('the key in a link', () => {
  test('is read as it was written', () => {
    for (let i = 0; i < 50; i++) {
      const made = newKey()
      expect(readKey(keyText(made))).toEqual(made)
    }
  })

  test.each([
    '',
    'x',
    vectors.key.slice(1),
    `${vectors.key}A`,
    vectors.key.replace(/.$/, 'p'),
    'é'.repeat(43),
  ])('%s is none', (text) => expect(readKey(text)).toBeUndefined())
})

describe('the manifest', () => {
  test('is read as it was written', async () => {
    const manifest = { title: 'Le voyage', files: [{ name: 'été/a.jpg', type: 'image/jpeg', size: 3 }] }
    const bytes = new Uint8Array(await manifestFile(manifest).arrayBuffer())
    expect(bytes.length).toBe(4096)
    expect(readManifest(bytes)).toEqual(manifest)
  })

  test.each([
    '',
    '[]',
    'null',
    '{"title":1,"files":[]}',
    '{"title":"","files":[{"name":"a","type":"","size":-1}]}',
    '{"title":"","files":[null]}',
  ])('%s is none', (text) => expect(readManifest(new TextEncoder().encode(text))).toBeUndefined())

  test.each([
    ['../../etc/passwd', 'etc/passwd'],
    ['/abs\\win.txt', 'abs/win.txt'],
    ['a/./.. /b', 'a/b'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['C:\\x?.txt', 'C-/x-.txt'],
    ['...', 'fichier'],
    ['', 'fichier'],
  ])('the name %j becomes %j', (name, clean) => expect(cleanPath(name)).toBe(clean))

  test('names differ and stay inside, whatever somebody wrote', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: fc.constantFrom('a', 'A', '.', '/', '\\', ' ', '\u202e', '(', '2', ')') }),
        ),
        (names) => {
          const files = names.map((name) => ({ name, type: '', size: 0 }))
          const read =
            readManifest(new TextEncoder().encode(JSON.stringify({ title: '', files })))?.files ?? []
          const got = read.map(({ name }) => name.toLowerCase())
          expect(new Set(got).size).toBe(names.length)
          for (const name of got) expect(name.split('/')).not.toContain('..')
          for (const name of got) expect(got.some((other) => other.startsWith(`${name}/`))).toBe(false)
        },
      ),
    )
  })
})
