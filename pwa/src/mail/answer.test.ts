// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Message } from '../sync/index.ts'
import { answered, forwarded, passOn, replyTo, waysOf } from './answer.ts'
import { gather, type Letter, type Talk } from './discussions.ts'

const me = 'me'
const to = (...keys: string[]) => keys.map((key) => ({ key: `user:${key}`, name: key }))

function letter(id: string, value: Partial<Message> = {}, seq = 1): Letter {
  const message: Message = {
    ...{
      discussion: 'a',
      subject: 'Sortie',
      mode: 'all',
      from: { id: 'ana', name: 'ana' },
      to: to('me', 'bob'),
    },
    ...{ body: [{ runs: [{ text: id }] }], at: `2026-11-20T08:00:0${String(id.charCodeAt(0) % 10)}Z` },
    ...value,
  }
  return { scope: 'user:me', type: 'message', id, seq, value: message, pending: false }
}

function talk(...letters: Letter[]): Talk {
  const [one] = gather(letters, me)
  if (!one) throw new Error('no discussion')
  return one
}

test('whoever wrote from outside is answered outside', () => {
  const from = { id: 'outside:x/a@b.example', name: 'a@b.example' }
  const out = { key: 'mail:a@b.example', name: 'a@b.example' }
  expect(replyTo(letter('a', { from, to: to('me') }), me, false).to).toEqual([out])
  expect(replyTo(letter('a', { from }), me, true).to).toEqual([out, ...to('bob')])
})

describe('who may be answered', () => {
  test.each([
    ['E57: all, when its author wished so', letter('a'), { one: true, all: true }],
    ['E56: the author alone', letter('a', { mode: 'sender' }), { one: true, all: false }],
    ['E42: nobody, when a programme wrote', letter('a', { mode: 'none' }), { one: false, all: false }],
    ['two people need no choice', letter('a', { to: to('me') }), { one: true, all: false }],
    [
      'one’s own message: all who got it',
      letter('a', { mode: 'sender', from: { id: me, name: 'me' }, to: to('ana', 'bob') }),
      { one: true, all: true },
    ],
  ])('%s', (_, first, ways) => {
    expect(waysOf(talk(first), me)).toEqual(ways)
  })
})

describe('answers', () => {
  test('to the last message of somebody else', () => {
    const all = talk(
      letter('a'),
      letter('b', { from: { id: 'bob', name: 'bob' } }),
      letter('c', { from: { id: me, name: me } }),
    )
    expect(answered(all, me).id).toBe('b')
  })

  test('to its author, or to everybody but oneself, each once', () => {
    expect(replyTo(letter('a'), me, false)).toMatchObject({ re: 'a', subject: 'Sortie', to: to('ana') })
    expect(replyTo(letter('a', { cc: to('bob', 'eve') }), me, true)).toMatchObject({
      all: true,
      to: to('ana', 'bob', 'eve'),
    })
  })

  test('to one’s own message: to those who got it', () => {
    expect(replyTo(letter('a', { from: { id: me, name: me }, to: to('bob') }), me, false).to).toEqual(
      to('bob'),
    )
  })
})

describe('passing on', () => {
  const file = (sha: string) => ({ sha, name: `${sha}.pdf`, type: 'application/pdf', size: 1 })

  test.each([
    ['Sortie', 'TR : Sortie'],
    ['TR : Sortie', 'TR : Sortie'],
    ['tr: Sortie', 'tr: Sortie'],
    ['Travaux', 'TR : Travaux'],
  ])('E86: %s becomes %s', (subject, wanted) => {
    expect(forwarded(subject)).toBe(wanted)
  })

  test('E85, E87, E100: all that was said, newest first, with its files, each once', () => {
    const draft = passOn(
      [letter('a', { files: [file('x')] }), letter('b', { files: [file('x'), file('y')] })],
      'Sortie',
    )
    expect(draft.forward).toEqual(['b', 'a'])
    expect(draft.quotes?.map(({ from, body }) => [from, body[0]?.runs[0]?.text])).toEqual([
      ['ana', 'b'],
      ['ana', 'a'],
    ])
    expect(draft.files?.map(({ sha }) => sha)).toEqual(['x', 'y'])
  })

  test('not what was taken back, nor what the school does not have yet', () => {
    expect(passOn([letter('a'), letter('b', { recalled: true }), letter('c', {}, 0)], 'S').forward).toEqual([
      'a',
    ])
  })

  test('what the server takes and no more', () => {
    const many = Array.from({ length: 60 }, (_, i) => letter(`l${String(i)}`, { files: [file(String(i))] }))
    const draft = passOn(many, 'x'.repeat(250))
    expect([draft.forward?.length, draft.files?.length, draft.subject.length]).toEqual([50, 10, 250])
    expect(draft.forward?.[0]).toBe('l59')
  })
})
