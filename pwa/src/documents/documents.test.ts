import { expect, test } from 'vitest'
import type { DocumentFolder, KeptDocument, Row } from '../sync/index.ts'
import {
  bin,
  daysLeft,
  fileOf,
  isGood,
  look,
  mostOf,
  quotasOf,
  renamed,
  shortened,
  usedBy,
  type Entry,
} from './documents.ts'

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T10:00:00Z`

function entry(
  id: string,
  name: string,
  more: Partial<KeptDocument> & { size?: number; problem?: string } = {},
): Entry {
  const { size = 100, problem, ...rest } = more
  const file = { sha: `sha256-${id}`, name, type: 'text/plain', size, ...(problem && { problem }) }
  const value: KeptDocument = { name, at: at(1), file, ...rest }
  return { scope: 'user:u', type: 'document', id, seq: 1, value, pending: false }
}

const folders: Row<DocumentFolder>[] = [
  { scope: 'user:u', type: 'documentFolder', id: 'f1', seq: 1, value: { name: 'Français' }, pending: false },
]
const all = [
  entry('a', 'Élégie 2.pdf', { at: at(3), size: 10 }),
  entry('b', 'elegie 10.pdf', { folder: 'f1', at: at(2), size: 30 }),
  entry('c', 'Zoo.pdf', { folder: 'gone', at: at(4), size: 20 }),
  entry('d', 'Élégie 3.pdf', { binned: at(5) }),
]
const ids = (entries: Entry[]): string => entries.map((one) => one.id).join('')

test('a folder shows what lies in it; what lies in one that is gone lies outside', () => {
  expect(ids(look(all, folders, { folder: '' }))).toBe('ca')
  expect(ids(look(all, folders, { folder: 'f1' }))).toBe('b')
  expect(ids(look(all, folders, { folder: bin }))).toBe('d')
  expect(ids(look(all, folders, {}))).toBe('cab')
})

test('a search is blind to accents, looks into all folders and never into the bin', () => {
  expect(ids(look(all, folders, { folder: '', query: ' elegie ' }))).toBe('ab')
  expect(ids(look(all, folders, { folder: 'f1', query: 'ÉLÉGIE 10' }))).toBe('b')
  expect(ids(look(all, folders, { folder: bin, query: 'elegie' }))).toBe('d')
  expect(ids(look(all, folders, { query: 'elegie zoo' }))).toBe('')
})

test('names are sorted as people count, sizes the largest first', () => {
  expect(ids(look(all, folders, { sort: 'name' }))).toBe('abc')
  expect(ids(look(all, folders, { sort: 'size' }))).toBe('bca')
})

test('a document that was taken back lies where it was', () => {
  expect(ids(look([entry('a', 'x', { binned: '' })], folders, { folder: '' }))).toBe('a')
})

test('whoever is several things has the most room', () => {
  const quotas = quotasOf(undefined)
  expect(mostOf(quotas, ['student'])).toBe(500_000_000)
  expect(mostOf(quotas, ['guardian'])).toBe(200_000_000)
  expect(mostOf(quotas, ['guardian', 'teacher'])).toBe(2_000_000_000)
  expect(mostOf({ ...quotas, staff: 1 }, ['guardian', 'admin'])).toBe(200_000_000)
  expect(mostOf(quotas, [])).toBe(0)
})

test('what could not be taken takes up nothing, the bin does', () => {
  expect(usedBy([...all, entry('e', 'x.exe', { size: 1000, problem: 'type_not_allowed' })])).toBe(160)
})

test('a document is given on under its own name, unless it is in the bin or could not be taken', () => {
  const one = { ...all[0], value: { ...all[0]?.value, name: 'Autre.pdf' } } as Entry
  expect(fileOf(one)).toEqual({ sha: 'sha256-a', name: 'Autre.pdf', type: 'text/plain', size: 10 })
  expect([...all, entry('e', 'x', { problem: 'quota' })].filter(isGood).map(({ id }) => id)).toEqual([
    'a',
    'b',
    'c',
  ])
})

test.each([
  ['exposé.txt', 'Volcans', 'Volcans.txt'],
  ['exposé.txt', ' Volcans.TXT ', 'Volcans.TXT'],
  ['photo.jpeg', 'a  b', 'a b.jpeg'],
  ['sans', 'Avec', 'Avec'],
  ['exposé.txt', '   ', ''],
])('%s renamed "%s" is %s', (old, typed, name) => {
  expect(renamed(old, typed)).toBe(name)
})

test('a long name keeps its ending, and no half letters', () => {
  const long = shortened(`${'é😀'.repeat(100)}.pdf`)
  expect(Array.from(long)).toHaveLength(120)
  expect(long.endsWith('.pdf')).toBe(true)
})

test('the bin says how many days are left', () => {
  const now = Date.parse(at(5))
  expect(daysLeft(entry('a', 'x', { binned: at(5) }), now)).toBe(30)
  expect(daysLeft(entry('a', 'x', { binned: at(5) }), now + 29.5 * 86_400_000)).toBe(1)
  expect(daysLeft(entry('a', 'x', { binned: at(5) }), now + 40 * 86_400_000)).toBe(0)
})
