import { describe, expect, test } from 'vitest'
import type { Contact, List, Row } from '../sync/index.ts'
import { Addresses, labelOf, plain } from './addresses.ts'

const row = <V>(id: string, value: V): Row<V> => ({
  scope: 'user:me',
  type: 'x',
  id,
  seq: 1,
  value,
  pending: false,
})
const someone = (id: string, name: string, detail?: string) => ({ id, name, ...(detail && { detail }) })
const garnier = someone('ga', 'Mme Garnier', 'Français')
const lists: Row<List>[] = [
  row('class:5b/teachers', {
    kind: 'pedagogical',
    title: '5e B',
    people: [garnier, { ...someone('gu', 'Mme Guérin', 'Mathématiques'), main: true }],
  }),
  row('class:10a/teachers', {
    kind: 'pedagogical',
    title: '10e A',
    people: [{ ...garnier, detail: 'Latin' }],
  }),
  row('class:5b/guardians', {
    kind: 'pedagogical',
    title: '5e B',
    group: true,
    people: [someone('be', 'Mme Benali', 'Inès Benali'), someone('no', 'M. Nœl', 'Zoé Nœl')],
  }),
  row('school:x/staff', { kind: 'administrative', title: 'staff', people: [someone('lo', 'M. Lopez')] }),
  row('family', { kind: 'family', title: '', people: [someone('in', 'Inès Benali', '5e B')] }),
]
const contacts: Row<Contact>[] = [row('user:gu', { name: 'Mme Guérin', at: '2026-11-20T00:00:00Z' })]
const all = new Addresses(lists, contacts)
const labels = (typed: string, taken: string[] = []) =>
  all.find(typed, new Set(taken)).map((one) => one.label)

describe('E53 recipients are found from the first letter', () => {
  test.each([
    ['g', ['Mme Guérin', 'Mme Garnier']],
    ['GUE', ['Mme Guérin']],
    ['mme ga', ['Mme Garnier']],
    ['ga mme', ['Mme Garnier']],
    ['noel', ['M. Nœl']],
    ['latin', ['Mme Garnier']],
    ['ines', ['Inès Benali', 'Mme Benali']],
    ['parents', ['Parents de 5e B']],
    ['vie', []],
    ['', []],
    [' - ', []],
  ])('%j', (typed, found) => expect(labels(typed)).toEqual(found))

  test('who is in the message already is not offered again', () => {
    expect(labels('g', ['user:gu'])).toEqual(['Mme Garnier'])
  })
})

describe('E112, E115 people outside', () => {
  const met = [
    row('mail:accueil@musee.example', { name: 'Le musée', at: '2026-11-20T00:00:00Z' }),
    row('mail:maire@ville.example', { name: 'maire@ville.example', at: '2026-11-20T00:00:00Z' }),
  ]
  const open = new Addresses(lists, met, true)
  const found = (typed: string, taken: string[] = []) =>
    open.find(typed, new Set(taken)).map(({ key, label, detail }) => [key, label, detail])

  test.each([
    ['mus', [['mail:accueil@musee.example', 'Le musée', 'accueil@musee.example, externe']]],
    ['accueil@m', [['mail:accueil@musee.example', 'Le musée', 'accueil@musee.example, externe']]],
    ['maire', [['mail:maire@ville.example', 'maire@ville.example', 'externe']]],
    ['maire@ville.example', [['mail:maire@ville.example', 'maire@ville.example', 'externe']]],
    ['new@ville.example', [['mail:new@ville.example', 'Écrire à new@ville.example', 'adresse externe']]],
    ['new@ville', []],
  ])('%s', (typed, wanted) => expect(found(typed)).toEqual(wanted))

  test('one who is in the message is not offered again', () => {
    expect(found('new@ville.example', ['mail:new@ville.example'])).toEqual([])
  })

  test('E9 none of them where this person may not', () => {
    const closed = new Addresses(lists, met)
    expect(closed.find('mus', new Set())).toEqual([])
    expect(closed.find('new@ville.example', new Set())).toEqual([])
    expect(closed.get('mail:accueil@musee.example')).toBeUndefined()
    expect(labelOf({ key: 'mail:accueil@musee.example', name: '' })).toBe('accueil@musee.example')
  })

  test('each counts once', () => {
    expect(
      open.count([
        { key: 'mail:a@b.example', name: '' },
        { key: 'user:be', name: '' },
      ]),
    ).toBe(2)
  })
})

test('E47 lists hold groups in the order of the classes, administration first', () => {
  expect(all.groups.map((group) => group.label)).toEqual([
    'Vie scolaire et personnels',
    'Parents de 5e B',
    'Professeurs de 5e B',
    'Professeurs de 10e A',
    'Famille',
  ])
})

describe('E48, E50 people of several lists are one', () => {
  test('a teacher of two classes, with all that she teaches', () => {
    expect(all.get('user:ga')?.detail).toBe('Français, Latin')
  })

  test('counted once, groups by their people', () => {
    expect(
      all.count([
        { key: 'class:5b/guardians', name: '5e B', count: 2 },
        { key: 'user:be', name: '' },
      ]),
    ).toBe(2)
    expect(
      all.count([
        { key: 'class:9z/students', name: '9e Z', count: 26 },
        { key: 'user:ga', name: '' },
      ]),
    ).toBe(27)
  })
})

test('E51 a list that is no group is not written to as a whole', () => {
  expect(all.get('class:5b/teachers')).toBeUndefined()
  expect(all.get('class:5b/guardians')).toMatchObject({ name: '5e B', count: 2 })
})

test('names of groups', () => {
  expect(labelOf({ key: 'school:x/direction', name: 'direction' })).toBe('Direction')
  expect(labelOf({ key: 'school:x/teachers', name: 'teachers' })).toBe('Tous les professeurs')
  expect(labelOf({ key: 'class:x/students', name: '5e B' })).toBe('Élèves de 5e B')
  expect(labelOf({ key: 'space:x/members', name: 'Journal' })).toBe('Journal')
})

test('letters without their accents', () => {
  expect(plain("  L’Élève d'Œuvre-Haÿ ")).toBe('l eleve d oeuvre hay')
})
