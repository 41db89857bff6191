/** Writes a page of the server's answer: records and cursor of a scope together, or not at all. */
import { blobTopic, outTopic, scopesTopic, topic } from '../db/changes.ts'
import { within, type Cur, type Out, type Tx } from '../db/database.ts'
import type { Mutators } from './mutators.ts'
import { renumber } from './outbox.ts'
import { rebase } from './overlay.ts'
import type { RecordWire, ResponseWire, ResultWire, ScopeWire } from './wire.ts'

/** A scope that no pull has renewed for this long is deleted by the device alone. */
export const leaseTime = 35 * 86_400_000

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
  mutators: Mutators,
  user: string,
  now: number,
): Promise<Applied> {
  const applied: Applied = { topics: new Set(), waits: new Map(), progress: false }
  for (const result of answer.results) await settle(tx, result, applied)
  for (const [scope, part] of Object.entries(answer.scopes)) {
    if ('gone' in part) await leave(tx, scope, part.gone, applied)
    else await advance(tx, scope, part, now, applied)
    applied.progress = true
  }
  if (applied.progress) for (const name of await rebase(tx, mutators, user)) applied.topics.add(name)
  return applied
}

async function settle(tx: Tx<'readwrite'>, result: ResultWire, applied: Applied): Promise<void> {
  if ('wait' in result) {
    applied.waits.set(result.scope, result.wait)
    return
  }
  const out = (await lane(tx, result.scope)).find((one) => one.k === result.k)
  if (!out) return
  if ('gap' in result) {
    // Sent out of turn by another tab, or the server lost its count.
    const first = (await lane(tx, result.scope))[0]
    if (first && first.k !== result.gap) {
      await renumber(tx, result.scope, result.gap)
      applied.progress = true
    }
    return
  }
  if ('error' in result) await tx.objectStore('out').put({ ...out, state: 'refused', error: result.error })
  else await tx.objectStore('out').delete(out.n)
  applied.topics.add(outTopic)
  applied.progress = true
}

async function lane(tx: Tx<'readwrite'>, scope: string): Promise<Out[]> {
  return (await tx.objectStore('out').getAll()).filter((out) => out.s === scope && out.state === 'waiting')
}

type Advance = Exclude<ScopeWire, { gone: string }>

async function advance(
  tx: Tx<'readwrite'>,
  scope: string,
  part: Advance,
  now: number,
  applied: Applied,
): Promise<void> {
  const old = await tx.objectStore('cur').get(scope)
  const g = (old?.g ?? 0) + (part.reset && old ? 1 : 0)
  const [e, hi, lo] = part.cursor
  const cur: Cur = { s: scope, e, hi, lo, g, lease: now + leaseTime, title: part.title ?? old?.title ?? '' }
  await tx.objectStore('cur').put(cur)
  for (const record of part.records) await keep(tx, scope, record, g, applied.topics)
  if (lo === 0)
    await finish(tx, scope, g, old?.lo === 0 && old.g === g ? part.records : undefined, applied.topics)
  if (!old || old.title !== cur.title || (old.lo === 0) !== (lo === 0)) applied.topics.add(scopesTopic)
}

/** The higher seq wins, in whatever order pages come. */
async function keep(
  tx: Tx<'readwrite'>,
  scope: string,
  [q, t, i, value]: RecordWire,
  g: number,
  topics: Set<string>,
): Promise<void> {
  const rec = tx.objectStore('rec')
  const old = await rec.get([scope, t, i])
  if (old && old.g === g && old.q >= q) return
  await rec.put({ s: scope, t, i, q, v: value === 0 ? null : value, g })
  topics.add(topic(scope, t))
}

/** The scope is complete: deletions need no reminder, and what an older generation left is gone. */
async function finish(
  tx: Tx<'readwrite'>,
  scope: string,
  g: number,
  delta: RecordWire[] | undefined,
  topics: Set<string>,
): Promise<void> {
  const rec = tx.objectStore('rec')
  if (delta) {
    for (const [, t, i, value] of delta) if (value === 0) await rec.delete([scope, t, i])
    return
  }
  for (const old of await rec.getAll(within(scope))) {
    if (old.g === g && old.v !== null) continue
    await rec.delete([old.s, old.t, old.i])
    topics.add(topic(scope, old.t))
  }
}

/** Deletes all of a scope; what waited for it comes back to the person, text intact. */
export async function leave(
  tx: Tx<'readwrite'>,
  scope: string,
  why: string,
  applied: Pick<Applied, 'topics'>,
): Promise<void> {
  await tx.objectStore('rec').delete(within(scope))
  await tx.objectStore('cur').delete(scope)
  for (const out of await lane(tx, scope)) {
    await tx.objectStore('out').put({ ...out, state: 'refused', error: { code: 'gone', message: why } })
    applied.topics.add(outTopic)
  }
  applied.topics.add(topic(scope, '*')).add(scopesTopic).add(blobTopic)
}
