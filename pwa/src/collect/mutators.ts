/** What the actions of collects do to the screen before the server has its say. */
import type { Mutator, MutatorTx } from '../sync/mutators.ts'
import type { Collect, CollectActions, ExpectedPupil, FileRequest } from './records.ts'

const day = 86_400_000
/** For so many days what was dropped stays after the end. */
const kept = 30

const after = (at: string, days: number): string => new Date(Date.parse(at) + days * day).toISOString()

/** A collect that ends then. */
export function ending(until: string): Pick<Collect, 'until' | 'erased'> {
  return { until, erased: after(until, kept) }
}

async function amend(tx: MutatorTx, scope: string, id: string, change: Partial<Collect>) {
  const old = (await tx.get(scope, 'collect', id)) as Collect | undefined
  if (old) await tx.put(scope, 'collect', id, { ...old, ...change })
}

async function pupil(tx: MutatorTx, id: string): Promise<ExpectedPupil> {
  const known = (await tx.find('student', id)) as
    { first: string; last: string; class?: { name: string } } | undefined
  return { id, name: known ? `${known.first} ${known.last}` : '', class: known?.class?.name ?? '' }
}

export const collectMutators: { [N in keyof CollectActions]: Mutator<CollectActions[N]> } = {
  async 'collect.open@1'(tx, { id, audiences, days, ...rest }, { scope, at }) {
    if (await tx.base(scope, 'collect', id)) return
    const named = audiences.map(async (of) => {
      const known = (await tx.get(of, 'class', of.slice(of.indexOf(':') + 1))) as { name: string } | undefined
      return { scope: of, name: known?.name ?? '' }
    })
    const made: Collect = { ...rest, audiences: await Promise.all(named), at, ...ending(after(at, days)) }
    await tx.put(scope, 'collect', id, made)
  },

  async 'collect.extend@1'(tx, { id, days }, { scope, at }) {
    await amend(tx, scope, id, ending(after(at, days)))
  },

  async 'collect.close@1'(tx, { id }, { scope, at }) {
    const old = (await tx.get(scope, 'collect', id)) as Collect | undefined
    if (old && at < old.until) await amend(tx, scope, id, ending(at))
  },

  async 'collect.erase@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'collect', id)
  },

  async 'collect.drop@1'(tx, { id, collect, child, files }, { user, scope, at }) {
    if (await tx.base(scope, 'deposit', id)) return
    const asked = (await tx.find('request', collect)) as FileRequest | undefined
    await tx.put(scope, 'deposit', id, {
      collect,
      title: asked?.title ?? '',
      to: asked?.by ?? { id: '', name: '' },
      until: asked?.until ?? at,
      student: await pupil(tx, child ?? user),
      at,
      files: files.map((file) => ({ ...file, state: 'waiting' })),
    })
  },

  async 'collect.withdraw@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'deposit', id)
  },
}
