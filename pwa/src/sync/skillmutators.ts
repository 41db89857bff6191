/** What the acts of competences do to the screen before the server has its say. */
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'
import type { Named } from './records.ts'
import type { Mastery, Evaluation, LevelCell, SkillActions } from './skillrecords.ts'

type Typed = { [N in keyof SkillActions]: Mutator<SkillActions[N]> }

export const skillMutators: Typed = {
  'skills.settings@1': (tx, settings, { scope }) => tx.put(scope, 'skills', 'skills', settings),
  'skills.skill@1': (tx, { id, ...skill }, { scope }) => tx.put(scope, 'skill', id, skill),
  'skills.own@1': (tx, { id, ...skill }, { scope }) => tx.put(scope, 'skill', id, skill),

  async 'skills.evaluate@1'(tx, { id, ...outline }, { user, scope }) {
    if (await tx.base(scope, 'evaluation', id)) return
    await tx.put(scope, 'evaluation', id, { ...outline, teacher: { id: user, name: '' } })
  },

  'skills.amend@1': (tx, { id, ...outline }, context) =>
    change(tx, context, id, (old) => ({ ...old, ...outline, editedAt: context.at })),
  'skills.cancel@1': (tx, { id }, context) => change(tx, context, id, (old) => ({ ...old, canceled: true })),
  'skills.restore@1': (tx, { id }, context) =>
    change(tx, context, id, ({ canceled: _, ...old }: Evaluation) => old),

  async 'skills.enter@1'(tx, { evaluation, cells }, context) {
    const { scope, user, at } = context
    const about = (await tx.get(scope, 'evaluation', evaluation)) as Evaluation | undefined
    for (const student of new Set(cells.map((cell) => cell.student))) {
      const before = await masteryOf(tx, context, evaluation, student)
      const own = cells.filter((cell) => cell.student === student)
      const after = merge(before, own, about?.teacher, { id: user, name: '' })
      await tx.put(scope, 'mastery', `${evaluation}.${student}`, { ...after, at })
    }
  },

  async 'skills.comment@1'(tx, { evaluation, student, comment }, context) {
    const before = await masteryOf(tx, context, evaluation, student)
    await tx.put(context.scope, 'mastery', `${evaluation}.${student}`, { ...before, comment })
  },

  'skills.publish@1': (tx, { id, at: from, guardiansAt }, context) =>
    change(tx, context, id, (old) => ({
      ...old,
      publishAt: old.publishAt && old.publishAt <= context.at ? old.publishAt : (from ?? context.at),
      guardiansAt: guardiansAt ?? from ?? context.at,
    })),

  'skills.hide@1': (tx, { id }, context) =>
    change(tx, context, id, ({ publishAt: _, guardiansAt: __, ...old }: Evaluation) => old),

  async 'skills.position@1'(tx, { period, student, value }, { scope, user, at }) {
    const id = `${period}.${student}`
    if (value === 0) await tx.hide(scope, 'position', id)
    else await tx.put(scope, 'position', id, { period, student, value, at, by: { id: user, name: '' } })
  },
}

async function change(
  tx: MutatorTx,
  { scope }: MutatorContext,
  id: string,
  by: (old: Evaluation) => Evaluation,
): Promise<void> {
  const old = (await tx.get(scope, 'evaluation', id)) as Evaluation | undefined
  if (old) await tx.put(scope, 'evaluation', id, by(old))
}

async function masteryOf(
  tx: MutatorTx,
  { scope, at }: MutatorContext,
  evaluation: string,
  student: string,
): Promise<Mastery> {
  const held = (await tx.get(scope, 'mastery', `${evaluation}.${student}`)) as Mastery | undefined
  return held ?? { evaluation, student, values: {}, at }
}

/** As the server has it. */
const mostRivals = 4

/** As the server merges: a value goes where its author saw what is there, and beside it where not. */
export function merge(before: Mastery, cells: LevelCell[], teacher: Named | undefined, by: Named): Mastery {
  const { hands: _, rivals: __, ...rest } = before
  const values = new Map(Object.entries(before.values))
  const hands = new Map(Object.entries(before.hands ?? {}))
  const rivals = new Map(Object.entries(before.rivals ?? {}))
  for (const { skill, value, was } of cells) {
    const held = before.values[skill] ?? ''
    const others = before.rivals?.[skill] ?? []
    if (value === held && (was !== held || others.length === 0)) continue // two teachers agree
    if (was === held) {
      values.set(skill, value)
      hands.set(skill, by)
      if (value === '') values.delete(skill)
      if (value === '' || by.id === teacher?.id) hands.delete(skill)
      rivals.delete(skill)
    } else {
      const kept = [...others.filter((one) => one.value !== value), { value, by }]
      rivals.set(skill, kept.slice(-mostRivals))
    }
  }
  return {
    ...rest,
    values: Object.fromEntries(values),
    ...(hands.size > 0 && { hands: Object.fromEntries(hands) }),
    ...(rivals.size > 0 && { rivals: Object.fromEntries(rivals) }),
  }
}
