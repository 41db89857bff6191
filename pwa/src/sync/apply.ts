/**
 * Writes the server's answer: the results of what was sent, then records and
 * cursor of each scope, then the overlay, in one transaction.
 *
 * Two tabs may ask at the same time. So an answer only counts for what still
 * is as it was when it was asked: a scope whose cursor has moved meanwhile is
 * left out (the next request begins where it is now), and so is a gap in a
 * lane that was numbered anew.
 */
import { blobTopic, outTopic, scopesTopic, topic } from '../db/changes.ts'
import { within, type Cur, type Out, type Rec, type Tx } from '../db/database.ts'
import type { Mutators } from './mutators.ts'
import { deviceOf, lane, rebaseFollowers, renumber, shasIn, waiting } from './outbox.ts'
import { rebase } from './overlay.ts'
import { dropFile, ownShas } from './pieces.ts'
import {
  MalformedAnswer,
  type CursorWire,
  type PageWire,
  type RecordWire,
  type ResponseWire,
  type ResultWire,
  type ScopeWire,
} from './wire.ts'

/** What the answer is the answer to. */
export interface Asked {
  at: number
  device: string
  sent: Out[]
  cursors: Record<string, CursorWire> | undefined
}

type Settled = Extract<ResultWire, { ok: true } | { error: unknown }>

export interface Applied {
  topics: Set<string>
  /** Lanes that must wait: scope → milliseconds. */
  waits: Map<string, number>
  /** Something became different: the round made progress. */
  progress: boolean
}

export async function apply(
  tx: Tx<'readwrite'>,
  answer: ResponseWire,
  asked: Asked,
  mutators: Mutators,
  user: string,
): Promise<Applied> {
  const applied: Applied = { topics: new Set(), waits: new Map(), progress: false }
  await settleAll(tx, answer, asked, applied)
  for (const [scope, part] of Object.entries(answer.scopes)) {
    const held = await tx.objectStore('cur').get(scope)
    if (!isSame(held, asked.cursors?.[scope])) continue
    if ('gone' in part) await leave(tx, scope, part.gone, applied)
    else await advance(tx, scope, held, part, applied)
  }
  await forget(tx, applied)
  for (const name of await rebase(tx, mutators, user)) applied.topics.add(name)
  return applied
}

function isSame(held: Cur | undefined, asked: CursorWire | undefined): boolean {
  if (!held || !asked) return !held && !asked
  return held.e === asked[0] && held.hi === asked[1] && held.lo === asked[2]
}

async function settleAll(
  tx: Tx<'readwrite'>,
  { results, scopes }: ResponseWire,
  asked: Asked,
  applied: Applied,
): Promise<void> {
  for (const result of results) {
    const sent = asked.sent.find((out) => out.s === result.scope && out.k === result.k)
    const out = sent && (await tx.objectStore('out').get(sent.n))
    if (!out || out.state === 'sent') continue
    if ('wait' in result) applied.waits.set(result.scope, result.wait)
    else if (!('gap' in result))
      await settle(tx, out, result, epochOf(scopes[out.s], asked.cursors?.[out.s]), applied)
    else if (out.k === result.k && (await deviceOf(tx)) === asked.device)
      await close(tx, out, result.gap, applied)
  }
}

/** The epoch that an answer speaks of. */
function epochOf(part: ScopeWire | undefined, asked: CursorWire | undefined): number {
  return part && 'cursor' in part ? part.cursor[0] : (asked?.[0] ?? 0)
}

/** The lane's next number is another one: what waits takes the numbers from there. */
async function close(tx: Tx<'readwrite'>, out: Out, gap: number, applied: Applied): Promise<void> {
  const [first] = await lane(tx, out.s)
  if (!first || first.k <= gap) return
  await renumber(tx, out.s, gap)
  applied.progress = true
}

/** The server's word on an action holds whatever number it had, and even if its scope was lost meanwhile. */
async function settle(
  tx: Tx<'readwrite'>,
  out: Out,
  result: Settled,
  epoch: number,
  applied: Applied,
): Promise<void> {
  if ('error' in result) {
    await tx.objectStore('out').put({ ...out, state: 'refused', error: result.error })
    await rebaseFollowers(tx, out, undefined)
  } else {
    await tx.objectStore('out').put({ ...out, state: 'sent', seq: result.seq, epoch })
    await rebaseFollowers(tx, out, result.seq)
  }
  applied.topics.add(outTopic)
  applied.progress = true
}

/** Drops what was done and is now held. Until then the overlay goes on showing it. */
async function forget(tx: Tx<'readwrite'>, applied: Applied): Promise<void> {
  for (const out of await tx.objectStore('out').getAll()) {
    if (out.state !== 'sent') continue
    const cur = await tx.objectStore('cur').get(out.s)
    const seq = out.seq ?? 0
    if (cur && cur.e === out.epoch && (cur.hi < seq || cur.lo >= seq)) continue
    await tx.objectStore('out').delete(out.n)
    applied.topics.add(outTopic).add(blobTopic)
  }
}

