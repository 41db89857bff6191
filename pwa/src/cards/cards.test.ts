// @vitest-environment node
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { merged } from '../sync/cardmutators.ts'
import type { Appraisal, Card, Column, CouncilState, Period, Proof, Row } from '../sync/index.ts'
import { closedBy } from './appraising.ts'
import { generalOf, missingOf, periodNow, type CouncilView } from './council.ts'

interface Spoken {
  text: string
  rivals?: string[]
}

/** Those of the server too (api/reportcard/cases_test.go). */
const cases = JSON.parse(
  readFileSync(new URL('../../../api/reportcard/testdata/cases.json', import.meta.url), 'utf8'),
) as {
  merge: { name: string; before: Spoken; was: string; text: string; want: Spoken }[]
  general: { name: string; lines: [string, string, string, string][]; want: string }[]
}

const said = { at: '2026-11-24T08:00:00Z', by: { id: 'u', name: '' } }
const base = { period: 'p', student: 's', ...said }

function appraisal({ text, rivals }: Spoken): Appraisal {
  return { ...base, text, ...(rivals && { rivals: rivals.map((one) => ({ text: one, ...said })) }) }
}

function spoken(one: Appraisal | undefined): Spoken {
  return {
    text: one?.text ?? '',
    ...(one?.rivals?.length && { rivals: one.rivals.map(({ text }) => text) }),
  }
}

describe('two texts about one pupil', () => {
  test.each(cases.merge)('$name', ({ before, was, text, want }) => {
    const old = before.text || before.rivals ? appraisal(before) : undefined
    expect(spoken(merged(old, was, { ...base, text }))).toEqual(want)
  })
})

describe('the general average of a council is that of the card', () => {
  test.each(cases.general)('$name', ({ lines, want }) => {
    const columns = lines.map(([course, , , coefficient]) => ({ course, coefficient })) as Column[]
    const proof = {
      lines: Object.fromEntries(lines.map(([id, average, exact]) => [id, { average, exact }])),
    } as unknown as Proof
    expect(generalOf(proof, columns).value).toBe(want)
  })
})

describe('when teachers write', () => {
  const council = (more: Partial<CouncilState>): CouncilState => ({ class: 'c', period: 'p', ...more })
  test.each([
    ['nobody said anything', undefined, undefined, undefined],
    ['up to the last day', undefined, council({ until: '2026-11-24' }), undefined],
    ['after it', undefined, council({ until: '2026-11-23' }), 'council'],
    ['once the cards are out', undefined, council({ publishedAt: '2026-11-20T08:00:00Z' }), 'council'],
    [
      'opened again',
      undefined,
      council({ publishedAt: '2026-11-20T08:00:00Z', until: '2026-12-01' }),
      undefined,
    ],
    [
      'after the last day of the period',
      { seals: { appraisals: '2026-11-23' } } as Period,
      undefined,
      'council',
    ],
    [
      'longer for one class',
      { seals: { appraisals: '2026-11-23' } } as Period,
      council({ until: '2026-11-30' }),
      undefined,
    ],
    ['a closed period', { closed: true } as Period, council({ until: '2026-12-01' }), 'period'],
  ])('%s', (_, period, one, want) => {
    expect(closedBy(period, one, '2026-11-24')).toBe(want)
  })
})

test('cards are made for the period that ends', () => {
  const row = (id: string, start: string) => ({ id, value: { start } }) as Row<Period>
  const year = [row('t1', '2026-09-01'), row('t2', '2026-12-01'), row('t3', '2027-03-13')]
  const on = (day: string) => periodNow(year, day)
  expect([on('2026-08-01'), on('2026-09-05'), on('2026-11-30'), on('2026-12-10'), on('2026-12-22')]).toEqual([
    't1',
    't1',
    't1',
    't1',
    't2',
  ])
  expect(periodNow([], '2026-09-05')).toBe('')
})

test('what is missing', () => {
  const column = { course: 'k', name: 'Latin' } as Column
  const line = (text: string, rivals = 0) => ({ column, text, rivals })
  const pupil = (id: string, lines: unknown[], text?: string) => ({
    ...{ id, lines },
    summary: text === undefined ? undefined : { value: { text } },
    card: undefined as Card | undefined,
  })
  const view = {
    columns: [column],
    pupils: [pupil('a', [line('Bien.')], 'Oui.'), pupil('b', [line(' ', 1)], ' '), pupil('c', [])],
  } as unknown as CouncilView
  const { courses, summaries, rivals } = missingOf(view)
  expect(courses).toEqual([{ column, count: 1, of: 2 }])
  expect(summaries.map(({ id }) => id)).toEqual(['b', 'c'])
  expect(rivals.map(({ id }) => id)).toEqual(['b'])
})
