// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Message, Thread } from '../sync/index.ts'
import {
  arrange,
  at,
  beginning,
  everything,
  gather,
  kindOf,
  peopleOf,
  refusedIn,
  shortened,
  sift,
  tree,
  unreadPer,
  type Letter,
} from './discussions.ts'

const me = 'me'
const person = (id: string) => ({ id, name: id.toUpperCase() })

function letter(id: string, value: Partial<Message> = {}, seq = 1): Letter {
  const message: Message = {
    ...{
      discussion: id,
      subject: `On ${id}`,
      mode: 'all',
      from: person('ana'),
      to: [{ key: 'user:me', name: 'ME' }],
    },
    ...{ body: [{ runs: [{ text: `Text of ${id}` }] }], at: '2026-11-20T08:00:00Z' },
    ...value,
  }
  return { scope: 'user:me', type: 'message', id, seq, value: message, pending: seq === 0 }
}

function mailbox(letters: Letter[], threads: Record<string, Thread> = {}, own: string[] = []) {
  return arrange(gather(letters, me), new Map(Object.entries(threads)), new Set(own), me)
}

const ids = (all: { id: string }[]) => all.map(({ id }) => id)
const moment = (when: string) => Date.parse(when)

describe('discussions', () => {
  test('E10: the newest first, by their last message', () => {
    const all = mailbox([
      letter('a', { at: '2026-11-20T08:00:00Z' }),
      letter('b', { at: '2026-11-21T08:00:00Z' }),
      letter('a2', { discussion: 'a', at: '2026-11-22T08:00:00.5Z' }),
    ])
    expect(ids(all)).toEqual(['a', 'b'])
    expect(ids(all[0]?.letters ?? [])).toEqual(['a', 'a2'])
    expect(all[0]).toMatchObject({ subject: 'On a', last: { id: 'a2' } })
  })

  test('moments with and without fractions of a second are in order', () => {
    const all = gather(
      [
        letter('b', { discussion: 'a', at: '2026-11-20T08:00:00.5Z' }),
        letter('a', { at: '2026-11-20T08:00:00Z' }),
      ],
      me,
    )
    expect(ids(all[0]?.letters ?? [])).toEqual(['a', 'b'])
  })

  test('what has not left comes last, whatever this device’s clock says', () => {
    const answer = letter('r', { discussion: 'a', from: person(me), at: '2026-11-19T08:00:00Z' }, 0)
    expect(gather([answer, letter('a')], me)[0]?.last.id).toBe('r')
  })

  test('E26: unread are messages of others after the moment read', () => {
    const letters = [
      letter('a', { at: '2026-11-20T08:00:00Z' }),
      letter('a2', { discussion: 'a', at: '2026-11-20T09:00:00Z' }),
      letter('a3', { discussion: 'a', at: '2026-11-20T10:00:00Z', from: person(me) }),
    ]
    expect(mailbox(letters)[0]?.unread).toBe(2)
    expect(mailbox(letters, { a: { read: moment('2026-11-20T08:00:00Z') } })[0]?.unread).toBe(1)
    expect(mailbox(letters, { a: { read: moment('2026-11-20T09:00:00Z') } })[0]?.unread).toBe(0)
  })

  test('a discussion that is being deleted is not there', () => {
    expect(mailbox([letter('a')], { a: { folder: 'bin', purged: true } })).toEqual([])
  })

  test.each([
    ['E38', { mode: 'sender' as const }, 'information'],
    ['E39', { mode: 'all' as const }, 'discussion'],
    ['E40', { mode: 'none' as const }, 'system'],
    [
      'E41',
      { mode: 'sender' as const, to: [{ key: 'school:s/teachers', name: 'teachers', count: 40 }] },
      'institution',
    ],
  ])('%s: the kind follows from who may answer', (_, value, kind) => {
    expect(kindOf(letter('a', value).value)).toBe(kind)
  })
})

