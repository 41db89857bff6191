/** Records and acts of marks. Numbers are decimals as text: "14.5". */
import type { FileRef, Named } from './records.ts'

/** A part of the year in which marks are gathered. school:X */
export interface Period {
  name: string
  kind: 'trimester' | 'semester' | 'year'
  start: string
  end: string
  closed?: boolean
  /** Nothing: all. */
  audiences?: string[]
  /** When the teachers of a class meet about it, by the scope of the class. */
  councils?: Record<string, Council>
  seals?: Seals
}

export interface Council {
  date: string
  start?: string
  end?: string
}

/** The last days on which something of a period is written. */
export interface Seals {
  grades?: string
  skills?: string
  appraisals?: string
}

/** What the school decided about marks. school:X, id "grades" */
export interface GradePolicy {
  average: boolean
  extremes: boolean
  spread: boolean
  general: boolean
  /** Minutes by which guardians see later than pupils. */
  delay: number
  /** "18:00": when marks appear; '' at once. */
  hour: string
  /** Minutes in which a slip may be corrected without a word. */
  window: number
  above: boolean
}

interface Outline {
  title: string
  date: string
  period?: string
  type: 'test' | 'quiz' | 'oral' | 'practical' | 'homework' | 'exercise' | 'project'
  coefficient: string
  outOf: string
  kind?: 'optional' | 'bonus' | ''
  rescale?: boolean
  aside?: boolean
  part?: string
  about?: string
  papers: FileRef[]
  corrections: FileRef[]
}

/** course:K; without publishAt only the teachers see it. */
export interface Assessment extends Outline {
  teacher: Named
  quiet?: boolean
  publishAt?: string
  guardiansAt?: string
  editedAt?: string
}

/** course:K, id "A.S". Rivals: what others entered without having seen the value. */
export interface AssessedMark {
  assessment: string
  student: string
  value: string
  comment?: string
  at: string
  by: Named
  changedAt?: string
  rivals?: { value: string; at: string; by: Named }[]
}

/** How the average of a course is made. course:K, id "service" */
export interface CourseService {
  coefficient: string
  byParts?: boolean
  parts?: { id: string; coefficient: string }[]
  names?: Record<string, string>
  highest?: string | null
  lowest?: string | null
  rounding?: { step?: string; up?: boolean }
}

export interface ClassFigures {
  count: number
  average: string
  min?: string
  max?: string
  median?: string
  spread?: number[]
}

/** A mark with its assessment. student:S; user:U before the guardians */
export interface Grade extends Outline {
  course: string
  subject: string
  teacher: Named
  value: string
  comment?: string
  /** When the pupil could first read it. */
  at: string
  changedAt?: string
  figures?: ClassFigures
}

/** How a course stands in a period, id "K.P", beside its grades. */
export interface Standing extends CourseService {
  course: string
  subject: string
  period?: string
  figures?: ClassFigures
  at: string
}

export interface GradeRecords {
  period: Period
  grades: GradePolicy
  assessment: Assessment
  canceled: Assessment
  mark: AssessedMark
  service: CourseService
  grade: Grade
  standing: Standing
}

export interface Cell {
  student: string
  value: string
  /** What the teacher saw there. */
  was: string
}

export interface GradeActions {
  /** course:K */
  'grades.assess@1': { id: string; quiet?: boolean } & Outline
  /** course:K; refused `conflict` when it moved since it was read */
  'grades.amend@1': { id: string; quiet?: boolean } & Partial<Outline>
  /** course:K */
  'grades.cancel@1': { id: string }
  /** course:K */
  'grades.restore@1': { id: string }
  /** course:K */
  'grades.enter@1': { assessment: string; cells: Cell[] }
  /** course:K */
  'grades.comment@1': { assessment: string; student: string; comment: string }
  /** course:K */
  'grades.publish@1': { id: string; at?: string; guardiansAt?: string }
  /** course:K */
  'grades.hide@1': { id: string }
  /** course:K */
  'grades.service@1': CourseService
  /** school:X */
  'grades.period@1': { id: string } & Period
  /** school:X; refused `period_used` while pupils are marked in it */
  'grades.unperiod@1': { id: string }
  /** school:X; what is not given stays */
  'grades.policy@1': Partial<GradePolicy>
}
