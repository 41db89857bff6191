// @vitest-environment node
import { describe, expect, test } from 'vitest'
import type { Outgoing } from '../../sync/index.ts'
import { problemOf, stageOf } from './email'

const now = new Date('2026-11-23T10:00:00Z')
const address = 'nadia@example.org'

describe('alerts by mail', () => {
  test.each([
    [undefined, 'none'],
    [{ address, confirmed: false, left: 5 }, 'code'],
    [{ address, confirmed: false, left: 1, until: '2026-11-23T10:00:01Z' }, 'code'],
    [{ address, confirmed: false, left: 1, until: '2026-11-23T10:00:00Z' }, 'over'],
    [{ address, confirmed: false, until: '2026-11-23T10:30:00Z' }, 'over'],
    [{ address, confirmed: true }, 'on'],
    [{ address, confirmed: true, failing: true }, 'failing'],
  ] as const)('%o is %s', (place, stage) => {
    expect(stageOf(place, now)).toBe(stage)
  })

  test('only the last thing asked tells a problem', () => {
    const one = (n: number, name: string, code?: string) =>
      ({
        n,
        name,
        state: code ? 'refused' : 'waiting',
        error: code ? { code } : undefined,
      }) as unknown as Outgoing
    const refused = one(1, 'notify.address@1', 'too_many')
    expect(problemOf([])).toBeUndefined()
    expect(problemOf([refused, one(2, 'mail.send@1')])).toBe('too_many')
    expect(problemOf([refused, one(2, 'notify.address@1')])).toBeUndefined()
  })
})
