/**
 * One request to the server and what becomes of its answer.
 *
 *   gather ──▶ POST /api/sync ──▶ 200 apply ──▶ more, or still waiting? ──▶ again
 *                   │              204 nothing
 *                   ├── 401 signed out, or wipe
 *                   ├── 409 take a new device id, number again, again
 *                   ├── 400, 413, 422 less at once; one action alone that is still too much goes back
 *                   ├── 426 push only
 *                   └── 429, 5xx, no answer, not the protocol: later
 */
import type { Cur, Database, Out, Tx } from '../db/database.ts'
import { stores, within } from '../db/database.ts'
import { apply, leave, type Applied, type Asked } from './apply.ts'
import { digest } from './digest.ts'
import type { Mutators } from './mutators.ts'
import { adopt, deviceOf, pulledIn, renumber, waiting } from './outbox.ts'
import { rebase } from './overlay.ts'
import { batchMost, post, requestOf, toWire } from './request.ts'
import type { Fetch } from './transport.ts'
import {
  MalformedAnswer,
  parseRefusal,
  parseResponse,
  type CursorWire,
  type MutationWire,
  type RequestWire,
  type ResponseWire,
} from './wire.ts'

export interface RoundOptions {
  db: Database
  user: string
  fetch: Fetch
  now: () => number
  random: () => number
  mutators: Mutators
  /** The session's device id, until the database has one of its own. */
  device: string
  /** Asks the server for a new device id. */
  fresh: () => Promise<string>
  changed: (topics: Iterable<string>) => void
  /** A pull was answered. */
  pulled: (at: number) => void
}

/**
 * again: there is more to do, at once · done: nothing left to do now ·
 * later: after a while, not before `after` milliseconds
 */
export type Outcome =
  | { kind: 'again'; progress: boolean; updating: boolean }
  | { kind: 'done' }
  | { kind: 'later'; problem: 'offline' | 'server'; after?: number }
  | { kind: 'signed_out' }
  | { kind: 'wipe' }

const timeout = 30_000
/** A request without an answer for this long, when somebody looks again, has died in the phone's sleep. */
const patience = 10_000
const budgets = { least: 4096, first: 65_536, most: 1_048_576 }
const batchBytes = 192 * 1024
const digestOdds = 1 / 50
/** A scope that no pull has renewed for this long is deleted by the device alone. */
const leaseTime = 35 * 86_400_000

const moved = { kind: 'again', progress: true, updating: false } as const
const unwell = { kind: 'later', problem: 'server' } as const

export class Rounds {
  /** This version may only send. */
  pushOnly = false
  /** Waiting lanes: scope → Unix milliseconds. */
  readonly paused = new Map<string, number>()
  #batch = batchMost
  #budget = budgets.first
  /** One action alone, without a pull: to see whether it is to blame. */
  #isolate = false
  /** Device ids taken since the server last accepted one. */
  #renamings = 0
  #flight: { since: number; abort: AbortController } | undefined

  constructor(private readonly options: RoundOptions) {}

  async run(): Promise<Outcome> {
    await this.#expire()
    const mayPush = await this.#named()
    const { request, asked } = await this.#gather(mayPush)
    if (!request.mutations && !request.cursors) return { kind: 'done' }
    const answer = await this.#post(request)
    if (!answer) return { kind: 'later', problem: 'offline' }
    const outcome = await this.#outcome(request, asked, answer)
    return outcome.kind === 'done' && !mayPush ? unwell : outcome
  }

