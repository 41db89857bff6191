/** Records and acts of competences. Coefficients are decimals as text: "1.5". */
import type { Named } from './records.ts'

/** Points say which level is above which. One put aside is not given any more. */
export interface Level {
  id: string
  label: string
  short: string
  hue: number
  points: number
  aside?: boolean
}

/** What the school decided about competences. school:X, id "skills" */
export interface SkillSettings {
  levels: Level[]
  domains: { id: string; name: string }[]
  mode: 'all' | 'last5' | 'best5' | 'progressive'
  /** "class:C", "group:G" and "subject:S" that have levels and no marks. */
  only?: string[]
}

/** school:X, in place of a shipped one or beside it; course:K, of its teachers */
export interface Skill {
  subject?: string
  /** Of a shipped one: how the name of its subject begins. */
  about?: string
  domain: string
  code?: string
  text: string
  aside?: boolean
}

export interface EvaluatedItem {
  skill: string
  coefficient: string
}

interface EvaluationOutline {
  title: string
  date: string
  period?: string
  about?: string
  items: EvaluatedItem[]
  /** Has the marks of the same work. */
  assessment?: string
}

/** course:K; without publishAt only the teachers see it. */
export interface Evaluation extends EvaluationOutline {
  teacher: Named
  canceled?: boolean
  publishAt?: string
  guardiansAt?: string
  editedAt?: string
}

/** course:K, id "E.S". A value is a level, or a code that says why there is none. */
export interface Mastery {
  evaluation: string
  student: string
  values: Record<string, string>
  /** Who wrote a value, where it was not the teacher of the evaluation. */
  hands?: Record<string, Named>
  /** What others entered without having seen the value. */
  rivals?: Record<string, { value: string; by: Named }[]>
  comment?: string
  at: string
  changedAt?: string
}

/** Set by hand. course:K, id "P.S"; student:S and user:U, id "K.P" */
export interface Position {
  period?: string
  value: number
  at: string
  by: Named
  student?: string
  course?: string
  subject?: string
}

/** An mastery with its evaluation. student:S; user:U before the guardians */
export interface Outcome {
  course: string
  subject: string
  title: string
  date: string
  period?: string
  about?: string
  assessment?: string
  teacher: Named
  shown: { skill: string; domain: string; text: string; value: string }[]
  comment?: string
  /** When the pupil could first read it. */
  at: string
  changedAt?: string
}

export interface SkillRecords {
  skills: SkillSettings
  skill: Skill
  evaluation: Evaluation
  mastery: Mastery
  position: Position
  outcome: Outcome
}

export interface LevelCell {
  student: string
  skill: string
  value: string
  /** What the teacher saw there. */
  was: string
}

export interface SkillActions {
  /** school:X; refused `conflict` when it moved since it was read */
  'skills.settings@1': SkillSettings
  /** school:X */
  'skills.skill@1': { id: string } & Skill
  /** course:K */
  'skills.own@1': { id: string } & Skill
  /** course:K */
  'skills.evaluate@1': { id: string } & EvaluationOutline
  /** course:K; refused `conflict` when it moved since it was read */
  'skills.amend@1': { id: string } & EvaluationOutline
  /** course:K */
  'skills.cancel@1': { id: string }
  /** course:K */
  'skills.restore@1': { id: string }
  /** course:K */
  'skills.enter@1': { evaluation: string; cells: LevelCell[] }
  /** course:K */
  'skills.comment@1': { evaluation: string; student: string; comment: string }
  /** course:K */
  'skills.publish@1': { id: string; at?: string; guardiansAt?: string }
  /** course:K */
  'skills.hide@1': { id: string }
  /** course:K; 0 leaves it to the levels; refused `conflict` */
  'skills.position@1': { period: string; student: string; value: number }
}
