/** What a roll says, once all its versions are laid together; the server's own rule (api/attendance/merge.go). Pure. */
import type { Away, Call, CallState, Roll } from '../sync/index.ts'

/** The versions that no other took the place of, oldest first. */
export function heads(calls: readonly Call[]): Call[] {
  const sorted = [...calls].sort((a, b) => a.at - b.at || (a.by.id < b.by.id ? -1 : 1))
  return sorted.filter((one) => !calls.some((other) => other.at !== one.at && other.seen?.includes(one.at)))
}

export interface Said {
  state: CallState
  minutes?: number | undefined
  /** Versions that a change from here takes the place of. */
  seen: number[]
  /** Others said something else without knowing of it. */
  others: Call[]
}

/** What counts of all versions: the latest that stands. Who is not named was there. */
export function said(calls: readonly Call[] | undefined): Said {
  if (!calls || calls.length === 0) return { state: 'present', seen: [], others: [] }
  const standing = heads(calls)
  const last = standing.at(-1) ?? calls[calls.length - 1]
  if (!last) return { state: 'present', seen: [], others: [] }
  const others = standing.filter((one) => one.state !== last.state || one.minutes !== last.minutes)
  return { state: last.state, minutes: last.minutes, seen: standing.map((one) => one.at), others }
}

export interface Tally {
  present: number
  absent: number
  late: number
}

/** Who is in class: whoever is not absent, exempted or in the infirmary. */
export function tally(states: readonly CallState[]): Tally {
  const absent = states.filter((state) => state === 'absent').length
  const late = states.filter((state) => state === 'late').length
  const elsewhere = states.filter((state) => state === 'exempted' || state === 'infirmary').length
  return { present: states.length - absent - elsewhere, absent, late }
}

/** A tap on a pupil: there, absent, late, there again. */
export function next(state: CallState): CallState {
  if (state === 'present') return 'absent'
  return state === 'absent' ? 'late' : 'present'
}

export const usualMinutes = 5

export interface Lesson {
  date: string
  start: string
  end: string
}

const two = (n: number): string => String(n).padStart(2, '0')

/**
 * The lesson that is on, as far as one knows without a timetable: the full hour, the next one from five minutes
 * before. Where there is a timetable it decides (this is the place).
 */
export function currentLesson(date: string, clock: string): Lesson {
  const [hours = 8, minutes = 0] = clock.split(':').map(Number)
  const hour = Math.min(22, hours + (minutes >= 55 ? 1 : 0))
  return { date, start: `${two(hour)}:00`, end: `${two(hour + 1)}:00` }
}

export interface Hint {
  kind: 'absence' | 'announced' | 'exemption'
  from: string
  to: string
}

/** What a teacher should know of a pupil before the roll: away now, or in the lesson before. */
export function hintOf(
  away: Away | undefined,
  { date, start, end }: Lesson,
  subject: string,
): Hint | undefined {
  const from = `${date}T${start}`
  const to = `${date}T${end}`
  const times = (away?.times ?? []).filter(
    (one) => one.kind !== 'exemption' || !one.subject || one.subject === subject,
  )
  const now = times.filter((one) => one.kind !== 'absence' && one.from < to && from < one.to)
  const before = times.filter((one) => one.kind === 'absence' && one.from.startsWith(date) && one.from < from)
  return now[0] ?? before.at(-1)
}

/** Today's rolls of a course, earliest first. */
export function rollsOn<R extends { value: Roll }>(rolls: readonly R[], date: string): R[] {
  return rolls
    .filter((row) => row.value.date === date)
    .sort((a, b) => a.value.start.localeCompare(b.value.start))
}
