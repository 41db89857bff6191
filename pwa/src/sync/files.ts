/**
 * Files of this device: stored in pieces before anything is sent, named by
 * their content, sent by tus 1.0.0 so that a cut costs one piece at most.
 */
import { blobTopic, type Changes } from '../db/changes.ts'
import { follow, type Live } from '../db/view.ts'
import type { Database, Stored, Tx } from '../db/database.ts'
import { hexOf } from './ids.ts'
import { waiting, shasIn } from './outbox.ts'
import type { Fetch } from './round.ts'

/** A file on its way. */
export interface Upload {
  sha: string
  name: string
  size: number
  sent: number
  state: 'waiting' | 'sending' | 'refused'
  error?: string
}

export interface Named {
  name: string
  type: string
  /** What it is for: submission, homework, correction. The server has limits for each. */
  use: string
}

export interface Files {
  /** Stores bytes, and says their name. */
  put(bytes: ArrayBuffer, as: Named): Promise<{ sha: string }>
  /** From this device, else from the server; undefined when neither has it now. */
  get(sha: string, options?: { keep?: boolean; size?: 'thumb' }): Promise<Blob | undefined>
  has(sha: string): Promise<boolean>
  /** Fetches what is missing and never lets it go by itself. */
  keep(shas: readonly string[]): Promise<void>
  /** Sends without waiting for an action that names it. */
  upload(sha: string): Promise<void>
  uploads(): Live<Upload[]>
  /** Bytes of files held on this device. */
  total(): Promise<number>
}

/** IndexedDB on phones dislikes big values; a cut costs one piece. */
const pieceBytes = 512 * 1024
/** Files that nobody asked to keep, beyond this many bytes, go oldest first. */
const cacheBytes = 200 * 1024 * 1024

interface Context {
  db: Database
  changes: Changes
  fetch: Fetch
  now: () => number
  /** Something is to be sent. */
  wake: () => void
}

export class DeviceFiles implements Files {
  constructor(private readonly context: Context) {}

  async put(bytes: ArrayBuffer, { name, type, use }: Named): Promise<{ sha: string }> {
    const sha = `sha256-${hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))}`
    await this.#store(sha, bytes, { name, type, use, state: 'held', keep: false })
    return { sha }
  }