async function advance(
  tx: Tx<'readwrite'>,
  scope: string,
  held: Cur | undefined,
  page: PageWire,
  applied: Applied,
): Promise<void> {
  const [e, hi, lo] = page.cursor
  const begun = held?.e // 0: asked for, and nothing of it is here yet
  const reset = page.reset !== undefined || !begun
  if (!reset && (e !== held.e || hi < held.hi || lo > held.lo))
    throw new MalformedAnswer('a cursor went back')
  const g = held ? held.g + (page.reset === undefined ? 0 : 1) : 0
  const cur: Cur = { s: scope, e, hi, lo, g, title: page.title ?? held?.title ?? '' }
  await tx.objectStore('cur').put(cur)
  await keep(tx, cur, page.records, applied.topics)
  const complete = lo === 0
  if (complete && held && (held.lo > 0 || held.g !== g)) await finish(tx, cur, applied.topics)
  if (!begun || held.title !== cur.title || (held.lo === 0) !== complete) applied.topics.add(scopesTopic)
  // A scope that starts over before it was complete is no progress: it might do so for ever.
  if (page.reset === undefined ? !isSame(held, page.cursor) : held?.lo === 0) applied.progress = true
}

/** Keeps the higher seq of each record. A deleted one leaves its seq while older pages may still come. */
async function keep(
  tx: Tx<'readwrite'>,
  cur: Cur,
  records: RecordWire[],
  topics: Set<string>,
): Promise<void> {
  const rec = tx.objectStore('rec')
  const newest = new Map<string, RecordWire>()
  for (const record of records) {
    const key = JSON.stringify([record[1], record[2]])
    if (record[0] > (newest.get(key)?.[0] ?? 0)) newest.set(key, record)
  }
  const write = async ([q, t, i, value]: RecordWire): Promise<void> => {
    const old = await rec.get([cur.s, t, i])
    if (old && old.g === cur.g && old.q >= q) return
    const next: Rec = { s: cur.s, t, i, q, v: value === 0 ? null : value, g: cur.g }
    if (value === 0 && cur.lo === 0) await rec.delete([cur.s, t, i])
    else await rec.put(next)
    topics.add(topic(cur.s, t))
    if (t === 'document' && value === 0) await unpin(tx, old?.v)
  }
  await Promise.all([...newest.values()].map(write))
}

/** The scope is complete: deletions need no reminder, and what an older generation left is gone. */
async function finish(tx: Tx<'readwrite'>, cur: Cur, topics: Set<string>): Promise<void> {
  const rec = tx.objectStore('rec')
  for (const old of await rec.getAll(within(cur.s))) {
    if (old.g === cur.g && old.v !== null) continue
    await rec.delete([old.s, old.t, old.i])
    topics.add(topic(cur.s, old.t))
  }
}

/** Deletes all of a scope, its files too; what waited for it comes back to the person, text intact. */
export async function leave(
  tx: Tx<'readwrite'>,
  scope: string,
  why: string,
  applied: Pick<Applied, 'topics' | 'progress'>,
): Promise<void> {
  for (const out of await lane(tx, scope)) {
    await tx.objectStore('out').put({ ...out, state: 'refused', error: { code: 'gone', message: why } })
    applied.topics.add(outTopic)
  }
  await dropFiles(tx, scope)
  await tx.objectStore('rec').delete(within(scope))
  await tx.objectStore('cur').delete(scope)
  applied.topics.add(topic(scope, '*')).add(scopesTopic).add(blobTopic)
  applied.progress = true
}

/** Copies of files that the scope's records name. What is not at the server yet stays. */
async function dropFiles(tx: Tx<'readwrite'>, scope: string): Promise<void> {
  const needed = new Set((await waiting(tx)).flatMap((out) => shasIn(out.args)))
  for (const sha of await ownShas(tx, scope)) needed.add(sha)
  const named = new Set((await tx.objectStore('rec').getAll(within(scope))).flatMap((rec) => shasIn(rec.v)))
  for (const sha of named) {
    const file = await tx.objectStore('blob').get(sha)
    const isCopy = file?.state === 'sent' || file?.state === 'wanted'
    if (isCopy && !needed.has(sha)) await dropFile(tx, sha)
  }
}

/** A document was deleted, perhaps elsewhere: its file need not stay here. */
async function unpin(tx: Tx<'readwrite'>, gone: unknown): Promise<void> {
  const own = await ownShas(tx)
  for (const sha of shasIn(gone)) {
    const file = await tx.objectStore('blob').get(sha)
    if (file && !own.has(sha)) await tx.objectStore('blob').put({ ...file, keep: false })
  }
}
