/**
 * One database per person. What the server said (`rec`, `cur`), what the
 * person did (`out`), what that makes of it for now (`ovl`), files in pieces
 * (`blob`, `piece`), and small things of this device (`kv`).
 */
import { wrap, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb'

export type Key = [scope: string, type: string, id: string]

/** A record as the server gave it. */
export interface Rec {
  s: string
  t: string
  i: string
  /** seq */
  q: number
  /** null: deleted */
  v: unknown
  /** generation: a scope that starts over counts one up; older records go when it is complete */
  g: number
}

/** What this device holds of a scope: every live record with a seq in (lo, hi]. */
export interface Cur {
  s: string
  e: number
  hi: number
  lo: number
  g: number
  title: string
}

/** One action that waits for the server's word, or was refused. */
export interface Out {
  n: number
  s: string
  k: number
  name: string
  args: Record<string, unknown>
  at: number
  base?: number
  /** The action before it on the same record: `base` is what that one makes of it. */
  after?: number
  /** sent: done in commit `seq` of `epoch`, which this device does not hold yet */
  state: 'waiting' | 'sent' | 'refused'
  seq?: number
  epoch?: number
  error?: { code: string; message: string; field?: string; current?: unknown }
}

/** What the waiting actions make of a record; null hides it. */
export interface Ovl {
  s: string
  t: string
  i: string
  v: unknown
}

/** A file on this device. Its bytes are in `piece`. */
export interface Stored {
  sha: string
  name: string
  type: string
  use: string
  size: number
  /** Last use, Unix milliseconds: what is oldest and not kept goes first. */
  seen: number
  keep: boolean
  /**
   * held: nothing to send · waiting, sending: on its way · sent: the server has it ·
   * refused: it will not take it · wanted: not here yet, to be fetched and kept
   */
  state: 'held' | 'waiting' | 'sending' | 'sent' | 'refused' | 'wanted'
  sent: number
  url?: string
  error?: string
}

export interface Schema extends DBSchema {
  rec: { key: Key; value: Rec; indexes: { type: string } }
  cur: { key: string; value: Cur }
  out: { key: number; value: Out }
  ovl: { key: Key; value: Ovl; indexes: { type: string } }
  blob: { key: string; value: Stored; indexes: { state: string } }
  piece: { key: [sha: string, i: number]; value: ArrayBuffer }
  kv: { key: string; value: unknown }
}

export type Store = 'rec' | 'cur' | 'out' | 'ovl' | 'blob' | 'piece' | 'kv'
export type Db = IDBPDatabase<Schema>
export type Tx<M extends IDBTransactionMode = IDBTransactionMode> = IDBPTransaction<Schema, Store[], M>

export const stores: Store[] = ['rec', 'cur', 'out', 'ovl', 'blob', 'piece', 'kv']
const version = 1

/** The name of a person's database. */
export function nameOf(user: string): string {
  return `preau:${user}`
}

/** All keys of a scope, or of one type in it. */
export function within(scope: string, type?: string): IDBKeyRange {
  return type === undefined
    ? IDBKeyRange.bound([scope], [scope, []])
    : IDBKeyRange.bound([scope, type], [scope, type, []])
}

/** What the owner of a database wants to hear. */
export interface DatabaseEvents {
  /** It came back empty: the browser had thrown it away while it was in use. */
  evicted?: () => Promise<void>
  /** The disk is full: frees what can be had again. */
  full?: () => Promise<void>
  /** Another tab deletes it. */
  deleted?: () => void
}

/**
 * A connection that comes back: phones drop it in the background. Work that
 * met a dead connection is run once more on a new one; nothing of the first
 * attempt was kept, for a transaction is all or nothing. So work may run twice.
 */
export class Database {
  readonly events: DatabaseEvents = {}
  #db: Promise<Db> | undefined
  #closed = false
  #known = false

  constructor(
    readonly name: string,
    private readonly factory: IDBFactory = indexedDB,
  ) {}

  read<T>(names: Store[], work: (tx: Tx<'readonly'>) => Promise<T>): Promise<T> {
    return this.#run((db) => work(db.transaction(names, 'readonly')))
  }

  /** Runs work in one transaction; resolves when it is on disk. */
  write<T>(names: Store[], work: (tx: Tx<'readwrite'>) => Promise<T>): Promise<T> {
    return this.#run((db) => commit(db.transaction(names, 'readwrite', { durability: 'strict' }), work))
  }

  /** Writes to `kv` what may be lost with the power: soon on disk. */
  note<T>(work: (tx: Tx<'readwrite'>) => Promise<T>): Promise<T> {
    return this.#run((db) => commit(db.transaction(['kv'], 'readwrite', { durability: 'relaxed' }), work))
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  /** Deletes everything, for ever. Other tabs let go by themselves. */
  async delete(): Promise<void> {
    this.close()
    await wrap(this.factory.deleteDatabase(this.name))
    await wrap(this.factory.deleteDatabase(`${this.name}:transfers`))
    await wrap(this.factory.deleteDatabase(`${this.name}:keys`))
  }

  async #run<T>(work: (db: Db) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open())
    } catch (fault) {
      if (this.#closed || !(await this.#mended(fault))) throw fault
      return work(await this.#open())
    }
  }

  /** Is it worth another attempt? */
  async #mended(fault: unknown): Promise<boolean> {
    if (isFull(fault)) {
      await this.events.full?.()
      return this.events.full !== undefined
    }
    if (!isLost(fault)) return false
    this.#drop()
    return true
  }

  #open(): Promise<Db> {
    if (this.#closed) throw new DOMException('database closed', 'AbortError')
    this.#db ??= this.#connect().catch((fault: unknown) => {
      this.#db = undefined
      throw fault
    })
    return this.#db
  }

  async #connect(): Promise<Db> {
    let before: number = version
    const request = this.factory.open(this.name, version)
    request.onupgradeneeded = (event) => {
      before = event.oldVersion
      upgrade(request.result)
    }
    const db = (await wrap(request)) as unknown as Db
    const raw = request.result
    raw.addEventListener('close', () => this.#drop())
    raw.addEventListener('versionchange', (event) => this.#yield(event.newVersion === null))
    const evicted = before === 0 && this.#known
    this.#known = true
    if (evicted) queueMicrotask(() => void this.events.evicted?.())
    return db
  }

  /** Another tab upgrades or deletes the database. */
  #yield(deleted: boolean): void {
    if (deleted) this.#closed = true
    this.#drop()
    if (deleted) this.events.deleted?.()
  }

  #drop(): void {
    const db = this.#db
    this.#db = undefined
    db?.then(
      (open) => open.close(),
      () => undefined,
    )
  }
}

