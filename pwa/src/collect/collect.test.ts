// @vitest-environment node
// W10: what is asked of whom, what came of it, and what is wrong before it is sent.
import { describe, expect, test } from 'vitest'
import type { Row } from '../sync/index.ts'
import { unlike } from '../transfers/link.ts'
import { askedOf, cameOf, faultOf, missing } from './asked.ts'
import type { Drop } from './records.ts'

const row = (scope: string, type: string, id: string, value: unknown) => ({
  scope,
  type,
  id,
  seq: 1,
  value,
  pending: false,
})

function holding(rows: ReturnType<typeof row>[]) {
  const of = (scope: string, type: string) => rows.filter((one) => one.scope === scope && one.type === type)
  return {
    get: (scope: string, type: string, id: string) =>
      Promise.resolve(of(scope, type).find((one) => one.id === id)),
    list: (scope: string, type: string) => Promise.resolve(of(scope, type)),
    all: (type: string) => Promise.resolve(rows.filter((one) => one.type === type)),
  } as unknown as Parameters<typeof askedOf>[0]
}

const request = (title: string, until: string) => ({
  title,
  text: '',
  by: { id: 'garnier', name: 'Mme Garnier' },
  files: 3,
  bytes: 10,
  drops: 1,
  until,
})
const deposit = (collect: string, student: string, more = {}) => ({
  collect,
  student: { id: student, name: '', class: '' },
  ...more,
})
const family = [
  row('student:ines', 'student', 'ines', { class: { id: '5b' }, groups: [{ id: 'latin' }] }),
  row('student:noe', 'student', 'noe', { class: { id: '6a' }, groups: [{ id: 'latin' }] }),
  row('class:5b', 'request', 'photos', request('Photos', '2026-12-01T00:00:00Z')),
  row('group:latin', 'request', 'latin', request('Latin', '2026-12-09T00:00:00Z')),
  row('class:4c', 'request', 'others', request('Autres', '2026-12-09T00:00:00Z')),
]
const now = '2026-11-24T08:00:00Z'

describe('what a family is asked for', () => {
  test('is what its children are asked, what ends first before', async () => {
    const all = await askedOf(holding(family), 'nadia', ['ines', 'noe'], now)
    expect(all.map(({ id, students }) => [id, students])).toEqual([
      ['latin', ['ines', 'noe']],
      ['photos', ['ines']],
    ])
    expect(all.map(missing)).toEqual([['ines', 'noe'], ['ines']])
  })

  test('is done for the child for whom something was dropped and not refused', async () => {
    const held = holding([
      ...family,
      row('user:nadia', 'deposit', 'd1', deposit('latin', 'noe')),
      row('user:nadia', 'deposit', 'd2', deposit('photos', 'ines', { refused: 'closed' })),
    ])
    const all = await askedOf(held, 'nadia', ['ines', 'noe'], now)
    expect(Object.fromEntries(all.map((one) => [one.id, missing(one)]))).toEqual({
      latin: ['ines'],
      photos: ['ines'],
    })
  })

  test('nothing is missing once it has ended', async () => {
    const all = await askedOf(holding(family), 'ines', ['ines'], '2026-12-02T00:00:00Z')
    expect(all.find(({ id }) => id === 'photos')).toMatchObject({ isOpen: false })
    expect(all.filter((one) => missing(one).length > 0).map(({ id }) => id)).toEqual(['latin'])
  })
})

test('what came is told by pupil; names that nobody proved apart', () => {
  const pupils = ['ines', 'malo'].map((id) => ({ id, name: id, class: '5e B' }))
  const gone = { id: 'zoe', name: 'Zoé', class: '' }
  const file = { name: 'a.jpg', type: '', size: 1, state: 'ready' as const }
  const drops = [
    { at: '1', by: { id: 'nadia', name: 'Mme Benali' }, student: pupils[0], files: [file] },
    {
      at: '2',
      by: { id: 'ines', name: 'Inès' },
      student: pupils[0],
      files: [file, { ...file, state: 'infected' }],
    },
    { at: '3', by: gone, student: gone, files: [file] },
    { at: '4', said: 'Inès', files: [file] },
  ].map((value, i) => row('user:garnier', 'drop', `d${String(i)}`, { collect: 'c', ...value }) as Row<Drop>)
  const came = cameOf(pupils, drops)
  expect(came.pupils.map((one) => [one.pupil.id, one.drops.map(({ id }) => id)])).toEqual([
    ['ines', ['d1', 'd0']],
    ['malo', []],
    ['zoe', ['d2']],
  ])
  expect(came.guests.map(({ id }) => id)).toEqual(['d3'])
  expect([came.drops, came.files, came.ready]).toEqual([4, 5, 4])
})

describe('files', () => {
  const chosen = (name: string, size = 1) => ({ name, file: new File([new Uint8Array(size)], name) })
  const limits = { files: 2, bytes: 10, drops: 1 }

  test.each([
    [[chosen('a'), chosen('b', 9)], undefined],
    [[chosen('a'), chosen('b', 10)], { code: 'large', bytes: 10 }],
    [[chosen('a'), chosen('b'), chosen('c')], { code: 'many', count: 2 }],
    [[chosen('vide', 0)], { code: 'empty', name: 'vide' }],
  ])('are looked at before they leave', (files, fault) => {
    expect(faultOf(files, limits)).toEqual(fault)
  })

  test('of one name are numbered, as phones call all photos alike', () => {
    const names = unlike(
      ['image.jpg', 'dossier/IMAGE.jpg', 'image.jpg', '.profil', '.profil'].map((one) => chosen(one)),
    )
    expect(names.map(({ name }) => name)).toEqual([
      'image.jpg',
      'IMAGE (2).jpg',
      'image (3).jpg',
      '.profil',
      '.profil (2)',
    ])
  })
})
