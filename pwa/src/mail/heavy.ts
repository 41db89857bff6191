/**
 * Files that a message does not take: they leave by a link of seven days. While the message is written they lie with
 * the files of transfers, held; when it leaves, a transfer is opened for them first, and its link stands in the text.
 */
import { textOf } from '../body/body.ts'
import { newSecret } from '../transfers/link.ts'
import { paragraphOf } from '../transfers/letter.ts'
import { bytesOf, keptKey, type Kept } from './drafts.ts'
import { newId, type Actions, type Body, type Device, type Draft } from '../sync/index.ts'

/** For how long the link is good. */
export const heavyDays = 7
/** As many as one act names. */
export const mostHeavy = 200
const mostTitle = 120

export interface HeavyFile {
  /** Where it comes among them; numbers may be missing. */
  part: number
  name: string
  type: string
  size: number
}

/** Of one draft, on this device alone. */
export interface Heavy {
  /** Of the transfer to be. */
  id: string
  secret: string
  files: HeavyFile[]
}

/** Where they lie. */
export interface Stock {
  hold(draft: string, id: string, part: number, file: File): Promise<void>
  /** Which of them are there. */
  parts(id: string): Promise<number[]>
  drop(id: string, part: number): Promise<void>
}

export type Opening = Actions['transfer.open@1']

export function noHeavy(): Heavy {
  return { id: newId(), secret: newSecret(), files: [] }
}

export function nextPart({ files }: Heavy): number {
  return Math.max(-1, ...files.map(({ part }) => part)) + 1
}

/** A draft that nobody has but this device, because it was begun just now. */
const young = 3_600_000

/** Does a letter still need a file? It is named before it is kept, and until the letter has left. */
export async function isNeeded(
  device: Pick<Device, 'local' | 'read' | 'user'>,
  draft: string,
  id: string,
  part: number,
  now = Date.now(),
): Promise<boolean> {
  const kept = await device.local.get<Kept>(keptKey(draft))
  const isNamed = kept?.heavy?.id === id && kept.heavy.files.some((file) => file.part === part)
  if (!kept || !isNamed) return false
  if (now - kept.at < young) return true
  return device.read(async (view) => (await view.get(`user:${device.user}`, 'draft', draft)) !== undefined)
}

/** The act that opens a transfer for them; undefined where there is none. */
export function openingOf({ id, secret, files }: Heavy, title: string): Opening | undefined {
  if (files.length === 0) return undefined
  const named = files
    .toSorted((a, b) => a.part - b.part)
    .map(({ name, type, size }) => ({ name, type, size }))
  const called = files.length === 1 ? (files[0]?.name ?? '') : title
  return { id, secret, title: called.trim().slice(0, mostTitle), days: heavyDays, files: named }
}

/** A draft with the link to what is too heavy for it, under its text. */
export function withLink(draft: Draft, opening: Opening | undefined, now = Date.now()): Draft {
  if (!opening) return draft
  const { secret, title, files, days } = opening
  const sent = {
    ...{ secret, title, files: files.length },
    size: bytesOf(files),
    until: new Date(now + days * 86_400_000).toISOString(),
  }
  return { ...draft, body: under(draft.body, paragraphOf(sent)) }
}

/** Polls stand below whatever else there is. */
function under(body: Body, last: Body[number]): Body {
  const text = body.filter((block) => !block.poll)
  const isOpen = textOf(text.slice(-1)).trim() === ''
  return [...(isOpen ? text.slice(0, -1) : text), last, ...body.filter((block) => block.poll)]
}
