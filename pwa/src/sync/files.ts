/**
 * Files of this device, named by their content: stored in pieces before
 * anything is sent, kept for offline when asked, and otherwise a cache.
 */
import { blobTopic, type Changes } from '../db/changes.ts'
import type { Database, Stored } from '../db/database.ts'
import { follow, type Live } from '../db/view.ts'
import type { Courier } from './courier.ts'
import { hexOf } from './ids.ts'
import { shasIn, unconfirmed } from './outbox.ts'
import { dropFile, markFile, ownShas, pieceBytes, piecesOf } from './pieces.ts'
import type { Fetch } from './transport.ts'

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

/** A file of this device; 0 bytes: still to be fetched. */
export interface Held {
  size: number
  pinned: boolean
}

export interface Files {
  /** Stores bytes, and says their name. It is sent once an action names it. */
  put(bytes: ArrayBuffer, as: Named): Promise<{ sha: string }>
  /** From this device, else from the server; undefined when neither has it now. */
  get(sha: string, options?: { keep?: boolean; size?: 'thumb' }): Promise<Blob | undefined>
  has(sha: string): Promise<boolean>
  /** Fetches what is missing, now or when there is a network, and never lets it go by itself. */
  keep(shas: readonly string[]): Promise<void>
  /** Lets them go again when room is needed. */
  unpin(shas: readonly string[]): Promise<void>
  /** Sends without waiting for an action that names it; again, after it was refused. */
  upload(sha: string): Promise<void>
  /** Forgets a file of this device, unless an action or a document still names it. */
  drop(sha: string): Promise<void>
  uploads(): Live<Upload[]>
  /** What lies on this device: how many bytes of each file, and whether it stays. */
  held(): Live<Map<string, Held>>
  /** Bytes of files held on this device. */
  total(): Promise<number>
}

/** Files that nobody asked to keep, beyond this many bytes, go oldest first. */
const cacheBytes = 200 * 1024 * 1024
const timeout = 60_000
const day = 86_400_000
const onTheWay = ['waiting', 'sending', 'refused'] as const

export interface FilesOptions {
  db: Database
  changes: Changes
  fetch: Fetch
  now: () => number
  courier: Courier
}

export class DeviceFiles implements Files {
  constructor(private readonly options: FilesOptions) {}

  async put(bytes: ArrayBuffer, as: Named): Promise<{ sha: string }> {
    const sha = `sha256-${hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))}`
    await this.#store(sha, bytes, as, 'held')
    return { sha }
  }

  async get(
    sha: string,
    { keep = false, size }: { keep?: boolean; size?: 'thumb' } = {},
  ): Promise<Blob | undefined> {
    const found = await this.#local(sha)
    if (found || size) return found ?? this.#ask(sha, size).then((answer) => answer.file)
    const { file } = await this.#ask(sha)
    if (!file) return undefined
    const as = { name: '', type: file.type, use: '' }
    // A full disk must not keep the person from seeing it.
    await this.#store(sha, await file.arrayBuffer(), as, 'sent').catch(() => undefined)
    if (keep) await markFile(this.options.db, sha, { keep })
    await this.evict()
    return file
  }

  async has(sha: string): Promise<boolean> {
    const file = await this.#find(sha)
    return file !== undefined && file.state !== 'wanted'
  }

  async keep(shas: readonly string[]): Promise<void> {
    const seen = this.options.now()
    const missing = { name: '', type: '', use: '', size: 0, sent: 0, seen, state: 'wanted' as const }
    await this.options.db.write(['blob'], async (tx) => {
      for (const sha of shas) {
        const known = await tx.objectStore('blob').get(sha)
        await tx.objectStore('blob').put({ ...(known ?? { ...missing, sha }), keep: true })
      }
    })
    this.options.changes.touched([blobTopic])
    await this.fetchWanted()
  }

  async unpin(shas: readonly string[]): Promise<void> {
    const { db, changes } = this.options
    for (const sha of shas) await markFile(db, sha, { keep: false })
    await db.write(['blob', 'piece'], async (tx) => {
      for (const { sha, keep } of await tx.objectStore('blob').index('state').getAll('wanted'))
        if (!keep) await dropFile(tx, sha)
    })
    changes.touched([blobTopic])
  }

  async upload(sha: string): Promise<void> {
    const file = await this.#find(sha)
    if (file?.state === 'held' || file?.state === 'refused') {
      await markFile(this.options.db, sha, { state: 'waiting', sent: 0 })
      this.options.changes.touched([blobTopic])
    }
    void this.options.courier.run()
  }

  async drop(sha: string): Promise<void> {
    await this.options.db.write(['blob', 'piece', 'out', 'rec'], async (tx) => {
      const needed = (await unconfirmed(tx)).some((out) => shasIn(out.args).includes(sha))
      if (!needed && !(await ownShas(tx)).has(sha)) await dropFile(tx, sha)
    })
    this.options.changes.touched([blobTopic])
  }

