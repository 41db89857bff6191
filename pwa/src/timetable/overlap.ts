/** What two lessons would need at one time, as far as this device knows; the server looks again. */
import type { Change, Slot } from '../sync/index.ts'
import { held, plusDays, weekday, type Lesson } from './expand.ts'
import { lessonsOf, peopleOf, type Shown, type Timetable } from './lessons.ts'

export interface Taken {
  field: 'rooms' | 'teachers' | 'audiences'
  what: string
  lesson: Shown
}

/** What a lesson would overlap on its day. */
export function overlaps(table: Timetable, wanted: Lesson, others: readonly Shown[]): Taken[] {
  const people = peopleOf(table, wanted)
  return others.flatMap((lesson): Taken[] => {
    if (lesson.id === wanted.id || !held(lesson) || lesson.date !== wanted.date) return []
    if (lesson.start >= wanted.end || wanted.start >= lesson.end) return []
    const room = wanted.rooms?.find((one) => lesson.rooms?.some((other) => same(one, other)))
    if (room) return [{ field: 'rooms', what: room, lesson }]
    const person = people.find((one) => lesson.people.some((other) => other.id === one.id))
    if (person) return [{ field: 'teachers', what: person.name, lesson }]
    const audience = wanted.audiences?.find((one) => lesson.audiences?.includes(one))
    return audience ? [{ field: 'audiences', what: table.audiences.get(audience) ?? '', lesson }] : []
  })
}

/** What a lesson of every week would overlap, this week, the next, and on days to come that are not as every week. */
export function slotOverlaps(table: Timetable, id: string, slot: Slot, date: string, today: string): Taken[] {
  const planned = { ...table, slots: { ...table.slots, [id]: slot } }
  const changed = Object.values(table.changes)
    .filter((change) => change.slot === id || weekday(dayOf(change)) === slot.weekday)
    .map(dayOf)
  const days = [date, plusDays(date, 7), ...changed.filter((day) => day >= today)].sort()
  return [...new Set(days)].flatMap((day) => takenOn(planned, day, (lesson) => lesson.slot === id))
}

/** What a lesson would overlap once it is changed, or as every week again, and does not yet. */
export function changeOverlaps(table: Timetable, id: string, change: Change | undefined): Taken[] {
  const { [id]: was, ...others } = table.changes
  const planned = { ...table, changes: change ? { ...others, [id]: change } : others }
  const day = change ? dayOf(change) : (was?.date ?? '')
  const mine = (lesson: Lesson): boolean => lesson.id === id
  const known = new Set(takenOn(table, day, mine).map(nameOfTaken))
  return takenOn(planned, day, mine).filter((one) => !known.has(nameOfTaken(one)))
}

const dayOf = (change: Change): string => change.to?.date ?? change.date

const nameOfTaken = ({ field, what, lesson }: Taken): string => [field, what, lesson.id].join()

function takenOn(table: Timetable, day: string, mine: (lesson: Lesson) => boolean): Taken[] {
  const lessons = lessonsOf(table, day, day)
  return lessons.filter((one) => mine(one) && held(one)).flatMap((one) => overlaps(table, one, lessons))
}

const same = (a: string, b: string): boolean => a.localeCompare(b, 'fr', { sensitivity: 'accent' }) === 0
