/**
 * One request to the server and what becomes of its answer.
 *
 *   gather ──▶ POST /api/sync ──▶ 200 apply ──▶ more, or still waiting? ──▶ again
 *                   │              204 nothing
 *                   ├── 401 signed out, or wipe
 *                   ├── 409 take a new device id, number again, again
 *                   ├── 413 smaller batch, again
 *                   ├── 426 push only
 *                   └── 429, 5xx, no answer: later
 */
import type { Cur, Database, Out } from '../db/database.ts'
import { apply, leaseTime, leave } from './apply.ts'
import { digest } from './digest.ts'
import type { Mutators } from './mutators.ts'
import { renumber, renumberAll, waiting } from './outbox.ts'
import {
  MalformedAnswer,
  parseRefusal,
  parseResponse,
  protocolVersion,
  schemaVersion,
  type CursorWire,
  type MutationWire,
  type RequestWire,
} from './wire.ts'

export type Fetch = (path: string, init: RequestInit) => Promise<Response>

export interface RoundContext {
  db: Database
  user: string
  fetch: Fetch
  now: () => number
  mutators: Mutators
  /** The session's device id, good for pulls until this database has its own. */
  device: string
  fresh: () => Promise<string>
  /** Waiting lanes: scope → Unix milliseconds. */
  paused: Map<string, number>
  /** Mutations of one request at most; smaller after a 413. */
  batch: number
  /** This version may only send. */
  pushOnly: boolean
  pulls: number
  topics: (names: Iterable<string>) => void
}

/** again: at once · done: nothing left to do · later: after `after` milliseconds */
export type Outcome =
  | { kind: 'again'; progress: boolean; updating: boolean }
  | { kind: 'done' }
  | { kind: 'later'; problem: 'offline' | 'server'; after?: number }
  | { kind: 'signed_out' }
  | { kind: 'wipe' }

const timeout = 30_000
const firstBudget = 65_536
const batchBytes = 192 * 1024
const digestEvery = 50

interface Gathered {
  request: RequestWire
  held: number
  /** This database has numbered nothing under the session's device id yet. */
  virgin: boolean
}

export async function round(context: RoundContext): Promise<Outcome> {
  await expire(context)
  const { request, held, virgin } = await gather(context)
  if (request.mutations && virgin) {
    await adopt(context, await context.fresh())
    return { kind: 'again', progress: true, updating: false }
  }
  if (!request.mutations && !request.cursors) return { kind: 'done' }
  const answer = await post(context, request)
  if (answer === undefined) return { kind: 'later', problem: 'offline' }
  if (answer.status === 204) return nothing(context, request, held)
  if (answer.ok) return take(context, request, answer, held)
  return refuse(context, request, answer)
}

async function gather(context: RoundContext): Promise<Gathered> {
  return context.db.read(['out', 'cur', 'rec', 'kv'], async (tx) => {
    const own = (await tx.objectStore('kv').get('device')) as string | undefined
    const all = await waiting(tx)
    const chosen = choose(all, context)
    const request: RequestWire = { v: protocolVersion, schema: schemaVersion, device: own ?? context.device }
    if (chosen.length > 0) request.mutations = chosen.map(toWire)
    if (!context.pushOnly) {
      const cursors = (await tx.objectStore('cur').getAll()) as Cur[]
      request.cursors = Object.fromEntries(
        cursors.map((cur) => [cur.s, [cur.e, cur.hi, cur.lo] satisfies CursorWire]),
      )
      request.budget = firstBudget
      if (++context.pulls % digestEvery === 0) {
        const found: Record<string, string> = {}
        for (const cur of cursors.filter((one) => one.lo === 0)) {
          const recs = await tx.objectStore('rec').getAll(IDBKeyRange.bound([cur.s], [cur.s, []]))
          found[cur.s] = digest(
            recs.filter((rec) => rec.v !== null).map((rec) => ({ type: rec.t, id: rec.i, seq: rec.q })),
          )
        }
        request.digest = found
      }
    }
    return { request, held: all.length - chosen.length, virgin: own === undefined }
  })
}

/** The first of what waits, lane by lane in order; a paused lane stops, others go on. */
function choose(all: Out[], { paused, now, batch }: RoundContext): Out[] {
  let bytes = 0
  return all
    .filter((out) => (paused.get(out.s) ?? 0) <= now())
    .filter((out, i) => {
      bytes += JSON.stringify(out.args).length
      return i === 0 || (i < batch && bytes <= batchBytes)
    })
}

export function toWire(out: Out): MutationWire {
  const { s, k, name, at, base, args } = out
  return { scope: s, k, name, at, ...(base !== undefined && { base }), args }
}

async function post(context: RoundContext, request: RequestWire): Promise<Response | undefined> {
  try {
    return await context.fetch('/api/sync', {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(timeout),
    })
  } catch {
    return undefined
  }
}

async function nothing(context: RoundContext, request: RequestWire, held: number): Promise<Outcome> {
  await renew(context)
  if (request.mutations) return { kind: 'later', problem: 'server' } // an answer without results
  return held > 0 && sendable(context) ? { kind: 'again', progress: true, updating: false } : { kind: 'done' }
}

