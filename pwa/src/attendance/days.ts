/** When a pupil has school, out of the scopes that this device holds. Pure: records in, days out. */
import type { View } from '../sync/index.ts'
import { expand, held, type Lesson } from '../timetable/expand.ts'
import { calendarOf, ofPupil, ofSchool, type Timetable } from '../timetable/lessons.ts'
import { usualHours, type SchoolDays } from './count.ts'
import { audiencesIn } from './office.ts'

/** A pupil has to be there. */
export const isExpected = ({ kind }: Pick<Lesson, 'kind'>): boolean =>
  kind === 'lesson' || kind === 'activity' || kind === 'permanence'

/** Of a pupil, from one day until another; `user` reads. */
export async function schoolDays(
  view: View,
  student: string,
  { from, until, user }: { from: string; until: string; user: string },
): Promise<SchoolDays> {
  const [hours, calendar, lessons] = await Promise.all([
    view.all('hours'),
    calendarOf(view),
    lessonsOf(view, student, user),
  ])
  const byDay: Record<string, [string, string][]> = {}
  for (const lesson of lessons(from, until).filter(isExpected)) {
    const day = (byDay[lesson.date] ??= [])
    if (held(lesson)) day.push([lesson.start, lesson.end])
  }
  return { hours: hours[0]?.value ?? usualHours, holidays: calendar.holidays, lessons: byDay }
}

/** Who holds the pupil's class has its timetable; vie scolaire has that of the school. */
async function lessonsOf(view: View, student: string, user: string) {
  const own = await ofPupil(view, student)
  if (Object.keys(own.slots).length > 0) return (from: string, until: string) => all(own, from, until)
  const [scope] = (await view.all('slot'))
    .map((row) => row.scope)
    .filter((one) => one.startsWith('timetable:'))
  if (!scope) return () => []
  const school = await ofSchool(view, scope.slice('timetable:'.length))
  const mine = audiencesIn(await view.list(`user:${user}`, 'list'), student)
  return (from: string, until: string) =>
    all(school, from, until).filter((one) => one.audiences?.some((scope) => mine.has(scope)))
}

const all = ({ slots, changes, calendar }: Timetable, from: string, until: string): Lesson[] =>
  expand(slots, changes, calendar, from, until)
