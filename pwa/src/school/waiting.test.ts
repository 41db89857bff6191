import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import { openDevice, type Device } from '../sync/index.ts'
import { waitingFor } from './waiting.ts'

const now = new Date('2026-11-26T10:00:00Z')

/** A device that has pulled these records of these scopes. */
async function holding(user: string, scopes: Record<string, unknown[]>): Promise<Device> {
  const pages = Object.entries(scopes).map(([scope, records]) => [scope, { cursor: [1, 99, 0], records }])
  const answer = { results: [], scopes: Object.fromEntries(pages) as unknown, more: [] }
  const device = await openDevice({
    user,
    device: 'd1',
    fresh: () => Promise.resolve('d2'),
    fetch: () => Promise.resolve(Response.json(answer)),
    random: () => 1,
  })
  await device.sync()
  return device
}

const homework = (due: string) => ({
  ...{ course: 'k1', subject: 'fr', title: 'Fables', text: '', given: '2026-11-01T08:00:00Z', due },
  ...{ return: 'file', late: 'accept', attachments: [], teacher: { id: 't1', name: 'Mme Garnier' } },
})
const notice = (read: boolean) => ({
  ...{ kind: 'homework', title: 'Travail', body: '', path: '/', at: '2026-11-25T08:00:00Z', read },
})

test('a pupil: all that is owed and all that is news, however much', async () => {
  const owed = Array.from({ length: 9 }, (_, i) => [
    i + 1,
    'homework',
    `h${String(i)}`,
    homework('2026-11-27T07:00:00Z'),
  ])
  const device = await holding('s1', {
    'class:5b': [
      ...owed,
      [20, 'homework', 'far', homework('2026-12-20T07:00:00Z')],
      [21, 'homework', 'old', homework('2026-10-20T07:00:00Z')],
      [22, 'homework', 'done', homework('2026-11-27T07:00:00Z')],
    ],
    'student:s1': [
      [1, 'student', 's1', { first: 'Inès', last: 'B', class: { id: '5b', name: '5e B' }, groups: [] }],
    ],
    'user:s1': [
      [1, 'notice', 'n1', notice(false)],
      [2, 'notice', 'n2', notice(false)],
      [3, 'notice', 'n3', notice(true)],
      [4, 'tick', 'done', { homework: 'done', student: 's1', done: true, shared: false, at: '' }],
    ],
  })
  const person = { id: 's1', pupil: true, teaches: false }
  expect(await device.read((view) => waitingFor(view, person, now))).toEqual({ news: 2, work: 9, copies: 0 })
  await device.act('user:s1', 'notice.read@1', { ids: ['n1', 'n2'] })
  expect(await device.read((view) => waitingFor(view, person, now))).toMatchObject({ news: 0 })
  device.close()
})

test('a teacher: the copies not read yet, of every homework', async () => {
  const copy = (student: string, homework: string) => ({
    ...{ homework, student, course: 'k1', version: 1, pages: [], text: '' },
    ...{ state: 'received', by: student, createdAt: '2026-11-25T08:00:00Z' },
  })
  const pupil = (last: string) => ({ first: 'A', last, class: '5e B' })
  const device = await holding('t1', {
    'course:k1': [
      [1, 'course', 'k1', { subject: 'fr', audience: 'class:5b', title: 'Français', teachers: [] }],
      [2, 'roster', 's1', pupil('B')],
      [3, 'roster', 's2', pupil('C')],
      [4, 'homework', 'h1', homework('2026-11-20T07:00:00Z')],
      [5, 'homework', 'h2', homework('2026-11-30T07:00:00Z')],
      [6, 'submission', 'c1', copy('s1', 'h1')],
      [7, 'submission', 'c2', copy('s2', 'h1')],
      [8, 'submission', 'c3', copy('s1', 'h2')],
      [
        9,
        'feedback',
        'h1.s2',
        { homework: 'h1', student: 's2', state: 'returned', at: '2026-11-25T09:00:00Z' },
      ],
    ],
  })
  const person = { id: 't1', pupil: false, teaches: true }
  expect(await device.read((view) => waitingFor(view, person, now))).toEqual({ news: 0, work: 0, copies: 2 })
  device.close()
})
