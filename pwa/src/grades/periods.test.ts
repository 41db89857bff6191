// @vitest-environment node
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Period } from '../sync/index.ts'
import { faultOf, isShut } from './periods.ts'

interface Case {
  name: string
  period: Partial<Period>
  others: Record<string, Partial<Period>>
  want: string
}

const cases = JSON.parse(readFileSync('../api/grades/testdata/periods.json', 'utf8')) as Case[]
const usual: Period = { name: 'Trimestre 1', kind: 'trimester', start: '2026-09-01', end: '2026-11-30' }

test.each(cases)('$name', ({ period, others, want }) => {
  const beside = Object.values(others).map((one) => ({ ...usual, ...one }))
  const fault = faultOf({ ...usual, ...period }, beside)
  expect(fault ? `${fault.code} ${fault.field}` : '').toBe(want)
})

test('a period is shut once it is closed, or its last day for marks is over', () => {
  const sealed = { ...usual, seals: { grades: '2026-12-04', appraisals: '2026-12-01' } }
  const shut = [isShut(undefined, '2026-12-05'), isShut(usual, '2027-12-05'), isShut(sealed, '2026-12-04')]
  expect(shut).toEqual([false, false, false])
  expect([isShut(sealed, '2026-12-05'), isShut({ ...usual, closed: true }, '2026-10-01')]).toEqual([
    true,
    true,
  ])
})
