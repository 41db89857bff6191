/** What the acts of report cards do to the screen before the server has its say. */
import type { Appraisal, CardActions, CouncilState, Summary } from './cardrecords.ts'
import type { Mutator, MutatorContext } from './mutators.ts'

type Typed = { [N in keyof CardActions]: Mutator<CardActions[N]> }

const said = ({ user, at }: MutatorContext) => ({ at, by: { id: user, name: '' } })

/** As the server merges: a text goes where its author saw what is there, and beside it where not. */
export function merged(
  before: Appraisal | undefined,
  was: string,
  now: Omit<Appraisal, 'rivals'>,
): Appraisal | undefined {
  const { text = '', rivals = [] } = before ?? {}
  if (now.text === text && (was !== text || rivals.length === 0)) return before
  if (was === text || !before) return now
  const beside = { text: now.text, at: now.at, by: now.by }
  return { ...before, rivals: [...rivals.filter((one) => one.text !== now.text), beside].slice(-4) }
}

export const cardMutators: Typed = {
  'reportcard.rules@1': (tx, rules, { scope }) => tx.put(scope, 'cards', 'cards', rules),

  async 'reportcard.council@1'(tx, { until, ...of }, { scope }) {
    const id = `${of.period}.${of.class}`
    const { until: _, ...old } = ((await tx.get(scope, 'council', id)) ?? {}) as Partial<CouncilState>
    await tx.put(scope, 'council', id, { ...old, ...of, ...(until && { until }) })
  },

  async 'reportcard.appraise@1'(tx, { was, ...now }, context) {
    const id = `${now.period}.${now.student}`
    const old = (await tx.get(context.scope, 'appraisal', id)) as Appraisal | undefined
    const next = merged(old, was, { ...now, ...said(context) })
    if (next && next !== old) await tx.put(context.scope, 'appraisal', id, next)
  },

  'reportcard.program@1': (tx, { period, elements }, { scope }) =>
    tx.put(scope, 'program', period, { elements }),

  async 'reportcard.conclude@1'(tx, args, context) {
    const id = `${args.period}.${args.student}`
    const old = (await tx.get(context.scope, 'summary', id)) as Summary | undefined
    await tx.put(context.scope, 'summary', id, { ...old, ...args, ...said(context) })
  },

  async 'reportcard.refresh@1'() {
    // the server alone counts
  },

  async 'reportcard.publish@1'() {
    // nothing is out before the server says so
  },

  async 'reportcard.acknowledge@1'(tx, args, context) {
    await tx.put(context.scope, 'cardseen', `${args.period}.${context.user}`, { ...args, ...said(context) })
  },
}
