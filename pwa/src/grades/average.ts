/**
 * What marks come to, exactly, and how it was made. The same engine runs on the server
 * (api/grades/average): both answer the same for every case of its testdata.
 */
import { add, compare, decimal, floor, fraction, over, times, written, zero, type Fraction } from './exact.ts'

/** A number ("14.5"), a code, or '' for nothing. */
export type Value = string

/** The last two count as zero, the others not at all. */
export const codes = ['A', 'E', 'N', 'I', 'S', 'Z', 'W'] as const
export type Code = (typeof codes)[number]

export function isCode(value: Value): value is Code {
  return (codes as readonly string[]).includes(value)
}

/** What a value counts as; undefined for what counts as nothing. */
export function points(value: Value): Fraction | undefined {
  return value === 'Z' || value === 'W' ? zero : decimal(value)
}

export interface Test {
  id: string
  value: Value
  outOf: string
  coefficient: string
  /** Nothing: compulsory. */
  kind?: 'optional' | 'bonus' | ''
  /** Weighs as if it were out of 20. */
  rescale?: boolean
  /** Shown, never counted. */
  aside?: boolean
  part?: string
}

export interface Rounding {
  step?: string
  up?: boolean
}

export interface Rules {
  /** The average of the parts; else that of all tests. */
  byParts?: boolean
  parts?: { id: string; coefficient: string }[]
  /** Multiply the coefficient of the best and the worst compulsory mark; "0" leaves it out. */
  highest?: string | null
  lowest?: string | null
  rounding?: Rounding
}

export type Why = 'code' | 'aside' | 'coefficient' | 'optional' | 'bonus' | 'zero' | 'highest' | 'lowest'

/** What one test, or one service of a general average, is in the sum. */
export interface Term {
  id: string
  value: Value
  outOf: string
  /** As it counts. */
  coefficient: string
  kind: string
  rescale: boolean
  counted: boolean
  why: Why | ''
  ratio: Fraction
}

/** sum / divisor × 20, rounded. */
export interface Result {
  /** To the hundredth; a code, or nothing, where no mark counts. */
  value: Value
  exact: Fraction | undefined
  sum: Fraction
  divisor: Fraction
  terms: Term[]
  parts?: (Result & { id: string; coefficient: string })[]
}

export interface Line {
  id: string
  result: Result
  coefficient: string
}

const twenty = fraction(20)
const half = fraction(1, 2)

/** The average of one pupil in one service. */
export function averageOf(tests: Test[], rules: Rules = {}): Result {
  return rules.byParts && rules.parts?.length ? ofParts(tests, rules, rules.parts) : ofTests(tests, rules)
}

function ofTests(tests: Test[], rules: Rules): Result {
  const sum = new Sum(tests.filter((test) => test.value !== '').map(read))
  sum.weighExtremes(rules)
  sum.addCompulsory()
  sum.addOptional()
  sum.addBonuses()
  return sum.result(rules.rounding)
}

const one = (text: string): Fraction => decimal(text) ?? zero

/** Takes a test as a term, and says at once if it cannot count. */
function read(test: Test): Term {
  const { id, value, outOf, coefficient, kind = '', rescale = false } = test
  const counts = points(value)
  const why = whyNot(test, counts)
  const ratio = counts ? over(counts, one(outOf)) : zero
  const zeroed = why === '' && isCode(value)
  return {
    ...{ id, value, outOf, coefficient, kind, rescale, ratio },
    counted: why === '',
    why: zeroed ? 'zero' : why,
  }
}

function whyNot(test: Test, counts: Fraction | undefined): Why | '' {
  if (!counts) return 'code'
  if (test.aside) return 'aside'
  return one(test.coefficient).n === 0n ? 'coefficient' : ''
}

/** Its scale times its coefficient. */
export function weighs(term: Term): Fraction {
  return times(term.rescale ? twenty : one(term.outOf), one(term.coefficient))
}