function sendable(context: RoundContext): boolean {
  return [...context.paused.values()].every((until) => until <= context.now())
}

async function take(
  context: RoundContext,
  request: RequestWire,
  response: Response,
  held: number,
): Promise<Outcome> {
  let answer
  try {
    answer = parseResponse(await response.json())
  } catch (fault) {
    if (fault instanceof MalformedAnswer) return { kind: 'later', problem: 'server' }
    return { kind: 'later', problem: 'offline' } // cut in the middle
  }
  const applied = await context.db.write(['rec', 'cur', 'out', 'ovl', 'blob', 'kv'], (tx) =>
    apply(tx, answer, context.mutators, context.user, context.now()),
  )
  await renew(context)
  for (const [scope, wait] of applied.waits) context.paused.set(scope, context.now() + wait)
  context.topics(applied.topics)
  if (answer.more.length > 0) return { kind: 'again', progress: applied.progress, updating: true }
  const sent = request.mutations?.length ?? 0
  const left = held > 0 || sent > answer.results.length || answer.results.some((result) => 'gap' in result)
  if (left && sendable(context)) return { kind: 'again', progress: applied.progress, updating: false }
  return { kind: 'done' }
}

async function refuse(context: RoundContext, request: RequestWire, response: Response): Promise<Outcome> {
  const error = await errorOf(response)
  switch (response.status) {
    case 401:
      return error.wipe ? { kind: 'wipe' } : { kind: 'signed_out' }
    case 409:
      await adopt(context, await context.fresh())
      return { kind: 'again', progress: false, updating: false }
    case 413:
      if (context.batch > 1 && (request.mutations?.length ?? 0) > 1) {
        context.batch = Math.ceil(context.batch / 4)
        return { kind: 'again', progress: true, updating: false }
      }
      return giveBack(context, request, { code: 'too_large', message: error.message })
    case 422:
    case 400:
      if (!error.field?.startsWith('mutations')) return { kind: 'later', problem: 'server' }
      if (request.mutations?.length === 1) return giveBack(context, request, error)
      if (request.mutations) {
        context.batch = 1
        return { kind: 'again', progress: true, updating: false }
      }
      return { kind: 'later', problem: 'server' }
    case 426:
      if (context.pushOnly) return { kind: 'later', problem: 'server' }
      context.pushOnly = true
      return { kind: 'again', progress: true, updating: false }
    default: {
      const after = Number(response.headers.get('Retry-After')) * 1000
      return { kind: 'later', problem: 'server', ...(after > 0 && { after }) }
    }
  }
}

interface Said {
  code: string
  message: string
  field?: string
  wipe: boolean
}

async function errorOf(response: Response): Promise<Said> {
  try {
    const body = (await response.json()) as { error?: { wipe?: boolean } }
    return { ...parseRefusal(body.error), wipe: body.error?.wipe === true }
  } catch {
    return { code: 'server', message: '', wipe: false }
  }
}

/** The server will never take this one: it goes back to its author, and the lane goes on without it. */
async function giveBack(
  context: RoundContext,
  request: RequestWire,
  error: { code: string; message: string },
): Promise<Outcome> {
  const sent = request.mutations?.[0]
  if (!sent) return { kind: 'later', problem: 'server' }
  await context.db.write(['rec', 'cur', 'out', 'ovl', 'blob', 'kv'], async (tx) => {
    const result = { scope: sent.scope, k: sent.k, error: { code: error.code, message: error.message } }
    const applied = await apply(
      tx,
      { results: [result], scopes: {}, more: [] },
      context.mutators,
      context.user,
      context.now(),
    )
    await renumber(tx, sent.scope, sent.k)
    context.topics(applied.topics)
  })
  context.batch = 50
  return { kind: 'again', progress: true, updating: false }
}

/** Takes a new device id: what waits is numbered from 1 again, with the same record ids. */
async function adopt(context: RoundContext, device: string): Promise<void> {
  await context.db.write(['out', 'kv'], async (tx) => {
    await tx.objectStore('kv').put(device, 'device')
    await renumberAll(tx)
  })
}

/** Every pull renews every lease; written down once a day. */
async function renew(context: RoundContext): Promise<void> {
  const day = 86_400_000
  const until = context.now() + leaseTime
  const old = await context.db.read(['cur'], async (tx) =>
    ((await tx.objectStore('cur').getAll()) as Cur[]).filter((cur) => cur.lease < until - day),
  )
  if (old.length === 0) return
  await context.db.write(['cur'], async (tx) => {
    for (const cur of old) await tx.objectStore('cur').put({ ...cur, lease: until })
  })
}

/** Scopes that nobody has renewed for 35 days are deleted here, without asking. */
async function expire(context: RoundContext): Promise<void> {
  const over = await context.db.read(['cur'], async (tx) =>
    ((await tx.objectStore('cur').getAll()) as Cur[]).filter((cur) => cur.lease < context.now()),
  )
  if (over.length === 0) return
  const topics = new Set<string>()
  await context.db.write(['rec', 'cur', 'out', 'ovl', 'kv', 'blob'], async (tx) => {
    for (const cur of over) await leave(tx, cur.s, 'lease', { topics })
  })
  context.topics(topics)
}
