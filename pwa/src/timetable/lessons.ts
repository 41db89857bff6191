/** Whose lessons, out of the scopes that this device holds. Pure: records in, lessons for the screens out. */
import { audiences } from '../school/work.ts'
import type { Calendar, Change, Course, Named, Row, Slot, Subject, View } from '../sync/index.ts'
import { expand, letter, type Lesson } from './expand.ts'

/** Everything that lessons are made of and named by. */
export interface Timetable {
  slots: Record<string, Slot>
  changes: Record<string, Change>
  calendar: Calendar
  subjects: ReadonlyMap<string, Subject>
  courses: ReadonlyMap<string, Course>
  /** Names of classes and groups, by scope. */
  audiences: ReadonlyMap<string, string>
  /** Whether a lesson is one of those asked for. */
  mine: (lesson: Lesson) => boolean
}

/** A lesson with its words. */
export interface Shown extends Lesson {
  name: string
  hue: number
  people: Named[]
  where: string
  groups: string
  /** Who said so, and when. */
  by: string
  at: string
}

/** The lessons of a pupil. */
export async function ofPupil(view: View, student: string): Promise<Timetable> {
  const me = await view.get(`student:${student}`, 'student', student)
  const scopes = audiences(student, me?.value).slice(1)
  return read(view, scopes, () => true)
}

/** What somebody teaches or holds, in all classes. */
export async function ofTeacher(view: View, user: string): Promise<Timetable> {
  const courses = await view.all('course')
  const own = new Set(courses.filter((row) => row.scope === `course:${row.id}`).map((row) => row.id))
  const scopes = courses.filter((row) => own.has(row.id)).map((row) => row.value.audience)
  const has = (people: Named[] | undefined) => people?.some((one) => one.id === user) ?? false
  return read(view, [...new Set([`user:${user}`, ...scopes])], (lesson) =>
    lesson.teachers?.length
      ? has(lesson.teachers) || has(lesson.was?.teachers)
      : own.has(lesson.course ?? ''),
  )
}

/** All of a school, for those who arrange it. */
export async function ofSchool(view: View, school: string): Promise<Timetable> {
  return read(view, [`timetable:${school}`], () => true)
}

async function read(view: View, scopes: string[], mine: Timetable['mine']): Promise<Timetable> {
  const [slots, changes, calendar, subjects, courses, classes] = await Promise.all([
    Promise.all(scopes.map((scope) => view.list(scope, 'slot'))),
    Promise.all(scopes.map((scope) => view.list(scope, 'change'))),
    calendarOf(view),
    view.all('subject'),
    view.all('course'),
    view.all('class'),
  ])
  return {
    slots: byId(slots.flat()),
    changes: byId(changes.flat()),
    calendar,
    subjects: new Map(subjects.map((row) => [row.id, row.value])),
    courses: new Map(courses.map((row) => [row.id, row.value])),
    audiences: new Map(classes.map((row) => [`${row.value.kind}:${row.id}`, row.value.name])),
    mine,
  }
}

function byId<T>(rows: Row<T>[]): Record<string, T> {
  return Object.fromEntries(rows.map((row) => [row.id, row.value]))
}

/** When there is school: as vie scolaire arranges it, as all are shown it, or as it came with the school. */
export async function calendarOf(view: View): Promise<Calendar> {
  const [set, school] = await Promise.all([view.all('calendar'), view.all('school')])
  const arranged = set.find((row) => row.scope.startsWith('timetable:')) ?? set[0]
  return arranged?.value ?? { holidays: school[0]?.value.holidays ?? [] }
}

/** The lessons from one day until another, both included. */
export function lessonsOf(table: Timetable, from: string, until: string): Shown[] {
  return expand(table.slots, table.changes, table.calendar, from, until)
    .filter((lesson) => table.mine(lesson))
    .map((lesson) => shown(table, lesson))
}

function shown(table: Timetable, lesson: Lesson): Shown {
  const change = table.changes[lesson.id]
  const subject = table.subjects.get(lesson.subject ?? '')
  return {
    ...lesson,
    name: nameOf(table, lesson.subject, lesson.title),
    hue: subject?.hue ?? 265,
    people: peopleOf(table, lesson),
    where: (lesson.rooms ?? []).join(', '),
    groups: (lesson.audiences ?? [])
      .map((scope) => table.audiences.get(scope) ?? '')
      .filter(Boolean)
      .join(', '),
    by: change?.by?.name ?? '',
    at: change?.at ?? '',
  }
}

export function nameOf(table: Timetable, subject: string | undefined, title?: string): string {
  return title || table.subjects.get(subject ?? '')?.name || ''
}

/** Who holds a lesson: those named, else those of its course. */
export function peopleOf(table: Timetable, lesson: Pick<Lesson, 'course' | 'teachers'>): Named[] {
  if (lesson.teachers?.length) return lesson.teachers
  return table.courses.get(lesson.course ?? '')?.teachers ?? []
}

export function weekName(table: Timetable, day: string): 'A' | 'B' | undefined {
  return letter(table.calendar, day)
}

/** Is something of it not as every week? */
export function differs(lesson: Lesson): boolean {
  return Boolean(
    lesson.cancelled || lesson.absent || lesson.extra || lesson.gone || lesson.was || lesson.note,
  )
}

/** What became known after a moment, of the days from one on, latest first. */
export function changedSince(lessons: readonly Shown[], since: string): Shown[] {
  return lessons
    .filter(
      (lesson) => lesson.at > since && differs(lesson) && !(lesson.gone && lesson.to?.date === lesson.date),
    )
    .sort((a, b) => (a.at < b.at ? 1 : -1))
}

/** Where a lesson stands at a moment of the school's clock. */
export function phase(lesson: Lesson, today: string, clock: string): 'before' | 'now' | 'after' {
  if (lesson.date !== today) return lesson.date < today ? 'after' : 'before'
  if (clock < lesson.start) return 'before'
  return clock < lesson.end ? 'now' : 'after'
}

/** Lessons side by side where they meet, each with its lane. */
export function lanes(lessons: readonly Shown[]): { lesson: Shown; lane: number; of: number }[] {
  const placed: { lesson: Shown; lane: number; of: number; group: number }[] = []
  let ends: string[] = []
  let group = 0
  for (const lesson of lessons) {
    if (ends.every((end) => end <= lesson.start)) {
      ends = []
      group++
    }
    const free = ends.findIndex((end) => end <= lesson.start)
    const lane = free < 0 ? ends.length : free
    ends[lane] = lesson.end
    placed.push({ lesson, lane, of: 0, group })
  }
  return placed.map((one) => ({
    lesson: one.lesson,
    lane: one.lane,
    of: Math.max(...placed.filter((other) => other.group === one.group).map((other) => other.lane)) + 1,
  }))
}