/**
 * What a bonus adds: its points above half of its scale, times its coefficient. For a mark out of 20
 * that is what is above 10; another scale weighs as it does for an ordinary mark.
 */
function bonusPoints(term: Term): Fraction {
  return times(add(term.ratio, fraction(-1, 2)), weighs(term))
}

/** An average being made. */
class Sum {
  points = zero
  weight = zero
  readonly terms: Term[]

  constructor(terms: Term[]) {
    this.terms = terms
  }

  /** Where the best and the worst compulsory mark differ. Of equal ones the first is taken. */
  weighExtremes({ highest, lowest }: Rules): void {
    const marks = this.terms.filter((term) => term.counted && term.kind === '')
    const best = marks.reduce<Term | undefined>(
      (a, b) => (!a || compare(b.ratio, a.ratio) > 0 ? b : a),
      undefined,
    )
    const worst = marks.reduce<Term | undefined>(
      (a, b) => (!a || compare(b.ratio, a.ratio) < 0 ? b : a),
      undefined,
    )
    if (!best || !worst || best === worst) return
    weigh(best, highest, 'highest')
    weigh(worst, lowest, 'lowest')
  }

  addCompulsory(): void {
    for (const term of this.terms) if (term.counted && term.kind === '') this.#add(term)
  }

  /**
   * Counts, best first, the optional marks that are above what the average is by then: no other choice makes
   * a better average, and none ever lowers it. Where nothing else counts, the best one does.
   */
  addOptional(): void {
    for (const term of this.#best('optional')) {
      if (this.weight.n > 0n && compare(term.ratio, over(this.points, this.weight)) <= 0)
        leave(term, 'optional')
      else this.#add(term)
    }
  }

  /** Bonuses add to the points and not to the divisor. They add to something, or count for nothing. */
  addBonuses(): void {
    for (const term of this.#best('bonus')) {
      const above = bonusPoints(term)
      if (this.weight.n === 0n || above.n <= 0n) leave(term, 'bonus')
      else this.points = add(this.points, above)
    }
  }

  result(rounding?: Rounding): Result {
    const made = { sum: this.points, divisor: this.weight, terms: this.terms }
    if (this.weight.n === 0n) return { value: common(this.terms), exact: undefined, ...made }
    const exact = round(times(over(this.points, this.weight), twenty), rounding)
    return { value: written(exact), exact, ...made }
  }

  #add(term: Term): void {
    const weight = weighs(term)
    this.weight = add(this.weight, weight)
    this.points = add(this.points, times(weight, term.ratio))
  }

  #best(kind: string): Term[] {
    return this.terms
      .filter((term) => term.counted && term.kind === kind)
      .sort((a, b) => compare(b.ratio, a.ratio))
  }
}

function weigh(term: Term, by: string | null | undefined, why: Why): void {
  if (by === undefined || by === null || by === '1') return
  term.coefficient = written(times(one(term.coefficient), one(by)))
  term.why = why
  term.counted = term.coefficient !== '0'
}

function leave(term: Term, why: Why): void {
  term.counted = false
  term.why = why
}

/** Where no mark counts: the code that all have, "not marked" for a mixture, nothing for nothing. */
function common(terms: Term[]): Value {
  const said = new Set(terms.map((term) => term.value).filter(isCode))
  const [only = ''] = said
  return said.size > 1 ? 'N' : only
}

/** Of a number that is not negative. */
export function round(x: Fraction, { step = '0', up = false }: Rounding = {}): Fraction {
  const by = one(step)
  if (by.n === 0n) return x
  const steps = over(x, by)
  const whole = up ? -floor(fraction(-steps.n, steps.d)) : floor(add(steps, half))
  return times(by, fraction(whole))
}

