/**
 * Discussions, made of messages and of what their reader did with them. Pure: records in, lists out.
 *
 * `gather` is the long half, over all messages; `arrange` lays a person's order over it and is cheap, so that
 * reading or filing one discussion does not go through all messages again.
 */
import { lineOf } from '../body/body.ts'
import type { Key } from '../i18n/index.svelte'
import type { Addressee, Draft, Message, Outgoing, Row, Thread } from '../sync/index.ts'
import { folderOf, isCounted, isUnread } from './unread.ts'

export type Letter = Row<Message>

/**
 * discussion    everybody answers everybody
 * information   answers go to the author alone
 * institution   the same, to the people of a whole school
 * system        written by a programme: nobody reads answers
 */
export type Kind = 'discussion' | 'information' | 'institution' | 'system'
export const kinds: readonly Kind[] = ['discussion', 'information', 'institution', 'system']

/** All messages of one discussion that this person has. */
export interface Talk {
  id: string
  /** Oldest first; what has not left this device comes last. */
  letters: Letter[]
  last: Letter
  subject: string
  kind: Kind
  files: boolean
  /** This person wrote in it; somebody else did. */
  wrote: boolean
  got: boolean
  /** Moderation closed it. */
  closed: boolean
}

export interface Discussion extends Talk {
  thread: Thread
  /** '' is the inbox. */
  folder: string
  unread: number
  /** Something unread is of somebody, and in a discussion, that this person wants to hear of. */
  counted: boolean
  /** This person reported a message of it. */
  reported: boolean
}

type Some = [Letter, ...Letter[]]

/** Discussions, the newest first. */
export function gather(letters: readonly Letter[], me: string): Talk[] {
  const found = new Map<string, Some>()
  for (const letter of letters) {
    const there = found.get(letter.value.discussion)
    if (there) there.push(letter)
    else found.set(letter.value.discussion, [letter])
  }
  const talks = [...found].map(([id, all]) => ({ talk: talkOf(id, all, me), at: 0 }))
  for (const one of talks) one.at = Date.parse(one.talk.last.value.at)
  return talks.sort((a, b) => b.at - a.at || (a.talk.id < b.talk.id ? 1 : -1)).map(({ talk }) => talk)
}

function talkOf(id: string, letters: Some, me: string): Talk {
  const sorted = letters.length > 1 ? inOrder(letters) : letters
  const last = sorted.at(-1) ?? letters[0]
  const first = sorted.find((letter) => letter.id === id) ?? sorted[0] ?? letters[0]
  return {
    id,
    letters: sorted,
    last,
    subject: first.value.subject,
    kind: kindOf(first.value),
    files: sorted.some(({ value }) => (value.files?.length ?? 0) > 0),
    wrote: sorted.some(({ value }) => value.from.id === me),
    got: sorted.some(({ value }) => value.from.id !== me),
    closed: sorted.some(({ value }) => value.closed),
  }
}

function inOrder(letters: readonly Letter[]): Letter[] {
  const dated = letters.map((letter) => ({ letter, at: letter.seq ? Date.parse(letter.value.at) : Infinity }))
  return dated
    .sort((a, b) => (a.at === b.at ? compare(a.letter, b.letter) : a.at - b.at))
    .map(({ letter }) => letter)
}

function compare(a: Letter, b: Letter): number {
  return Date.parse(a.value.at) - Date.parse(b.value.at) || (a.id < b.id ? -1 : 1)
}

export function kindOf({ mode, to, cc = [] }: Pick<Message, 'mode' | 'to' | 'cc'>): Kind {
  if (mode === 'none') return 'system'
  if (mode === 'all') return 'discussion'
  return [...to, ...cc].some(({ key }) => key.startsWith('school:')) ? 'institution' : 'information'
}

/** What this person said of discussions and people. */
export interface Marked {
  /** Discussions. */
  reported?: ReadonlySet<string>
  /** People. */
  hushed?: ReadonlySet<string>
}

/** The same discussions, with what this person did with them; without those that are being deleted. */
export function arrange(
  talks: readonly Talk[],
  threads: ReadonlyMap<string, Thread>,
  own: ReadonlySet<string>,
  me: string,
  { reported = new Set<string>(), hushed = new Set<string>() }: Marked = {},
): Discussion[] {
  return talks
    .map((talk) => {
      const thread = threads.get(talk.id) ?? {}
      const unread = talk.letters.filter(({ value }) => isUnread(value, thread, me)).length
      const counted = talk.letters.some(({ value }) => isCounted(value, thread, me, hushed))
      return {
        ...talk,
        ...{ thread, folder: folderOf(thread, own), unread, counted, reported: reported.has(talk.id) },
      }
    })
    .filter(({ thread }) => !thread.purged)
}

/** A place of the mailbox: a folder ('', 'archive', 'bin', one's own), 'sent', 'moderation', or 'category/…'. */
export type Place = string

