/** What a pupil got, by period and subject, with all averages worked out. Pure: records in, a view for the screens out. */
import type { Grade, GradePolicy, Period, Row, Standing, Student, Subject, View } from '../sync/index.ts'
import { averageOf, general, type Result, type Test } from './average.ts'
import { decimal, type Fraction } from './exact.ts'
import { usualPolicy } from './policy.ts'

export interface Entry {
  id: string
  student: string
  grade: Grade
  subject: Subject
  /** The guardians do not see it yet. */
  early: boolean
}

export interface ServiceView {
  course: string
  subject: Subject
  standing: Standing
  /** Newest first. */
  entries: Entry[]
  result: Result
}

export interface Point {
  date: string
  own: Fraction
}

/** One period as a pupil sees it. */
export interface Term {
  id: string
  period: Period | undefined
  /** Newest first. */
  entries: Entry[]
  /** By name. */
  services: ServiceView[]
  general: Result
  /** From the averages of the class in each subject, where the school shows them. */
  class: Result
  /** The general average after each day with a mark, oldest first. */
  trail: Point[]
}

export interface Terms {
  terms: Term[]
  /** The one to open. */
  current: Term
  policy: GradePolicy
}

const unknown: Subject = { name: '?', hue: 265 }

export async function termsOf(view: View, student: string, today: string): Promise<Terms> {
  const [entries, standings, periods, policy, me] = await Promise.all([
    entriesOf(view, student),
    standingsOf(view, student),
    view.all('period'),
    view.all('grades'),
    view.get(`student:${student}`, 'student', student),
  ])
  const used = entries.map(({ grade }) => grade.period ?? '')
  const shown = periodsOf(periods, used, me?.value, today)
  const terms = shown.map((id) => termOf(id, periods.find((row) => row.id === id)?.value, entries, standings))
  return {
    terms,
    current: currentOf(terms, today) ?? termOf('', undefined, [], []),
    policy: policy[0]?.value ?? usualPolicy,
  }
}

/** In the order of the year. A period that has begun is there without anything in it. */
export function periodsOf(
  periods: Row<Period>[],
  used: string[],
  me: Student | undefined,
  today: string,
): string[] {
  const audiences = new Set([
    ...(me?.class ? [`class:${me.class.id}`] : []),
    ...(me?.groups.map(({ id }) => `group:${id}`) ?? []),
  ])
  const ours = ({ audiences: of }: Period): boolean => !of?.length || of.some((one) => audiences.has(one))
  const shown = periods
    .filter((row) => used.includes(row.id) || (ours(row.value) && row.value.start <= today))
    .sort((a, b) => a.value.start.localeCompare(b.value.start) || a.id.localeCompare(b.id))
    .map((row) => row.id)
  const orphans = [...new Set(used)].filter((id) => !shown.includes(id))
  return shown.length + orphans.length > 0 ? [...shown, ...orphans] : ['']
}

/** The one to open: of today, or the last; rather with something in it. */
export function currentOf<T extends { period: Period | undefined; entries: unknown[] }>(
  terms: T[],
  today: string,
): T | undefined {
  const now = terms.filter(({ period }) => period && period.start <= today && today <= period.end)
  const all = now.length > 0 ? now : terms
  return all.findLast((term) => term.entries.length > 0) ?? all.at(-1)
}

/** What guardians read as well wins over what only the pupil does. */
export async function entriesOf(view: View, student: string): Promise<Entry[]> {
  const [shared, own, subjects] = await Promise.all([
    view.list(`student:${student}`, 'grade'),
    view.list(`user:${student}`, 'grade'),
    view.all('subject'),
  ])
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  const there = new Set(shared.map((row) => row.id))
  const early = own.filter((row) => !there.has(row.id))
  return [...shared, ...early]
    .map((row) => ({
      ...{ id: row.id, student, grade: row.value },
      subject: named.get(row.value.subject) ?? unknown,
      early: !there.has(row.id),
    }))
    .sort(newestFirst)
}

export function newestFirst(a: Entry, b: Entry): number {
  const dates = b.grade.date.localeCompare(a.grade.date)
  return dates || b.grade.at.localeCompare(a.grade.at) || a.id.localeCompare(b.id)
}

/** Where the pupil is ahead of the guardians, so are the figures. */
async function standingsOf(view: View, student: string): Promise<Standing[]> {
  const [shared, own] = await Promise.all([
    view.list(`student:${student}`, 'standing'),
    view.list(`user:${student}`, 'standing'),
  ])
  return [...new Map([...shared, ...own].map((row) => [row.id, row.value])).values()]
}

function termOf(id: string, period: Period | undefined, all: Entry[], standings: Standing[]): Term {
  const entries = all.filter(({ grade }) => (grade.period ?? '') === id)
  const services = servicesOf(id, entries, standings)
  return {
    ...{ id, period, entries, services },
    general: general(services.map(asLine)),
    class: general(services.flatMap(asClassLine)),
    trail: trailOf(services, entries),
  }
}

function servicesOf(period: string, entries: Entry[], standings: Standing[]): ServiceView[] {
  const courses = [...new Set(entries.map(({ grade }) => grade.course))]
  return courses
    .map((course) => {
      const mine = entries.filter(({ grade }) => grade.course === course)
      const standing = standings.find((one) => one.course === course && (one.period ?? '') === period)
      return serviceOf(course, mine, standing)
    })
    .sort((a, b) => a.subject.name.localeCompare(b.subject.name))
}

function serviceOf(course: string, entries: Entry[], standing: Standing | undefined): ServiceView {
  const first = entries[0]
  const made = standing ?? { course, subject: first?.grade.subject ?? '', coefficient: '1', at: '' }
  return {
    ...{ course, entries, standing: made },
    subject: first?.subject ?? unknown,
    result: averageOf([...entries].reverse().map(testOf), made),
  }
}

export function testOf({ id, grade }: Entry): Test {
  return { id, ...grade }
}

export function asLine({ course, result, standing }: ServiceView) {
  return { id: course, result, coefficient: standing.coefficient }
}

function asClassLine({ course, standing }: ServiceView) {
  const average = standing.figures?.average
  const exact = average ? decimal(average) : undefined
  if (!average || !exact) return []
  const result: Result = { value: average, exact, sum: exact, divisor: exact, terms: [] }
  return [{ id: course, result, coefficient: standing.coefficient }]
}

function trailOf(services: ServiceView[], entries: Entry[]): Point[] {
  const dates = [...new Set(entries.map(({ grade }) => grade.date))].sort()
  return dates.flatMap((date) => {
    const then = services.map((service) => {
      const some = service.entries.filter(({ grade }) => grade.date <= date)
      return { ...service, result: averageOf([...some].reverse().map(testOf), service.standing) }
    })
    const { exact } = general(then.map(asLine))
    return exact ? [{ date, own: exact }] : []
  })
}

/** What the average of its subject would be without one mark. */
export function withoutOne(service: ServiceView, id: string): Result {
  const others = service.entries.filter((entry) => entry.id !== id)
  return averageOf([...others].reverse().map(testOf), service.standing)
}
