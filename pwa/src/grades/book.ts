/** A course's gradebook as its teachers see it. Pure: records in, a view for the screens out. */
import type {
  AssessedMark,
  Assessment,
  Course,
  CourseService,
  GradePolicy,
  Period,
  Row,
  Subject,
  View,
} from '../sync/index.ts'
import { averageOf, figuresOf, numbers, type Figures, type Result, type Test } from './average.ts'
import { levelsAlone } from '../skills/alone.ts'
import { usualPolicy } from './policy.ts'

export interface Pupil {
  id: string
  first: string
  last: string
}

/** Who sees an assessment by now. */
export type Stage = 'draft' | 'planned' | 'pupils' | 'everybody'

export interface Column {
  id: string
  seq: number
  assessment: Assessment
  marks: Map<string, AssessedMark>
  /** How many pupils have something. */
  entered: number
  figures: Figures
  stage: Stage
  /** Pupils for whom two teachers wrote different things. */
  rivals: string[]
  pending: boolean
}

export interface Book {
  course: string
  title: string
  subject: Subject
  audience: string
  pupils: Pupil[]
  /** Of one period, oldest first. */
  columns: Column[]
  service: CourseService
  serviceSeq: number
  averages: Map<string, Result>
  /** Of the averages. */
  figures: Figures
  policy: GradePolicy
  /** That this course may use, in the order of the year. */
  periods: Row<Period>[]
  period: string
  /** The school evaluates this course by competences, without marks. */
  levelsAlone: boolean
}

const usualService: CourseService = { coefficient: '1' }
const unknown: Subject = { name: '?', hue: 265 }

export interface CourseLine {
  id: string
  title: string
  subject: Subject
  assessments: number
  drafts: number
  rivals: number
  last?: string
}

/** The courses of this teacher. */
export async function coursesOf(view: View, now: Date): Promise<CourseLine[]> {
  const [courses, subjects, assessments, marks] = await Promise.all([
    view.all('course'),
    view.all('subject'),
    view.all('assessment'),
    view.all('mark'),
  ])
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  return courses
    .filter((row) => row.scope === `course:${row.id}`)
    .map((row) => {
      const own = assessments.filter((one) => one.scope === row.scope)
      const ids = new Set(own.map((one) => one.id))
      const rivals = marks.filter(
        (m) => m.scope === row.scope && m.value.rivals?.length && ids.has(m.value.assessment),
      )
      const last = own
        .map((one) => one.value.date)
        .sort()
        .at(-1)
      return {
        ...{ id: row.id, title: row.value.title ?? '', subject: named.get(row.value.subject) ?? unknown },
        assessments: own.length,
        drafts: own.filter((one) => stageOf(one.value, now) === 'draft').length,
        rivals: rivals.length,
        ...(last && { last }),
      }
    })
    .sort((a, b) => a.title.localeCompare(b.title))
}

/** A course in one period: the given one, or that of today. */
export async function bookOf(
  view: View,
  course: string,
  wanted: string | undefined,
  now: Date,
): Promise<Book | undefined> {
  const scope = `course:${course}`
  const [row, roster, assessments, marks, service, policy, all, subjects, skills] = await Promise.all([
    view.get(scope, 'course', course),
    view.list(scope, 'roster'),
    view.list(scope, 'assessment'),
    view.list(scope, 'mark'),
    view.get(scope, 'service', 'service'),
    view.all('grades'),
    view.all('period'),
    view.all('subject'),
    view.all('skills'),
  ])
  if (!row) return undefined
  const periods = periodsOf(all, row.value)
  const period = wanted ?? periodOf(periods, assessments, today(now))
  const columns = assessments
    .filter((one) => (one.value.period ?? '') === period)
    .map((one) => columnOf(one, marks, now))
    .sort((a, b) => a.assessment.date.localeCompare(b.assessment.date) || a.id.localeCompare(b.id))
  const made = service?.value ?? usualService
  const pupils = pupilsOf(roster)
  const averages = new Map(pupils.map(({ id }) => [id, averageOf(testsOf(columns, id), made)]))
  return {
    ...{ course, pupils, columns, averages, periods, period },
    title: row.value.title ?? '',
    subject: subjects.find((one) => one.id === row.value.subject)?.value ?? unknown,
    audience: row.value.audience,
    service: made,
    serviceSeq: service?.seq ?? 0,
    figures: figuresOf(
      [...averages.values()].flatMap(({ exact }) => exact ?? []),
      '20',
    ),
    policy: policy[0]?.value ?? usualPolicy,
    levelsAlone: levelsAlone(skills[0]?.value, row.value),
  }
}

/** The day at which a device stands. */
export function today(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${String(now.getFullYear())}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}

/** Those that a course may use, in the order of the year. */
export function periodsOf(all: Row<Period>[], course: Course): Row<Period>[] {
  return all
    .filter(({ value }) => !value.audiences?.length || value.audiences.includes(course.audience))
    .sort((a, b) => a.value.start.localeCompare(b.value.start) || a.id.localeCompare(b.id))
}

/** The period of today; else the last that has begun; where there are none, none. */
export function periodOf(
  periods: Row<Period>[],
  assessments: Row<{ period?: string }>[],
  day: string,
): string {
  const begun = periods.filter(({ value }) => value.start <= day)
  const now = begun.filter(({ value }) => day <= value.end)
  const used = new Set(assessments.map((one) => one.value.period ?? ''))
  const all = now.length > 0 ? now : begun
  return (all.findLast((row) => used.has(row.id)) ?? all.at(-1) ?? periods[0])?.id ?? ''
}

export function pupilsOf(roster: Row<{ first: string; last: string }>[]): Pupil[] {
  return roster
    .map(({ id, value }) => ({ id, first: value.first, last: value.last }))
    .sort((a, b) => a.last.localeCompare(b.last) || a.first.localeCompare(b.first))
}

function columnOf(row: Row<Assessment>, all: Row<AssessedMark>[], now: Date): Column {
  const own = all.filter(({ value }) => value.assessment === row.id)
  const marks = new Map(own.map(({ value }) => [value.student, value]))
  const values = [...marks.values()].map(({ value }) => value)
  return {
    ...{ id: row.id, seq: row.seq, assessment: row.value, marks },
    entered: values.filter((value) => value !== '').length,
    figures: figuresOf(numbers(values), row.value.outOf),
    stage: stageOf(row.value, now),
    rivals: [...marks.values()].filter(({ rivals }) => rivals?.length).map(({ student }) => student),
    pending: row.pending || own.some(({ pending }) => pending),
  }
}

export function stageOf(
  { publishAt, guardiansAt }: Pick<Assessment, 'publishAt' | 'guardiansAt'>,
  now: Date,
): Stage {
  const past = (at: string | undefined): boolean => at !== undefined && new Date(at) <= now
  if (!publishAt) return 'draft'
  if (!past(publishAt)) return 'planned'
  return past(guardiansAt) ? 'everybody' : 'pupils'
}

function testsOf(columns: Column[], student: string): Test[] {
  return columns.flatMap(({ id, assessment, marks }) => {
    const mark = marks.get(student)
    return mark ? [{ id, ...assessment, value: mark.value }] : []
  })
}
