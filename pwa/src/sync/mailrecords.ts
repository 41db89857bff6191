/** Messaging: what a mailbox holds, and what a person does in it. In user:U where nothing else is said. */
import type { FileRef, Named, User } from './records.ts'

/** A person ("user:U"), a group ("class:C/guardians", with how many people it was), or somebody outside ("mail:a@b.example"). */
export interface Addressee {
  key: string
  name: string
  count?: number
}

/** A piece of text in one style; marks are, in this order, any of b, i, u (subscript), o (superscript). */
export interface Run {
  text: string
  marks?: string
  link?: string
  /** TeX. */
  formula?: boolean
}

/** A question to those who get the message. */
export interface Poll {
  /** 8 to 20 letters, digits, '_' and '-'. */
  id: string
  question: string
  /** 2 to 10. */
  options: string[]
  /** Several answers. */
  many?: boolean
  /** The author sees how many, not who. */
  secret?: boolean
}

/** A paragraph, a line of a list, or a poll, which has no runs. */
export interface Block {
  kind?: 'bullet' | 'number' | 'poll'
  /** 0 to 6. */
  indent?: number
  runs: Run[]
  poll?: Poll
}

export type Body = Block[]

/** A message passed on within another. */
export interface Quote {
  from: string
  to: Addressee[]
  subject: string
  at: string
  body: Body
  /** Its new author changed the text. */
  altered?: boolean
  /** It was taken back since: its body is empty. */
  withdrawn?: boolean
}

export type ReplyMode = 'all' | 'sender' | 'none'

export interface Message {
  /** Id of the first message of the discussion. */
  discussion: string
  subject: string
  mode: ReplyMode
  from: Named
  to: Addressee[]
  cc?: Addressee[]
  /** Only in one's own messages. */
  bcc?: Addressee[]
  /** This reader got a blind copy. */
  blind?: boolean
  body: Body
  files?: FileRef[]
  at: string
  /** The message that it answers. */
  re?: string
  /** Newest first. */
  quotes?: Quote[]
  /** It was taken back: no body, files, quotes. */
  recalled?: boolean
  /** By vie scolaire or direction, not by its author. */
  moderated?: boolean
  /** On the first message of a discussion that nobody answers any more. */
  closed?: boolean
  /** It has not left, and nobody else has it; on its author's devices alone. */
  due?: string
  /** Who could no longer be written to when it left; for its author alone. */
  refused?: Addressee[]
  /** Whom outside it did not reach, and why; for its author alone. */
  returned?: (Addressee & { reason: 'refused' | 'rejected' | 'late' | 'bounced' })[]
}

/** What this person did with a discussion; nothing: it is in the inbox, and unread. */
export interface Thread {
  /** Messages of others up to this moment are read (Unix milliseconds). */
  read?: number
  /** '' or absent: the inbox; 'archive', 'bin', or one's own. One that is gone: the inbox. */
  folder?: string
  /** The folder before the bin. */
  was?: string
  binned?: string
  categories?: string[]
  purged?: boolean
  /** It counts nowhere and alerts nobody. */
  muted?: boolean
  /** When it came to where it lies. */
  moved?: string
}

export interface Draft {
  subject: string
  mode?: ReplyMode
  to: Addressee[]
  cc?: Addressee[]
  bcc?: Addressee[]
  body: Body
  files?: FileRef[]
  re?: string
  all?: boolean
  quotes?: Quote[]
  /** Messages passed on. */
  forward?: string[]
  at: string
}

/** One's own folder; one level below the first. */
export interface Folder {
  name: string
  parent?: string
  order: number
}

export interface Category {
  name: string
  hue: number
}

/** Somebody written to; the id of the record is the key of an addressee. */
export interface Contact {
  name: string
  at: string
}

/** People one may write to. The id of the record is the key; a group may be addressed by it. */
export interface List {
  kind: 'administrative' | 'pedagogical' | 'family' | 'collaborative'
  /** A class or group, or 'staff', 'direction', 'teachers'; empty for the family. */
  title: string
  group?: boolean
  people: { id: string; name: string; detail?: string; main?: boolean }[]
}

export type ReportReason = 'insult' | 'threat' | 'harassment' | 'intimate' | 'hate' | 'other'

/** A message as it was when it was reported. */
export interface Exhibit {
  id: string
  /** Of its canonical JSON. */
  sha256: string
  message: Message
}