/** What one finds there. What one wrote is under 'sent' wherever it lies, but not out of the bin. */
export function at(place: Place, all: readonly Discussion[]): Discussion[] {
  if (place === 'sent') return all.filter((one) => one.wrote && one.folder !== 'bin')
  if (place.startsWith('category/')) {
    const id = place.slice('category/'.length)
    return all.filter((one) => one.thread.categories?.includes(id) && one.folder !== 'bin')
  }
  if (place === 'moderation') return all.filter((one) => one.closed || one.reported)
  // What nobody has answered was not received.
  if (place === '') return all.filter((one) => one.folder === '' && one.got)
  return all.filter((one) => one.folder === place)
}

/** Discussions with something unread that one wants to hear of, per place. */
export function unreadPer(all: readonly Discussion[]): Map<Place, number> {
  const counts = new Map<Place, number>()
  for (const one of all) if (one.counted) counts.set(one.folder, (counts.get(one.folder) ?? 0) + 1)
  return counts
}

export interface Filter {
  hideRead: boolean
  kinds: readonly Kind[]
}

export const everything: Filter = { hideRead: false, kinds }

export function sift(all: readonly Discussion[], { hideRead, kinds: shown }: Filter): Discussion[] {
  return all.filter((one) => (one.unread > 0 || !hideRead) && shown.includes(one.kind))
}

/** Who wrote in it, the latest first; where that is nobody but oneself, to whom. */
export function peopleOf(talk: Talk, me: string): { authors: string[]; to: Addressee[] } {
  const authors = new Map<string, string>()
  for (const { value } of talk.letters.toReversed())
    if (value.from.id !== me) authors.set(value.from.id, value.from.name)
  const { to, cc = [], bcc = [] } = talk.last.value
  return { authors: [...authors.values()], to: [...to, ...cc, ...bcc] }
}

/** A list that may be long, cut: what is shown, and how many are not. */
export function shortened<T>(all: readonly T[], most: number): { shown: T[]; more: number } {
  return { shown: all.slice(0, most), more: Math.max(0, all.length - most) }
}

/** The beginning of a message, on one line. */
export function beginning({ body, files }: Pick<Message, 'body' | 'files'>, most = 160): string {
  let text = ''
  for (const block of body) {
    text += `${lineOf(block)} `
    if (text.length > most) break
  }
  const line = text.replace(/\s+/g, ' ').trim()
  return line ? line.slice(0, most) : (files ?? []).map((file) => file.name).join(', ')
}

/** Why there is nothing to read in its place. */
export function takenWords({ moderated, from }: Message, me: string): Key {
  const mine = from.id === me
  if (moderated) return mine ? 'mail.moderated.mine' : 'mail.moderated'
  return mine ? 'mail.recalled.mine' : 'mail.recalled'
}

/** An answer that the school did not take; its text is still here. */
export interface Refused {
  n: number
  code: string
  subject: string
  /** The message that it answers. */
  re: string
  draft: string
  at: number
}

export function refusedIn(outbox: readonly Outgoing[]): Refused[] {
  return outbox
    .filter((one) => one.state === 'refused' && /^mail\.(send|reply)@/.test(one.name))
    .map(({ n, at, error, args }) => {
      const word = (name: string) => (typeof args[name] === 'string' ? args[name] : '')
      return {
        n,
        at,
        code: error?.code ?? '',
        subject: word('subject'),
        re: word('re'),
        draft: word('draft'),
      }
    })
}

export interface DraftRow {
  id: string
  draft: Draft
}

/** Drafts, the last one touched first. */
export function draftsOf(rows: readonly Row<Draft>[]): DraftRow[] {
  return rows
    .map((row) => ({ id: row.id, draft: row.value }))
    .sort((a, b) => Date.parse(b.draft.at) - Date.parse(a.draft.at))
}

export interface Branch<V> {
  id: string
  value: V
  below: { id: string; value: V }[]
}

/** One's own folders, in their order; one whose parent is gone stands with the first. */
export function tree<V extends { name: string; parent?: string; order: number }>(
  rows: readonly { id: string; value: V }[],
): Branch<V>[] {
  const sorted = rows.toSorted(
    (a, b) => a.value.order - b.value.order || a.value.name.localeCompare(b.value.name),
  )
  const top = new Set(sorted.filter(({ value }) => !value.parent).map(({ id }) => id))
  const isTop = ({ id, value }: { id: string; value: V }) => top.has(id) || !top.has(value.parent ?? '')
  return sorted.filter(isTop).map(({ id, value }) => ({
    id,
    value,
    below: sorted.filter((one) => !isTop(one) && one.value.parent === id),
  }))
}

/** Those with these ids, in their order. */
export function among(all: readonly Discussion[], ids: readonly string[]): Discussion[] {
  const wanted = new Set(ids)
  return all.filter((one) => wanted.has(one.id))
}
