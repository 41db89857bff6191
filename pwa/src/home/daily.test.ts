// @vitest-environment node
import 'fake-indexeddb/auto'
import { afterEach, describe, expect, test } from 'vitest'
import { holding } from '../mail/holding.ts'
import type { Device, View } from '../sync/index.ts'
import { childOf, deskOf, lifeNews, newMarks, type Moment } from './daily.ts'
import { soonIn } from './soon.ts'

let device: Device | undefined

afterEach(async () => {
  await device?.wipe()
  device = undefined
})

/** Monday 23 November 2026, at ten in Paris. */
const at = (clock = '10:00', today = '2026-11-23'): Moment => ({
  now: new Date(`${today}T${clock}:00Z`),
  today,
  clock,
})

const slot = (weekday: number, start: string, end: string, course: string) => ({
  ...{ weekday, start, end, course, subject: course, kind: 'lesson' as const, audiences: ['class:5b'] },
})

const work = (title: string, due: string) => ({
  ...{ course: 'fr', subject: 'fr', title, text: '', given: '2026-11-16T12:00:00Z', due },
  ...{ return: 'none', late: 'accept', attachments: [], teacher: { id: 'garnier', name: 'Mme Garnier' } },
})

const grade = (title: string, published: string) => ({
  ...{ title, date: '2026-11-10', type: 'test', coefficient: '1', outOf: '20', papers: [], corrections: [] },
  ...{ course: 'fr', subject: 'fr', teacher: { id: 'garnier', name: '' }, value: '12', at: published },
})

const by = { id: 'viard', name: 'Mme Viard' }
const missed = { minutes: 5, counts: true }

async function school(): Promise<Device> {
  device = await holding({
    'user:me': [],
    'school:x': [
      [1, 'subject', 'fr', { name: 'Français', hue: 1 }],
      [1, 'subject', 'ma', { name: 'Mathématiques', hue: 2 }],
    ],
    'class:5b': [
      [1, 'class', '5b', { name: '5e B', kind: 'class' }],
      [1, 'course', 'fr', { subject: 'fr', audience: 'class:5b', title: 'Français · 5e B', teachers: [] }],
      [2, 'slot', 's1', slot(1, '08:00', '08:55', 'fr')],
      [2, 'slot', 's2', slot(1, '10:05', '11:00', 'ma')],
      [2, 'slot', 's3', slot(1, '13:25', '14:20', 'fr')],
      [2, 'slot', 's4', slot(3, '08:00', '08:55', 'ma')],
      [3, 'change', 's2.2026-11-23', { slot: 's2', date: '2026-11-23', cancelled: true, at: '' }],
      [4, 'homework', 'h1', work('Pour demain', '2026-11-24T07:00:00Z')],
      [4, 'homework', 'h2', work('Pour jeudi', '2026-11-26T07:00:00Z')],
    ],
    'student:ines': [
      [1, 'student', 'ines', { first: 'Inès', last: 'B', class: { id: '5b', name: '5e B' }, groups: [] }],
      [2, 'grade', 'g1', grade('Dictée', '2026-11-20T12:00:00Z')],
      [2, 'grade', 'g2', grade('Ancienne', '2026-11-02T12:00:00Z')],
      [3, 'lateness', 'l1', { ...missed, from: '2026-11-20T08:00', to: '2026-11-20T08:05' }],
      [
        3,
        'absence',
        'a1',
        { counts: true, from: '2026-11-03T08:00', to: '2026-11-03T09:00', settled: true, justified: true },
      ],
      [3, 'observation', 'o1', { from: '2026-11-19T16:00', text: 'Bravo', acknowledge: true, by, at: 1 }],
      [3, 'observation', 'o2', { from: '2026-10-01T16:00', text: 'Vu', acknowledge: true, by, at: 1 }],
      [4, 'acknowledgement', 'o2.me', { type: 'observation', of: 'o2', by: { id: 'me', name: '' }, at: 2 }],
    ],
    'course:fr': [
      [1, 'course', 'fr', { subject: 'fr', audience: 'class:5b', title: 'Français · 5e B', teachers: [] }],
      [2, 'assessment', 'd1', { ...grade('Poésie', ''), teacher: { id: 'me', name: '' } }],
      [2, 'assessment', 'd2', { ...grade('Vide', ''), teacher: { id: 'me', name: '' } }],
      [
        2,
        'assessment',
        'd3',
        { ...grade('Publiée', ''), teacher: { id: 'me', name: '' }, publishAt: '2026-11-20T12:00:00Z' },
      ],
      [3, 'mark', 'd1.ines', { assessment: 'd1', student: 'ines', value: '12', at: '', by }],
      [3, 'mark', 'd1.malo', { assessment: 'd1', student: 'malo', value: '', at: '', by }],
      [3, 'mark', 'd3.ines', { assessment: 'd3', student: 'ines', value: '9', at: '', by }],
      [
        4,
        'roll',
        '20261123-0755',
        { course: 'fr', date: '2026-11-23', start: '07:55', end: '08:55', calls: {}, by, at: 1 },
      ],
    ],
  })
  return device
}

