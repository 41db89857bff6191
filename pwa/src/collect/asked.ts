/** Whom a collect asks, what came of it, and what is wrong with files before they are sent. Pure but for reading. */
import type { Chosen } from '../transfers/link.ts'
import type { Row, View } from '../sync/index.ts'
import type { Deposit, Drop, DropLimits, ExpectedPupil, FileRequest } from './records.ts'

export interface Asked {
  id: string
  value: FileRequest
  /** The pupils of whom something is expected, as far as this person is concerned. */
  students: string[]
  /** What this person dropped there. */
  deposits: Row<Deposit>[]
  isOpen: boolean
}

/** What a person is asked for, for themselves or for children; what is still to be done first, then what ends first. */
export async function askedOf(
  view: View,
  user: string,
  students: readonly string[],
  now: string,
): Promise<Asked[]> {
  const [requests, deposits, pupils] = await Promise.all([
    view.all('request'),
    view.list(`user:${user}`, 'deposit'),
    Promise.all(students.map(async (id) => ({ id, row: await view.get(`student:${id}`, 'student', id) }))),
  ])
  const inClass = (scope: string) =>
    pupils.filter(({ row }) => row && placesOf(row.value).includes(scope)).map(({ id }) => id)
  const all = new Map<string, Asked>()
  for (const { id, scope, value } of requests) {
    const known = all.get(id)?.students ?? []
    all.set(id, {
      id,
      value,
      students: [...new Set([...known, ...inClass(scope)])],
      deposits: deposits.filter((one) => one.value.collect === id),
      isOpen: now < value.until,
    })
  }
  return [...all.values()]
    .filter((one) => one.students.length > 0)
    .sort((a, b) => missing(b).length - missing(a).length || a.value.until.localeCompare(b.value.until))
}

function placesOf({ class: own, groups }: { class?: { id: string }; groups: { id: string }[] }): string[] {
  return [...(own ? [`class:${own.id}`] : []), ...groups.map(({ id }) => `group:${id}`)]
}

/** The pupils for whom nothing was dropped yet, while something may be. */
export function missing({ isOpen, students, deposits }: Asked): string[] {
  if (!isOpen) return []
  const done = new Set(deposits.filter(({ value }) => !value.refused).map(({ value }) => value.student?.id))
  return students.filter((id) => !done.has(id))
}

export interface Answered {
  pupil: ExpectedPupil
  drops: Row<Drop>[]
}

export interface Came {
  /** Each pupil of whom something is expected. */
  pupils: Answered[]
  /** Of whom nobody knows for certain who they are, the last first. */
  guests: Row<Drop>[]
  drops: number
  files: number
  /** Files that are there to be read. */
  ready: number
}

/** What came of a collect, by pupil; whoever left the class meanwhile comes last. */
export function cameOf(expected: readonly ExpectedPupil[], drops: readonly Row<Drop>[]): Came {
  const last = drops.toSorted((a, b) => b.value.at.localeCompare(a.value.at))
  const others = last.flatMap(({ value }) => value.student ?? []).filter((one) => !knows(expected, one.id))
  const pupils = [...expected, ...new Map(others.map((one) => [one.id, one])).values()]
  const files = drops.flatMap(({ value }) => value.files)
  return {
    pupils: pupils.map((pupil) => ({
      pupil,
      drops: last.filter((one) => one.value.student?.id === pupil.id),
    })),
    guests: last.filter(({ value }) => !value.by),
    drops: drops.length,
    files: files.length,
    ready: files.filter(({ state }) => state === 'ready').length,
  }
}

function knows(expected: readonly ExpectedPupil[], id: string): boolean {
  return expected.some((one) => one.id === id)
}

export type Fault =
  { code: 'many'; count: number } | { code: 'large'; bytes: number } | { code: 'empty'; name: string }

/** What the school would refuse of files, said before they are sent. */
export function faultOf(files: readonly Chosen[], { files: most, bytes }: DropLimits): Fault | undefined {
  const empty = files.find(({ file }) => file.size === 0)
  if (empty) return { code: 'empty', name: empty.name }
  if (files.length > most) return { code: 'many', count: most }
  if (files.reduce((sum, { file }) => sum + file.size, 0) > bytes) return { code: 'large', bytes }
  return undefined
}
