// @vitest-environment node
import { describe, expect, test } from 'vitest'
import {
  goodToKnow,
  isHidden,
  isNight,
  numbered,
  limits,
  reachOf,
  rulesOf,
  typed,
  undecided,
} from './rules.ts'

describe('E73–E83: the rules in words', () => {
  const said = (...args: Parameters<typeof reachOf>) =>
    reachOf(...args).map(({ key, allowed }) => `${allowed ? '+' : '-'}${key.replace('reach.', '')}`)

  test('E9 the world outside, where the school has it', () => {
    const open = { ...undecided, external: ['teacher' as const] }
    expect(said(open, ['teacher']).at(-1)).toBe('+outside')
    expect(said(open, ['staff'])).toEqual(['+everybody', '-outside'])
    expect(said(open, ['student']).at(-1)).toBe('-outside')
  })

  test.each([
    [['student'], ['+family.student', '+studentToTeacher', '-studentToStudent', '-studentToStaff']],
    [['guardian'], ['+family.guardian', '+guardianToTeacher', '+guardianToStaff']],
    [['teacher'], ['+teacherToStudent', '+teacherToGuardian', '+colleagues']],
    [
      ['teacher', 'guardian'],
      [
        '+teacherToStudent',
        '+teacherToGuardian',
        '+colleagues',
        '+family.guardian',
        '+guardianToTeacher',
        '+guardianToStaff',
      ],
    ],
    [['admin'], ['+colleagues']],
    [['staff'], ['+everybody']],
    [['direction'], ['+everybody']],
  ] as const)('%o', (roles, wanted) => {
    expect(said(rulesOf({ studentToStudent: false }), roles)).toEqual(wanted)
  })

  const known = (...args: Parameters<typeof goodToKnow>) =>
    goodToKnow(...args).map(({ key }) => key.replace('reach.', ''))

  test('each hears of the brakes that hold for them', () => {
    const rules = rulesOf({ night: { from: '20:00', to: '07:00' }, frozen: true })
    expect(known(rules, ['student'])).toEqual(['frozen', 'answer', 'night', 'quota', 'pair', 'report'])
    expect(known(rules, ['guardian'])).toEqual(['frozen', 'answer', 'pair', 'report'])
    expect(known(rules, ['teacher', 'guardian'])).toEqual(['frozen', 'answer', 'large', 'report'])
    expect(known(rules, ['direction'])).toEqual(['answer', 'large'])
    expect(known(rulesOf({ large: 0 }), ['teacher'])).toEqual(['answer', 'report'])
  })
})

test.each([
  [['student'], ['student'], true],
  [['student'], ['guardian'], false],
  [['teacher', 'guardian'], ['guardian'], false],
  [['teacher', 'guardian'], ['guardian', 'teacher'], true],
  [['student'], [], false],
  [[], [], false],
] as const)('E5: home of %o, hidden for %o: %s', (roles, hideLatest, is) => {
  expect(isHidden(rulesOf({ hideLatest: [...hideLatest] }), roles)).toBe(is)
})

test('what a school did not decide holds as before', () => {
  expect(rulesOf(undefined)).toEqual(undecided)
  expect(rulesOf({ most: 10 })).toEqual({ ...undecided, most: 10 })
})

test.each(numbered)('%s: only what the server takes', (field) => {
  const [min, max] = limits[field]
  expect([min, max].map((n) => typed(field, String(n)))).toEqual([min, max])
  for (const bad of [String(min - 1), String(max + 1), '', '1.5', 'dix', '1e3', '-0'])
    expect(typed(field, bad), bad).toBeUndefined()
})

test.each([
  ['20:00', '07:00', true],
  ['20:00', '20:00', false],
  ['24:00', '07:00', false],
  ['', '07:00', false],
] as const)('a night from %s to %s: %s', (from, to, is) => {
  expect(isNight({ from, to })).toBe(is)
})
