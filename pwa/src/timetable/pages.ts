/** The cahier de textes: pages of lessons with the work that goes with them. Pure: records in, cells for the screens out. */
import { audiences, workOf, type Work } from '../school/work.ts'
import type { Course, Entry, FileRef, Homework, Row, Subject, View } from '../sync/index.ts'
import { plusDays } from './expand.ts'
import type { Shown } from './lessons.ts'

export interface Page {
  id: string
  entry: Entry
  seq: number
  /** Written here, not confirmed yet. */
  pending: boolean
  subject: Subject
  /** "Français · 5e B", in a teacher's own book. */
  course: string
  /** Given in this lesson, and what was to be done for it. */
  given: Row<Homework>[]
  due: Row<Homework>[]
  /** How far the pupil has come with them; nobody's in a teacher's own book. */
  mine: ReadonlyMap<string, Work>
}

const unknown: Subject = { name: '?', hue: 265 }

/** The pages that a pupil may read, latest first. */
export async function pagesOf(
  view: View,
  student: string,
  dayOf: (moment: string) => string,
): Promise<Page[]> {
  const me = await view.get(`student:${student}`, 'student', student)
  const works = await workOf(view, student, new Date())
  return read(view, audiences(student, me?.value), dayOf, new Map(works.map((one) => [one.id, one])))
}

/** The pages of one's own courses, also those that the class does not see yet. */
export async function pagesBy(view: View, dayOf: (moment: string) => string): Promise<Page[]> {
  return read(
    view,
    (await coursesOf(view)).map((row) => row.scope),
    dayOf,
    new Map(),
  )
}

/** The courses that one teaches. */
export async function coursesOf(view: View): Promise<Row<Course>[]> {
  const all = await view.all('course')
  return all
    .filter((row) => row.scope === `course:${row.id}`)
    .sort((a, b) => (a.value.title ?? '').localeCompare(b.value.title ?? '', 'fr', { numeric: true }))
}

async function read(
  view: View,
  scopes: string[],
  dayOf: (moment: string) => string,
  mine: Page['mine'],
): Promise<Page[]> {
  const [entries, homework, subjects, courses] = await Promise.all([
    Promise.all(scopes.map((scope) => view.list(scope, 'entry'))),
    Promise.all(scopes.map((scope) => view.list(scope, 'homework'))),
    view.all('subject'),
    view.all('course'),
  ])
  const works = homework.flat()
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  const titles = new Map(courses.map((row) => [row.id, row.value.title ?? '']))
  return entries
    .flat()
    .map((row) => {
      const of = works.filter((work) => work.value.course === row.value.course)
      return {
        id: row.id,
        entry: row.value,
        seq: row.seq,
        pending: row.pending,
        subject: named.get(row.value.subject) ?? unknown,
        course: titles.get(row.value.course) ?? '',
        given: of.filter((work) => isGivenIn(work.value, row, dayOf)),
        due: of.filter((work) => dayOf(work.value.due) === row.value.date && work.value.lesson !== row.id),
        mine,
      }
    })
    .sort((a, b) => (key(a.entry) < key(b.entry) ? 1 : -1))
}

/** A work says in which lesson it was given; one that does not was given on the day of the lesson. */
function isGivenIn(work: Homework, row: Row<Entry>, dayOf: (moment: string) => string): boolean {
  if (work.lesson) return work.lesson === row.id
  return dayOf(work.given) === row.value.date
}

const key = (entry: Entry): string => `${entry.date} ${entry.start}`

/** All documents of a page. */
export function filesOf(entry: Entry): FileRef[] {
  const all = [...(entry.planned?.files ?? []), ...(entry.done?.files ?? [])]
  return all.filter((file, i) => all.findIndex((other) => other.sha === file.sha) === i)
}

/** Where "copy to" may lead: the nearest lesson of each other course of the subject that has no page yet. */
export function parallels(
  from: Pick<Entry, 'course' | 'subject' | 'date'>,
  courses: readonly Row<Course>[],
  lessons: readonly Shown[],
  written: ReadonlySet<string>,
): Shown[] {
  return courses.flatMap((row) => {
    if (row.id === from.course || row.value.subject !== from.subject) return []
    const near = lessons.filter(
      (lesson) =>
        lesson.course === row.id &&
        !lesson.cancelled &&
        !lesson.gone &&
        !written.has(lesson.id) &&
        lesson.date >= plusDays(from.date, -7) &&
        lesson.date <= plusDays(from.date, 7),
    )
    const days = (lesson: Shown): number => Math.abs(Date.parse(lesson.date) - Date.parse(from.date))
    return near.sort((a, b) => days(a) - days(b)).slice(0, 1)
  })
}
