/**
 * One database per person. What the server said (`rec`, `cur`), what the
 * person did (`out`), what that makes of it for now (`ovl`), files in pieces
 * (`blob`, `piece`), and small things of this device (`kv`).
 */
import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb'

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
  /** generation: a scope that starts over writes the next one beside the old */
  g: number
}

/** What this device holds of a scope. */
export interface Cur {
  s: string
  e: number
  hi: number
  lo: number
  g: number
  /** Unix milliseconds after which the scope is deleted without asking anyone. */
  lease: number
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
  state: 'waiting' | 'refused'
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
  /** held: nothing to send · waiting, sending: on its way · sent: the server has it · refused: it will not take it */
  state: 'held' | 'waiting' | 'sending' | 'sent' | 'refused'
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
export type Tx<M extends IDBTransactionMode> = IDBPTransaction<Schema, Store[], M>

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

/**
 * A connection that comes back: phones drop it in the background. Work that
 * met a dead connection is run once more on a new one; nothing of the first
 * attempt was kept, for a transaction is all or nothing.
 */
export class Database {
  #db: Promise<Db> | undefined
  #closed = false

  constructor(readonly user: string) {}

  async read<T>(names: Store[], work: (tx: Tx<'readonly'>) => Promise<T>): Promise<T> {
    return this.#run(async (db) => {
      const tx = db.transaction(names, 'readonly') as Tx<'readonly'>
      return work(tx)
    })
  }

  /** Runs work in one transaction; resolves when it is on disk. */
  async write<T>(names: Store[], work: (tx: Tx<'readwrite'>) => Promise<T>): Promise<T> {
    return this.#run(async (db) => {
      const tx = db.transaction(names, 'readwrite', { durability: 'strict' }) as Tx<'readwrite'>
      const done = tx.done
      done.catch(() => undefined)
      try {
        const result = await work(tx)
        await done
        return result
      } catch (fault) {
        abort(tx)
        throw fault
      }
    })
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  async #run<T>(work: (db: Db) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#open())
    } catch (fault) {
      if (this.#closed || !lost(fault)) throw fault
      this.#drop()
      return work(await this.#open())
    }
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
    const db = await openDB<Schema>(nameOf(this.user), version, {
      upgrade: (db) => upgrade(db),
      terminated: () => this.#drop(),
      blocking: () => this.#drop(),
    })
    return db
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

/** Makes what is missing and never touches what is there: the outbox outlives every version. */
function upgrade(db: Db): void {
  if (db.objectStoreNames.contains('rec')) return
  db.createObjectStore('rec', { keyPath: ['s', 't', 'i'] }).createIndex('type', 't')
  db.createObjectStore('cur', { keyPath: 's' })
  db.createObjectStore('out', { keyPath: 'n', autoIncrement: true })
  db.createObjectStore('ovl', { keyPath: ['s', 't', 'i'] }).createIndex('type', 't')
  db.createObjectStore('blob', { keyPath: 'sha' }).createIndex('state', 'state')
  db.createObjectStore('piece')
  db.createObjectStore('kv')
}

/** A connection that died, as the browsers name it. */
function lost(fault: unknown): boolean {
  if (!(fault instanceof Error)) return false
  return (
    ['InvalidStateError', 'UnknownError', 'TransactionInactiveError'].includes(fault.name) ||
    /connection|closing/i.test(fault.message)
  )
}

function abort(tx: Tx<'readwrite'>): void {
  try {
    tx.abort()
  } catch {
    // it is over already
  }
}
