/** What the acts of marks do to the screen before the server has its say. */
import { usualPolicy } from '../grades/policy.ts'
import type { Assessment, AssessedMark, GradeActions, GradePolicy } from './graderecords.ts'
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'

type Typed = { [N in keyof GradeActions]: Mutator<GradeActions[N]> }

export const gradeMutators: Typed = {
  async 'grades.assess@1'(tx, { id, ...outline }, { user, scope }) {
    if (await tx.base(scope, 'assessment', id)) return
    await tx.put(scope, 'assessment', id, { ...outline, teacher: { id: user, name: '' } })
  },

  'grades.amend@1': (tx, { id, ...changed }, { scope, at }) =>
    change(tx, scope, id, (old) => ({ ...old, ...changed, editedAt: at })),

  'grades.cancel@1': (tx, { id }, { scope }) => move(tx, scope, id, 'assessment', 'canceled'),
  'grades.restore@1': (tx, { id }, { scope }) => move(tx, scope, id, 'canceled', 'assessment'),

  // As the server merges: a value goes where its author saw what is there, and beside it where not.
  async 'grades.enter@1'(tx, { assessment, cells }, context) {
    for (const { student, value, was } of cells) {
      const { rivals = [], ...mark } = await markOf(tx, context, assessment, student)
      const entered = { value, at: context.at, by: { id: context.user, name: '' } }
      if (was === mark.value) await putMark(tx, context, { ...mark, ...entered })
      else if (value !== mark.value) await putMark(tx, context, { ...mark, rivals: [...rivals, entered] })
    }
  },

  async 'grades.comment@1'(tx, { assessment, student, comment }, context) {
    await putMark(tx, context, { ...(await markOf(tx, context, assessment, student)), comment })
  },

  'grades.publish@1': (tx, { id, at: from, guardiansAt }, { scope, at }) =>
    change(tx, scope, id, (old) => ({
      ...old,
      publishAt: old.publishAt && old.publishAt <= at ? old.publishAt : (from ?? at),
      guardiansAt: guardiansAt ?? from ?? at,
    })),

  'grades.hide@1': (tx, { id }, { scope }) =>
    change(tx, scope, id, ({ publishAt: _, guardiansAt: __, ...old }) => old),

  'grades.service@1': (tx, service, { scope }) => tx.put(scope, 'service', 'service', service),
  'grades.period@1': (tx, { id, ...period }, { scope }) => tx.put(scope, 'period', id, period),
  'grades.unperiod@1': (tx, { id }, { scope }) => tx.hide(scope, 'period', id),
  async 'grades.policy@1'(tx, change, { scope }) {
    const before = (await tx.get(scope, 'grades', 'grades')) as GradePolicy | undefined
    await tx.put(scope, 'grades', 'grades', { ...usualPolicy, ...before, ...change })
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

async function move(tx: MutatorTx, scope: string, id: string, from: string, to: string): Promise<void> {
  const old = await tx.get(scope, from, id)
  if (!old) return
  await tx.hide(scope, from, id)
  await tx.put(scope, to, id, old)
}

async function markOf(
  tx: MutatorTx,
  { user, scope, at }: MutatorContext,
  assessment: string,
  student: string,
): Promise<AssessedMark> {
  const empty = { assessment, student, value: '', at, by: { id: user, name: '' } }
  return ((await tx.get(scope, 'mark', `${assessment}.${student}`)) as AssessedMark | undefined) ?? empty
}

function putMark(tx: MutatorTx, { scope }: MutatorContext, mark: AssessedMark): Promise<void> {
  return tx.put(scope, 'mark', `${mark.assessment}.${mark.student}`, mark)
}
