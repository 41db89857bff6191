/** What a day asks of a person, put together from everything that this device holds. Pure: records in, lists out. */
import { isToAcknowledge, isUnexplained, lifeOf, type LifeEvent } from '../attendance/life.ts'
import { rollsOn } from '../attendance/roll.ts'
import { stageOf } from '../grades/book.ts'
import { entriesOf, type Entry } from '../grades/pupil.ts'
import { addDays, midnight, open, workOf, type Work } from '../school/work.ts'
import type { Roll, Row, Subject, View } from '../sync/index.ts'
import { held, plusDays } from '../timetable/expand.ts'
import { lessonsOf, ofPupil, ofTeacher, phase, type Shown, type Timetable } from '../timetable/lessons.ts'

/** A moment, on the school's clock and as a date. */
export interface Moment {
  now: Date
  /** "2026-11-24" */
  today: string
  /** "08:05" */
  clock: string
}

/** News are new for a week. */
const week = 7
const farthest = 10

/** The lesson that is on or comes next, however far it is. */
export function nextLesson(table: Timetable, { today, clock }: Moment): Shown | undefined {
  const lessons = lessonsOf(table, today, plusDays(today, farthest))
  return lessons.find((lesson) => held(lesson) && phase(lesson, today, clock) !== 'after')
}

/** When the last lesson of a day ends. */
export function endOf(table: Timetable, day: string): string {
  return lessonsOf(table, day, day)
    .filter(held)
    .reduce((last, lesson) => (lesson.end > last ? lesson.end : last), '')
}

/** Marks of the last days, the latest first. */
export async function newMarks(view: View, student: string, { now }: Moment): Promise<Entry[]> {
  const since = addDays(midnight(now), -week).toISOString()
  return (await entriesOf(view, student))
    .filter(({ grade }) => (grade.changedAt ?? grade.at) >= since)
    .sort((a, b) => (b.grade.changedAt ?? b.grade.at).localeCompare(a.grade.changedAt ?? a.grade.at))
}

/** What one child's day asks of a guardian. */
export interface Child {
  student: string
  next: Shown | undefined
  /** "16:25": when the day of the next lesson ends. */
  until: string
  justify: LifeEvent[]
  acknowledge: LifeEvent[]
  /** Still to be done for tomorrow, or late. */
  due: Work[]
  marks: Entry[]
}

export async function childOf(view: View, student: string, user: string, at: Moment): Promise<Child> {
  const [table, life, works, marks] = await Promise.all([
    ofPupil(view, student),
    lifeOf(view, student),
    workOf(view, student, at.now),
    newMarks(view, student, at),
  ])
  const next = nextLesson(table, at)
  const soon = addDays(midnight(at.now), 2)
  const lately = addDays(midnight(at.now), -week)
  return {
    ...{ student, next, marks, until: next ? endOf(table, next.date) : '' },
    justify: life.events.filter(isUnexplained),
    acknowledge: life.events.filter((one) => isToAcknowledge(one, user)),
    due: works.filter((work) => open(work) && work.due < soon && work.due >= lately),
  }
}

/** What vie scolaire noted lately, and what waits for this person. */
export async function lifeNews(
  view: View,
  student: string,
  user: string,
  guards: boolean,
  { today }: Moment,
): Promise<{ event: LifeEvent; waits: boolean }[]> {
  const since = plusDays(today, -week)
  const { events } = await lifeOf(view, student)
  return events
    .map((event) => ({ event, waits: guards && (isUnexplained(event) || isToAcknowledge(event, user)) }))
    .filter(({ event, waits }) => waits || (event.from >= since && event.from.slice(0, 10) <= today))
    .sort((a, b) => Number(b.waits) - Number(a.waits))
}

/** Lessons that have begun today and of which nobody took the roll, the latest first. */
export function rollsMissing(lessons: readonly Shown[], rolls: readonly Row<Roll>[], at: Moment): Shown[] {
  return lessons
    .filter((lesson) => lesson.course && held(lesson) && lesson.date === at.today && lesson.start <= at.clock)
    .filter((lesson) => !rolls.some((row) => isOf(row, lesson)))
    .reverse()
}

/** A roll taken some minutes early, or over a double lesson, is one. */
function isOf({ scope, value }: Row<Roll>, lesson: Shown): boolean {
  return scope === `course:${lesson.course ?? ''}` && value.start < lesson.end && lesson.start < value.end
}

/** Marks that were entered and that nobody but their teachers sees. */
export interface Unpublished {
  id: string
  course: string
  courseTitle: string
  subject: Subject | undefined
  title: string
  entered: number
}

export interface Desk {
  rolls: Shown[]
  marks: Unpublished[]
}

export async function deskOf(view: View, user: string, at: Moment): Promise<Desk> {
  const [table, rolls, marks] = await Promise.all([
    ofTeacher(view, user),
    view.all('roll'),
    unpublished(view, at.now),
  ])
  return { marks, rolls: rollsMissing(lessonsOf(table, at.today, at.today), rollsOn(rolls, at.today), at) }
}

async function unpublished(view: View, now: Date): Promise<Unpublished[]> {
  const [courses, assessments, marks, subjects] = await Promise.all([
    view.all('course'),
    view.all('assessment'),
    view.all('mark'),
    view.all('subject'),
  ])
  return assessments
    .filter((row) => stageOf(row.value, now) === 'draft')
    .map((row) => {
      const course = courses.find((one) => one.scope === row.scope)
      return {
        ...{ id: row.id, course: course?.id ?? '', title: row.value.title },
        courseTitle: course?.value.title ?? '',
        subject: subjects.find((one) => one.id === course?.value.subject)?.value,
        entered: marks.filter(
          (mark) => mark.scope === row.scope && mark.value.assessment === row.id && mark.value.value !== '',
        ).length,
      }
    })
    .filter((one) => one.entered > 0)
}