  /** Gives up a request that has been left hanging while the device slept. */
  nudge(): void {
    if (this.#flight && this.options.now() - this.#flight.since > patience) this.#flight.abort.abort()
  }

  /** Is there something to send now? */
  async hasMore(): Promise<boolean> {
    return this.options.db.read(['out'], async (tx) => this.#choose(await waiting(tx)).length > 0)
  }

  /** When a pull that was answered began, the last one of any tab. */
  async pulledAt(): Promise<number | undefined> {
    return this.options.db.read(['kv'], pulledIn)
  }

  /**
   * A database that has never sent takes an id of its own first: the session's
   * may have numbered lanes in a database that this browser has lost.
   */
  async #named(): Promise<boolean> {
    const { db, fresh } = this.options
    const named = await db.read(['kv', 'out'], async (tx) => {
      return (await deviceOf(tx)) !== undefined || (await waiting(tx)).length === 0
    })
    if (named) return true
    try {
      await this.#adopt(await fresh())
      return true
    } catch {
      return false
    }
  }

  async #gather(mayPush: boolean): Promise<{ request: RequestWire; asked: Asked }> {
    return this.options.db.read(['out', 'cur', 'rec', 'kv'], async (tx) => {
      const device = (await deviceOf(tx)) ?? this.options.device
      const sent = mayPush ? this.#choose(await waiting(tx)) : []
      const request = requestOf(device)
      if (sent.length > 0) request.mutations = sent.map(toWire)
      if (!this.pushOnly && !(this.#isolate && request.mutations)) await this.#addPull(tx, request)
      return { request, asked: { at: this.options.now(), device, sent, cursors: request.cursors } }
    })
  }

  async #addPull(tx: Tx<'readonly'>, request: RequestWire): Promise<void> {
    const held = await tx.objectStore('cur').getAll()
    request.cursors = Object.fromEntries(
      held.map((cur): [string, CursorWire] => [cur.s, [cur.e, cur.hi, cur.lo]]),
    )
    request.budget = this.#budget
    const complete = held.filter((cur) => cur.lo === 0 && cur.e > 0)
    if (complete.length > 0 && this.options.random() < digestOdds)
      request.digest = await digests(tx, complete)
  }

  /** The first of what waits, lane by lane in order; a paused lane stops, others go on. */
  #choose(all: Out[]): Out[] {
    const stopped = new Set<string>()
    const inBatch = new Set<number>()
    let bytes = 0
    return all.filter((out) => {
      const isPaused = (this.paused.get(out.s) ?? 0) > this.options.now()
      if (isPaused || (out.after !== undefined && all.some((before) => before.n === out.after)))
        stopped.add(out.s)
      if (stopped.has(out.s) || inBatch.size >= (this.#isolate ? 1 : this.#batch)) return false
      bytes += JSON.stringify(out.args).length
      if (inBatch.size > 0 && bytes > batchBytes) stopped.add(out.s)
      else inBatch.add(out.n)
      return inBatch.has(out.n)
    })
  }

  async #post(request: RequestWire): Promise<{ response: Response; text: string } | undefined> {
    const { fetch, now } = this.options
    const abort = new AbortController()
    const flight = { since: now(), abort }
    const timer = setTimeout(() => abort.abort(), timeout)
    this.#flight = flight
    try {
      const response = await fetch('/api/sync', { ...post(request), signal: abort.signal })
      const text = await response.text()
      if (text.length > this.#budget / 2 && now() - flight.since < 3000)
        this.#budget = Math.min(budgets.most, this.#budget * 2)
      return { response, text }
    } catch {
      this.#budget = Math.max(budgets.least, this.#budget / 2)
      return undefined
    } finally {
      clearTimeout(timer)
      this.#flight = undefined
    }
  }

  async #outcome(
    request: RequestWire,
    asked: Asked,
    { response, text }: { response: Response; text: string },
  ): Promise<Outcome> {
    if (response.status === 204) return this.#take(request, asked, { results: [], scopes: {}, more: [] })
    if (!response.ok) return this.#refused(request, response, errorIn(text))
    const answer = read(text)
    return answer ? this.#take(request, asked, answer) : unwell
  }

  async #take(request: RequestWire, asked: Asked, answer: ResponseWire): Promise<Outcome> {
    let applied
    try {
      applied = await this.#write(request, asked, answer)
    } catch (fault) {
      if (fault instanceof MalformedAnswer) return unwell
      throw fault
    }
    this.#renamings = 0
    for (const [scope, wait] of applied.waits) this.paused.set(scope, this.options.now() + wait)
    if (request.mutations) {
      this.#isolate = false
      this.#batch = Math.min(batchMost, this.#batch * 2)
    }
    this.options.changed(applied.topics)
    const updating = answer.more.length > 0
    const hasPulled = request.cursors !== undefined || this.pushOnly
    if (!updating && hasPulled && !(await this.hasMore())) return { kind: 'done' }
    return { kind: 'again', progress: applied.progress, updating }
  }

