/** What is being written: what of it is kept where, what is missing, and what the server is told in the end. */
import {
  newId,
  type Addressee,
  type Device,
  type Draft,
  type FileRef,
  type MailActions,
  type Outgoing,
} from '../sync/index.ts'
import { textOf } from '../body/body.ts'
import type { Heavy } from './heavy.ts'
import { addressIn, isOutside, namesOf } from './outside.ts'
import { isEmpty, most, tidy, trimmed } from '../body/writing.ts'

export const mostFiles = 10
export const mostBytes = 10 * 1024 * 1024

export type Field = 'to' | 'cc' | 'bcc'
export const fields: readonly Field[] = ['to', 'cc', 'bcc']

/** As it lies on this device: the text, and the draft of the server that it goes on from. */
export interface Kept {
  draft: Draft
  base?: Draft
  /** When somebody last typed here, Unix milliseconds. */
  at: number
  /** A refused action that this takes up again. */
  refused?: number
  /** What leaves by a link. */
  heavy?: Heavy
}

/** Where the text of a draft lies on this device. */
export function keptKey(draft: string): string {
  return `mail:draft:${draft}`
}

export function emptyDraft(): Draft {
  return { subject: '', to: [], body: [], at: new Date(0).toISOString() }
}

/** Nobody wrote anything yet. */
export function isBlank(draft: Draft): boolean {
  const people = fields.some((field) => (draft[field]?.length ?? 0) > 0)
  const more = (draft.files?.length ?? 0) + (draft.forward?.length ?? 0) > 0
  return !people && !more && !draft.re && !draft.subject.trim() && isEmpty(draft.body)
}

/** Do both say the same? When they were written does not matter. */
export function isSame(a: Draft, b: Draft): boolean {
  return JSON.stringify(said(a)) === JSON.stringify(said(b))
}

function said({
  subject,
  mode,
  to,
  cc = [],
  bcc = [],
  body,
  files = [],
  re,
  all,
  quotes = [],
}: Draft): unknown {
  const keys = (people: Addressee[]): string[] => people.map((one) => one.key)
  const names = files.map((file) => [file.sha, file.name])
  const runs = (of: Draft['body']): unknown =>
    tidy(of).map((block) => [
      block.kind,
      block.indent,
      block.runs.map((run) => [run.text, run.marks, run.link, run.formula]),
    ])
  const quoted = quotes.map((quote) => [quote.at, quote.from, runs(quote.body)])
  return [
    subject,
    mode ?? '',
    keys(to),
    keys(cc),
    keys(bcc),
    runs(body),
    names,
    re ?? '',
    all ?? false,
    quoted,
  ]
}

export interface Opened {
  draft: Draft
  base?: Draft
  /** A text of another device that this one does not go on from. */
  aside?: Draft
}

/** What to go on with, of what lies here and what the server has. Nothing of either is lost. */
export function reconcile(kept: Kept | undefined, theirs: Draft | undefined): Opened {
  if (!kept) return theirs ? { draft: theirs, base: theirs } : { draft: emptyDraft() }
  const { draft: mine, base } = kept
  if (!theirs) return { draft: mine }
  if (isSame(mine, theirs) || (base && isSame(base, theirs))) return { draft: mine, base: theirs }
  if ((base && isSame(base, mine)) || isBlank(mine)) return { draft: theirs, base: theirs }
  const isMineNewer = kept.at >= Date.parse(theirs.at)
  return isMineNewer
    ? { draft: mine, base: theirs, aside: theirs }
    : { draft: theirs, base: theirs, aside: mine }
}

export interface Fault {
  field: Field | 'subject' | 'body' | 'files' | 'all'
  code: string
  /** Which of the recipients. */
  index?: number
  /** Names that the server says. */
  names?: string
}

export interface Known {
  /** Words typed among the recipients that stand for nobody. */
  left: Partial<Record<Field, string>>
  most: number
}

/** What keeps it from being sent, in the order of the screen. */
export function faultsOf(draft: Draft, { left, most: people }: Known): Fault[] {
  const faults: Fault[] = []
  const chosen = fields.reduce((sum, field) => sum + (draft[field]?.length ?? 0), 0)
  for (const field of fields) if (left[field]?.trim()) faults.push({ field, code: 'unknown' })
  if (!draft.re) {
    if (chosen === 0 && faults.length === 0) faults.push({ field: 'to', code: 'nobody' })
    if (chosen > people) faults.push({ field: 'to', code: 'too_many_recipients' })
    if (!draft.subject.trim()) faults.push({ field: 'subject', code: 'subject' })
  }
  const isBare = isEmpty(draft.body) && !draft.files?.length && !draft.forward?.length
  if (isBare) faults.push({ field: 'body', code: 'body' })
  if (textOf(draft.body).length > most.text) faults.push({ field: 'body', code: 'too_long' })
  if (bytesOf(draft.files ?? []) > mostBytes) faults.push({ field: 'files', code: 'too_large' })
  return faults
}