async function commit<T>(tx: Tx<'readwrite'>, work: (tx: Tx<'readwrite'>) => Promise<T>): Promise<T> {
  const { done } = tx
  done.catch(() => undefined)
  try {
    const result = await work(tx)
    await done
    return result
  } catch (fault) {
    abort(tx)
    throw tx.error ?? fault
  }
}

/** Makes what is missing and never touches what is there: the outbox outlives every version. */
function upgrade(db: IDBDatabase): void {
  const has = db.objectStoreNames
  if (!has.contains('rec')) db.createObjectStore('rec', { keyPath: ['s', 't', 'i'] }).createIndex('type', 't')
  if (!has.contains('cur')) db.createObjectStore('cur', { keyPath: 's' })
  if (!has.contains('out')) db.createObjectStore('out', { keyPath: 'n', autoIncrement: true })
  if (!has.contains('ovl')) db.createObjectStore('ovl', { keyPath: ['s', 't', 'i'] }).createIndex('type', 't')
  if (!has.contains('blob')) db.createObjectStore('blob', { keyPath: 'sha' }).createIndex('state', 'state')
  if (!has.contains('piece')) db.createObjectStore('piece')
  if (!has.contains('kv')) db.createObjectStore('kv')
}

/** A connection that died, as the browsers name it. */
function isLost(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false
  const names = ['InvalidStateError', 'UnknownError', 'AbortError', 'TransactionInactiveError']
  return names.includes(fault.name) || /connection|closing/i.test(fault.message)
}

export function isFull(fault: unknown): boolean {
  return fault instanceof Error && fault.name === 'QuotaExceededError'
}

function abort(tx: Tx<'readwrite'>): void {
  try {
    tx.abort()
  } catch {
    // it is over already
  }
}
