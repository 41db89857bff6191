/** What the acts of vie scolaire do to the screen before the server has its say. */
import type { AttendanceActions, Missed, Note, Roll } from './attendancerecords.ts'
import type { Mutator, MutatorContext, MutatorTx } from './mutators.ts'
import type { Course } from './records.ts'

type Typed = { [N in keyof AttendanceActions]: Mutator<AttendanceActions[N]> }
type RollArgs = AttendanceActions['attendance.roll@1']
type RulingArgs = AttendanceActions['attendance.settle@1']

const compact = (text: string): string => text.replace(/[-:]/g, '')

/** Two teachers who take the roll of one lesson write to one record. */
export const rollId = (date: string, start: string): string => `${compact(date)}-${compact(start)}`

export const attendanceMutators: Typed = {
  async 'attendance.roll@1'(tx, args, context) {
    await take(tx, rollId(args.date, args.start), context.scope.slice('course:'.length), args, context)
  },

  async 'attendance.correct@1'(tx, { course, ...args }, context) {
    await take(tx, `${course}~${rollId(args.date, args.start)}`, course, args, context)
  },

  async 'attendance.observe@1'(tx, args, context) {
    await note(tx, args, context)
  },

  async 'attendance.note@1'(tx, args, context) {
    await note(tx, args, context)
  },

  async 'attendance.strike@1'(tx, { type, id }, { scope }) {
    const old = (await tx.get(scope, type, id)) as Note | undefined
    if (old) await tx.put(scope, type, id, { ...old, struck: true })
  },

  async 'attendance.record@1'(tx, args, context) {
    await rule(tx, args, context, true)
  },

  async 'attendance.settle@1'(tx, args, context) {
    await rule(tx, args, context, false)
  },

  async 'attendance.justify@1'(tx, { id, ...args }, { user, scope, at }) {
    if (await tx.base(scope, 'justification', id)) return
    const files = await Promise.all(
      args.files.map(async (sha) => ({
        ...{ name: '', type: 'image/jpeg', size: 0 },
        ...(await tx.file(sha)),
        sha,
      })),
    )
    const said = { given: true, state: 'sent', by: { id: user, name: '' }, at: Date.parse(at) }
    await tx.put(scope, 'justification', id, { ...args, ...said, files })
  },

  async 'attendance.acknowledge@1'(tx, { type, id }, { user, scope, at }) {
    const of = { type, of: id, by: { id: user, name: '' }, at: Date.parse(at) }
    await tx.put(scope, 'acknowledgement', `${id}.${user}`, of)
  },

  async 'attendance.reason@1'(tx, { code, ...reason }, { scope }) {
    await tx.put(scope, 'reason', code, reason)
  },
}

async function take(
  tx: MutatorTx,
  id: string,
  course: string,
  { calls, ...lesson }: RollArgs,
  { user, scope, at }: MutatorContext,
): Promise<void> {
  const of = (await tx.get(scope, 'course', course)) as Course | undefined
  const by = of?.teachers.find((one) => one.id === user) ?? { id: user, name: '' }
  const fresh: Roll = {
    ...{ course, subject: of?.subject ?? '', audience: of?.audience ?? '', ...lesson },
    ...{ by, at: Date.parse(at), calls: {} },
  }
  const roll = ((await tx.get(scope, 'roll', id)) as Roll | undefined) ?? fresh
  const all = { ...roll.calls }
  for (const { student, ...call } of calls)
    all[student] = [...(all[student] ?? []), { ...call, by, at: Date.parse(at) }]
  await tx.put(scope, 'roll', id, { ...roll, calls: all })
}

async function note(
  tx: MutatorTx,
  { type, id, ...rest }: AttendanceActions['attendance.note@1'],
  { user, scope, at }: MutatorContext,
): Promise<void> {
  const old = (await tx.get(scope, type, id)) as Note | undefined
  const by = { by: old?.by ?? { id: user, name: '' }, at: old?.at ?? Date.parse(at) }
  await tx.put(scope, type, id, { ...rest, ...by, ...(old?.name && { name: old.name }) })
}

/** What is decided shows at once on what it is about. */
async function rule(
  tx: MutatorTx,
  { id, ...args }: RulingArgs,
  { user, scope, at }: MutatorContext,
  recorded: boolean,
): Promise<void> {
  const said = { recorded, settled: !recorded, counts: true, by: { id: user, name: '' }, at: Date.parse(at) }
  await tx.put(scope, 'ruling', id, { ...args, ...said })
  const own = recorded ? `${args.student}~${id}` : await meeting(tx, scope, args)
  const old = own && ((await tx.get(scope, args.kind, own)) as Missed | undefined)
  if (own && args.void) await tx.hide(scope, args.kind, own)
  else if (own && old) {
    const span = recorded ? { from: args.from, to: args.to } : {}
    await tx.put(scope, args.kind, own, { ...old, ...span, justified: args.justified, settled: !recorded })
  }
  const excuse = `${args.student}~${args.excuse ?? ''}`
  const family = (await tx.get(scope, 'justification', excuse)) as object | undefined
  if (family)
    await tx.put(scope, 'justification', excuse, { ...family, state: args.refused ? 'refused' : 'accepted' })
}

/** The id of an absence that begins when the decided time does. */
async function meeting(
  tx: MutatorTx,
  scope: string,
  args: Omit<RulingArgs, 'id'>,
): Promise<string | undefined> {
  const id = `${args.student}~at${compact(args.from).replace('T', '-')}`
  return (await tx.get(scope, args.kind, id)) ? id : undefined
}