export function bytesOf(files: readonly Pick<FileRef, 'size'>[]): number {
  return files.reduce((sum, file) => sum + file.size, 0)
}

/** Where on the screen a refusal belongs. */
export function faultIn({ error }: Outgoing): Fault {
  const code = error?.code ?? 'other'
  const [, name = '', index] = /^(\w+)(?:\[(\d+)\])?/.exec(error?.field ?? '') ?? []
  const place = [...fields, 'subject', 'body', 'files'].find((one) => one === name) as
    Fault['field'] | undefined
  return {
    field: place ?? 'all',
    code,
    ...(index !== undefined && { index: Number(index) }),
    ...(code === 'mixed' && { names: error?.message ?? '' }),
  }
}

/** An action that says a draft to the server, for good. */
export type Letter =
  | { name: 'mail.send@1'; args: MailActions['mail.send@1'] }
  | { name: 'mail.reply@1'; args: MailActions['mail.reply@1'] }

export function letterOf(draft: Draft, id: string, message: string): Letter {
  const content = { id: message, body: trimmed(draft.body), files: (draft.files ?? []).map(bare), draft: id }
  if (draft.re)
    return { name: 'mail.reply@1', args: { ...content, re: draft.re, ...(draft.all && { all: true }) } }
  const keys = (field: Field): string[] => (draft[field] ?? []).map((one) => one.key)
  const names = namesOf(fields.flatMap((field) => draft[field] ?? []))
  const quotes = quotesOf(draft)
  return {
    name: 'mail.send@1',
    args: {
      ...content,
      subject: draft.subject.trim(),
      mode: draft.mode === 'all' ? 'all' : 'sender',
      to: keys('to'),
      ...(draft.cc?.length && { cc: keys('cc') }),
      ...(draft.bcc?.length && { bcc: keys('bcc') }),
      ...(Object.keys(names).length > 0 && { names }),
      ...(quotes.length > 0 && { quotes }),
    },
  }
}

/** What the server wants to hear of a file. */
function bare({ sha, name, type, size }: FileRef): FileRef {
  return { sha, name, type, size }
}

function quotesOf({ forward = [], quotes = [] }: Draft): NonNullable<MailActions['mail.send@1']['quotes']> {
  return forward.map((message, i) => {
    const quote = quotes[i]
    return { message, ...(quote?.altered && { body: trimmed(quote.body) }) }
  })
}

/** A letter that came back, as a draft again. */
export function draftOf(letter: Letter, written: Draft | undefined, name: (key: string) => Addressee): Draft {
  const { args } = letter
  const common = { ...emptyDraft(), ...written, body: args.body, files: args.files }
  if (letter.name === 'mail.reply@1') return { ...common, re: letter.args.re, all: letter.args.all ?? false }
  const { subject, mode, to, cc = [], bcc = [], names = {}, quotes = [] } = letter.args
  const called = (key: string): Addressee =>
    isOutside({ key }) ? { key, name: names[key] ?? addressIn({ key }) } : name(key)
  const people = { to: to.map(called), cc: cc.map(called), bcc: bcc.map(called) }
  return { ...common, ...people, subject, mode, forward: quotes.map((quote) => quote.message) }
}

/** The refused letter that a draft became. */
export function cameBack(outbox: readonly Outgoing[], draft: string): Outgoing | undefined {
  return outbox.findLast((one) => one.state === 'refused' && isLetter(one) && draftIn(one) === draft)
}

export function isLetter(one: Outgoing): boolean {
  return one.name === 'mail.send@1' || one.name === 'mail.reply@1'
}

/** The draft under which a letter is taken up again. */
export function draftIn({ args }: Outgoing): string {
  return typeof args.draft === 'string' ? args.draft : String(args.id)
}

/** Begins a message, to somebody or about something, on this device; its id. */
export async function beginWith(device: Pick<Device, 'local'>, draft: Partial<Draft>): Promise<string> {
  const id = newId()
  const kept: Kept = { draft: { ...emptyDraft(), ...draft }, at: Date.now() }
  await device.local.set(keptKey(id), kept)
  return id
}