/** The average of the averages of the parts. Tests that belong to none are a part of their own, which weighs once. */
function ofParts(tests: Test[], rules: Rules, declared: NonNullable<Rules['parts']>): Result {
  const known = new Set(declared.map((part) => part.id))
  const inside = { ...rules, byParts: false, rounding: {} }
  const parts = [...declared, { id: '', coefficient: '1' }].flatMap((part) => {
    const some = tests.filter((test) => (known.has(test.part ?? '') ? test.part : '') === part.id)
    return some.length > 0 ? [{ ...part, ...ofTests(some, inside) }] : []
  })
  const lines = parts.map((part) => ({ id: part.id, result: part, coefficient: part.coefficient }))
  return { ...general(lines, rules.rounding), parts }
}

/** The average of services, each by its coefficient and as rounded. */
export function general(lines: Line[], rounding?: Rounding): Result {
  const sum = new Sum(lines.filter(({ result }) => result.value !== '').map(asTerm))
  sum.addCompulsory()
  return sum.result(rounding)
}

function asTerm({ id, result, coefficient }: Line): Term {
  const why = result.exact ? (one(coefficient).n === 0n ? 'coefficient' : '') : 'code'
  const ratio = result.exact ? over(result.exact, twenty) : zero
  const shape = { kind: '', rescale: false, outOf: '20' }
  return { id, value: result.value, coefficient, ...shape, counted: why === '', why, ratio }
}

export interface Figures {
  count: number
  average: Value
  min: Value
  max: Value
  median: Value
  /** How many are in each fifth of the scale. */
  spread: number[]
}

/** The figures of a class, of numbers out of some scale. */
export function figuresOf(numbers: Fraction[], outOf: string): Figures {
  const sorted = [...numbers].sort(compare)
  const spread = [0, 0, 0, 0, 0]
  for (const number of sorted) spread[fifth(number, outOf)] = (spread[fifth(number, outOf)] ?? 0) + 1
  const at = (i: number): Fraction => sorted[i] ?? zero
  const n = sorted.length
  if (n === 0) return { count: 0, average: '', min: '', max: '', median: '', spread }
  return {
    count: n,
    average: written(over(sorted.reduce(add, zero), fraction(n))),
    min: written(at(0)),
    max: written(at(n - 1)),
    median: written(times(add(at((n - 1) >> 1), at(n >> 1)), half)),
    spread,
  }
}

/** The last fifth has both its ends, and what is above. */
function fifth(number: Fraction, outOf: string): number {
  const at = Number(floor(times(over(number, one(outOf)), fraction(5))))
  return Math.min(4, Math.max(0, at))
}

/** The values that are numbers, or count as zero. */
export function numbers(values: Value[]): Fraction[] {
  return values.flatMap((value) => points(value) ?? [])
}

/** A mark of competences: their points by their coefficients, brought to a scale, to the nearest whole. */
export function markOf(items: { points: number; coefficient: string }[], outOf: string): Value {
  const sum = (weight: (points: number) => number): Fraction =>
    items.reduce((all, item) => add(all, times(one(item.coefficient), fraction(weight(item.points)))), zero)
  const most = sum(() => 50)
  if (most.n === 0n) return ''
  return written(
    round(
      times(
        over(
          sum((p) => p),
          most,
        ),
        one(outOf),
      ),
      { step: '1' },
    ),
  )
}

export type PositioningMode = 'all' | 'last5' | 'best5' | 'progressive'

/** 1 to 4 from the points of evaluations, oldest first; 0 without any. */
export function positioning(all: number[], mode: PositioningMode): number {
  const ordered = mode === 'best5' ? [...all].sort((a, b) => a - b) : all
  const kept = mode === 'best5' || mode === 'last5' ? ordered.slice(-5) : ordered
  const weight = (i: number): number => (mode === 'progressive' ? i + 1 : 1)
  const sum = kept.reduce((total, p, i) => total + weight(i) * p, 0)
  const weights = kept.reduce((total, _, i) => total + weight(i), 0)
  if (weights === 0) return 0
  if (sum > 45 * weights) return 4
  if (sum >= 33 * weights) return 3
  return sum >= 18 * weights ? 2 : 1
}
