/**
 * What the acts of vie scolaire do to the screen before the server has its say. They travel with the first screen, so
 * they say little: what waits of a decision is laid over what it is about by the screens (attendance/office.ts).
 */
import type { AttendanceActions, Note, Roll } from './attendancerecords.ts'
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'

type Typed = { [N in keyof AttendanceActions]: Mutator<AttendanceActions[N]> }

const said = ({ user, at }: MutatorContext) => ({ by: { id: user, name: '' }, at: Date.parse(at) })

/** Two teachers who take the roll of one lesson write to one record. */
export const rollId = (date: string, start: string, of = ''): string =>
  (of && `${of}~`) + `${date}-${start}`.replace(/-(?!\d+:)|:/g, '')

interface Whose {
  course?: string
  audience?: string
}

async function take(
  tx: MutatorTx,
  { calls, ...lesson }: AttendanceActions['attendance.roll@1' | 'attendance.correct@1'] & Whose,
  context: MutatorContext,
): Promise<void> {
  const { course, audience } = lesson
  const id = rollId(lesson.date, lesson.start, course ?? audience)
  const by = said(context)
  const old = (await tx.get(context.scope, 'roll', id)) as Roll | undefined
  const all = { ...old?.calls }
  for (const { student, ...call } of calls) all[student] = [...(all[student] ?? []), { ...call, ...by }]
  await tx.put(context.scope, 'roll', id, { ...lesson, ...by, ...old, calls: all })
}

const note: Mutator<AttendanceActions['attendance.note@1']> = async (tx, { type, id, ...rest }, context) => {
  const old = (await tx.get(context.scope, type, id)) as Note | undefined
  await tx.put(context.scope, type, id, { ...said(context), ...old, ...rest })
}

const rule: Mutator<AttendanceActions['attendance.settle@1']> = (tx, { id, ...rest }, context) =>
  tx.put(context.scope, 'ruling', id, { ...rest, ...said(context) })

export const attendanceMutators: Typed = {
  'attendance.roll@1': take,
  'attendance.correct@1': take,
  'attendance.observe@1': note,
  'attendance.note@1': note,
  'attendance.record@1': rule,
  'attendance.settle@1': rule,

  async 'attendance.strike@1'(tx, { type, id }, { scope }) {
    await tx.hide(scope, type, id)
  },

  async 'attendance.justify@1'(tx, { id, files, ...rest }, context) {
    const value = { ...rest, ...said(context), given: true, state: 'sent' }
    await tx.put(context.scope, 'justification', id, { ...value, files: files.map((sha) => ({ sha })) })
  },

  async 'attendance.acknowledge@1'(tx, { type, id }, context) {
    const { scope, user } = context
    await tx.put(scope, 'acknowledgement', `${id}.${user}`, { type, of: id, ...said(context) })
  },

  async 'attendance.reason@1'(tx, { code, ...reason }, { scope }) {
    await tx.put(scope, 'reason', code, reason)
  },

  async 'attendance.hours@1'(tx, hours, { scope }) {
    await tx.put(scope, 'hours', 'hours', hours)
  },
}