  async #write(request: RequestWire, asked: Asked, answer: ResponseWire): Promise<Applied> {
    const { db, user, mutators, pulled } = this.options
    const { at } = asked
    const isNews = answer.results.length > 0 || Object.keys(answer.scopes).length > 0
    const mark = async (tx: Tx<'readwrite'>): Promise<void> => {
      if (request.cursors) await tx.objectStore('kv').put(at, 'pulled')
    }
    if (!isNews) await db.note(mark)
    const applied = isNews
      ? await db.write(stores, async (tx) => {
          await mark(tx)
          return apply(tx, answer, asked, mutators, user)
        })
      : nothing()
    if (request.cursors) pulled(at)
    return applied
  }

  async #refused(request: RequestWire, response: Response, error: Said): Promise<Outcome> {
    switch (response.status) {
      case 401:
        return { kind: error.wipe ? 'wipe' : 'signed_out' }
      case 409:
        return this.#renamed()
      case 400:
      case 413:
      case 422:
        return this.#tooMuch(request, error)
      case 426:
        if (this.pushOnly) return unwell
        this.pushOnly = true
        return moved
      default: {
        const after = Number(response.headers.get('Retry-After')) * 1000
        return after > 0 ? { ...unwell, after } : unwell
      }
    }
  }

  /** Nothing was changed. Less at once, then one alone; what is refused alone goes back to its author. */
  async #tooMuch(request: RequestWire, error: Said): Promise<Outcome> {
    if (!request.mutations) {
      this.#budget = budgets.least
      return unwell
    }
    if (!this.#isolate) {
      if (request.mutations.length > 1) this.#batch = Math.ceil(request.mutations.length / 2)
      else this.#isolate = true
      return moved
    }
    await this.#giveBack(request, error)
    this.#isolate = false
    return moved
  }

  async #giveBack(request: RequestWire, { code, message }: Said): Promise<void> {
    const { db, user, mutators, changed } = this.options
    const topics = await db.write(stores, async (tx) => {
      const sent = (await waiting(tx)).filter((out) => isIn(out, request.mutations ?? []))
      const results = sent.map((out) => ({ scope: out.s, k: out.k, error: { code, message } }))
      const asked = { at: 0, device: request.device, sent, cursors: undefined }
      const applied = await apply(tx, { results, scopes: {}, more: [] }, asked, mutators, user)
      for (const out of sent) await renumber(tx, out.s, out.k)
      return applied.topics
    })
    changed(topics)
  }

  async #renamed(): Promise<Outcome> {
    try {
      await this.#adopt(await this.options.fresh())
    } catch {
      return { kind: 'later', problem: 'offline' }
    }
    return this.#renamings++ > 0 ? unwell : moved
  }

  async #adopt(device: string): Promise<void> {
    await this.options.db.write(['out', 'kv'], (tx) => adopt(tx, device))
  }

  /** Scopes that nobody has renewed for 35 days are deleted here, without asking. */
  async #expire(): Promise<void> {
    const { db, now, mutators, user, changed } = this.options
    const due = await db.read(['kv'], async (tx) => now() - ((await pulledIn(tx)) ?? now()) > leaseTime)
    if (!due) return
    const topics = await db.write(stores, async (tx) => {
      const left: Applied = nothing()
      for (const cur of await tx.objectStore('cur').getAll()) await leave(tx, cur.s, 'lease', left)
      await tx.objectStore('kv').delete('pulled')
      for (const name of await rebase(tx, mutators, user)) left.topics.add(name)
      return left.topics
    })
    changed(topics)
  }
}

const nothing = (): Applied => ({ topics: new Set(), waits: new Map(), progress: false })

function isIn(out: Out, mutations: MutationWire[]): boolean {
  return mutations.some((mutation) => mutation.scope === out.s && mutation.k === out.k)
}

async function digests(tx: Tx<'readonly'>, held: Cur[]): Promise<Record<string, string>> {
  const sums: Record<string, string> = {}
  for (const { s } of held) {
    const live = (await tx.objectStore('rec').getAll(within(s))).filter((rec) => rec.v !== null)
    sums[s] = digest(live.map((rec) => ({ type: rec.t, id: rec.i, seq: rec.q })))
  }
  return sums
}

function read(text: string): ResponseWire | undefined {
  try {
    return parseResponse(JSON.parse(text))
  } catch {
    return undefined
  }
}

interface Said {
  code: string
  message: string
  wipe: boolean
}

function errorIn(text: string): Said {
  try {
    const { error } = JSON.parse(text) as { error?: { wipe?: boolean } }
    return { ...parseRefusal(error), wipe: error?.wipe === true }
  } catch {
    return { code: 'server', message: '', wipe: false }
  }
}
