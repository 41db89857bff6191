/** Of which lessons a roll is taken, out of the timetable. Pure. */
import { held } from '../timetable/expand.ts'
import { lessonsOf, ofSchool, ofTeacher, type Shown } from '../timetable/lessons.ts'
import type { Roll, Row, View } from '../sync/index.ts'
import { isExpected } from './days.ts'
import type { OfficeRoll } from './office.ts'

/** A lesson in which pupils have to be; a permanence has no course. */
export const isCalled = (lesson: Shown): boolean => held(lesson) && isExpected(lesson)

/** What a teacher holds on a day; a lesson that somebody else holds in their place is none of theirs. */
export async function taughtOn(view: View, user: string, date: string): Promise<Shown[]> {
  const mine = ({ teachers }: Shown) => !teachers?.length || teachers.some((one) => one.id === user)
  return lessonsOf(await ofTeacher(view, user), date, date).filter(
    (one) => isCalled(one) && one.course && mine(one),
  )
}

/** All lessons of a school on a day; undefined where it keeps no timetable here. */
export async function heldOn(view: View, school: string, date: string): Promise<Shown[] | undefined> {
  const table = await ofSchool(view, school)
  return Object.keys(table.slots).length > 0 ? lessonsOf(table, date, date).filter(isCalled) : undefined
}

interface Timed {
  start: string
  end: string
}

function plus(clock: string, minutes: number): string {
  const [h = 0, m = 0] = clock.split(':').map(Number)
  const sum = Math.min(23 * 60 + 59, h * 60 + m + minutes)
  return `${String(Math.trunc(sum / 60)).padStart(2, '0')}:${String(sum % 60).padStart(2, '0')}`
}

/**
 * The lesson whose roll is wanted: the one that is on, the next from five minutes before; between lessons the next
 * one if it is near, else the last.
 */
export function lessonAt<L extends Timed>(lessons: readonly L[], clock: string): L | undefined {
  const before = (minutes: number) => lessons.filter((one) => one.start <= plus(clock, minutes))
  return (
    before(5).findLast((one) => clock < one.end) ??
    before(15).findLast((one) => clock < one.start) ??
    before(0).at(-1) ??
    lessons[0]
  )
}

/** The roll may be taken: from some minutes before, as the server has it (api/attendance/check.go). */
export const hasBegun = (lesson: Timed, clock: string): boolean => lesson.start <= plus(clock, 15)

interface Course {
  id: string
  /** Those of the day. */
  rolls: Row<Roll>[]
}

/** The day of a teacher: each lesson with its rolls, and the courses that have none today, or rolls beside them. */
export function planOf<C extends Course>(
  courses: readonly C[],
  lessons: readonly Shown[],
): { planned: { lesson: Shown; course: C }[]; others: C[] } {
  const meets = ({ value }: Row<Roll>, { start, end }: Timed) => value.start < end && start < value.end
  const planned = lessons.flatMap((lesson) => {
    const course = courses.find((one) => one.id === lesson.course)
    return course
      ? [{ lesson, course: { ...course, rolls: course.rolls.filter((row) => meets(row, lesson)) } }]
      : []
  })
  const others = courses.flatMap((course) => {
    const held = lessons.filter((one) => one.course === course.id)
    const rolls = course.rolls.filter((row) => !held.some((one) => meets(row, one)))
    return held.length === 0 || rolls.length > 0 ? [{ ...course, rolls }] : []
  })
  return { planned, others }
}

/** Whose roll it is: a course, or the class or group of a permanence. */
export const groupOf = (lesson: Shown): string =>
  lesson.course ? `course:${lesson.course}` : (lesson.audiences?.[0] ?? '')

/** The lessons that have begun and have no roll, earliest first. A roll with other hours counts for what it covers. */
export function withoutRolls(
  lessons: readonly Shown[],
  rolls: readonly OfficeRoll[],
  clock: string,
): Shown[] {
  const has = (lesson: Shown) =>
    rolls.some(
      ({ roll }) =>
        (roll.course ? `course:${roll.course}` : roll.audience) === groupOf(lesson) &&
        roll.start < lesson.end &&
        lesson.start < roll.end,
    )
  return lessons.filter((one) => one.start <= clock && clock < one.end && groupOf(one) && !has(one))
}
