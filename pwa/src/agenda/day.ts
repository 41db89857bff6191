/** One day of a person, or of a family: lessons, work, events and absences on one page. Pure. */
import { lifeOf, type LifeEvent } from '../attendance/life.ts'
import { workOf, type Work } from '../school/work.ts'
import type { Roll, View } from '../sync/index.ts'
import { held, holidayOn, hoursOf } from '../timetable/expand.ts'
import { lessonsOf, ofPupil, ofTeacher, type Shown, type Timetable } from '../timetable/lessons.ts'
import { pagesOf } from '../timetable/pages.ts'
import { clockOf, dayOf } from './occurrences.ts'
import { dated, eventsOf, hoursOn, on, type Dated, type Known } from './events.ts'

/** What is known of one person, whatever the day. */
export interface Own {
  /** The pupil; nobody for what a teacher does. */
  student: string
  table: Timetable
  works: Work[]
  life: LifeEvent[]
  /** Lessons in which there is a test. */
  tests: ReadonlySet<string>
  /** Those that were taken. */
  rolls: readonly Roll[]
}

export interface Household {
  people: Own[]
  events: Known[]
}

export interface Line {
  kind: 'lesson' | 'event'
  start: string
  end: string
  student: string
  lesson?: Shown
  event?: Dated
  test?: boolean
  /** The roll of it is still to be taken. */
  roll?: boolean
}

export interface Day {
  /** What takes the whole day, or days. */
  whole: Dated[]
  lines: Line[]
  works: Work[]
  away: LifeEvent[]
  holiday: string
  /** For each: from when until when they have to be there. */
  hours: { student: string; start: string; end: string }[]
}

/** Reads what the days of pupils, and of somebody who teaches, are made of; events say whose of the family they are. */
export async function household(
  view: View,
  pupils: readonly string[],
  family: readonly string[],
  teacher: string | undefined,
  dayKey: (moment: string) => string,
): Promise<Household> {
  const [people, events] = await Promise.all([
    Promise.all([
      ...pupils.map((id) => pupil(view, id, dayKey)),
      ...(teacher ? [teaching(view, teacher)] : []),
    ]),
    eventsOf(view, family),
  ])
  return { people, events }
}

async function pupil(view: View, student: string, dayKey: (moment: string) => string): Promise<Own> {
  const [table, works, life, pages] = await Promise.all([
    ofPupil(view, student),
    workOf(view, student, new Date()),
    lifeOf(view, student),
    pagesOf(view, student, dayKey),
  ])
  const tests = pages.filter((page) => page.entry.category === 'test' || page.entry.category === 'oral')
  return { student, table, works, life: life.events, tests: new Set(tests.map((page) => page.id)), rolls: [] }
}

async function teaching(view: View, user: string): Promise<Own> {
  const [table, rolls, entries] = await Promise.all([
    ofTeacher(view, user),
    view.all('roll'),
    view.all('entry'),
  ])
  const tests = entries.filter((row) => row.value.category === 'test' || row.value.category === 'oral')
  return {
    ...{ student: '', table, works: [], life: [] },
    tests: new Set(tests.map((row) => row.id)),
    rolls: rolls.map((row) => row.value),
  }
}

/** A day, put together; `clock` says which lessons of today have begun. */
export function dayFor(
  { people, events }: Household,
  date: string,
  { today, clock, dayKey }: { today: string; clock: string; dayKey: (moment: Date) => string },
): Day {
  const there = on(dated(events, date, date, today), date)
  const timed = there.filter((one) => clockOf(one.when.start) !== '' && dayOf(one.when.start) === date)
  const lessons = people.map((own) => ({ own, list: lessonsOf(own.table, date, date) }))
  const begun = (lesson: Shown) => date === today && lesson.start <= clock
  const lines = [
    ...lessons.flatMap(({ own, list }) =>
      list.map((lesson): Line => ({
        ...{ kind: 'lesson', start: lesson.start, end: lesson.end, student: own.student, lesson },
        test: own.tests.has(lesson.id),
        roll: own.student === '' && held(lesson) && begun(lesson) && !taken(own, lesson),
      })),
    ),
    ...timed.map((event): Line => ({ kind: 'event', ...hoursOn(event.when, date), student: '', event })),
  ]
  const first = people[0]
  return {
    whole: there.filter((one) => !timed.includes(one)),
    lines: lines.sort((a, b) => a.start.localeCompare(b.start) || a.end.localeCompare(b.end)),
    works: people.flatMap((own) => own.works.filter((work) => dayKey(work.due) === date)),
    away: people.flatMap((own) => own.life.filter((one) => isAway(one, date))),
    holiday: (first && holidayOn(first.table.calendar, date)?.name) ?? '',
    hours: lessons.flatMap(({ own, list }) => {
      const hours = hoursOf(list)
      return hours && own.student ? [{ student: own.student, ...hours }] : []
    }),
  }
}

/** A roll of the course was taken while the lesson was on. */
function taken({ rolls }: Own, { course, date, start, end }: Shown): boolean {
  return (
    !course ||
    rolls.some((one) => one.course === course && one.date === date && one.start < end && start < one.end)
  )
}

/** Absences and what was announced; what is only written of a pupil is elsewhere. */
function isAway({ type, from, to, note }: LifeEvent, date: string): boolean {
  if (type !== 'absence' && type !== 'justification' && type !== 'exemption') return false
  if (note?.struck) return false
  return dayOf(from) <= date && date <= dayOf(to || from)
}
