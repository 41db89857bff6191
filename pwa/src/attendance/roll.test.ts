// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Call } from '../sync/index.ts'
import { codeFor, reasonsOf, usualReasons } from './reasons.ts'
import { currentLesson, hintOf, next, said, tally } from './roll.ts'

const call = (at: number, state: Call['state'], seen: number[] = [], by = 'garnier'): Call => ({
  ...{ at, state, seen, by: { id: by, name: by } },
})
const lesson = { date: '2026-11-24', start: '10:00', end: '11:00' }

describe('P6: the roll', () => {
  test('whom it does not name was there', () => {
    expect(said(undefined)).toEqual({ state: 'present', seen: [], others: [] })
  })

  test('the latest version stands, in whatever order they came', () => {
    const versions = [call(2, 'present', [1]), call(1, 'absent')]
    expect(said(versions)).toMatchObject({ state: 'present', seen: [2], others: [] })
    expect(said([...versions].reverse())).toMatchObject({ state: 'present', seen: [2] })
  })

  test('two who did not know of each other are both kept', () => {
    const both = said([call(1, 'absent'), call(3, 'late', [], 'viard')])
    expect(both.state).toBe('late')
    expect(both.others.map((one) => one.state)).toEqual(['absent'])
    expect(said([call(1, 'absent'), call(3, 'late'), call(4, 'absent', [1, 3])]).others).toEqual([])
  })

  test('clocks that are wrong lose nobody', () => {
    expect(said([call(1, 'absent', [2]), call(2, 'present', [1])]).state).toBe('present')
  })

  test('taps go round', () => {
    expect([next('present'), next('absent'), next('late'), next('infirmary')]).toEqual([
      ...['absent', 'late', 'present', 'present'],
    ])
  })

  test('who is late is there, who is elsewhere is not', () => {
    expect(tally(['present', 'late', 'absent', 'exempted', 'infirmary'])).toEqual({
      present: 2,
      absent: 1,
      late: 1,
    })
  })

  test('the lesson that is on', () => {
    expect(currentLesson('2026-11-24', '10:20')).toEqual(lesson)
    expect(currentLesson('2026-11-24', '09:56')).toEqual(lesson)
    expect(currentLesson('2026-11-24', '23:58')).toMatchObject({ start: '22:00', end: '23:00' })
  })

  test('a teacher knows who is away', () => {
    const announced = { kind: 'announced', from: '2026-11-24T08:00', to: '2026-11-24T12:00' } as const
    const missed = { kind: 'absence', from: '2026-11-24T09:00', to: '2026-11-24T10:00' } as const
    const exempted = {
      kind: 'exemption',
      from: '2026-11-01T00:00',
      to: '2026-12-01T00:00',
      subject: 'eps',
    } as const
    expect(hintOf({ times: [announced] }, lesson, 'fr')).toEqual(announced)
    expect(hintOf({ times: [missed] }, lesson, 'fr')).toEqual(missed)
    expect(hintOf({ times: [exempted] }, lesson, 'fr')).toBeUndefined()
    expect(hintOf({ times: [exempted] }, lesson, 'eps')).toEqual(exempted)
    expect(hintOf({ times: [missed] }, { ...lesson, date: '2026-11-25' }, 'fr')).toBeUndefined()
  })
})

describe('reasons', () => {
  test('are those that the server starts with', () => {
    const path = new URL('../../../api/attendance/reasons.json', import.meta.url)
    expect(usualReasons).toEqual(JSON.parse(readFileSync(path, 'utf8')))
  })

  test("a school's own take their place", () => {
    const own = { label: 'Grippe', counts: true, published: true, families: true, order: 1 }
    const gone = { ...own, gone: true }
    const codes = reasonsOf([
      { id: 'illness', value: own },
      { id: 'transport', value: gone },
    ])
    expect(codes[0]).toEqual({ ...own, code: 'illness' })
    expect(codes.some((one) => one.code === 'transport')).toBe(false)
  })

  test('each is for what it is for', () => {
    const alarm = { label: 'Réveil', kinds: ['lateness' as const], counts: true, published: true }
    const decided = [{ id: 'alarm', value: { ...alarm, families: true, order: 11 } }]
    const codes = (kind: 'absence' | 'lateness') => reasonsOf(decided, kind).map((one) => one.code)
    expect(codes('lateness')).toContain('alarm')
    expect(codes('absence')).not.toContain('alarm')
    expect(codes('absence')).toContain('illness')
  })

  test('a code is made of the name, and of none that is there', () => {
    expect(codeFor('Panne de réveil !', [])).toBe('panne-de-reveil')
    expect(codeFor('Panne de réveil', ['panne-de-reveil'])).toBe('panne-de-reveil-2')
    expect(codeFor('…', [])).toBe('motif')
    expect(codeFor('x'.repeat(90), []).length).toBeLessThanOrEqual(32)
  })
})
