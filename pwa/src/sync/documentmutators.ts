/** What the acts on one's documents do to the screen before the server has its say. */
import type { DocumentActions, KeptDocument } from './documentrecords.ts'
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'

type Typed = { [N in keyof DocumentActions]: Mutator<DocumentActions[N]> }

export const documentMutators: Typed = {
  async 'document.keep@1'(tx, { id, ...kept }, { scope, at }) {
    if (await tx.base(scope, 'document', id)) return
    await tx.put(scope, 'document', id, { ...kept, name: kept.file.name, at })
  },
  'document.rename@1': (tx, { id, name }, to) => each(tx, [id], to, { name }),
  'document.move@1': (tx, { ids, folder }, to) => each(tx, ids, to, { folder }),
  'document.remove@1': (tx, { ids }, to) => each(tx, ids, to, { binned: to.at }),
  'document.restore@1': (tx, { ids }, to) => each(tx, ids, to, { binned: '' }),

  async 'document.purge@1'(tx, { ids }, { scope }) {
    for (const id of ids) await tx.hide(scope, 'document', id)
  },

  'document.folder@1': (tx, { id, name }, { scope }) => tx.put(scope, 'documentFolder', id, { name }),
  'document.unfolder@1': (tx, { id }, { scope }) => tx.hide(scope, 'documentFolder', id),
  'document.quotas@1': (tx, quotas, { scope }) => tx.put(scope, 'documents', 'documents', quotas),
}

async function each(
  tx: MutatorTx,
  ids: string[],
  { scope }: MutatorContext,
  change: Partial<KeptDocument>,
): Promise<void> {
  for (const id of ids) {
    const old = (await tx.get(scope, 'document', id)) as KeptDocument | undefined
    if (old) await tx.put(scope, 'document', id, { ...old, ...change })
  }
}
