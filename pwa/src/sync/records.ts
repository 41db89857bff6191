/**
 * The records a device holds, by type. The server is the author of every
 * value: fields unknown to this version are kept as they came.
 */
import type { DocumentActions, DocumentRecords } from './documentrecords.ts'
import type { AgendaActions, AgendaRecords } from '../agenda/records.ts'
import type { TimetableActions, TimetableRecords } from '../timetable/records.ts'
import type { CollectActions, CollectRecords } from '../collect/records.ts'
import type { TransferActions, TransferRecords } from '../transfers/records.ts'
import type { AttendanceActions, AttendanceRecords } from './attendancerecords.ts'
import type { InformationActions, InformationRecords } from './informationrecords.ts'
import type { MailActions, MailRecords } from './mailrecords.ts'
import type { GradeActions, GradeRecords } from './graderecords.ts'
import type { CanteenActions, CanteenRecords } from '../canteen/records.ts'
import type { CardActions, CardRecords } from './cardrecords.ts'
import type { SkillActions, SkillRecords } from './skillrecords.ts'

export type * from './documentrecords.ts'
export type * from './graderecords.ts'
export type * from './skillrecords.ts'
export type * from './cardrecords.ts'
export type * from './attendancerecords.ts'
export type * from './informationrecords.ts'
export type * from './mailrecords.ts'
export type * from '../agenda/records.ts'
export type * from '../timetable/records.ts'
export type * from '../canteen/records.ts'

/** One stored file, named by its content. */
export interface FileRef {
  sha: string
  name: string
  type: string
  size: number
  pages?: number
  w?: number
  h?: number
  /** It has not arrived yet. */
  waiting?: true
  /** It waits for the school's virus scanner; `waiting` as well. */
  checking?: true
  /** Why nobody gets it: `infected`, `unscannable`, `damaged_file` … */
  problem?: string
}

export interface Named {
  id: string
  name: string
}

export interface School {
  name: string
  uai?: string
  town?: string
  timezone: string
  year: { start: string; end: string }
  holidays: { name: string; start: string; end: string }[]
}

export interface Subject {
  name: string
  short?: string
  hue: number
}

export interface Class {
  name: string
  level?: string
  kind: 'class' | 'group'
  /** Main teachers; in class:C/staff only. */
  main?: string[]
}

export interface Course {
  subject: string
  audience: string
  title?: string
  teachers: Named[]
}

export interface Homework {
  course: string
  subject: string
  title: string
  text: string
  given: string
  due: string
  return: 'none' | 'paper' | 'file'
  late: 'accept' | 'refuse'
  minutes?: number
  attachments: FileRef[]
  teacher: Named
  editedAt?: string
  /** In which it was given: id of the page in the cahier de textes. */
  lesson?: string
  /** Chosen pupils (course scope), or true in the scope of one of them. */
  students?: string[] | true
  audience?: string
}

export interface Student {
  first: string
  last: string
  class?: Named
  groups: Named[]
}

export interface Receipt {
  id: string
  at: string
  sum: string
  sig: string
}

export interface Submission {
  homework: string
  course: string
  version: number
  pages: FileRef[]
  text: string
  /** `queued` exists on this device only: the server does not know of it yet. */
  state: 'queued' | 'waiting_for_file' | 'received' | 'late'
  by: string
  createdAt: string
  receivedAt?: string
  lateBy?: number
  receipt?: Receipt
  replaces?: string
  student?: string
}

export interface Feedback {
  homework: string
  student?: string
  submission?: string
  state: 'draft' | 'returned' | 'again'
  comment: string
  correction: FileRef[]
  at: string
  teacher: Named
}

export interface Roster {
  first: string
  last: string
  class: string
}

export interface Space {
  name: string
  description?: string
}

/** Of a space, by person. */
export interface Member {
  name: string
  /** Id of the membership. */
  link: string
  /** Decides who else is in it. */
  lead?: boolean
  /** In the school, and may lead. */
  works?: boolean
}

export interface Mark {
  homework: string
  student: string
  at: string
}

export interface User {
  first: string
  last: string
  name: string
  roles: ('student' | 'guardian' | 'teacher' | 'staff' | 'direction' | 'admin')[]
  school: string
  children?: { id: string; first: string; last: string; class: string }[]
  courses?: string[]
}

export interface Tick {
  homework: string
  student: string
  done: boolean
  shared: boolean
  at: string
}

/** What may be switched off. */
export type AlertKind =
  | 'newMessage'
  | 'newHomework'
  | 'returned'
  | 'dueSoon'
  | 'timetable'
  | 'newGrade'
  | 'lateness'
  | 'schoolLife'
  | 'agenda'
  | 'information'
  | 'transfers'
  | 'collects'

/** What rings, and how mails tell of it; null or empty as usual. */
export interface AlertChoices {
  alerts?: { [K in AlertKind]?: boolean | null }
  mails?: { [K in AlertKind]?: 'each' | 'digest' | 'never' | '' }
}

