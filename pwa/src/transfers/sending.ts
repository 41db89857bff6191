/**
 * Sends the files of transfers: large ones, in pieces, for days if need be. What is not sent yet lies in a
 * database of its own, so that a page that is closed, or a phone that sleeps, goes on where it was.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import { Tabs, type Said } from './between.ts'
import { base64, metadata } from '../sync/upload.ts'
import { Seal, sealedSize, type Bytes } from './seal.ts'

/** One file on its way. */
export interface Sending {
  /** Of the transfer. */
  id: string
  /** Which of its files. */
  part: number
  name: string
  type: string
  file: Blob
  sent: number
  /** Where the server receives it; empty until it does. */
  url: string
  /** What the school is told of it, if it is not of a transfer; the number of the file is added. */
  meta?: Record<string, string>
  /** The letter in the making that it belongs to: until that is sent it stays here. */
  draft?: string
  /** It is sealed while it leaves; of a file that has changed since, one part would give the other away. */
  seal?: { key: Bytes; salt: Bytes; modified: number }
  /** Why it never will be, once the server has said so. */
  refused?: string
}

/** How far one is. It lies apart, since browsers write a whole file anew with whatever lies in its row. */
type Stand = Pick<Sending, 'url' | 'sent' | 'refused'>

interface Schema extends DBSchema {
  sending: { key: [string, number]; value: Sending }
  stand: { key: [string, number]; value: Stand }
}

export interface Way {
  bytes: number
  sent: number
  refused: string | undefined
  /** Bytes a second, lately. */
  speed: number
}

const pieceBytes = 4 * 1024 * 1024
const least = 256 * 1024
/** A piece that takes less could have been bigger. */
const brisk = 4000

type Fetch = typeof fetch
export type Kept = Pick<Sending, 'file' | 'name' | 'type' | 'seal'>

/** As many bytes as leave. */
export const sizeOf = ({ file, seal }: Pick<Sending, 'file' | 'seal'>): number =>
  seal ? sealedSize(file.size) : file.size

/** Is a file on this device another one than what was chosen to be sealed? */
export const isChanged = ({ file, seal }: Pick<Sending, 'file' | 'seal'>): boolean =>
  seal !== undefined && file instanceof File && file.lastModified !== seal.modified

/** The bytes that are to be sent next, up to an offset: of a sealed file the same ones, however often they are made. */
async function bytesOf({ file, part, sent, seal }: Sending, to: number): Promise<ArrayBuffer> {
  if (!seal) return file.slice(sent, to).arrayBuffer()
  const bytes = await (await Seal.of(seal.key, part, seal.salt)).range(file, sent, to)
  return bytes.slice().buffer
}

/** All of a transfer. */
const whole = (id: string): IDBKeyRange => IDBKeyRange.bound([id, 0], [id, Number.MAX_SAFE_INTEGER])

export class Courier {
  paused = false
  #db: Promise<IDBPDatabase<Schema>>
  #running: Promise<void> | undefined
  #piece = least
  #speed = 0
  #stop = new AbortController()
  readonly #tabs: Tabs

