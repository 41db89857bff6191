/**
 * Vie scolaire: who was there, and what was said of a pupil. Moments are those of the school's clock,
 * "2026-11-24T08:00", wherever they are read; `at` is in Unix milliseconds.
 */
import type { FileRef, Named } from './records.ts'

export type CallState = 'present' | 'absent' | 'late' | 'exempted' | 'infirmary'

/** One version of what a roll says of a pupil; it takes the place of those it has seen. */
export interface Call {
  state: CallState
  minutes?: number
  by: Named
  at: number
  seen?: number[]
}

/**
 * course:K, id "20261124-0800"; office:X, id "K~20261124-0800", or "class:C~…" of a permanence, which has no course.
 * Whom it does not name was there.
 */
export interface Roll {
  course: string
  subject: string
  audience: string
  date: string
  start: string
  end: string
  by: Named
  at: number
  calls: Record<string, Call[]>
  /** In office:X only. */
  title?: string
  size?: number
  names?: Record<string, string>
}

export interface LessonCall {
  course: string
  subject: string
  from: string
  to: string
  state: CallState
  minutes?: number
}

/** student:S, id of the day: what its rolls say of the pupil. */
export interface Called {
  lessons: LessonCall[]
}

/** class:C/staff and courses of groups, id of the pupil: when they are away, never why. */
export interface Away {
  times: { kind: 'absence' | 'announced' | 'exemption'; from: string; to: string; subject?: string }[]
}

/** An absence or a lateness: student:S, and office:X (id "S~A") with who it is. */
export interface Missed {
  from: string
  to: string
  minutes?: number
  lessons?: LessonCall[]
  /** Written down by vie scolaire, not by a roll. */
  recorded?: boolean
  /** The reason, where it may be read; `given` says that there is one. */
  label?: string
  given?: boolean
  justified?: boolean
  settled?: boolean
  announced?: boolean
  /** Id of the last justification. */
  excuse?: string
  counts: boolean
  student?: Named
  class?: string
}

/** What a guardian said. In the pupil's scope a confidential one says no more than that it was given. */
export interface Justification {
  kind: 'absence' | 'lateness'
  from: string
  to: string
  reason?: string
  label?: string
  given: boolean
  text?: string
  files: FileRef[]
  state: 'sent' | 'accepted' | 'refused'
  answer?: string
  before?: boolean
  by: Named
  at: number
  /** In office:X only. */
  student?: string
  name?: string
  class?: string
}

/** What vie scolaire decided; with comment and confidential reason in office:X only. */
export interface Ruling {
  student?: string
  kind: 'absence' | 'lateness'
  from: string
  to: string
  recorded?: boolean
  void?: boolean
  reason?: string
  label?: string
  given?: boolean
  justified?: boolean
  settled?: boolean
  counts: boolean
  comment?: string
  answer?: string
  excuse?: string
  refused?: boolean
  confidential?: boolean
  by: Named
  at: number
}

export type NoteType = 'observation' | 'punishment' | 'exemption' | 'exit' | 'infirmary' | 'incident'

/** Something written about a pupil; `private` where it was written and in office:X only. */
export interface Note {
  student?: string
  name?: string
  kind?: string
  from: string
  to?: string
  subject?: string
  text?: string
  private?: string
  reasons?: string[]
  work?: string
  files?: FileRef[]
  /** Of the circumstances: read where `private` is. */
  papers?: FileRef[]
  sessions?: { from: string; minutes: number }[]
  involved?: { student: string; name: string; text: string }[]
  attends?: boolean
  acknowledge?: boolean
  struck?: boolean
  by: Named
  at: number
}

/** id "N.U": guardian U says that they know. */
export interface Acknowledgement {
  type: string
  of: string
  student?: string
  by: Named
  at: number
}

/** school:X, by code: why somebody misses lessons. */
export interface Reason {
  label: string
  /** What it may be given for; none: both. */
  kinds?: ('absence' | 'lateness')[]
  health?: boolean
  counts: boolean
  published: boolean
  families: boolean
  order: number
  gone?: boolean
}

/** school:X, one: when the school is open. Days of the week are those of Date, Sunday 0. */
export interface Hours {
  morning: readonly [string, string]
  afternoon: readonly [string, string]
  mornings: readonly number[]
  afternoons: readonly number[]
  /** Minutes that are a whole half-day. */
  halfDay: number
}

export type AttendanceRecords = {
  roll: Roll
  called: Called
  away: Away
  absence: Missed
  lateness: Missed
  justification: Justification
  ruling: Ruling
  acknowledgement: Acknowledgement
  reason: Reason
  hours: Hours
} & Record<NoteType, Note>

interface RollArgs {
  date: string
  start: string
  end: string
  calls: { student: string; state: CallState; minutes?: number; seen?: number[] }[]
}

interface RulingArgs {
  id: string
  student: string
  kind: 'absence' | 'lateness'
  from: string
  to: string
  reason?: string
  justified?: boolean
  void?: boolean
  comment?: string
  answer?: string
  excuse?: string
  refused?: boolean
}

export interface NoteArgs extends Pick<
  Note,
  | 'kind'
  | 'from'
  | 'to'
  | 'subject'
  | 'text'
  | 'private'
  | 'reasons'
  | 'work'
  | 'files'
  | 'papers'
  | 'sessions'
> {
  type: NoteType
  id: string
  student?: string
  involved?: { student: string; name: string; text: string }[]
  attends?: boolean
  acknowledge?: boolean
  struck?: boolean
}

export interface AttendanceActions {
  /** course:K; refused `too_early`, `too_late` */
  'attendance.roll@1': RollArgs
  /** course:K; of a pupil of the course */
  'attendance.observe@1': NoteArgs
  /** office:X */
  'attendance.correct@1': RollArgs & { course?: string; audience?: string }
  /** office:X; the same id changes what was recorded */
  'attendance.record@1': RulingArgs
  /** office:X */
  'attendance.settle@1': RulingArgs
  /** office:X */
  'attendance.note@1': NoteArgs
  /** office:X */
  'attendance.strike@1': { type: NoteType; id: string }
  /** student:S; files are names given by `device.files.put` */
  'attendance.justify@1': {
    id: string
    kind: 'absence' | 'lateness'
    from: string
    to: string
    reason: string
    text: string
    files: string[]
  }
  /** student:S */
  'attendance.acknowledge@1': { type: string; id: string }
  /** school:X */
  'attendance.reason@1': Reason & { code: string }
  /** school:X */
  'attendance.hours@1': Hours
}
