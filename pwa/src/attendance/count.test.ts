// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Missed } from '../sync/index.ts'
import { countMissed, type Count } from './count.ts'

interface Case {
  name: string
  holidays: { start: string; end: string }[]
  absences: Missed[]
  latenesses: Missed[]
  want: Count
}

/** The server's own cases: what both sides must agree on. */
function cases(name: string): Case[] {
  const path = new URL(`../../../api/attendance/testdata/${name}`, import.meta.url)
  return JSON.parse(readFileSync(path, 'utf8')) as Case[]
}

describe('P6: half-days', () => {
  test.each(cases('count.json'))('$name', ({ absences, latenesses, holidays, want }) => {
    expect(countMissed(absences, latenesses, holidays)).toEqual(want)
  })

  test('as the server counts two hundred drawn cases', () => {
    const drawn = cases('count-random.json')
    expect(drawn.length).toBe(200)
    for (const one of drawn)
      expect(countMissed(one.absences, one.latenesses, one.holidays), one.name).toEqual(one.want)
  })
})