/** A message shown to vie scolaire and direction. In user:U of who reported it, and in office:X. */
export interface Report {
  discussion: string
  reason: ReportReason
  text?: string
  at: string
  state: 'open' | 'dismissed' | 'acted'
  /** What was done: the message taken away, the discussion closed. */
  withdrawn?: boolean
  closed?: boolean
  /** To who reported it. */
  answer?: string
  decided?: string
  /** Of who reported it alone. */
  message?: string
  /** Of the office alone. The message that was reported comes first. */
  evidence?: Exhibit[]
  by?: Named
  note?: string
  decidedBy?: Named
}

/** office:X: a message to many that waits a little. */
export interface Mailing {
  by: Named
  subject: string
  people: number
  due: string
  state: 'waiting' | 'sent' | 'stopped'
}

/** One's own answer; the id is MESSAGE.POLL. */
export interface Vote {
  choices: number[]
  at: string
}

/** What was answered, for the author alone; the id is MESSAGE.POLL. */
export interface Tally {
  counts: number[]
  voters: number
  /** Who chose each option, unless it is secret. */
  names?: Named[][]
}

/** school:X, id "mail": the rules of the school. */
export interface MailPolicy {
  studentToTeacher: boolean
  studentToStudent: boolean
  studentToStaff: boolean
  guardianToTeacher: boolean
  guardianToStaff: boolean
  teacherToStudent: boolean
  teacherToGuardian: boolean
  most: number
  frozen?: boolean
  /** When pupils' messages wait for the morning, in the school's time; absent: never. */
  night?: { from: string; to: string }
  /** People a pupil may write to in 24 hours, and how many of them nearly the same. */
  quota: number
  alike: number
  /** Messages in 24 hours from somebody of a family to one person. */
  pair: number
  /** From how many people on a message of those who work here waits (0: never), and how many minutes. */
  large: number
  hold: number
  /** Days; 0: for ever. */
  keepInbox: number
  keepIdle: number
  keepBin: number
  /** Of reports, once they were decided. */
  keepCases: number
  /** Who does not see the latest messages at home. */
  hideLatest?: User['roles']
  /** Who may write to people outside; absent: nobody. */
  external?: User['roles']
}

export interface MailRecords {
  message: Message
  thread: Thread
  draft: Draft
  folder: Folder
  category: Category
  contact: Contact
  list: List
  mail: MailPolicy
  report: Report
  mailing: Mailing
  /** The id is a person's; their messages count nowhere and alert nobody. */
  muted: { name: string }
  vote: Vote
  tally: Tally
}

/** Files carry use 'message'. */
interface Content {
  body: Body
  files: FileRef[]
  /** The draft that it ends. */
  draft?: string
}

export interface MailActions {
  /** Refused `recipient_not_allowed to[3]`, `too_many_recipients`, `frozen`, `too_large files`, `mixed to`, `forbidden to[3]`. */
  'mail.send@1': Content & {
    id: string
    subject: string
    mode: 'all' | 'sender'
    to: string[]
    cc?: string[]
    bcc?: string[]
    /** How those outside were called when they were typed, by key. */
    names?: Record<string, string>
    /** Messages passed on; with a body where it was altered. */
    quotes?: { message: string; body?: Body }[]
  }
  'mail.reply@1': Content & { id: string; re: string; all?: boolean }
  /** Discussion → moment; an earlier moment marks what came later as unread. */
  'mail.read@1': { upTo: Record<string, number> }
  /** Discussions into a folder: '', 'archive', 'bin' or one's own. At most 400. */
  'mail.file@1': { ids: string[]; folder: string }
  'mail.restore@1': { ids: string[] }
  /** For ever; only what is in the bin. */
  'mail.purge@1': { ids: string[] }
  'mail.categorize@1': { ids: string[]; add?: string[]; remove?: string[] }
  'mail.draft@1': { id: string; draft: Draft }
  'mail.discard@1': { ids: string[] }
  'mail.folder@1': { id: string } & Folder
  /** Refused `conflict` while others lie in it. */
  'mail.unfolder@1': { id: string }
  'mail.category@1': { id: string } & Category
  'mail.uncategory@1': { id: string }
  'mail.forget@1': { ids: string[] }
  'mail.report@1': { id: string; message: string; reason: ReportReason; text?: string }
  /** office:X; neither: nothing comes of it. */
  'mail.moderate@1': { id: string; withdraw: boolean; close: boolean; answer?: string; note?: string }
  /** office:X */
  'mail.reopen@1': { id: string }
  /** Takes a message of one's own back from everybody. */
  'mail.recall@1': { message: string }
  'mail.mute@1': { ids: string[]; muted: boolean }
  'mail.hush@1': { people: string[]; muted: boolean }
  /** office:X; a mailing that waits. */
  'mail.stop@1': { id: string }
  'mail.vote@1': { message: string; poll: string; choices: number[] }
  /** school:X; refused `unavailable external`. */
  'mail.policy@1': MailPolicy
}
