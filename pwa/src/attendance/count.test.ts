// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Hours, Missed } from '../sync/index.ts'
import { countMissed, usualHours, within, type Count, type SchoolDays } from './count.ts'

interface Case {
  name: string
  hours?: Hours
  holidays: { start: string; end: string }[]
  lessons?: Record<string, [string, string][]>
  absences: Missed[]
  latenesses: Missed[]
  want: Count
}

/** The server's own cases: what both sides must agree on. */
function cases(name: string): Case[] {
  const path = new URL(`../../../api/attendance/testdata/${name}`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as Case[]
}

const daysOf = ({ hours = usualHours, holidays, lessons }: Case): SchoolDays => ({
  ...{ hours, holidays, ...(lessons && { lessons }) },
})

describe('P6: half-days', () => {
  test.each(cases('count.json'))('$name', (one) => {
    expect(countMissed(one.absences, one.latenesses, daysOf(one))).toEqual(one.want)
  })

  test('an absence counts for its part of a period', () => {
    const ill: Missed = { from: '2026-11-26T13:30', to: '2026-12-01T12:00', recorded: true, counts: true }
    const days = { hours: usualHours, holidays: [] }
    const halfDays = (since: string, until?: string) => {
      const part = within(ill, since, until)
      return countMissed(part ? [part] : [], [], days).halfDays
    }
    expect(halfDays('2026-11-01')).toBe(6)
    expect(halfDays('2026-11-01', '2026-11-27')).toBe(3)
    expect(halfDays('2026-12-01')).toBe(1)
    expect(halfDays('2026-12-02')).toBe(0)
  })

  test('as the server counts two hundred drawn cases', () => {
    const drawn = cases('count-random.json')
    expect(drawn.length).toBe(200)
    for (const one of drawn)
      expect(countMissed(one.absences, one.latenesses, daysOf(one)), one.name).toEqual(one.want)
  })
})
