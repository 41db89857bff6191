/** What the actions of the timetable and of the cahier de textes do to the screen before the server has its say. */
import type { Mutator, MutatorTx } from '../sync/mutators.ts'
import type { Course } from '../sync/records.ts'
import type { Slot, TimetableActions } from './records.ts'

const hides =
  (type: string) =>
  async (tx: MutatorTx, { ids }: { ids: string[] }, { scope }: { scope: string }): Promise<void> => {
    for (const id of ids) await tx.hide(scope, type, id)
  }

const course = async (tx: MutatorTx, id: string): Promise<Course | undefined> =>
  (await tx.find('course', id)) as Course | undefined

export const timetableMutators: { [N in keyof TimetableActions]: Mutator<TimetableActions[N]> } = {
  async 'timetable.slot@1'(tx, { slots }, { scope }) {
    for (const { id, ...slot } of slots) await tx.put(scope, 'slot', id, await completed(tx, slot))
  },

  'timetable.unslot@1': hides('slot'),

  async 'timetable.change@1'(tx, { id, despite: _, extra, ...change }, { scope, at }) {
    const full = { ...change, at, ...(extra && { extra: await completed(tx, extra) }) }
    await tx.put(scope, 'change', id ?? `${change.slot ?? ''}.${change.date}`, full)
  },

  'timetable.unchange@1': hides('change'),

  // Which lessons it marks is known to the server: they come with its answer.
  async 'timetable.absence@1'(tx, { id, teacher, ...absence }, { scope }) {
    await tx.put(scope, 'leave', id, { ...absence, teacher: { id: teacher, name: '' } })
  },

  async 'timetable.unabsence@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'leave', id)
  },

  async 'timetable.calendar@1'(tx, calendar, { scope }) {
    await tx.put(scope, 'calendar', 'calendar', calendar)
  },

  async 'notebook.write@1'(tx, { id, ...page }, { scope, user, at }) {
    const of = scope.slice(7)
    const { subject, teachers } = (await course(tx, of)) ?? { subject: '', teachers: [] }
    const teacher = teachers.find((one) => one.id === user) ?? { id: user, name: '' }
    await tx.put(scope, 'entry', id, { showAt: at, ...page, course: of, subject, teacher, at })
  },

  async 'notebook.erase@1'(tx, { id }, { scope }) {
    await tx.hide(scope, 'entry', id)
  },

  // What the server has already erased comes back from there: only it still has the text.
  async 'notebook.restore@1'(tx, { id }, { scope }) {
    const old = await tx.base(scope, 'entry', id)
    if (old) await tx.put(scope, 'entry', id, old)
  },
}

/** A course says what is taught, and to whom. */
async function completed(tx: MutatorTx, slot: Slot): Promise<Slot> {
  const of = slot.course ? await course(tx, slot.course) : undefined
  return of ? { audiences: [of.audience], ...slot, subject: of.subject } : slot
}
