/**
 * What the waiting actions make of the base: each is run again, in order, on
 * what the server last said. Base records never hold what it has not confirmed.
 */
import { topic } from '../db/changes.ts'
import type { Tx } from '../db/database.ts'
import { waiting } from './outbox.ts'
import type { MutatorTx, Mutators } from './mutators.ts'

/** Builds the overlay anew and says what it touched. */
export async function rebase(tx: Tx<'readwrite'>, mutators: Mutators, user: string): Promise<Set<string>> {
  const ovl = tx.objectStore('ovl')
  const topics = new Set<string>()
  for (const old of await ovl.getAll()) topics.add(topic(old.s, old.t))
  if (topics.size > 0) await ovl.clear()
  for (const out of await waiting(tx)) {
    const mutate = mutators[out.name]
    if (!mutate) continue
    await mutate(writer(tx, topics), out.args, { user, scope: out.s, at: new Date(out.at).toISOString() })
  }
  return topics
}

function writer(tx: Tx<'readwrite'>, topics: Set<string>): MutatorTx {
  const put = async (scope: string, type: string, id: string, value: unknown): Promise<void> => {
    topics.add(topic(scope, type))
    await tx.objectStore('ovl').put({ s: scope, t: type, i: id, v: value })
  }
  return {
    async get(scope, type, id) {
      const over = await tx.objectStore('ovl').get([scope, type, id])
      if (over) return over.v ?? undefined
      const rec = await tx.objectStore('rec').get([scope, type, id])
      return rec?.v ?? undefined
    },
    put,
    hide: (scope, type, id) => put(scope, type, id, null),
    async file(sha) {
      return tx.objectStore('blob').get(sha)
    },
  }
}
