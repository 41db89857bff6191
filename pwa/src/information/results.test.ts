// P14: whom an author may inform, what was answered, and the table of it.
import { expect, test } from 'vitest'
import type { Class, Course, List, Question, Row, SurveyAnswer } from '../sync/index.ts'
import { choicesOf, peopleIn, placesOf, targetsOf } from './audience.ts'
import { received } from './informations.ts'
import { csv, outcomes, table } from './results.ts'
import type { View } from '../sync/index.ts'

const row = <T>(scope: string, id: string, value: T): Row<T> => ({
  ...{ scope, type: '', id, seq: 1, value, pending: false },
})

const classes: Row<Class>[] = [
  row('class:5b', '5b', { name: '5e B', level: '5e', kind: 'class' }),
  row('class:5b/staff', '5b', { name: '5e B', level: '5e', kind: 'class' }),
  row('class:6a', '6a', { name: '6e A', level: '6e', kind: 'class' }),
  row('group:latin', 'latin', { name: 'Latin', kind: 'group' }),
]
const courses = [row('course:k', 'k', { audience: 'class:5b' } as Course)]
const people = (...ids: string[]): List => ({
  ...{ kind: 'pedagogical', title: '', people: ids.map((id) => ({ id, name: id })) },
})
const lists = [
  row('user:a', 'class:5b/students', people('ines', 'tom')),
  row('user:a', 'class:6a/students', people('sami')),
  row('user:a', 'class:5b/guardians', people('nadia')),
  row('user:a', 'class:6a/guardians', people('nadia', 'karim')),
]
const office = { school: 'x', office: true }
const teacher = { school: 'x', office: false }

test('a teacher informs the classes taught, the office all and their levels', () => {
  expect(placesOf(teacher, classes, courses)).toEqual({
    ...{ levels: [], classes: [{ of: 'class:5b', name: '5e B' }], groups: [] },
  })
  const all = placesOf(office, classes, courses)
  expect(all.levels.map(({ of }) => of)).toEqual(['level:5e', 'level:6e'])
  expect(all.classes.length + all.groups.length).toBe(3)
})

test('people are counted once, and not where they are unknown', () => {
  const count = (roles: Parameters<typeof targetsOf>[0], places: string[]) =>
    peopleIn(targetsOf(roles, places), lists, classes, office)
  expect(count(['guardians'], ['class:5b', 'class:6a'])).toBe(2)
  expect(count(['students', 'guardians'], ['school'])).toBe(5)
  expect(count(['students'], ['level:6e'])).toBe(1)
  expect(count(['students'], ['group:latin'])).toBeUndefined()
})

test('a form finds its choices again in the targets', () => {
  for (const [roles, places] of [
    [['guardians'], ['class:5b', 'class:6a']],
    [['students', 'staff'], ['class:5b']],
    [['staff'], ['school']],
    [['teachers', 'staff'], ['school']],
  ] as const) {
    expect(choicesOf(targetsOf([...roles], [...places]))).toEqual({ roles, places })
  }
})

const questions: Question[] = [
  { kind: 'info', title: 'Bonjour' },
  { kind: 'one', title: 'Venez-vous ?', choices: ['Oui', 'Non'], other: true },
  { kind: 'text', title: 'Pourquoi ?' },
]
const answers: SurveyAnswer[] = [
  {
    information: 'i',
    by: { id: 'n', name: 'Mme Benali' },
    child: { id: 'ines', name: 'Inès' },
    at: '2026-11-24T08:00:00Z',
    given: [{}, { choices: [0] }, { text: '=1+1' }],
  },
  {
    information: 'i',
    by: { id: 'k', name: 'M. Benali' },
    at: '2026-11-25T08:00:00Z',
    given: [{}, { choices: [2], text: 'Peut-être' }, {}],
  },
]
const say = {
  by: 'Nom',
  child: 'Enfant',
  at: 'Date',
  question: 'Question',
  answer: 'Réponse',
  count: 'Nombre',
  other: 'Autre',
}

test('answers with names are counted, and are a table', () => {
  const [, one, text] = outcomes(questions, answers)
  expect(one?.counts).toEqual([1, 0, 1])
  expect(text?.texts).toEqual([{ text: '=1+1', by: 'Mme Benali (Inès)' }])
  expect(table({ questions, perChild: true }, answers, undefined, say)).toEqual([
    ['Nom', 'Enfant', 'Date', 'Venez-vous ?', 'Pourquoi ?'],
    ['Mme Benali', 'Inès', '2026-11-24', 'Oui', '=1+1'],
    ['M. Benali', '', '2026-11-25', 'Peut-être', ''],
  ])
})

test('answers without names are counts', () => {
  const result = {
    information: 'i',
    count: 5,
    questions: [{}, { counts: [3, 1, 1], texts: ['Peut-être'] }, { texts: ['a'] }],
  }
  expect(table({ questions, anonymous: true }, [], result, say)).toEqual([
    ['Question', 'Réponse', 'Nombre'],
    ['Venez-vous ?', 'Oui', '3'],
    ['Venez-vous ?', 'Non', '1'],
    ['Venez-vous ?', 'Autre', '1'],
    ['Venez-vous ?', 'Peut-être', ''],
    ['Pourquoi ?', 'a', ''],
  ])
})

test('a spreadsheet takes nothing for a formula', () => {
  expect(
    csv([
      ['a;"b"', '=1+1'],
      ['é', '-2'],
    ]),
  ).toBe(`\uFEFF"a;""b""";"'=1+1"\r\n"é";"'-2"\r\n`)
})

test('what asks for something comes first, then what is unread; what is over is gone', async () => {
  const information = (until: string, at: string, acknowledge = false) => ({ until, at, acknowledge })
  const records: Record<string, Row[]> = {
    information: [
      row('', 'old', information('2026-11-20', '1')),
      row('', 'read', information('2026-12-01', '4')),
      row('', 'new', information('2026-12-01', '3')),
      row('', 'owed', information('2026-11-24', '2', true)),
    ],
    response: [row('', 'read', { read: '1' }), row('', 'owed', { read: '1' })],
  }
  const view = { list: (_: string, type: string) => Promise.resolve(records[type]) } as unknown as View
  const all = await received(view, 'ines', '2026-11-24')
  expect(all.map(({ id }) => id)).toEqual(['owed', 'new', 'read'])
})
