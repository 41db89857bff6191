/** The cases of the server's engine, computed by this one. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  averageOf,
  figuresOf,
  general,
  markOf,
  numbers,
  positioning,
  type Figures,
  type PositioningMode,
  type Result,
  type Rounding,
  type Rules,
  type Test,
} from './average.ts'
import { decimal, spelled } from './exact.ts'

type Cells = [value: string, outOf: string, coefficient: string, kind?: string, how?: string, part?: string]

interface Vectors {
  averages: { name: string; want: string; exact?: string; rescale?: boolean; rules?: Rules; tests: Cells[] }[]
  general: { name: string; want: string; lines: [string, string][] }[]
  figures: { name: string; outOf: string; values: string[]; want: Figures }[]
  competences: { name: string; outOf: string; want: string; items: [number, string][] }[]
  positionings: { name: string; mode: PositioningMode; points: number[]; want: number }[]
}

interface Answer {
  value: string
  exact: string
  sum: string
  divisor: string
  terms: { id: string; coefficient: string; counted: boolean; why?: string }[] | null
  parts?: (Answer & { id: string })[]
}

interface Random {
  seed: number
  cases: {
    services: { tests: Test[]; rules: Rules; coefficient: string; want: Answer }[]
    general: Answer
    figures: Figures
    rounding: Rounding
  }[]
}

const folder = join(import.meta.dirname, '../../../api/grades/average/testdata')
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const vectors = read('vectors.json') as Vectors
const random = read('random.json') as Random

function written(
  [value, outOf, coefficient, kind = '', how, part = '']: Cells,
  i: number,
  rescale = false,
): Test {
  return {
    ...{ id: String(i), value, outOf, coefficient, part, kind: kind as Test['kind'] & string },
    rescale: rescale || how === 'rescale',
    aside: how === 'aside',
  }
}

/** What both engines say, in the server's words. */
function said(result: Result): Answer {
  const { value, exact, sum, divisor, terms, parts } = result
  return {
    ...{ value, exact: spelled(exact), sum: spelled(sum), divisor: spelled(divisor) },
    terms: terms.map(({ id, coefficient, counted, why }) => ({
      id,
      coefficient,
      counted,
      ...(why && { why }),
    })),
    ...(parts?.length && { parts: parts.map((part) => ({ id: part.id, ...said(part) })) }),
  }
}

function heard(answer: Answer): Answer {
  const { value, exact, sum, divisor, terms, parts } = answer
  return {
    ...{ value, exact, sum, divisor },
    terms: (terms ?? []).map(({ id, coefficient, counted, why }) => ({
      id,
      coefficient,
      counted,
      ...(why && { why }),
    })),
    ...(parts && { parts: parts.map((part) => ({ id: part.id, ...heard(part) })) }),
  }
}

describe('published averages', () => {
  test.each(vectors.averages)('$name', ({ tests, rules, want, exact, rescale }) => {
    const result = averageOf(
      tests.map((cells, i) => written(cells, i, rescale)),
      rules,
    )
    expect(result.value).toBe(want)
    if (exact) expect(spelled(result.exact)).toBe(exact)
  })

  test.each(vectors.general)('general: $name', ({ lines, want }) => {
    const services = lines.map(([value, coefficient], i) => ({
      id: String(i),
      result: averageOf([written([value, '20', '1'], i)]),
      coefficient,
    }))
    expect(general(services).value).toBe(want)
  })
})

test.each(vectors.figures)('figures: $name', ({ values, outOf, want }) => {
  expect(figuresOf(numbers(values), outOf)).toEqual(want)
})

test.each(vectors.competences)('competences: $name', ({ items, outOf, want }) => {
  expect(
    markOf(
      items.map(([points, coefficient]) => ({ points, coefficient })),
      outOf,
    ),
  ).toBe(want)
})

test.each(vectors.positionings)('positioning: $name', ({ points, mode, want }) => {
  expect(positioning(points, mode)).toBe(want)
})

test(`random cases agree with the server (seed ${String(random.seed)})`, () => {
  expect(random.cases.length).toBeGreaterThan(30)
  for (const { services, general: all, figures, rounding } of random.cases) {
    const lines = services.map(({ tests, rules, coefficient, want }, i) => {
      const result = averageOf(tests, rules)
      expect(said(result)).toEqual(heard(want))
      return { id: String(i), result, coefficient }
    })
    expect(said(general(lines, rounding))).toEqual(heard(all))
    const values = services.flatMap(({ tests }) => tests.map(({ value }) => value))
    expect(figuresOf(numbers(values), '20')).toEqual(figures)
  }
})

test.each(['', '.', '-0', '01', '1.', '1.50', '1.255', '1,5', ' 1', '1e3', 'NaN'])(
  '%j is no decimal',
  (text) => {
    expect(decimal(text)).toBeUndefined()
  },
)