function once<T>(of: Device, query: (view: View) => Promise<T>): Promise<T> {
  return new Promise((resolve) => {
    const stop = of.live(query).subscribe((value) => {
      resolve(value)
      queueMicrotask(() => stop())
    })
  })
}

describe('a child of the family (P13, P14)', () => {
  test('what comes next, and what waits for the guardian', async () => {
    const child = await once(await school(), (view) => childOf(view, 'ines', 'me', at()))
    expect([child.next?.id, child.until]).toEqual(['s3.2026-11-23', '14:20'])
    expect(child.justify.map((one) => one.id)).toEqual(['l1'])
    expect(child.acknowledge.map((one) => one.id)).toEqual(['o1'])
    expect(child.due.map((one) => one.homework.title)).toEqual(['Pour demain'])
    expect(child.marks.map((one) => one.grade.title)).toEqual(['Dictée'])
  })

  test.each([
    ['07:00', '2026-11-23', 's1.2026-11-23'],
    ['08:30', '2026-11-23', 's1.2026-11-23'],
    ['08:55', '2026-11-23', 's3.2026-11-23'],
    ['16:00', '2026-11-23', 's4.2026-11-25'],
    ['16:00', '2026-11-25', 's1.2026-11-30'],
  ])('the next lesson that is held, at %s on %s (P3)', async (clock, today, id) => {
    const child = await once(await school(), (view) => childOf(view, 'ines', 'me', at(clock, today)))
    expect(child.next?.id).toBe(id)
  })
})

describe('of one pupil (P14)', () => {
  test('marks of the last week are new, a changed one too', async () => {
    const marks = (today: string) =>
      once(device as Device, (view) => newMarks(view, 'ines', at('10:00', today)))
    await school()
    expect((await marks('2026-11-23')).map((one) => one.id)).toEqual(['g1'])
    expect((await marks('2026-11-28')).map((one) => one.id)).toEqual([])
  })

  test('vie scolaire: what waits for a guardian first, then what is recent; a pupil owes no justification', async () => {
    const here = await school()
    const news = (guards: boolean) =>
      once(here, (view) => lifeNews(view, 'ines', 'me', guards, at('10:00', '2026-11-26')))
    expect((await news(true)).map((one) => [one.event.id, one.waits])).toEqual([
      ['l1', true],
      ['o1', true],
    ])
    expect((await news(false)).map((one) => [one.event.id, one.waits])).toEqual([
      ['l1', false],
      ['o1', false],
    ])
  })
})

describe('a teacher (P14)', () => {
  test('rolls that nobody took, of lessons that have begun; marks that nobody sees', async () => {
    const here = await school()
    const desk = (clock: string) => once(here, (view) => deskOf(view, 'me', at(clock)))
    const morning = await desk('08:30')
    expect(morning.rolls).toEqual([]) // taken at five to eight
    const noon = await desk('13:30')
    expect(noon.rolls.map((lesson) => lesson.id)).toEqual(['s3.2026-11-23'])
    expect(noon.marks.map((one) => [one.title, one.course, one.entered])).toEqual([['Poésie', 'fr', 1]])
  })
})

test('what happens soon in the school: messages to many, ends of periods', () => {
  const row = <V>(id: string, value: V) => ({ scope: '', type: '', id, seq: 1, pending: false, value })
  const mailing = (state: 'waiting' | 'sent' | 'stopped', due: string) => ({
    by,
    subject: 'S',
    people: 9,
    due,
    state,
  })
  const period = (end: string, closed = false) => ({
    ...{ name: 'T', kind: 'trimester' as const, start: '2026-09-01', end, closed },
  })
  const soon = soonIn(
    [
      row('m1', mailing('waiting', '2026-11-23T17:00:00Z')),
      row('m2', mailing('sent', '2026-11-23T08:00:00Z')),
      row('m3', mailing('waiting', '2026-11-23T12:00:00Z')),
    ],
    [
      row('t1', period('2026-11-30')),
      row('t2', period('2026-11-22')),
      row('t3', period('2027-03-01')),
      row('t4', period('2026-11-25', true)),
    ],
    at(),
  )
  expect(soon.mailings.map((one) => one.id)).toEqual(['m3', 'm1'])
  expect(soon.periods.map((one) => one.id)).toEqual(['t1'])
})