  uploads(): Live<Upload[]> {
    const { db, changes } = this.options
    return follow(db, changes, async () => ({ value: await this.#uploads(), topics: new Set([blobTopic]) }))
  }

  held(): Live<Map<string, Held>> {
    const { db, changes } = this.options
    return follow(db, changes, async () => {
      const all = await db.read(['blob'], (tx) => tx.objectStore('blob').getAll())
      const value = new Map(all.map(({ sha, size, keep }) => [sha, { size, pinned: keep }]))
      return { value, topics: new Set([blobTopic]) }
    })
  }

  async total(): Promise<number> {
    const all = await this.options.db.read(['blob'], (tx) => tx.objectStore('blob').getAll())
    return all.reduce((sum, file) => sum + file.size, 0)
  }

  /** Fetches what is to be kept and is not here yet. */
  async fetchWanted(): Promise<void> {
    const { db, changes } = this.options
    const wanted = await db.read(['blob'], (tx) => tx.objectStore('blob').index('state').getAll('wanted'))
    for (const { sha } of wanted) {
      const { file, final } = await this.#ask(sha)
      if (file)
        await this.#store(sha, await file.arrayBuffer(), { name: '', type: file.type, use: '' }, 'sent')
      else if (final) await db.write(['blob', 'piece'], (tx) => dropFile(tx, sha))
      else return
      changes.touched([blobTopic])
    }
  }

  /** Frees what can be had again and nobody asked to keep, oldest first, down to `most` bytes. */
  async evict(most = cacheBytes): Promise<void> {
    await this.options.db.write(['blob', 'piece', 'out'], async (tx) => {
      const needed = new Set((await tx.objectStore('out').getAll()).flatMap((out) => shasIn(out.args)))
      const cached = (await tx.objectStore('blob').index('state').getAll('sent')).filter(
        (file) => !file.keep && !needed.has(file.sha),
      )
      let total = cached.reduce((sum, file) => sum + file.size, 0)
      for (const file of cached.sort((a, b) => a.seen - b.seen)) {
        if (total <= most) break
        total -= file.size
        await dropFile(tx, file.sha)
      }
    })
  }

  #find(sha: string): Promise<Stored | undefined> {
    return this.options.db.read(['blob'], (tx) => tx.objectStore('blob').get(sha))
  }

  async #uploads(): Promise<Upload[]> {
    const files = await this.options.db.read(['blob'], async (tx) => {
      const index = tx.objectStore('blob').index('state')
      return (await Promise.all(onTheWay.map((state) => index.getAll(state)))).flat()
    })
    return files.map(toUpload)
  }

  async #local(sha: string): Promise<Blob | undefined> {
    const seen = this.options.now()
    if (((await this.#find(sha))?.seen ?? seen) < seen - day) await markFile(this.options.db, sha, { seen })
    return this.options.db.read(['blob', 'piece'], async (tx) => {
      const file = await tx.objectStore('blob').get(sha)
      if (!file || file.state === 'wanted') return undefined
      return new Blob(await tx.objectStore('piece').getAll(piecesOf(sha)), { type: file.type })
    })
  }

  /** final: the server has an answer, and it is no. */
  async #ask(sha: string, size?: string): Promise<{ file?: Blob; final: boolean }> {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), timeout)
    try {
      const path = `/api/files/${sha}${size ? `?size=${size}` : ''}`
      const response = await this.options.fetch(path, { credentials: 'same-origin', signal: abort.signal })
      if (response.ok) return { file: await response.blob(), final: true }
      return { final: [403, 404, 410].includes(response.status) }
    } catch {
      return { final: false }
    } finally {
      clearTimeout(timer)
    }
  }

  async #store(
    sha: string,
    bytes: ArrayBuffer,
    { name, type, use }: Named,
    state: Stored['state'],
  ): Promise<void> {
    const { db, now, changes } = this.options
    await db.write(['blob', 'piece'], async (tx) => {
      const known = await tx.objectStore('blob').get(sha)
      if (known && known.state !== 'wanted' && known.state !== 'refused') return
      for (let i = 0; i * pieceBytes < bytes.byteLength; i++) {
        await tx.objectStore('piece').put(bytes.slice(i * pieceBytes, (i + 1) * pieceBytes), [sha, i])
      }
      const keep = known?.keep ?? false
      const file = { sha, name, type, use, size: bytes.byteLength, seen: now(), keep, state, sent: 0 }
      await tx.objectStore('blob').put(file)
    })
    changes.touched([blobTopic])
  }
}

function toUpload({ sha, name, size, sent, state, error }: Stored): Upload {
  return { sha, name, size, sent, state: state as Upload['state'], ...(error && { error }) }
}
