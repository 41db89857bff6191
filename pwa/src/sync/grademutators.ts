/** What the acts of marks do to the screen before the server has its say. */
import type { Assessment, AssessedMark, GradeActions } from './graderecords.ts'
import type { Mutator, MutatorTx } from './mutators.ts'

type Typed = { [N in keyof GradeActions]: Mutator<GradeActions[N]> }

export const gradeMutators: Typed = {
  async 'grades.assess@1'(tx, { id, ...outline }, { user, scope }) {
    if (await tx.base(scope, 'assessment', id)) return
    await tx.put(scope, 'assessment', id, { ...outline, teacher: { id: user, name: '' } })
  },

  async 'grades.amend@1'(tx, { id, ...changed }, { scope, at }) {
    await change(tx, scope, id, (old) => ({ ...old, ...changed, editedAt: at }))
  },

  async 'grades.cancel@1'(tx, { id }, { scope }) {
    const old = await tx.get(scope, 'assessment', id)
    if (!old) return
    await tx.hide(scope, 'assessment', id)
    await tx.put(scope, 'canceled', id, old)
  },

  async 'grades.restore@1'(tx, { id }, { scope }) {
    const old = await tx.get(scope, 'canceled', id)
    if (!old) return
    await tx.hide(scope, 'canceled', id)
    await tx.put(scope, 'assessment', id, old)
  },

  // As the server merges: a value goes where its author saw what is there, and beside it where not.
  async 'grades.enter@1'(tx, { assessment, cells }, { user, scope, at }) {
    const by = { id: user, name: '' }
    for (const { student, value, was } of cells) {
      const id = `${assessment}.${student}`
      const old = (await tx.get(scope, 'mark', id)) as AssessedMark | undefined
      const { rivals = [], ...mark } = old ?? { assessment, student, value: '', at, by }
      if (was === mark.value) await tx.put(scope, 'mark', id, { ...mark, value, at, by })
      else if (value !== mark.value)
        await tx.put(scope, 'mark', id, { ...mark, rivals: [...rivals, { value, at, by }] })
    }
  },

  async 'grades.comment@1'(tx, { assessment, student, comment }, { user, scope, at }) {
    const id = `${assessment}.${student}`
    const empty = { assessment, student, value: '', at, by: { id: user, name: '' } }
    const old = (await tx.get(scope, 'mark', id)) as AssessedMark | undefined
    await tx.put(scope, 'mark', id, { ...(old ?? empty), comment })
  },

  async 'grades.publish@1'(tx, { id, at: from, guardiansAt }, { scope, at }) {
    const publishAt = from ?? at
    await change(tx, scope, id, (old) => ({
      ...old,
      publishAt: old.publishAt && old.publishAt <= at ? old.publishAt : publishAt,
      guardiansAt: guardiansAt ?? publishAt,
    }))
  },

  async 'grades.hide@1'(tx, { id }, { scope }) {
    await change(tx, scope, id, ({ publishAt: _, guardiansAt: __, ...old }) => old)
  },

  async 'grades.service@1'(tx, service, { scope }) {
    await tx.put(scope, 'service', 'service', service)
  },

  async 'grades.period@1'(tx, { id, ...period }, { scope }) {
    await tx.put(scope, 'period', id, period)
  },

  async 'grades.policy@1'(tx, policy, { scope }) {
    await tx.put(scope, 'grades', 'grades', policy)
  },
}

async function change(
  tx: MutatorTx,
  scope: string,
  id: string,
  by: (old: Assessment) => Assessment,
): Promise<void> {
  const old = (await tx.get(scope, 'assessment', id)) as Assessment | undefined
  if (old) await tx.put(scope, 'assessment', id, by(old))
}
