/** To whom a person may write, and how they are found: from the first letter, without accents, without a network. */
import { known, t } from '../i18n/index.svelte'
import { fold } from './fold.ts'
import { addressIn, isOutside, outsiderIn } from './outside.ts'
import type { Addressee, Contact, List, Row } from '../sync/index.ts'

/** Somebody, or a group, to choose. */
export interface Choice extends Addressee {
  /** "Professeurs de 5e B". */
  label: string
  /** Subjects, children, a class. */
  detail: string
  /** Written to before: the moment, else ''. */
  last: string
  words: string[]
}

export interface Group {
  key: string
  kind: List['kind']
  /** As the record says it: a class, or one of the words that the server knows. */
  title: string
  label: string
  /** May be written to as a whole. */
  whole: boolean
  people: List['people']
}

/** All that a person's lists and address book hold. */
export class Addresses {
  readonly groups: readonly Group[]
  readonly choices: readonly Choice[]
  readonly #members: ReadonlyMap<string, readonly string[]>
  readonly #known: ReadonlyMap<string, Choice>
  readonly #outside: boolean

  /** Outside: this person may write to people who are not of the school. */
  constructor(lists: readonly Row<List>[], contacts: readonly Row<Contact>[], outside = false) {
    const last = new Map(contacts.map((row) => [row.id, row.value.at]))
    this.groups = lists.map(groupOf).sort(byKind)
    this.#members = new Map(
      this.groups.map((group) => [group.key, group.people.map((one) => `user:${one.id}`)]),
    )
    this.#outside = outside
    const foreign = contacts.filter(({ id }) => outside && isOutside({ key: id }))
    this.choices = [
      ...this.groups.filter((group) => group.whole).map(wholeOf),
      ...peopleIn(this.groups),
      ...foreign.map(({ id, value }) => outsiderOf({ key: id, name: value.name })),
    ].map((choice) => ({ ...choice, last: last.get(choice.key) ?? '' }))
    this.#known = new Map(this.choices.map((choice) => [choice.key, choice]))
  }

  /** As one may write to them now; undefined where one may not. */
  get(key: string): Choice | undefined {
    return this.#known.get(key)
  }

  /** What fits what was typed, the likeliest first. */
  find(typed: string, taken: ReadonlySet<string>, most = 8): Choice[] {
    const words = plain(typed).split(' ').filter(Boolean)
    if (words.length === 0) return []
    return [...this.#ranked(words, taken).slice(0, most), ...this.#typed(typed, taken)]
  }

  /** An address that was typed in full, and is nobody known. */
  #typed(typed: string, taken: ReadonlySet<string>): Choice[] {
    const one = this.#outside ? outsiderIn(typed) : undefined
    if (!one || taken.has(one.key) || this.#known.has(one.key)) return []
    const label = t('write.outside.to', { address: addressIn(one) })
    return [{ ...outsiderOf(one), label, detail: t('write.outside.detail') }]
  }

  #ranked(words: readonly string[], taken: ReadonlySet<string>): Choice[] {
    return this.choices
      .flatMap((choice) => {
        const rank = taken.has(choice.key) ? undefined : rankOf(choice, words)
        return rank === undefined ? [] : [{ choice, rank }]
      })
      .sort(
        (a, b) =>
          a.rank - b.rank || b.choice.last.localeCompare(a.choice.last) || byLabel(a.choice, b.choice),
      )
      .map(({ choice }) => choice)
  }

  /** Who gets it, each once; groups that are not known here count as they say. */
  count(all: readonly Addressee[]): number {
    const people = new Set<string>()
    let others = 0
    for (const { key, count = 1 } of all) {
      const members = this.#members.get(key)
      if (members) for (const one of members) people.add(one)
      else if (key.startsWith('user:')) people.add(key)
      else others += count
    }
    return people.size + others
  }
}

/** Words of plain small letters, one space between them. */
export function plain(text: string): string {
  return fold(text)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** "26 parents de 5e B", "Mme Garnier". */
export function labelOf({ key, name }: Pick<Addressee, 'key' | 'name'>): string {
  if (key.startsWith('user:')) return name || t('write.somebody')
  if (isOutside({ key })) return name || addressIn({ key })
  const [scope = '', part = ''] = key.split('/')
  if (key === 'family') return t('write.list.family')
  const whole = scope.startsWith('school:') ? known(`write.list.school.${part}`) : undefined
  return whole ?? known(`write.list.${part}`, { name }) ?? name
}

export const byLabel = (a: { label: string }, b: { label: string }): number =>
  a.label.localeCompare(b.label, 'fr', { numeric: true })

const kinds: readonly List['kind'][] = ['administrative', 'pedagogical', 'family', 'collaborative']

function byKind(a: Group, b: Group): number {
  return (
    kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
    a.title.localeCompare(b.title, 'fr', { numeric: true }) ||
    byLabel(a, b)
  )
}

function groupOf({ id, value }: Row<List>): Group {
  const label = labelOf({ key: id, name: value.title })
  return {
    key: id,
    kind: value.kind,
    title: value.title,
    label,
    whole: value.group ?? false,
    people: value.people,
  }
}

function wholeOf({ key, title, label, people }: Group): Choice {
  const detail = t('write.people', { count: people.length })
  return { key, name: title, label, count: people.length, detail, last: '', words: plain(label).split(' ') }
}

function outsiderOf(one: Addressee): Choice {
  const label = labelOf(one)
  const address = addressIn(one)
  const detail = label === address ? t('mail.outside') : `${address}, ${t('mail.outside')}`
  return { ...one, label, detail, last: '', words: plain(`${label} ${address}`).split(' ') }
}

function peopleIn(groups: readonly Group[]): Choice[] {
  const found = new Map<string, { name: string; details: Set<string> }>()
  for (const { people } of groups) {
    for (const { id, name, detail } of people) {
      const one = found.get(id) ?? { name, details: new Set<string>() }
      if (detail) one.details.add(detail)
      found.set(id, one)
    }
  }
  return [...found].map(([id, { name, details }]) => {
    const detail = [...details].join(', ')
    return { key: `user:${id}`, name, label: name, detail, last: '', words: plain(name).split(' ') }
  })
}

/** Lower is likelier: as the name begins, as one of its words begins, as something said of it begins. */
function rankOf(choice: Choice, typed: readonly string[]): number | undefined {
  const name = choice.words.join(' ')
  if (name.startsWith(typed.join(' '))) return 0
  if (typed.every((word) => choice.words.some((one) => one.startsWith(word)))) return 1
  const all = [...choice.words, ...plain(choice.detail).split(' ')]
  return typed.every((word) => all.some((one) => one.startsWith(word))) ? 2 : undefined
}
