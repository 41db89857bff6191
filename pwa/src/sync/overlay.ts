/**
 * What the waiting actions make of the base: each is run again, in order, on
 * what the server last said. Base records never hold what it has not confirmed.
 */
import { topic } from '../db/changes.ts'
import { within, type Out, type Tx } from '../db/database.ts'
import { deviceOf, unconfirmed } from './outbox.ts'
import type { MutatorTx, Mutators } from './mutators.ts'

/** Builds the overlay anew and says what it touched. */
export async function rebase(tx: Tx<'readwrite'>, mutators: Mutators, user: string): Promise<Set<string>> {
  const ovl = tx.objectStore('ovl')
  const topics = new Set<string>()
  for (const old of await ovl.getAll()) topics.add(topic(old.s, old.t))
  if (topics.size > 0) await ovl.clear()
  const device = await deviceOf(tx)
  for (const out of await unconfirmed(tx)) {
    if (!(await isHeld(tx, out, device))) await replay(tx, out, mutators, user, topics)
  }
  return topics
}

/** Does the base hold what this action did, although its answer never came? The lane's record tells. */
async function isHeld(tx: Tx<'readwrite'>, out: Out, device: string | undefined): Promise<boolean> {
  const cur = await tx.objectStore('cur').get(out.s)
  if (device === undefined || out.state === 'sent' || cur?.lo !== 0) return false
  const lane = await tx.objectStore('rec').get([out.s, '_lane', device])
  return typeof lane?.v === 'number' && lane.v >= out.k
}

/** A guess that cannot be made is left to the server; it must not stop the others. */
async function replay(
  tx: Tx<'readwrite'>,
  out: Out,
  mutators: Mutators,
  user: string,
  topics: Set<string>,
): Promise<void> {
  const context = { user, scope: out.s, at: new Date(out.at).toISOString() }
  try {
    await mutators[out.name]?.(writer(tx, topics), out.args, context)
  } catch (fault) {
    if (fault instanceof DOMException) throw fault
    console.error('no preview of', out.name, fault)
  }
}

function writer(tx: Tx<'readwrite'>, topics: Set<string>): MutatorTx {
  const put = async (scope: string, type: string, id: string, value: unknown): Promise<void> => {
    topics.add(topic(scope, type))
    await tx.objectStore('ovl').put({ s: scope, t: type, i: id, v: value })
  }
  const base = async (scope: string, type: string, id: string): Promise<unknown> =>
    (await tx.objectStore('rec').get([scope, type, id]))?.v ?? undefined
  return {
    async get(scope, type, id) {
      const over = await tx.objectStore('ovl').get([scope, type, id])
      return over ? (over.v ?? undefined) : base(scope, type, id)
    },
    base,
    async list(scope, type) {
      const values = new Map<string, unknown>()
      for (const rec of await tx.objectStore('rec').getAll(within(scope, type))) values.set(rec.i, rec.v)
      for (const over of await tx.objectStore('ovl').getAll(within(scope, type))) values.set(over.i, over.v)
      return [...values.values()].filter((value) => value !== null)
    },
    async find(type, id) {
      const recs = await tx.objectStore('rec').index('type').getAll(type)
      return recs.find((rec) => rec.i === id && rec.v !== null)?.v
    },
    put,
    hide: (scope, type, id) => put(scope, type, id, null),
    file: (sha) => tx.objectStore('blob').get(sha),
  }
}
