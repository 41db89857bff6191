// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Thread } from '../sync/index.ts'
import { arrange, gather, type Discussion, type Letter } from './discussions.ts'
import { goingOf, shownGoing, type Keeping } from './retention.ts'

const now = Date.parse('2026-11-29T10:00:00Z')
const keep: Keeping = { keepInbox: 90, keepIdle: 0, keepBin: 30 }

/** A discussion whose only message is of such a moment. */
function discussion(at: string, thread: Thread = {}, from = 'ana', own: string[] = []): Discussion {
  const value = {
    ...{ discussion: 'a', subject: 'A', mode: 'all' as const, from: { id: from, name: from } },
    ...{ to: [], body: [], at },
  }
  const letter: Letter = {
    ...{ scope: 'user:me', type: 'message', id: 'a' },
    ...{ seq: 1, value, pending: false },
  }
  const [one] = arrange(gather([letter], 'me'), new Map([['a', thread]]), new Set(own), 'me')
  if (!one) throw new Error('no discussion')
  return one
}

const said = (one: Discussion, rules: Keeping = keep) => {
  const going = goingOf(one, rules, now)
  return going && `${going.to} ${going.at.toISOString().slice(0, 10)} (${String(going.days)})`
}

describe('E13, E29, E107: the day on which a discussion goes', () => {
  test.each([
    ['90 days after its last message', '2026-11-01T23:59:00Z', {}, keep, 'bin 2027-01-30 (62)'],
    ['by the day of UTC, not by the hour', '2026-11-02T00:01:00Z', {}, keep, 'bin 2027-01-31 (63)'],
    [
      'counted from when it was put there',
      '2026-01-01T08:00:00Z',
      { moved: '2026-11-20T08:00:00Z' },
      keep,
      'bin 2027-02-18 (81)',
    ],
    ['overdue: in the coming night', '2026-01-01T08:00:00Z', {}, keep, 'bin 2026-11-30 (1)'],
    ['never', '2026-01-01T08:00:00Z', {}, { ...keep, keepInbox: 0 }, undefined],
    ['the shorter of the two', '2026-11-28T08:00:00Z', {}, { ...keep, keepIdle: 10 }, 'bin 2026-12-08 (9)'],
    [
      'deleted 30 days after it came to the bin',
      '2026-01-01T08:00:00Z',
      { folder: 'bin', binned: '2026-11-25T08:00:00Z' },
      keep,
      'nowhere 2026-12-25 (26)',
    ],
    [
      'kept in the bin for ever',
      '2026-01-01T08:00:00Z',
      { folder: 'bin', binned: '2026-11-25T08:00:00Z' },
      { ...keep, keepBin: 0 },
      undefined,
    ],
    [
      'the archive stays',
      '2026-01-01T08:00:00Z',
      { folder: 'archive' },
      { ...keep, keepIdle: 10 },
      undefined,
    ],
    ['one’s own folders stay', '2026-01-01T08:00:00Z', { folder: 'f' }, { ...keep, keepIdle: 10 }, undefined],
  ] as const)('%s', (_, at, thread, rules, wanted) => {
    expect(said(discussion(at, thread, 'ana', ['f']), rules)).toBe(wanted)
  })

  test('what one only wrote oneself stays, unless unanswered messages go too', () => {
    const mine = discussion('2026-11-28T08:00:00Z', {}, 'me')
    expect(said(mine)).toBeUndefined()
    expect(said(mine, { ...keep, keepIdle: 20 })).toBe('bin 2026-12-18 (19)')
  })

  test('the inbox says so two weeks ahead, the bin always', () => {
    const shown = (one: Discussion, rules: Keeping = keep) => shownGoing(one, rules, now)?.days
    const fresh = discussion('2026-11-29T08:00:00Z')
    expect(shown(fresh, { ...keep, keepInbox: 14 })).toBeUndefined()
    expect(shown(fresh, { ...keep, keepInbox: 13 })).toBe(13)
    const binned = { folder: 'bin', binned: '2026-11-29T08:00:00Z' }
    expect(shown(discussion('2026-01-01T08:00:00Z', binned))).toBe(30)
  })
})
