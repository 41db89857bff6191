/**
 * Sends files by tus 1.0.0, one at a time, in pieces: a cut costs one piece.
 *
 *   waiting ──▶ POST /api/uploads ──▶ sending ──▶ PATCH, PATCH … ──▶ sent
 *                     ▲                  │ after a cut: HEAD tells where it stands
 *                     └── 404, 410 ──────┤ it is gone: begin again
 *                                        └── a final no ──▶ refused
 */
import type { Changes } from '../db/changes.ts'
import { blobTopic } from '../db/changes.ts'
import type { Database, Stored } from '../db/database.ts'
import { Backoff } from './backoff.ts'
import { markFile, pieceBytes } from './pieces.ts'
import type { Fetch } from './transport.ts'

export interface SenderOptions {
  db: Database
  changes: Changes
  fetch: Fetch
  now: () => number
  random: () => number
  alone: <T>(work: () => Promise<T>) => Promise<T>
}

const timeout = 60_000
const parts = { least: 32 * 1024, first: 256 * 1024, most: pieceBytes }
/** A part that takes less could have been bigger. */
const brisk = 4000

interface TusInit {
  method: string
  headers?: Record<string, string>
  body?: ArrayBuffer
}

/** The network failed, or the server is unwell: later. */
class Interrupted extends Error {
  constructor(readonly after = 0) {
    super('upload interrupted')
  }
}

export class Sender {
  #running: Promise<void> | undefined
  #again = false
  #over = false
  #part = parts.first
  readonly #backoff: Backoff

  constructor(private readonly options: SenderOptions) {
    this.#backoff = new Backoff(() => void this.run(), options.random, options.now)
  }

  /** Sends all that waits. Never rejects. */
  run(): Promise<void> {
    if (this.#over || this.#backoff.held) return this.#running ?? Promise.resolve()
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  stop(): void {
    this.#over = true
    this.#backoff.stop()
  }

  async #run(): Promise<void> {
    try {
      this.#again = true
      while (this.#askedAgain()) {
        if (await this.#next()) await this.options.alone(() => this.#sendAll())
      }
      this.#backoff.reset()
    } catch (fault) {
      if (!this.#over) this.#backoff.failed(fault instanceof Interrupted ? fault.after : 0)
    }
  }

  #askedAgain(): boolean {
    const again = this.#again && !this.#over
    this.#again = false
    return again
  }

  async #sendAll(): Promise<void> {
    for (let file = await this.#next(); file && !this.#over; file = await this.#next()) await this.#send(file)
  }

  /** What was begun comes before what waits. */
  #next(): Promise<Stored | undefined> {
    return this.options.db.read(['blob'], async (tx) => {
      const states = tx.objectStore('blob').index('state')
      return (await states.get('sending')) ?? (await states.get('waiting'))
    })
  }

  async #send(file: Stored): Promise<void> {
    const begun = (await this.#resume(file)) ?? (await this.#begin(file))
    if (!begun) return
    let { offset } = begun
    while (offset < file.size && !this.#over) {
      const next = await this.#patch(file, begun.url, offset)
      if (next === undefined) return
      offset = next
      if (offset < file.size) await this.#mark(file.sha, { sent: offset })
    }
    if (offset >= file.size) await this.#mark(file.sha, { state: 'sent', sent: file.size, url: '' })
  }

  /** Where an upload begun earlier stands; undefined when the server has forgotten it. */
  async #resume(file: Stored): Promise<{ url: string; offset: number } | undefined> {
    if (!file.url) return undefined
    const answer = await this.#tus(file.url, { method: 'HEAD' })
    if (answer.ok) return { url: file.url, offset: offsetIn(answer) }
    if (answer.status !== 404 && answer.status !== 410) throw interrupted(answer)
    return undefined
  }

  async #begin(file: Stored): Promise<{ url: string; offset: number } | undefined> {
    const headers = {
      'Upload-Length': String(file.size),
      'Upload-Metadata': metadata({ sha: file.sha, name: file.name, type: file.type, use: file.use }),
    }
    const answer = await this.#tus('/api/uploads', { method: 'POST', headers })
    if (await this.#refused(file, answer)) return undefined
    const url = answer.headers.get('Location') ?? ''
    await this.#mark(file.sha, { url, state: 'sending', sent: 0 })
    return { url, offset: 0 }
  }

  /** Sends the next part; the new offset, or undefined when the server will not have the file. */
  async #patch(file: Stored, url: string, offset: number): Promise<number | undefined> {
    const body = await this.#bytes(file.sha, offset)
    const headers = {
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(offset),
      'Upload-Checksum': `sha256 ${base64(await crypto.subtle.digest('SHA-256', body))}`,
    }
    const since = this.options.now()
    const answer = await this.#tus(url, { method: 'PATCH', headers, body })
    if (answer.status === 409) return this.#stand(url, offset)
    if (await this.#refused(file, answer)) return undefined
    if (this.options.now() - since < brisk) this.#part = Math.min(parts.most, this.#part * 2)
    return offsetIn(answer)
  }

  /** Somebody else has sent some of it: where does it stand now? */
  async #stand(url: string, believed: number): Promise<number> {
    const answer = await this.#tus(url, { method: 'HEAD' })
    if (!answer.ok || offsetIn(answer) === believed) throw interrupted(answer)
    return offsetIn(answer)
  }

  async #bytes(sha: string, offset: number): Promise<ArrayBuffer> {
    const index = Math.floor(offset / pieceBytes)
    const piece = await this.options.db.read(['piece'], (tx) => tx.objectStore('piece').get([sha, index]))
    if (!piece) throw new Error('a piece of the file is missing')
    const from = offset - index * pieceBytes
    return piece.slice(from, from + this.#part)
  }

  /** A final no is kept with the file; anything else that is not a yes is tried later. */
  async #refused(file: Stored, answer: Response): Promise<boolean> {
    if (answer.ok) return false
    if (![400, 403, 413, 415, 422].includes(answer.status)) throw interrupted(answer)
    const said = (await answer.json().catch(() => undefined)) as { error?: { code?: string } } | undefined
    await this.#mark(file.sha, { state: 'refused', error: said?.error?.code ?? 'invalid', url: '' })
    return true
  }

  async #mark(sha: string, change: Partial<Stored>): Promise<void> {
    await markFile(this.options.db, sha, change)
    this.options.changes.touched([blobTopic])
  }

  async #tus(url: string, init: TusInit): Promise<Response> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), timeout)
    try {
      return await this.options.fetch(url, {
        ...init,
        credentials: 'same-origin',
        headers: { 'Tus-Resumable': '1.0.0', ...init.headers },
        signal: abort.signal,
      })
    } catch {
      this.#part = Math.max(parts.least, this.#part / 2)
      throw new Interrupted()
    } finally {
      clearTimeout(timer)
    }
  }
}

function interrupted(answer: Response): Interrupted {
  return new Interrupted((Number(answer.headers.get('Retry-After')) || 0) * 1000)
}

function offsetIn(answer: Response): number {
  const offset = Number(answer.headers.get('Upload-Offset') ?? NaN)
  if (!Number.isSafeInteger(offset) || offset < 0) throw new Interrupted()
  return offset
}

/** Upload-Metadata, as tus has it. */
export function metadata(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${base64(new TextEncoder().encode(value))}`)
    .join(',')
}

export function base64(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(''))
}
