/** Messaging: what a mailbox holds, and what a person does in it. All of it is in user:U. */
import type { FileRef, Named } from './records.ts'

/** A person ("user:U") or a group ("class:C/guardians", with how many people it was). */
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

/** A paragraph, or a line of a list. */
export interface Block {
  kind?: 'bullet' | 'number'
  /** 0 to 6. */
  indent?: number
  runs: Run[]
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
  recalled?: boolean
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
}

/** Files carry use 'message'. */
interface Content {
  body: Body
  files: FileRef[]
  /** The draft that it ends. */
  draft?: string
}

export interface MailActions {
  /** Refused `recipient_not_allowed to[3]`, `too_many_recipients`, `frozen`, `too_large files`. */
  'mail.send@1': Content & {
    id: string
    subject: string
    mode: 'all' | 'sender'
    to: string[]
    cc?: string[]
    bcc?: string[]
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
}
