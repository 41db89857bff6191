/** Informations and surveys: what their authors write, and what readers do with them. In user:U. */
import type { Body } from './mailrecords.ts'
import type { FileRef, Named } from './records.ts'

export type InformationCategory = 'meeting' | 'outing' | 'life' | 'health' | 'canteen' | 'guidance' | 'other'

export type InformedRole = 'students' | 'guardians' | 'teachers' | 'staff'

/** A part of the school ("school", "level:5e", "class:C", "group:G"), and who of it. */
export interface Target {
  of: string
  roles: InformedRole[]
}

export interface Question {
  /** `info` is text between questions. */
  kind: 'info' | 'text' | 'one' | 'many'
  title: string
  choices?: string[]
  /** One more choice, which whoever takes it writes. */
  other?: boolean
  /** Of `many`: how many at most. */
  most?: number
  required?: boolean
}

/** What somebody answered to one question: choices in ascending order, or a text. */
export interface Given {
  choices?: number[]
  text?: string
}

interface Told {
  title: string
  category: InformationCategory
  body: Body
  files?: FileRef[]
  /** First and last day on which it is shown. */
  from: string
  until: string
  acknowledge?: boolean
  questions?: Question[]
  anonymous?: boolean
  /** Guardians answer for each of their children. */
  perChild?: boolean
}

/** As a reader gets it; children are those because of whom, of a guardian. */
export interface Information extends Told {
  by: Named
  at: string
  corrected?: string
  children?: Named[]
}

/** As its author has it. */
export interface Broadcast extends Told {
  audience: Target[]
  by: Named
  at: string
  people: number
  corrected?: string
  withdrawn?: string
  reminded?: string
  /** Who its readers were is not known any more. */
  forgotten?: boolean
}

/** What this reader did with an information. */
export interface Response {
  read?: string
  acknowledged?: string
  /** By child, or under `self`; of an anonymous one only when. */
  answers?: Record<string, { at: string; given?: Given[] }>
}

/** Some of those whom an information went to; its author's. */
export interface Reach {
  information: string
  people: (Named & { detail?: string; children?: Named[]; acknowledged?: string })[]
}

/** An answer with its name; the author's. */
export interface SurveyAnswer {
  information: string
  by: Named
  child?: Named
  at: string
  given: Given[]
}

/** What so many people answered without their names; the author's. */
export interface SurveyResult {
  information: string
  count: number
  questions: { counts?: number[]; texts?: string[] }[]
  omitted?: number
}

export interface InformationRecords {
  information: Information
  broadcast: Broadcast
  response: Response
  reach: Reach
  surveyAnswer: SurveyAnswer
  surveyResult: SurveyResult
}

export interface InformationActions {
  /** Refused `recipient_not_allowed`, `invalid`. */
  'information.publish@1': Told & { id: string; audience: Target[] }
  /** Refused `conflict`, `withdrawn`, `over`. */
  'information.correct@1': Pick<Told, 'title' | 'category' | 'body' | 'until'> & {
    id: string
    files: FileRef[]
  }
  'information.withdraw@1': { id: string }
  /** Refused `too_soon`: once in three days. */
  'information.remind@1': { id: string }
  'information.read@1': { ids: string[] }
  'information.acknowledge@1': { id: string }
  /** Refused `over`, `already_answered`, `answer_required`, `too_many`. */
  'information.answer@1': { id: string; child?: string; answers: Given[] }
}
