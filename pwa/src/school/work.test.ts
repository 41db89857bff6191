import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { Feedback, FileRef, Homework, Submission } from '../sync/index.ts'
import { fateOf, unready } from '../documents/fate.ts'
import { addDays, byDay, mayHandIn, mondayOf, open, stateOf, weekOf, type Work } from './work.ts'
import { copyState } from './copies.ts'

const now = new Date('2026-11-23T17:00:00Z')
const tomorrow = new Date('2026-11-24T07:00:00Z')
const yesterday = new Date('2026-11-22T07:00:00Z')

const homework: Homework = {
  course: 'k1',
  subject: 'fr',
  title: 'Rédaction',
  text: '',
  given: '2026-11-16T08:00:00Z',
  due: tomorrow.toISOString(),
  return: 'file',
  late: 'accept',
  attachments: [],
  teacher: { id: 't1', name: 'Mme Garnier' },
}

const copy = (state: Submission['state'], createdAt: string, version = 1): Submission => ({
  homework: 'h1',
  course: 'k1',
  version,
  pages: [],
  text: '',
  state,
  by: 's1',
  createdAt,
})

const answer = (state: Feedback['state'], at: string): Feedback => ({
  homework: 'h1',
  state,
  comment: 'Bien.',
  correction: [],
  at,
  teacher: homework.teacher,
})

const before = '2026-11-23T10:00:00Z'
const after = '2026-11-23T12:00:00Z'
const between = '2026-11-23T11:00:00Z'

describe('how far a piece of work has come', () => {
  test.each<[string, Submission | undefined, Feedback | undefined, Date, string]>([
    ['nothing yet, due tomorrow', undefined, undefined, tomorrow, 'todo'],
    ['nothing yet, due yesterday', undefined, undefined, yesterday, 'missing'],
    ['kept on this phone', copy('queued', before), undefined, tomorrow, 'queued'],
    ['pages still on their way', copy('waiting_for_file', before), undefined, tomorrow, 'sending'],
    ['received', copy('received', before), undefined, tomorrow, 'handed'],
    ['received late', copy('late', before), undefined, yesterday, 'late'],
    ['handed back', copy('received', before), answer('returned', between), tomorrow, 'returned'],
    ['asked once more', copy('received', before), answer('again', between), tomorrow, 'again'],
    ['handed in once more', copy('received', after, 2), answer('again', between), tomorrow, 'handed'],
    [
      "a teacher's draft is not sent, and changes nothing",
      copy('received', before),
      answer('draft', between),
      tomorrow,
      'handed',
    ],
  ])('%s', (_, newest, feedback, due, state) => {
    expect(stateOf(homework, newest, feedback, due, now)).toBe(state)
  })

  test('work without a return is past, not missing', () => {
    expect(stateOf({ ...homework, return: 'none' }, undefined, undefined, yesterday, now)).toBe('past')
  })
})

describe('how a copy stands for its teacher', () => {
  test.each<[string, Submission | undefined, Feedback | undefined, boolean, string]>([
    ['nothing', undefined, undefined, false, 'missing'],
    ['nothing, reminded', undefined, undefined, true, 'reminded'],
    ['pages on their way', copy('waiting_for_file', before), undefined, true, 'waiting'],
    ['to read', copy('received', before), undefined, false, 'unread'],
    ['to read, comment begun', copy('received', before), answer('draft', between), false, 'unread'],
    ['late', copy('late', before), undefined, false, 'late'],
    ['handed back', copy('received', before), answer('returned', between), false, 'returned'],
    ['handed in after the answer', copy('received', after), answer('again', between), false, 'unread'],
    ['answered without a copy', undefined, answer('returned', between), true, 'returned'],
  ])('%s', (_, newest, feedback, reminded, state) => {
    expect(copyState(newest, feedback, reminded)).toBe(state)
  })
})

const work = (due: Date, change: Partial<Work> = {}): Work => ({
  id: 'h1',
  scope: 'class:5b',
  student: 's1',
  homework,
  subject: { name: 'Français', hue: 30 },
  due,
  state: 'todo',
  done: false,
  shared: false,
  submissions: [],
  ...change,
})

test('late copies are taken only where the teacher takes them', () => {
  const strict = { ...homework, late: 'refuse' as const }
  expect(mayHandIn(work(yesterday), now)).toBe(true)
  expect(mayHandIn(work(yesterday, { homework: strict }), now)).toBe(false)
  expect(mayHandIn(work(tomorrow, { homework: strict }), now)).toBe(true)
  expect(mayHandIn(work(yesterday, { homework: strict, state: 'again' }), now)).toBe(true)
  expect(mayHandIn(work(tomorrow, { homework: { ...homework, return: 'paper' } }), now)).toBe(false)
})

test('days and weeks hold every work once, whatever the clock change', () => {
  const dates = fc.date({ min: new Date('2026-09-01'), max: new Date('2027-07-10'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.array(dates, { maxLength: 30 }), dates, (dues, today) => {
      const works = dues.map((due) => work(due))
      expect(byDay(works).flatMap((day) => day.works)).toHaveLength(works.length)
      const week = weekOf(works, today)
      expect(week.map((day) => day.date.getDay())).toEqual([1, 2, 3, 4, 5, 6, 0])
      const monday = mondayOf(today)
      const inside = works.filter((w) => w.due >= monday && w.due < addDays(monday, 7))
      expect(week.flatMap((day) => day.works)).toHaveLength(inside.length)
    }),
  )
})

describe('E25: pages that the school could not take', () => {
  const waiting = (...pages: Partial<FileRef>[]): Submission => ({
    ...copy('waiting_for_file', before),
    pages: pages.map((page, i) => ({
      sha: `sha256-${String(i)}`,
      name: 'p.jpg',
      type: 'image/jpeg',
      size: 1,
      ...page,
    })),
  })
  const held = { waiting: true, checking: true } as const
  test.each<[string, Submission, string, string]>([
    ['all are there but one on its way', waiting({}, { waiting: true }), 'sending', 'waiting'],
    ['one is held, one is on its way', waiting(held, { waiting: true }), 'sending', 'waiting'],
    ['one is held, the others are there', waiting({}, held), 'sending', 'checking'],
    ['one is infected, one held', waiting(held, { problem: 'infected' }), 'broken', 'broken'],
    ['one cannot be read', waiting({ problem: 'damaged_file' }), 'broken', 'broken'],
  ])('%s', (_, newest, state, why) => {
    expect(stateOf(homework, newest, undefined, yesterday, now)).toBe(state)
    expect(copyState(newest, undefined, false)).toBe('waiting')
    expect(unready(newest)).toBe(why)
  })

  test('a broken copy may be replaced after the date, and is owed', () => {
    const strict: Homework = { ...homework, late: 'refuse' }
    const work = { homework: strict, due: yesterday, done: false, state: 'broken' } as Work
    expect(mayHandIn(work, now)).toBe(true)
    expect(open(work)).toBe(true)
    expect(mayHandIn({ ...work, state: 'sending' }, now)).toBe(false)
  })

  test.each<[Partial<FileRef>, string]>([
    [{}, 'here'],
    [{ waiting: true }, 'coming'],
    [held, 'checking'],
    [{ problem: 'infected' }, 'infected'],
    [{ problem: 'unscannable' }, 'unscannable'],
    [{ problem: 'type_mismatch' }, 'broken'],
  ])('%o is %s', (file, fate) => {
    expect(fateOf(file)).toBe(fate)
  })
})
