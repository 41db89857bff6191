/** Records and acts of report cards. Averages are decimals as text: "14.5". */
import type { ClassFigures } from './graderecords.ts'
import type { Named } from './records.ts'

/** A distinction or, as a warning, its opposite. Without a label it is one that the app has words for. */
export interface Mention {
  id: string
  label?: string
  warning?: boolean
}

/** What the school decided. school:X, id "cards" */
export interface CardRules {
  /** Characters of an appraisal. */
  limit: number
  /** Characters of what the council says. */
  overall: number
  mentions: Mention[]
}

/** How far the cards of a class are. Until: the last day of its teachers, where it differs. school:X, id "P.C" */
export interface CouncilState {
  class: string
  period: string
  until?: string
  publishedAt?: string
}

/** course:K, id "P.S". Rivals: what others wrote without having seen the text. */
export interface Appraisal {
  period: string
  student: string
  text: string
  at: string
  by: Named
  rivals?: { text: string; at: string; by: Named }[]
}

/** What was taught. course:K, id "P" */
export interface Program {
  elements: string[]
}

/** A course as a council sees it. council:C, id "P.K" */
export interface Column {
  period: string
  course: string
  subject: string
  name: string
  teachers: Named[]
  coefficient: string
  figures?: ClassFigures
  shown?: ClassFigures
  elements?: string[]
}

export interface ProofLine {
  average?: string
  /** The average as a fraction, "43/3". */
  exact?: string
  position?: number
  text?: string
  by?: Named
  rivals?: number
}

/** What a pupil missed in a period. */
export interface Missing {
  lates: number
  halfDaysJustified: number
  halfDaysUnjustified: number
  hoursMissed: number
}

/** A pupil as a council sees them. council:C, id "P.S" */
export interface Proof {
  period: string
  student: string
  first: string
  last: string
  lines: Record<string, ProofLine>
  life?: Missing
}

/** What a council says of a pupil. council:C, id "P.S" */
export interface Summary {
  period: string
  student: string
  text: string
  mention?: string
  decision?: string
  at: string
  by: Named
}

export interface CardSubject {
  course: string
  subject: string
  name: string
  teachers: Named[]
  coefficient: string
  average?: string
  figures?: ClassFigures
  position?: number
  elements?: string[]
  text?: string
}

/** A report card as it was published. student:S, id "P"; council:C, id "P.S" */
export interface Card {
  version: number
  at: string
  firstAt: string
  student: string
  /** First, last. */
  names: [string, string]
  school: { name: string; uai?: string; town?: string }
  class: Named
  main?: Named[]
  period: { id: string; name: string; start: string; end: string }
  council?: string
  subjects: CardSubject[]
  general?: { average: string; class?: string }
  life: Missing
  text?: string
  mention?: Mention
  decision?: string
  /** Who reads it; council:C only. */
  guardians?: Named[]
}

/** A guardian has taken note of a card. student:S, id "P.U"; council:C, id "P.S.U" */
export interface CardSeen {
  period: string
  version: number
  student?: string
  by: Named
  at: string
}

export interface CardRecords {
  cards: CardRules
  council: CouncilState
  appraisal: Appraisal
  program: Program
  column: Column
  proof: Proof
  summary: Summary
  card: Card
  cardseen: CardSeen
}

export interface CardActions {
  /** school:X */
  'reportcard.rules@1': CardRules
  /** school:X; '' for the last day of the period */
  'reportcard.council@1': { class: string; period: string; until: string }
  /** course:K; `was` is what the teacher saw there. Refused `cards_closed`, `period_closed` */
  'reportcard.appraise@1': { period: string; student: string; text: string; was: string }
  /** course:K; refused `conflict` when it moved since it was read */
  'reportcard.program@1': { period: string; elements: string[] }
  /** council:C; refused `conflict` when it moved since it was read */
  'reportcard.conclude@1': {
    period: string
    student: string
    text: string
    mention: string
    decision: string
  }
  /** council:C */
  'reportcard.refresh@1': { period: string }
  /** council:C; refused `before_council` unless early */
  'reportcard.publish@1': { period: string; early: boolean }
  /** student:S */
  'reportcard.acknowledge@1': { period: string; version: number }
}