  constructor(
    name: string,
    private readonly show: () => void,
    private readonly ask: Fetch = (...args) => fetch(...args),
  ) {
    this.#tabs = new Tabs(`${name}:transfers`, (said) => this.#hear(said))
    this.#db = openDB<Schema>(`${name}:transfers`, 2, {
      upgrade: (db, before) => {
        if (before < 1) db.createObjectStore('sending', { keyPath: ['id', 'part'] })
        db.createObjectStore('stand')
      },
    })
  }

  /** Keeps files until they are sent. */
  async keep(id: string, from: number, files: readonly Kept[], meta?: Record<string, string>): Promise<void> {
    const db = await this.#db
    const tx = db.transaction('sending', 'readwrite')
    await Promise.all(
      files.map(async ({ file, name, type, seal }, i) => {
        if (file.size > 0 || seal)
          await tx.store.put({
            id,
            part: from + i,
            name,
            type,
            file,
            sent: 0,
            url: '',
            ...(meta && { meta }),
            ...(seal && { seal }),
          })
      }),
    )
    await tx.done
  }

  /** Keeps a file of a letter that is being written. */
  async hold(draft: string, id: string, part: number, file: File): Promise<void> {
    const { name, type } = file
    await (await this.#db).put('sending', { id, part, name, type, file, sent: 0, url: '', draft })
  }

  /** The files of letters that are being written. */
  async held(): Promise<Sending[]> {
    return (await (await this.#db).getAll('sending')).filter(({ draft }) => draft !== undefined)
  }

  /** Lets the files of a letter leave, numbered one after the other. */
  async free(id: string): Promise<void> {
    const tx = (await this.#db).transaction('sending', 'readwrite')
    const rows = (await tx.store.getAll(whole(id))).filter(({ draft }) => draft !== undefined)
    for (const [part, { draft: _, ...row }] of rows.entries()) {
      await tx.store.delete([id, row.part])
      if (row.file.size > 0) await tx.store.put({ ...row, part })
    }
    await tx.done
  }

  async dropOne(id: string, part: number): Promise<void> {
    await this.#forget(IDBKeyRange.only([id, part]))
  }

  async #forget(which: IDBKeyRange): Promise<void> {
    const tx = (await this.#db).transaction(['sending', 'stand'], 'readwrite')
    await Promise.all([
      tx.objectStore('sending').delete(which),
      tx.objectStore('stand').delete(which),
      tx.done,
    ])
  }

  /** All that is kept, and how far it is. */
  async #rows(): Promise<Sending[]> {
    const tx = (await this.#db).transaction(['sending', 'stand'])
    const stand = tx.objectStore('stand')
    const [rows, keys, stands] = await Promise.all([
      tx.objectStore('sending').getAll(),
      stand.getAllKeys(),
      stand.getAll(),
    ])
    const far = new Map(keys.map((key, i) => [key.join(), stands[i]]))
    return rows.map((row) => ({ ...row, ...far.get([row.id, row.part].join()) }))
  }

  /** How far each transfer that is not sent has come. */
  async ways(): Promise<Map<string, Way>> {
    const ways = new Map<string, Way>()
    for (const one of await this.#rows()) {
      if (one.draft !== undefined) continue
      const way = ways.get(one.id) ?? { bytes: 0, sent: 0, refused: undefined, speed: this.#speed }
      way.bytes += sizeOf(one)
      way.sent += one.sent
      way.refused ??= one.refused
      ways.set(one.id, way)
    }
    return ways
  }

  /** Forgets what is left of a transfer. */
  async drop(id: string): Promise<void> {
    await this.#forget(whole(id))
    this.#changed()
  }

  /** Sends all that waits, one file at a time and in one tab; it never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#tabs
      .alone(() => this.#all())
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  /** In all tabs. */
  pause(paused: boolean): void {
    this.#tabs.say({ paused })
    this.#pause(paused)
  }

  #pause(paused: boolean): void {
    this.paused = paused
    if (paused) this.#stop.abort()
    else void this.run()
    this.show()
  }

  /** Another tab has sent something, or was told to pause or to go on. */
  #hear({ speed, paused }: Said): void {
    if (speed !== undefined) this.#speed = speed
    if (paused === undefined || paused === this.paused) this.show()
    else this.#pause(paused)
  }

  /** What waits has changed. */
  #changed(): void {
    this.show()
    this.#tabs.say({ speed: this.#speed })
  }

  async close(): Promise<void> {
    this.#tabs.close()
    this.#pause(true)
    await this.#running
    ;(await this.#db).close()
  }

  async #all(): Promise<void> {
    let failures = 0
    for (let one = await this.#next(); one && !this.paused; one = await this.#next()) {
      this.#stop = new AbortController()
      const sent = await this.#send(one).catch(() => false)
      failures = sent ? 0 : failures + 1
      const isBack = !sent && (await this.#rest(Math.min(60_000, 1000 * 2 ** failures)))
      // With the network back, the school may still ask to wait a little for the act that names the file.
      if (isBack) failures = 0
    }
  }

  /** Waits, or until there is a network again: true then. */
  #rest(ms: number): Promise<boolean> {
    if (this.paused) return Promise.resolve(false)
    return new Promise((done) => {
      const over = (event?: Event) => {
        clearTimeout(timer)
        globalThis.removeEventListener('online', over)
        done(event?.type === 'online')
      }
      const timer = setTimeout(over, ms)
      globalThis.addEventListener('online', over)
      this.#stop.signal.addEventListener('abort', over)
    })
  }

  async #next(): Promise<Sending | undefined> {
    return (await this.#rows()).find(({ refused, draft }) => refused === undefined && draft === undefined)
  }

  /** Sends one file to its end; false when the server or the network is not well. */
  async #send(one: Sending): Promise<boolean> {
    const offset = one.url ? await this.#offset(one) : undefined
    if (offset === undefined && !(await this.#begin(one))) return one.refused !== undefined
    one.sent = offset ?? 0
    while (one.sent < sizeOf(one)) if (!(await this.#patch(one))) return one.refused !== undefined
    await this.dropOne(one.id, one.part)
    this.#changed()
    return true
  }

  async #begin(one: Sending): Promise<boolean> {
    const part = String(one.part)
    const meta = one.meta
      ? { ...one.meta, file: part }
      : { use: 'transfer', transfer: one.id, part, name: one.name, type: one.type }
    const answer = await this.#tus('/api/uploads', 'POST', {
      'Upload-Length': String(sizeOf(one)),
      'Upload-Metadata': metadata(meta),
    })
    if (!answer.ok) return this.#refuse(one, answer)
    one.url = answer.headers.get('Location') ?? ''
    one.sent = 0
    await this.#put(one)
    return true
  }

  /** Where an upload stands; undefined when the server has forgotten it. */
  async #offset(one: Sending): Promise<number | undefined> {
    const answer = await this.#tus(one.url, 'HEAD', {})
    if (answer.status === 404) return undefined
    if (answer.status === 410) await this.drop(one.id)
    if (!answer.ok) throw new Error('later')
    return Number(answer.headers.get('Upload-Offset'))
  }

  async #patch(one: Sending): Promise<boolean> {
    if (isChanged(one)) return this.#never(one, 'changed')
    const body = await bytesOf(one, Math.min(one.sent + this.#piece, sizeOf(one)))
    const began = performance.now()
    const answer = await this.#tus(
      one.url,
      'PATCH',
      {
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Offset': String(one.sent),
        'Upload-Checksum': `sha256 ${base64(await crypto.subtle.digest('SHA-256', body))}`,
      },
      body,
    )
    if (!answer.ok) return this.#refuse(one, answer)
    this.#measure(body.byteLength, performance.now() - began)
    one.sent = Number(answer.headers.get('Upload-Offset'))
    await this.#put(one)
    return true
  }

  #measure(bytes: number, ms: number): void {
    const now = (1000 * bytes) / Math.max(ms, 1)
    this.#speed = this.#speed ? 0.7 * this.#speed + 0.3 * now : now
    if (ms < brisk) this.#piece = Math.min(pieceBytes, this.#piece * 2)
  }

  /** A final no is kept with the file; of a transfer that has ended nothing is. Anything else is tried later. */
  async #refuse(one: Sending, answer: Response): Promise<false> {
    if (answer.status === 410) await this.drop(one.id)
    if ([400, 403, 409, 413, 415, 422].includes(answer.status) && answer.status !== 409) {
      const said = (await answer.json().catch(() => undefined)) as { error?: { code?: string } } | undefined
      await this.#never(one, said?.error?.code ?? 'invalid')
    }
    return false
  }

  async #never(one: Sending, why: string): Promise<false> {
    one.refused = why
    await this.#put(one)
    return false
  }

  async #put(one: Sending): Promise<void> {
    const db = await this.#db
    const { id, part, url, sent, refused } = one
    if (await db.getKey('sending', [id, part]))
      await db.put('stand', { url, sent, ...(refused && { refused }) }, [id, part])
    this.#changed()
  }

  async #tus(
    url: string,
    method: string,
    headers: Record<string, string>,
    body?: ArrayBuffer,
  ): Promise<Response> {
    try {
      return await this.ask(url, {
        method,
        credentials: 'same-origin',
        headers: { 'Tus-Resumable': '1.0.0', ...headers },
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(120_000)]),
        ...(body && { body }),
      })
    } catch (fault) {
      this.#piece = Math.max(least, this.#piece / 2)
      throw fault
    }
  }
}
