/** Sealed files as whoever has their link gets them: fetched in ranges, opened, never whole in memory. */
import type { NamedFile } from '../transfers/records.ts'
import { Broken, chunkBytes, headerBytes, Seal, sealedRange, type Bytes } from '../transfers/seal.ts'

/** What a page knows of the transfer whose link somebody has opened. */
export interface Opened {
  key: Bytes
  title: string
  files: NamedFile[]
}

/** It is not there any more. */
export class Gone extends Error {}

/** Chunks that are fetched at a time, and opened together: 2 MiB. */
const atOnce = 32
/** A cut is tried again so often in a row, for some minutes. */
const most = 12

export interface Source {
  /** Where the sealed part lies. */
  url: string
  key: Bytes
  part: number
  /** Bytes of it when it is opened. */
  size: number
  /** It is a download, and no look at it. */
  counts?: boolean
  /** Told why the stream broke off. */
  failed?: (why: unknown) => void
}

type Ask = (url: string, init: RequestInit) => Promise<Response>
const ask: Ask = (url, init) => fetch(url, init)
const rest = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** Opens a part while it is fetched; what is not as it was sent breaks the stream off. */
export function opening(source: Source, by: Ask = ask): ReadableStream<Bytes> {
  const ended = new AbortController()
  const pieces = piecesOf(source, by, ended.signal)
  return new ReadableStream<Bytes>(
    {
      async pull(to) {
        try {
          const { done, value } = await pieces.next()
          if (done) to.close()
          else to.enqueue(value)
        } catch (why) {
          source.failed?.(why)
          throw why
        }
      },
      cancel: () => ended.abort(),
    },
    { highWaterMark: 0 },
  )
}

async function* piecesOf(source: Source, by: Ask, signal: AbortSignal): AsyncGenerator<Bytes, void> {
  const { url, key, part, size, counts } = source
  const get = (from: number, to: number) =>
    fetched(counts && from === 0 ? `${url}?counts=1` : url, from, to, by, signal)
  const seal = await Seal.from(key, part, await get(0, headerBytes))
  const chunks = Math.max(1, Math.ceil(size / chunkBytes))
  const piece = (first: number) => get(...sealedRange(first, Math.min(first + atOnce, chunks), size))
  let next = piece(0)
  for (let first = 0; first < chunks; first += atOnce) {
    const sealed = await next
    if (first + atOnce < chunks) {
      next = piece(first + atOnce) // while this one is opened and taken
      next.catch(() => undefined) // it is said when its turn comes
    }
    const opened = await seal.open(sealed, first, size)
    if (opened.length > 0) yield opened
  }
}

/** Bytes from..to of an address, over as many cuts as it takes. */
async function fetched(url: string, from: number, to: number, by: Ask, signal: AbortSignal): Promise<Bytes> {
  const bytes = new Uint8Array(to - from)
  let got = 0
  for (let failures = 0; got < bytes.length; failures++) {
    if (failures > most) throw new Gone()
    if (failures > 0) await rest(Math.min(30_000, 250 * 2 ** failures))
    signal.throwIfAborted()
    const before = got
    try {
      for await (const some of bodyOf(await by(url, asking(from + got, to, signal)), from + got)) {
        if (got + some.length > bytes.length) throw new Broken()
        bytes.set(some, got)
        got += some.length
      }
    } catch (fault) {
      if (fault instanceof Gone || fault instanceof Broken) throw fault
    }
    if (got > before) failures = 0
  }
  return bytes
}

const asking = (from: number, to: number, signal: AbortSignal): RequestInit => ({
  headers: { Range: `bytes=${from}-${to - 1}` },
  credentials: 'same-origin',
  cache: 'no-store',
  signal,
})

/** What an answer brings; only the whole file may come without being a range. */
async function* bodyOf(answer: Response, from: number): AsyncGenerator<Uint8Array> {
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) throw new Gone()
  if (!answer.body || (answer.status !== 206 && (answer.status !== 200 || from > 0))) throw new Error('later')
  const reader = answer.body.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
}

/** The address of a part of a transfer, part 0 being the manifest. */
export const partUrl = (secret: string, part: number): string => `/t/${secret}/${part}`

/** All files that are there, one after the other, as an archive has them. */
export async function* packed(
  secret: string,
  { key, files }: Opened,
  at: Date,
  failed?: (why: unknown) => void,
): AsyncGenerator<{ name: string; lastModified: Date; input: ReadableStream<Bytes>; size: number }> {
  for (const [i, { name, size }] of files.entries()) {
    const source = {
      url: partUrl(secret, i + 1),
      key,
      part: i + 1,
      size,
      counts: i === 0,
      ...(failed && { failed }),
    }
    yield await Promise.resolve({ name, lastModified: at, input: opening(source), size })
  }
}