describe('places', () => {
  const letters = [
    letter('in'),
    letter('kept'),
    letter('mine', { from: person(me), to: [{ key: 'user:ana', name: 'ANA' }] }),
    letter('answered', { from: person(me) }),
    letter('answer', { discussion: 'answered' }),
    letter('binned', { from: person(me) }),
    letter('lost'),
  ]
  const all = mailbox(
    letters,
    {
      kept: { folder: 'f1', categories: ['red'] },
      binned: { folder: 'bin', was: '', categories: ['red'] },
      lost: { folder: 'f-gone' },
    },
    ['f1'],
  )

  test.each([
    [
      'E16: received; nobody has answered the one that is missing, and one lay in a folder that is gone',
      '',
      ['answered', 'in', 'lost'],
    ],
    ['E17: all that one took part in', 'sent', ['answered', 'mine']],
    ['E19: the bin', 'bin', ['binned']],
    ['E22: a folder of one’s own', 'f1', ['kept']],
    ['E35: a category, wherever it lies but in the bin', 'category/red', ['kept']],
    ['E20: nothing in the archive', 'archive', []],
  ])('%s', (_, place, wanted) => {
    expect(ids(at(place, all)).sort()).toEqual(wanted)
  })

  test('E28: every place counts its unread', () => {
    expect([...unreadPer(all)].sort()).toEqual([
      ['', 3],
      ['f1', 1],
    ])
  })

  test('E36, E37: read ones hidden; only some kinds', () => {
    const some = mailbox([letter('a'), letter('b', { mode: 'sender' })], {
      a: { read: moment('2026-12-01T00:00:00Z') },
    })
    expect(ids(sift(some, { ...everything, hideRead: true }))).toEqual(['b'])
    expect(ids(sift(some, { hideRead: false, kinds: ['discussion'] }))).toEqual(['a'])
    expect(sift(some, everything)).toHaveLength(2)
  })

  test('E23: one level below the first; orphans stand with the first', () => {
    const folder = (id: string, order: number, parent?: string) => ({
      id,
      value: { name: id, order, ...(parent && { parent }) },
    })
    const made = tree([folder('b', 2), folder('in-b', 1, 'b'), folder('a', 1), folder('orphan', 3, 'gone')])
    expect(made.map((one) => [one.id, ids(one.below)])).toEqual([
      ['a', []],
      ['b', ['in-b']],
      ['orphan', []],
    ])
  })
})

describe('what a row says', () => {
  test('E11: people in short, the latest author first', () => {
    const [talk] = gather(
      [
        letter('a'),
        letter('b', { discussion: 'a', from: person('bob'), at: '2026-11-21T08:00:00Z' }),
        letter('c', { discussion: 'a', from: person(me), at: '2026-11-22T08:00:00Z' }),
      ],
      me,
    )
    expect(talk && peopleOf(talk, me).authors).toEqual(['BOB', 'ANA'])
    expect(shortened(['a', 'b', 'c'], 2)).toEqual({ shown: ['a', 'b'], more: 1 })
  })

  test('the beginning on one line; names of files where there is no text', () => {
    const body = [
      { runs: [{ text: 'Bonjour,' }] },
      { runs: [{ text: ' à ' }, { text: 'demain', marks: 'b' }] },
    ]
    expect(beginning({ body })).toBe('Bonjour, à demain')
    expect(
      beginning({ body: [], files: [{ sha: 's', name: 'a.pdf', type: 'application/pdf', size: 1 }] }),
    ).toBe('a.pdf')
  })

  test('what was refused is known by what it answers and by its draft', () => {
    const out = { n: 3, scope: 'user:me', at: 5, args: { re: 'a', draft: 'd' } }
    const error = { code: 'frozen', message: '' }
    expect(
      refusedIn([
        { ...out, name: 'mail.reply@1', state: 'refused', error },
        { ...out, name: 'mail.reply@1', state: 'waiting' },
        { ...out, name: 'mail.file@1', state: 'refused', error },
      ]),
    ).toEqual([{ n: 3, at: 5, code: 'frozen', subject: '', re: 'a', draft: 'd' }])
  })
})
