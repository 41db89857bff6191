/** What the acts on informations do to the screen before the server has its say. */
import type { Broadcast, Information, InformationActions, Response } from './informationrecords.ts'
import type { Mutator, MutatorTx } from './mutators.ts'
import type { User } from './records.ts'

type Typed = { [N in keyof InformationActions]: Mutator<InformationActions[N]> }

export const informationMutators: Typed = {
  async 'information.publish@1'(tx, { id, ...told }, { user, scope, at }) {
    if (await tx.base(scope, 'broadcast', id)) return
    const name = ((await tx.get(scope, 'user', user)) as User | undefined)?.name ?? ''
    await tx.put(scope, 'broadcast', id, { ...told, by: { id: user, name }, at, people: 0 })
  },

  'information.correct@1': (tx, { id, ...told }, { scope, at }) =>
    amend<Broadcast>(tx, scope, 'broadcast', id, { ...told, corrected: at }),
  'information.withdraw@1': (tx, { id }, { scope, at }) =>
    amend<Broadcast>(tx, scope, 'broadcast', id, { withdrawn: at }),
  'information.remind@1': (tx, { id }, { scope, at }) =>
    amend<Broadcast>(tx, scope, 'broadcast', id, { reminded: at }),

  async 'information.read@1'(tx, { ids }, { scope, at }) {
    for (const id of ids) await respond(tx, scope, id, at, {})
  },

  async 'information.acknowledge@1'(tx, { id }, { scope, at }) {
    const before = (await tx.get(scope, 'response', id)) as Response | undefined
    await respond(tx, scope, id, at, { acknowledged: before?.acknowledged ?? at })
  },

  async 'information.answer@1'(tx, { id, child, answers: given }, { scope, at }) {
    const about = (await tx.get(scope, 'information', id)) as Information | undefined
    const before = (await tx.get(scope, 'response', id)) as Response | undefined
    const answers = { ...before?.answers, [child ?? 'self']: { at, ...(!about?.anonymous && { given }) } }
    await respond(tx, scope, id, at, { answers })
  },
}

async function amend<T>(
  tx: MutatorTx,
  scope: string,
  type: string,
  id: string,
  change: Partial<T>,
): Promise<void> {
  const old = (await tx.get(scope, type, id)) as T | undefined
  if (old) await tx.put(scope, type, id, { ...old, ...change })
}

/** Whatever is done with it, it was read. */
async function respond(
  tx: MutatorTx,
  scope: string,
  id: string,
  at: string,
  change: Partial<Response>,
): Promise<void> {
  const old = (await tx.get(scope, 'response', id)) as Response | undefined
  if (await tx.get(scope, 'information', id))
    await tx.put(scope, 'response', id, { ...old, ...change, read: old?.read ?? at })
}
