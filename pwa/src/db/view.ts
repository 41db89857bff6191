/** What screens read: the overlay over the base, and queries that run again by themselves. */
import type { Outgoing } from '../sync/outbox.ts'
import type { Records, RecordType } from '../sync/records.ts'
import { outTopic, scopesTopic, topic, type Changes } from './changes.ts'
import { within, type Database, type Out, type Ovl, type Rec, type Tx } from './database.ts'

export interface Row<V = unknown> {
  scope: string
  type: string
  id: string
  /** 0: the server does not know of it yet. */
  seq: number
  value: V
  /** This device did it; the server has not confirmed it. */
  pending: boolean
}

export interface ScopeInfo {
  scope: string
  title: string
  /** Nothing older is still to come. */
  complete: boolean
}

/** Reads of one moment. */
export interface View {
  get<T extends RecordType>(scope: string, type: T, id: string): Promise<Row<Records[T]> | undefined>
  list<T extends RecordType>(scope: string, type: T): Promise<Row<Records[T]>[]>
  all<T extends RecordType>(type: T): Promise<Row<Records[T]>[]>
  scopes(): Promise<ScopeInfo[]>
  outbox(): Promise<Outgoing[]>
}

/** A query's answer, kept true. It follows the contract of a Svelte store. */
export interface Live<T> {
  readonly current: T | undefined
  subscribe(listener: (value: T) => void): () => void
}

/** An answer, and the topics it was made of. */
interface Read<T> {
  value: T
  topics: Set<string>
}

class Reader implements View {
  readonly topics = new Set<string>()
  constructor(private readonly tx: Tx<'readonly'>) {}

  async get<T extends RecordType>(scope: string, type: T, id: string): Promise<Row<Records[T]> | undefined> {
    this.topics.add(topic(scope, type))
    const [over, rec] = await Promise.all([
      this.tx.objectStore('ovl').get([scope, type, id]),
      this.tx.objectStore('rec').get([scope, type, id]),
    ])
    return merge<Records[T]>(rec ? [rec] : [], over ? [over] : [])[0]
  }

  async list<T extends RecordType>(scope: string, type: T): Promise<Row<Records[T]>[]> {
    this.topics.add(topic(scope, type))
    const range = within(scope, type)
    const [over, recs] = await Promise.all([
      this.tx.objectStore('ovl').getAll(range),
      this.tx.objectStore('rec').getAll(range),
    ])
    return merge<Records[T]>(recs, over)
  }

  async all<T extends RecordType>(type: T): Promise<Row<Records[T]>[]> {
    this.topics.add(topic('*', type))
    const [over, recs] = await Promise.all([
      this.tx.objectStore('ovl').index('type').getAll(type),
      this.tx.objectStore('rec').index('type').getAll(type),
    ])
    return merge<Records[T]>(recs, over)
  }

  async scopes(): Promise<ScopeInfo[]> {
    this.topics.add(scopesTopic)
    const held = await this.tx.objectStore('cur').getAll()
    return held.map((cur) => ({ scope: cur.s, title: cur.title, complete: cur.lo === 0 && cur.e > 0 }))
  }

  async outbox(): Promise<Outgoing[]> {
    this.topics.add(outTopic)
    return (await this.tx.objectStore('out').getAll()).flatMap(outgoing)
  }
}

/** An entry of the outbox as the screens see it; nothing once the server has done it. */
function outgoing({ n, s, name, args, at, state, error }: Out): Outgoing[] {
  return state === 'sent' ? [] : [{ n, scope: s, name, args, at, state, ...(error && { error }) }]
}

function merge<V>(recs: Rec[], over: Ovl[]): Row<V>[] {
  const rows = new Map<string, Row<V>>()
  for (const rec of recs) {
    if (rec.v === null) continue
    const row = { scope: rec.s, type: rec.t, id: rec.i, seq: rec.q, value: rec.v as V, pending: false }
    rows.set(`${rec.s} ${rec.i}`, row)
  }
  for (const one of over) {
    const key = `${one.s} ${one.i}`
    const seq = rows.get(key)?.seq ?? 0
    if (one.v === null) rows.delete(key)
    else rows.set(key, { scope: one.s, type: one.t, id: one.i, seq, value: one.v as V, pending: true })
  }
  return [...rows.values()]
}

/** Reads once, and says what was read. */
export async function readOnce<T>(db: Database, query: (view: View) => T | Promise<T>): Promise<Read<T>> {
  return db.read(['rec', 'ovl', 'cur', 'out'], async (tx) => {
    const reader = new Reader(tx)
    return { value: await query(reader), topics: reader.topics }
  })
}

/** Runs a query now and whenever what it read has changed, while somebody listens. */
export function live<T>(db: Database, changes: Changes, query: (view: View) => T | Promise<T>): Live<T> {
  return follow(db, changes, () => readOnce(db, query))
}

export function follow<T>(db: Database, changes: Changes, read: () => Promise<Read<T>>): Live<T> {
  return new Following(db, changes, read)
}

class Following<T> implements Live<T> {
  current: T | undefined
  readonly #listeners = new Set<(value: T) => void>()
  #topics = new Set<string>()
  #stop: (() => void) | undefined
  #running = false
  #again = false

  constructor(
    private readonly db: Database,
    private readonly changes: Changes,
    private readonly read: () => Promise<Read<T>>,
  ) {}

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener)
    this.#stop ??= this.changes.listen((word) => {
      if (word.kind === 'changed' && (this.#running || concerns(this.#topics, word.topics))) void this.#run()
    })
    if (this.current !== undefined) listener(this.current)
    void this.#run()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stop?.()
      this.#stop = undefined
    }
  }

  async #run(): Promise<void> {
    this.#again = true
    if (this.#running) return
    this.#running = true
    try {
      while (this.#take()) await this.#answer()
    } catch (fault) {
      // The database is gone with the person, or the query is wrong: then somebody should know.
      if (!this.db.closed)
        queueMicrotask(() => {
          throw fault
        })
    } finally {
      this.#running = false
    }
  }

  #take(): boolean {
    const again = this.#again && this.#listeners.size > 0
    this.#again = false
    return again
  }

  async #answer(): Promise<void> {
    const { value, topics } = await this.read()
    this.#topics = topics
    this.current = value
    if (this.#again) return
    for (const listener of [...this.#listeners]) listener(value)
  }
}

/** Did a change touch what a query read? "*" on either side stands for every scope or every type. */
export function concerns(read: ReadonlySet<string>, touched: readonly string[]): boolean {
  return touched.some((name) => {
    if (read.has(name)) return true
    const [scope = '', type = ''] = name.split(' ')
    if (read.has(topic('*', type))) return true
    return type === '*' && [...read].some((one) => one.startsWith(`${scope} `) || one.startsWith('* '))
  })
}
