/**
 * What a pupil has to do, put together from the scopes of the class, the
 * groups and the pupil. Pure: records in, a list for the screens out.
 */
import type { Feedback, Homework, Row, Student, Subject, Submission, Tick, View } from '../sync/index.ts'

/** How far a piece of work has come, for its pupil. */
export type WorkState =
  | 'todo'
  | 'missing' // due, to be handed in, and nothing was
  | 'past' // due, nothing to hand in
  | 'queued' // kept on this device
  | 'sending' // the server knows; some pages are still on their way
  | 'broken' // a page was refused: it has to be replaced
  | 'handed'
  | 'late'
  | 'again' // the teacher asks for it once more
  | 'returned'

export interface Work {
  id: string
  scope: string
  student: string
  homework: Homework
  subject: Subject
  due: Date
  state: WorkState
  /** The pupil's own tick, or something better: a copy handed in. */
  done: boolean
  shared: boolean
  /** Newest first. */
  submissions: Row<Submission>[]
  feedback?: Feedback
}

/** A subject nobody described: still readable. */
const unknown: Subject = { name: '?', hue: 265 }

/** Everything given to a pupil, soonest first. */
export async function workOf(view: View, student: string, now: Date): Promise<Work[]> {
  const own = `student:${student}`
  const [homework, submissions, feedback, subjects, ticks, me] = await Promise.all([
    view.all('homework'),
    view.list(own, 'submission'),
    view.list(own, 'feedback'),
    view.all('subject'),
    view.all('tick'),
    view.get(own, 'student', student),
  ])
  const scopes = new Set(audiences(student, me?.value))
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  const ticked = new Map(
    ticks.filter((t) => t.value.student === student).map((t) => [t.value.homework, t.value]),
  )
  const returned = new Map(feedback.map((row) => [row.id, row.value]))
  const handed = groupBy(submissions, (row) => row.value.homework)
  return homework
    .filter((row) => scopes.has(row.scope))
    .map((row) =>
      compose(
        row,
        student,
        named.get(row.value.subject),
        handed.get(row.id) ?? [],
        returned.get(row.id),
        ticked.get(row.id),
        now,
      ),
    )
    .sort((a, b) => a.due.getTime() - b.due.getTime() || a.id.localeCompare(b.id))
}

/** The scopes in which a pupil finds homework. */
export function audiences(student: string, record: Student | undefined): string[] {
  const groups = record?.groups.map((group) => `group:${group.id}`) ?? []
  return [`student:${student}`, ...(record?.class ? [`class:${record.class.id}`] : []), ...groups]
}

function compose(
  row: Row<Homework>,
  student: string,
  subject: Subject | undefined,
  submissions: Row<Submission>[],
  feedback: Feedback | undefined,
  tick: Tick | undefined,
  now: Date,
): Work {
  const newest = [...submissions].sort(
    (a, b) => b.value.version - a.value.version || b.value.createdAt.localeCompare(a.value.createdAt),
  )
  const due = new Date(row.value.due)
  const state = stateOf(row.value, newest[0]?.value, feedback, due, now)
  return {
    id: row.id,
    scope: row.scope,
    student,
    homework: row.value,
    subject: subject ?? unknown,
    due,
    state,
    done: tick?.done ?? (newest.length > 0 && state !== 'broken'),
    shared: tick?.shared ?? false,
    submissions: newest,
    ...(feedback && { feedback }),
  }
}

/** The newest word wins: a copy sent after "once more" is handed in again. */
export function stateOf(
  homework: Homework,
  newest: Submission | undefined,
  feedback: Feedback | undefined,
  due: Date,
  now: Date,
): WorkState {
  if (feedback?.state === 'again' && !answers(newest, feedback)) return 'again'
  if (feedback?.state === 'returned' && !answers(newest, feedback)) return 'returned'
  if (newest) return handedState(newest)
  if (due > now) return 'todo'
  return homework.return === 'none' ? 'past' : 'missing'
}

function handedState(newest: Submission): WorkState {
  if (newest.state === 'queued') return 'queued'
  if (newest.state === 'waiting_for_file')
    return newest.pages.some((page) => page.problem) ? 'broken' : 'sending'
  return newest.state === 'late' ? 'late' : 'handed'
}

function answers(newest: Submission | undefined, feedback: Feedback): boolean {
  return newest !== undefined && newest.createdAt > feedback.at
}

/** Still asks something of the pupil. */
export function open(work: Work): boolean {
  return !work.done && ['todo', 'missing', 'again', 'broken'].includes(work.state)
}

/** May be handed in, or handed in anew, at this moment. */
export function mayHandIn(work: Work, now: Date): boolean {
  if (work.homework.return !== 'file') return false
  if (work.state === 'returned') return false
  return ['again', 'broken'].includes(work.state) || work.due > now || work.homework.late === 'accept'
}

export interface Day {
  /** Local midnight. */
  date: Date
  works: Work[]
}

/** Works by the local day on which they are due. */
export function byDay(works: Work[]): Day[] {
  const days = groupBy(works, (work) => String(midnight(work.due).getTime()))
  return [...days]
    .map(([time, list]) => ({ date: new Date(Number(time)), works: list }))
    .sort((a, b) => a.date.getTime() - b.date.getTime())
}

/** The seven days of the week of a date, Monday first, empty days included. */
export function weekOf(works: Work[], date: Date): Day[] {
  const monday = mondayOf(date)
  return [0, 1, 2, 3, 4, 5, 6].map((offset) => {
    const day = addDays(monday, offset)
    return { date: day, works: works.filter((work) => midnight(work.due).getTime() === day.getTime()) }
  })
}

export function midnight(date: Date): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate())
}

export function mondayOf(date: Date): Date {
  return addDays(midnight(date), -((date.getDay() + 6) % 7))
}

/** Calendar days, whatever the clock change in between. */
export function addDays(date: Date, days: number): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days)
}

export function groupBy<T>(list: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of list) {
    const name = key(item)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
