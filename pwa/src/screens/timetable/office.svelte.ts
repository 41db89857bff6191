/** What vie scolaire looks at and is about to do; and what it does, each with its undo. */
import { toast } from '../../app/announce.svelte'
import { session } from '../../app/session.svelte'
import { t } from '../../i18n/index.svelte'
import type { Absence, Actions, Calendar, Change, Row, Slot, View } from '../../sync/index.ts'
import type { Lesson } from '../../timetable/expand.ts'
import type { Shown } from '../../timetable/lessons.ts'

export type By = 'class' | 'teacher' | 'room'

class Desk {
  by = $state<By>('class')
  chosen = $state('')
  /** Where a new lesson is to be. */
  adding = $state.raw<{ date: string; start: string } | undefined>(undefined)

  picks(lesson: Shown): boolean {
    if (this.by === 'class') return lesson.audiences?.includes(this.chosen) ?? false
    if (this.by === 'room') return lesson.rooms?.includes(this.chosen) ?? false
    return [...lesson.people, ...(lesson.was?.teachers ?? [])].some((one) => one.id === this.chosen)
  }

  add(date: string, start: string): void {
    this.adding = { date, start }
  }
}

export const office = new Desk()

const scope = (): string => `timetable:${session.identity?.school ?? ''}`

type ChangeArgs = Actions['timetable.change@1']

/** Says what becomes of a lesson, or that it is as every week. */
export async function setChange(
  id: string,
  change: ChangeArgs | undefined,
  before: Change | undefined,
  despite = change?.despite ?? false,
): Promise<void> {
  await put(id, change, despite)
  toast(t('timetable.saved'), { undo: () => void put(id, before && again(id, before), true) })
}

function again(id: string, { by: _, at: __, ...change }: Change): ChangeArgs {
  return { ...change, ...(change.extra && { id }), despite: true }
}

async function put(id: string, change: ChangeArgs | undefined, despite: boolean): Promise<void> {
  if (change) await session.device.act(scope(), 'timetable.change@1', change)
  else await session.device.act(scope(), 'timetable.unchange@1', { ids: [id], despite })
}

/** Writes a lesson of every week, or takes it out. */
export async function setSlot(
  id: string,
  slot: Slot | undefined,
  before: Slot | undefined,
  despite = false,
): Promise<void> {
  await putSlot(id, slot, despite)
  toast(t(slot ? 'timetable.saved' : 'timetable.removed'), { undo: () => void putSlot(id, before, true) })
}

async function putSlot(id: string, slot: Slot | undefined, despite: boolean): Promise<void> {
  if (slot) await session.device.act(scope(), 'timetable.slot@1', { slots: [{ ...slot, id }], despite })
  else await session.device.act(scope(), 'timetable.unslot@1', { ids: [id] })
}

export async function setAbsence(absence: Actions['timetable.absence@1']): Promise<void> {
  await session.device.act(scope(), 'timetable.absence@1', absence)
  const undo = () => void session.device.act(scope(), 'timetable.unabsence@1', { id: absence.id })
  toast(t('absence.saved'), { undo })
}

export async function endAbsence(id: string): Promise<void> {
  await session.device.act(scope(), 'timetable.unabsence@1', { id })
  toast(t('absence.removed'))
}

export async function setCalendar(calendar: Calendar, before: Calendar): Promise<void> {
  await session.device.act(scope(), 'timetable.calendar@1', calendar)
  const undo = () => void session.device.act(scope(), 'timetable.calendar@1', before)
  toast(t('timetable.saved'), { undo })
}

/** A slot as the lesson of a day: to look what it would overlap. */
export function wanted(id: string, slot: Slot, date: string): Lesson {
  return { ...slot, id, date }
}

export function absencesOf(view: View): Promise<Row<Absence>[]> {
  return view.list(scope(), 'leave')
}
