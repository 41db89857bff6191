/** What screens read: the overlay over the base, and queries that run again by themselves. */
import type { Outgoing } from '../sync/outbox.ts'
import type { Records, RecordType } from '../sync/records.ts'
import { outTopic, scopesTopic, topic, type Changes } from './changes.ts'
import { within, type Cur, type Database, type Out, type Ovl, type Rec, type Tx } from './database.ts'

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
  /** Older records are still to come. */
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
    return (await this.tx.objectStore('cur').getAll()).map((cur) => ({
      scope: cur.s,
      title: cur.title,
      complete: cur.lo === 0,
    }))
  }

  async outbox(): Promise<Outgoing[]> {
    this.topics.add(outTopic)
    return (await this.tx.objectStore('out').getAll()).map(outgoing)
  }
}

export function outgoing(out: Out): Outgoing {
  const { n, s, name, args, at, state, error } = out
  return { n, scope: s, name, args, at, state, ...(error && { error }) }
}

function merge<V>(recs: Rec[], over: Ovl[]): Row<V>[] {
  const rows = new Map<string, Row<V>>()
  for (const rec of recs) {
    if (rec.v === null) continue
    rows.set(`${rec.s} ${rec.i}`, {
      scope: rec.s,
      type: rec.t,
      id: rec.i,
      seq: rec.q,
      value: rec.v as V,
      pending: false,
    })
  }
  for (const one of over) {
    const key = `${one.s} ${one.i}`
    if (one.v === null) rows.delete(key)
    else
      rows.set(key, {
        scope: one.s,
        type: one.t,
        id: one.i,
        seq: rows.get(key)?.seq ?? 0,
        value: one.v as V,
        pending: true,
      })
  }
  return [...rows.values()]
}

/** Reads once, and says what was read. */
export async function readOnce<T>(
  db: Database,
  query: (view: View) => T | Promise<T>,
): Promise<{ value: T; topics: Set<string> }> {
  return db.read(['rec', 'ovl', 'cur', 'out'], async (tx) => {
    const reader = new Reader(tx)
    return { value: await query(reader), topics: reader.topics }
  })
}

/** Runs a query now and whenever what it read has changed, while somebody listens. */
export function live<T>(db: Database, changes: Changes, query: (view: View) => T | Promise<T>): Live<T> {
  return follow(changes, () => readOnce(db, query))
}

export function follow<T>(changes: Changes, read: () => Promise<{ value: T; topics: Set<string> }>): Live<T> {
  const listeners = new Set<(value: T) => void>()
  let current: T | undefined
  let topics = new Set<string>()
  let stop: (() => void) | undefined
  let running = false
  let again = false

  async function run(): Promise<void> {
    if (running) {
      again = true
      return
    }
    running = true
    try {
      do {
        again = false
        const answer = await read()
        topics = answer.topics
        current = answer.value
      } while (again && listeners.size > 0)
      for (const listener of [...listeners]) listener(current as T)
    } catch {
      // the database is closing, or gone with the person
    } finally {
      running = false
    }
  }

  return {
    get current() {
      return current
    },
    subscribe(listener) {
      listeners.add(listener)
      stop ??= changes.listen((word) => {
        if (word.kind === 'changed' && (running || concerns(topics, word.topics))) void run()
      })
      if (current !== undefined) listener(current)
      void run()
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0) return
        stop?.()
        stop = undefined
      }
    },
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
