/** Answers and messages passed on, as drafts to go on with. */
import { newId, type Addressee, type Device, type Draft, type FileRef, type Message } from '../sync/index.ts'
import type { Letter, Talk } from './discussions.ts'
import { keyOf } from '../sync/authors.ts'

/** What the server takes. */
const mostQuotes = 50
const mostFiles = 10
const mostSubject = 250
const mostPeople = 200

export interface Ways {
  /** To the author of the last message of somebody else. */
  one: boolean
  /** To all who take part. */
  all: boolean
}

/** Who may be answered: nobody when a programme wrote; all where the first author wished so, or is oneself. */
export function waysOf(talk: Talk, me: string): Ways {
  const { mode } = talk.last.value
  const to = answered(talk, me)
  if (mode === 'none' || talk.closed || to.value.recalled) return { one: false, all: false }
  const first = talk.letters.find(({ id }) => id === talk.id)
  const open = mode === 'all' || first?.value.from.id === me
  return { one: true, all: open && othersIn(to.value, me).length > 1 }
}

/** The message that an answer goes to: the last one of somebody else, or one's own when nobody has answered. */
export function answered(talk: Talk, me: string): Letter {
  return talk.letters.findLast(({ value }) => value.from.id !== me) ?? talk.last
}

function othersIn({ from, to, cc = [] }: Message, me: string): Addressee[] {
  const people = [{ key: keyOf(from), name: from.name }, ...to, ...cc]
  const found = new Map(people.map((one) => [one.key, one]))
  found.delete(`user:${me}`)
  return [...found.values()].slice(0, mostPeople)
}

export function replyTo(letter: Letter, me: string, all: boolean): Omit<Draft, 'at'> {
  const { from, subject, mode } = letter.value
  const author = { key: keyOf(from), name: from.name }
  const to = all || from.id === me ? othersIn(letter.value, me) : [author]
  return { subject, mode, to, body: [], re: letter.id, ...(all && { all }) }
}

/** A new message that passes on what was said, the newest first, with the files that came with it. */
export function passOn(letters: readonly Letter[], subject: string): Omit<Draft, 'at'> {
  const held = letters
    .filter(({ seq, value }) => seq > 0 && !value.recalled)
    .slice(-mostQuotes)
    .reverse()
  const files = new Map<string, FileRef>()
  for (const { value } of held)
    for (const file of value.files ?? []) if (!file.waiting && !file.problem) files.set(file.sha, file)
  return {
    subject: forwarded(subject),
    mode: 'all',
    to: [],
    body: [],
    files: [...files.values()].slice(0, mostFiles),
    forward: held.map(({ id }) => id),
    quotes: held.map(({ value: { from, to, subject: about, at, body } }) => ({
      ...{ from: from.name, to, subject: about, at, body },
    })),
  }
}

/** "TR : Sortie", never "TR : TR : Sortie". */
export function forwarded(subject: string): string {
  return /^tr\s*:/i.test(subject) ? subject : `TR : ${subject}`.slice(0, mostSubject)
}

/** Keeps a draft; its id, to go on writing it. */
export async function begin(device: Device, me: string, draft: Omit<Draft, 'at'>): Promise<string> {
  const id = newId()
  await device.act(`user:${me}`, 'mail.draft@1', { id, draft: { ...draft, at: new Date().toISOString() } })
  return id
}
