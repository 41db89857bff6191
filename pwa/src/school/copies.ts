/**
 * What a teacher sees of a homework: a line per pupil, what was handed in,
 * and what is still owed. Pure: records in, lists for the screens out.
 */
import type { Feedback, Homework, Roster, Row, Subject, Submission, View } from '../sync/index.ts'
import { groupBy } from './work.ts'

/** How one pupil's copy stands, for the teacher. */
export type CopyState = 'missing' | 'reminded' | 'waiting' | 'unread' | 'late' | 'returned' | 'again'

export interface Copy {
  student: string
  first: string
  last: string
  state: CopyState
  /** Newest first. */
  submissions: Row<Submission>[]
  feedback?: Row<Feedback>
  /** The pupil says that it is done. */
  done: boolean
}

export interface Given {
  id: string
  course: string
  courseTitle: string
  homework: Homework
  subject: Subject
  due: Date
  copies: Copy[]
  handed: number
  late: number
  missing: number
  /** Copies that wait for the teacher. */
  unread: number
}

/** Every homework of the teacher's courses with its copies, latest due first. */
export async function givenBy(view: View): Promise<Given[]> {
  const courses = (await view.all('course')).filter((row) => row.scope === `course:${row.id}`)
  const lists = await Promise.all(
    courses.map((row) => givenIn(view, row.id, row.value.title ?? '', row.value.subject)),
  )
  return lists.flat().sort((a, b) => b.due.getTime() - a.due.getTime() || a.id.localeCompare(b.id))
}

/** The homework of one course with its copies. */
export async function givenIn(view: View, course: string, title: string, subject: string): Promise<Given[]> {
  const scope = `course:${course}`
  const [homework, roster, submissions, feedback, reminders, done, subjects] = await Promise.all([
    view.list(scope, 'homework'),
    view.list(scope, 'roster'),
    view.list(scope, 'submission'),
    view.list(scope, 'feedback'),
    view.list(scope, 'reminder'),
    view.list(scope, 'done'),
    view.all('subject'),
  ])
  const named = subjects.find((row) => row.id === subject)?.value ?? { name: title, hue: 265 }
  const handed = groupBy(submissions, (row) => `${row.value.homework}.${row.value.student ?? ''}`)
  const answered = new Map(feedback.map((row) => [row.id, row]))
  const reminded = new Set(reminders.map((row) => row.id))
  const ticked = new Set(done.map((row) => row.id))
  return homework.map((row) => {
    const copies = addressed(row.value, roster, submissions, row.id).map((pupil) => {
      const key = `${row.id}.${pupil.id}`
      return copyOf(pupil, handed.get(key) ?? [], answered.get(key), reminded.has(key), ticked.has(key))
    })
    return {
      id: row.id,
      course,
      courseTitle: title,
      homework: row.value,
      subject: named,
      due: new Date(row.value.due),
      copies,
      ...counts(copies),
    }
  })
}

/** Those to whom it was given, and those who handed it in and left since. */
function addressed(
  homework: Homework,
  roster: Row<Roster>[],
  submissions: Row<Submission>[],
  id: string,
): Row<Roster>[] {
  const chosen = Array.isArray(homework.students) ? new Set(homework.students) : undefined
  const present = roster.filter((row) => !chosen || chosen.has(row.id))
  const known = new Set(present.map((row) => row.id))
  const gone = new Map<string, Row<Roster>>()
  for (const row of submissions) {
    const student = row.value.student ?? ''
    if (row.value.homework !== id || known.has(student) || !student) continue
    gone.set(student, { ...row, id: student, type: 'roster', value: { first: '', last: student, class: '' } })
  }
  return [...present, ...gone.values()].sort(byName)
}

const collator = new Intl.Collator('fr', { sensitivity: 'base' })

function byName(a: Row<Roster>, b: Row<Roster>): number {
  return (
    collator.compare(a.value.last, b.value.last) ||
    collator.compare(a.value.first, b.value.first) ||
    a.id.localeCompare(b.id)
  )
}

function copyOf(
  pupil: Row<Roster>,
  submissions: Row<Submission>[],
  feedback: Row<Feedback> | undefined,
  reminded: boolean,
  done: boolean,
): Copy {
  const newest = [...submissions].sort((a, b) => b.value.version - a.value.version)
  return {
    student: pupil.id,
    first: pupil.value.first,
    last: pupil.value.last,
    state: copyState(newest[0]?.value, feedback?.value, reminded),
    submissions: newest,
    ...(feedback && { feedback }),
    done,
  }
}

/** A copy handed in after the teacher's answer waits to be read again. */
export function copyState(
  newest: Submission | undefined,
  feedback: Feedback | undefined,
  reminded: boolean,
): CopyState {
  const answered = feedback && feedback.state !== 'draft' && !(newest && newest.createdAt > feedback.at)
  if (answered) return feedback.state === 'again' ? 'again' : 'returned'
  if (!newest) return reminded ? 'reminded' : 'missing'
  if (newest.state === 'waiting_for_file' || newest.state === 'queued') return 'waiting'
  return newest.state === 'late' ? 'late' : 'unread'
}

function counts(copies: Copy[]): { handed: number; late: number; missing: number; unread: number } {
  return {
    handed: copies.filter((copy) => copy.submissions.length > 0).length,
    late: copies.filter((copy) => copy.submissions[0]?.value.state === 'late').length,
    missing: copies.filter((copy) => copy.submissions.length === 0).length,
    unread: copies.filter((copy) => copy.state === 'unread' || copy.state === 'late').length,
  }
}