/** school:X, id "alertRules": what holds for those who chose nothing else. */
export interface AlertRules {
  quiet?: { from: string; to: string }
  /** When marks ring; nothing: at once. */
  gradesAt?: string
  silent?: AlertKind[]
  /** 1 is Monday; nothing: Friday at five. */
  digestDay?: number
  digestAt?: string
}

export interface Settings extends AlertChoices {
  lang?: 'fr' | 'en'
  theme?: 'auto' | 'light' | 'dark'
  /** Over the choices for all, by pupil. */
  children?: Record<string, AlertChoices>
  quiet?: { from: string; to: string }
  /** How often mails tell of messages; nothing: for each. */
  mail?: 'each' | 'daily' | 'never'
  /** How often the rest comes in one mail; nothing: weekly. */
  digest?: 'weekly' | 'daily' | 'never'
  /** More: lock screens show what is inside as well. */
  lock?: 'less' | 'more'
  /** When marks ring, "18:00"; empty: at once. */
  gradesAt?: string
  /** Marks ring below this, of 20; 0: all. */
  below?: number
  /** Lateness rings from this one of the month on; 0: each. */
  latesAt?: number
  phrases?: string[]
}

/** user:U, id "address": where mails tell of messages, once the code was typed that was sent there. */
export interface MailPlace {
  address: string
  confirmed: boolean
  /** The mail server refuses it. */
  failing?: boolean
  /** Its person wants no mails for now. */
  stopped?: boolean
  /** The code is good until then. */
  until?: string
  /** Tries left. */
  left?: number
}

export interface Notice {
  kind: string
  student?: string
  title: string
  body: string
  path: string
  at: string
  read: boolean
}

/** Record type → shape of its value. */
export interface Records
  extends
    MailRecords,
    DocumentRecords,
    TimetableRecords,
    AgendaRecords,
    GradeRecords,
    SkillRecords,
    CardRecords,
    AttendanceRecords,
    CanteenRecords,
    InformationRecords,
    TransferRecords,
    CollectRecords {
  school: School
  subject: Subject
  class: Class
  course: Course
  homework: Homework
  student: Student
  submission: Submission
  feedback: Feedback
  roster: Roster
  space: Space
  member: Member
  reminder: Mark
  done: Mark
  user: User
  tick: Tick
  settings: Settings
  notice: Notice
  address: MailPlace
  alertRules: AlertRules
}

export type RecordType = keyof Records

/** What a person may do: mutation name → arguments. The scope it belongs to is in the comment. */
export interface Actions
  extends
    MailActions,
    DocumentActions,
    TimetableActions,
    AgendaActions,
    GradeActions,
    SkillActions,
    CardActions,
    AttendanceActions,
    CanteenActions,
    InformationActions,
    TransferActions,
    CollectActions {
  /** course:K */
  'homework.give@1': {
    id: string
    title: string
    text: string
    due: string
    return: Homework['return']
    late: Homework['late']
    minutes?: number
    attachments: FileRef[]
    students?: string[]
    lesson?: string
  }
  /** course:K; refused `conflict` when the homework moved since it was read */
  'homework.edit@1': {
    id: string
    title?: string
    text?: string
    due?: string
    return?: Homework['return']
    late?: Homework['late']
    minutes?: number
    attachments?: FileRef[]
    students?: string[]
  }
  /** course:K */
  'homework.withdraw@1': { id: string }
  /** course:K */
  'homework.restore@1': { id: string }
  /** student:S; pages are names given by `device.files.put` */
  'homework.submit@1': { id: string; homework: string; pages: string[]; text: string }
  /** user:U */
  'homework.tick@1': { homework: string; student: string; done: boolean; shared: boolean }
  /** course:K */
  'homework.seen@1': { homework: string; student: string }
  /** course:K */
  'homework.comment@1': { homework: string; student: string; comment: string; correction: FileRef[] }
  /** course:K */
  'homework.return@1': {
    homework: string
    student: string
    submission?: string
    comment: string
    correction: FileRef[]
  }
  /** course:K */
  'homework.again@1': { homework: string; student: string; comment: string }
  /** course:K */
  'homework.remind@1': { homework: string; students: string[] }
  /** user:U */
  'settings.set@1': Settings
  /** user:U */
  'notice.read@1': { ids: string[] }
  /** user:U */
  'notice.dismiss@1': { ids: string[] }
  /** user:U; '' for none. Refused `invalid`, `too_many`, `unavailable`. */
  'notify.address@1': { address: string }
  /** user:U; a wrong code is no refusal, but one try less. Refused `gone`. */
  'notify.confirm@1': { code: string }
  'notify.mails@1': { on: boolean }
  'notify.rules@1': AlertRules
}

export type ActionName = keyof Actions
