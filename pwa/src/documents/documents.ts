/** One's own files as they are looked at: folders, order, search, room. Knows no browser. */
import { fold } from '../mail/fold.ts'
import { wordsIn } from '../mail/search.ts'
import type { DocumentFolder, DocumentQuotas, FileRef, KeptDocument, Row, User } from '../sync/index.ts'

export type Entry = Row<KeptDocument>
export type Sort = 'recent' | 'name' | 'size'

/** As much as the server takes of one file, and of a name. */
export const mostBytes = 25 * 1024 * 1024
export const mostName = 120
/** How long the bin keeps what was thrown away, in days. */
export const keptBinned = 30
/** The bin, in the place of a folder. */
export const bin = 'corbeille'

export const megabyte = 1_000_000
const usual: DocumentQuotas = { pupil: 500, guardian: 200, staff: 2000 }

/** The rules of a school that may have decided nothing. */
export function quotasOf(decided: DocumentQuotas | undefined): DocumentQuotas {
  return decided ?? usual
}

/** How many bytes somebody may keep: whoever is several things has the most. */
export function mostOf(quotas: DocumentQuotas, roles: readonly User['roles'][number][]): number {
  const of = { student: quotas.pupil, guardian: quotas.guardian }
  return (
    Math.max(0, ...roles.map((role) => (role in of ? of[role as keyof typeof of] : quotas.staff))) * megabyte
  )
}

/** What all documents take up, those in the bin too; what could not be taken takes up nothing. */
export function usedBy(entries: readonly Entry[]): number {
  return entries.reduce((sum, { value }) => sum + (value.file.problem ? 0 : value.file.size), 0)
}

export interface Looked {
  /** Of one folder, or the bin; '': outside of all. */
  folder?: string
  query?: string
  sort?: Sort
}

/** What is shown. A search looks into all folders, and not into the bin. */
export function look(
  entries: readonly Entry[],
  folders: readonly Row<DocumentFolder>[],
  { folder, query = '', sort = 'recent' }: Looked,
): Entry[] {
  const known = new Set(folders.map((one) => one.id))
  const words = wordsIn(query)
  const isHere = ({ value }: Entry): boolean => {
    if (folder === bin || value.binned) return folder === bin && Boolean(value.binned)
    if (words.length > 0 || folder === undefined) return true
    return (value.folder && known.has(value.folder) ? value.folder : '') === folder
  }
  return entries
    .filter((one) => isHere(one) && says(one, words))
    .sort((a, b) => orders[sort](a.value, b.value) || byName(a.value, b.value))
}

function says({ value }: Entry, words: readonly string[]): boolean {
  const name = fold(value.name)
  return words.every((word) => name.includes(word))
}

const byName = (a: KeptDocument, b: KeptDocument): number =>
  a.name.localeCompare(b.name, 'fr', { numeric: true, sensitivity: 'base' })

const orders: Record<Sort, (a: KeptDocument, b: KeptDocument) => number> = {
  recent: (a, b) => Date.parse(b.at) - Date.parse(a.at),
  name: byName,
  size: (a, b) => b.file.size - a.file.size,
}

/** A file as others get it: under the name that its owner gave it. */
export function fileOf({ value: { name, file } }: Entry): FileRef {
  const { sha, type, size } = file
  return { sha, name, type, size }
}

/** What the server says to keep apart: what may be given to others. */
export function isGood({ value }: Entry): boolean {
  return !value.file.problem && !value.binned
}

/** A name as it was typed, with the ending that it had. */
export function renamed(old: string, typed: string): string {
  const name = typed.trim().replace(/\s+/g, ' ')
  const ending = /\.\w{1,5}$/.exec(old)?.[0] ?? ''
  if (!name) return ''
  const full = name.toLowerCase().endsWith(ending.toLowerCase()) ? name : name + ending
  return shortened(full)
}

/** As long as a name may be; its ending stays. */
export function shortened(name: string): string {
  const letters = Array.from(name)
  if (letters.length <= mostName) return name
  const ending = /\.\w{1,10}$/.exec(name)?.[0] ?? ''
  return letters.slice(0, mostName - ending.length).join('') + ending
}

/** How many days something is still in the bin. */
export function daysLeft({ value }: Entry, now: number): number {
  const gone = Date.parse(value.binned ?? '') + keptBinned * 86_400_000
  return Math.max(0, Math.ceil((gone - now) / 86_400_000))
}