  async get(
    sha: string,
    { keep = false, size }: { keep?: boolean; size?: 'thumb' } = {},
  ): Promise<Blob | undefined> {
    const found = await this.#local(sha)
    if (found) return found
    const fetched = await this.#fetch(sha, size)
    if (!fetched) return undefined
    const bytes = await fetched.arrayBuffer()
    if (!size)
      await this.#store(sha, bytes, { name: '', type: fetched.type, use: '', state: 'sent', keep }).catch(
        () => undefined,
      )
    return new Blob([bytes], { type: fetched.type })
  }

  async has(sha: string): Promise<boolean> {
    return this.context.db.read(
      ['blob'],
      async (tx) => (await tx.objectStore('blob').getKey(sha)) !== undefined,
    )
  }

  async keep(shas: readonly string[]): Promise<void> {
    for (const sha of shas) {
      const known = await this.context.db.read(['blob'], (tx) => tx.objectStore('blob').get(sha))
      if (known) await this.#mark(sha, { keep: true })
      else await this.get(sha, { keep: true })
    }
  }

  async upload(sha: string): Promise<void> {
    const file = await this.context.db.read(['blob'], (tx) => tx.objectStore('blob').get(sha))
    if (file?.state === 'held' || file?.state === 'refused')
      await this.#mark(sha, { state: 'waiting', sent: 0 })
    this.context.wake()
  }

  uploads(): Live<Upload[]> {
    return follow(this.context.changes, async () => ({
      value: await this.pending(),
      topics: new Set([blobTopic]),
    }))
  }

  async pending(): Promise<Upload[]> {
    return this.context.db.read(['blob'], async (tx) => {
      const states = ['waiting', 'sending', 'refused'] as const
      const lists = await Promise.all(
        states.map((state) => tx.objectStore('blob').index('state').getAll(state)),
      )
      return lists.flat().map(toUpload)
    })
  }

  async total(): Promise<number> {
    return this.context.db.read(['blob'], async (tx) =>
      (await tx.objectStore('blob').getAll()).reduce((sum, file) => sum + file.size, 0),
    )
  }

  /** Sends what waits, one file at a time. False when the network gave up. */
  async flush(): Promise<boolean> {
    for (const upload of await this.pending()) {
      if (upload.state === 'refused') continue
      if (!(await this.#send(upload.sha))) return false
    }
    await this.#evict()
    return true
  }

  async #local(sha: string): Promise<Blob | undefined> {
    return this.context.db.read(['blob', 'piece'], async (tx) => {
      const file = await tx.objectStore('blob').get(sha)
      if (!file) return undefined
      const pieces = (await tx.objectStore('piece').getAll(piecesOf(sha))) as ArrayBuffer[]
      return new Blob(pieces, { type: file.type })
    })
  }

  async #fetch(sha: string, size?: string): Promise<Blob | undefined> {
    try {
      const query = size ? `?size=${size}` : ''
      const response = await this.context.fetch(`/api/files/${sha}${query}`, {
        credentials: 'same-origin',
        signal: AbortSignal.timeout(60_000),
      })
      return response.ok ? await response.blob() : undefined
    } catch {
      return undefined
    }
  }

  async #store(sha: string, bytes: ArrayBuffer, as: Named & Pick<Stored, 'state' | 'keep'>): Promise<void> {
    await this.context.db.write(['blob', 'piece'], async (tx) => {
      const old = await tx.objectStore('blob').get(sha)
      if (old && (old.state !== 'sent' || as.state === 'sent')) return
      for (let i = 0; i * pieceBytes < bytes.byteLength; i++) {
        await tx.objectStore('piece').put(bytes.slice(i * pieceBytes, (i + 1) * pieceBytes), [sha, i])
      }
      await tx
        .objectStore('blob')
        .put({ ...as, sha, size: bytes.byteLength, seen: this.context.now(), sent: 0 })
    })
    this.context.changes.touched([blobTopic])
  }

  async #mark(sha: string, change: Partial<Stored>): Promise<void> {
    await this.context.db.write(['blob'], async (tx) => {
      const file = await tx.objectStore('blob').get(sha)
      if (file) await tx.objectStore('blob').put({ ...file, ...change, seen: this.context.now() })
    })
    this.context.changes.touched([blobTopic])
  }

  /** Brings one file to the server, from where it stands. */
  async #send(sha: string): Promise<boolean> {
    const file = await this.context.db.read(['blob'], (tx) => tx.objectStore('blob').get(sha))
    if (!file || file.state === 'sent' || file.state === 'held') return true
    try {
      const start = await this.#begin(file)
      if (!start) return true
      let { offset } = start
      while (offset < file.size) {
        const next = await this.#piece(file, start.url, offset)
        if (next === undefined) return true
        offset = next
        await this.#mark(sha, { state: 'sending', sent: offset })
      }
      await this.#mark(sha, { state: 'sent', sent: file.size })
      return true
    } catch {
      return false
    }
  }

  /** Where the upload stands: an old one taken up again, or a new one. */
  async #begin(file: Stored): Promise<{ url: string; offset: number } | undefined> {
    if (file.url) {
      const head = await this.#tus(file.url, { method: 'HEAD' })
      const offset = Number(head.headers.get('Upload-Offset'))
      if (head.ok && Number.isSafeInteger(offset)) return { url: file.url, offset }
    }
    const answer = await this.#tus('/api/uploads', {
      method: 'POST',
      headers: { 'Upload-Length': String(file.size), 'Upload-Metadata': metadata(file) },
    })
    if (await this.#refused(file, answer)) return undefined
    const url = answer.headers.get('Location') ?? ''
    await this.#mark(file.sha, { url, state: 'sending', sent: 0 })
    return { url, offset: 0 }
  }

  /** Sends a piece; the new offset, or undefined when the server will not have the file. */
  async #piece(file: Stored, url: string, offset: number): Promise<number | undefined> {
    const index = Math.floor(offset / pieceBytes)
    const whole = await this.context.db.read(['piece'], (tx) =>
      tx.objectStore('piece').get([file.sha, index]),
    )
    if (!whole) throw new Error('piece missing')
    const body = whole.slice(offset - index * pieceBytes)
    const sum = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', body))))
    const answer = await this.#tus(url, {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Offset': String(offset),
        'Upload-Checksum': `sha256 ${sum}`,
      },
      body,
    })
    if (await this.#refused(file, answer)) return undefined
    return Number(answer.headers.get('Upload-Offset') ?? offset + body.byteLength)
  }

  /** A final no is kept with the file; anything else that is not a yes is tried later. */
  async #refused(file: Stored, answer: Response): Promise<boolean> {
    if (answer.ok) return false
    const final = [400, 403, 413, 415, 422].includes(answer.status)
    if (!final) {
      if (answer.status === 404 || answer.status === 410) await this.#forget(file.sha)
      throw new Error(`upload answered ${String(answer.status)}`)
    }
    const body = (await answer.json().catch(() => ({}))) as { error?: { code?: string } }
    await this.#mark(file.sha, { state: 'refused', error: body.error?.code ?? 'invalid' })
    return true
  }

  async #forget(sha: string): Promise<void> {
    await this.context.db.write(['blob'], async (tx) => {
      const file = await tx.objectStore('blob').get(sha)
      if (!file) return
      const { url: _, ...rest } = file
      await tx.objectStore('blob').put({ ...rest, sent: 0 })
    })
  }

  #tus(url: string, init: RequestInit): Promise<Response> {
    return this.context.fetch(url, {
      ...init,
      credentials: 'same-origin',
      headers: { 'Tus-Resumable': '1.0.0', ...init.headers },
      signal: AbortSignal.timeout(120_000),
    })
  }

  /** Frees what nobody asked to keep. What an action still names is never touched. */
  async #evict(): Promise<void> {
    await this.context.db.write(['blob', 'piece', 'out'], async (tx) => {
      const needed = new Set((await waiting(tx)).flatMap((out) => shasIn(out.args)))
      const files = (await tx.objectStore('blob').getAll()).filter(
        (file) => file.state === 'sent' && !file.keep && !needed.has(file.sha),
      )
      let total = files.reduce((sum, file) => sum + file.size, 0)
      for (const file of files.sort((a, b) => a.seen - b.seen)) {
        if (total <= cacheBytes) break
        total -= file.size
        await drop(tx, file.sha)
      }
    })
  }
}

async function drop(tx: Tx<'readwrite'>, sha: string): Promise<void> {
  await tx.objectStore('piece').delete(piecesOf(sha))
  await tx.objectStore('blob').delete(sha)
}

const piecesOf = (sha: string): IDBKeyRange => IDBKeyRange.bound([sha, 0], [sha, Number.MAX_SAFE_INTEGER])

function toUpload({ sha, name, size, sent, state, error }: Stored): Upload {
  return { sha, name, size, sent, state: state as Upload['state'], ...(error && { error }) }
}

function metadata(file: Stored): string {
  const pairs = { sha: file.sha, name: file.name, type: file.type, use: file.use }
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${btoa(String.fromCharCode(...new TextEncoder().encode(value)))}`)
    .join(',')
}
