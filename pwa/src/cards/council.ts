/** A class as its council sees it, in one period. Pure: records in, a view for the screens out. */
import type {
  Card,
  CardRules,
  CardSeen,
  Column,
  CouncilState,
  Period,
  Proof,
  Row,
  Subject,
  Summary,
  View,
} from '../sync/index.ts'
import { general, type Result } from '../grades/average.ts'
import { compare, decimal, fraction, type Fraction } from '../grades/exact.ts'

/** A school that decided nothing. */
export const usualRules: CardRules = {
  limit: 400,
  overall: 600,
  mentions: [
    { id: 'honours' },
    { id: 'compliments' },
    { id: 'encouragement' },
    { id: 'work', warning: true },
    { id: 'conduct', warning: true },
  ],
}

/** One subject of one pupil. */
export interface CouncilLine {
  column: Column
  subject: Subject
  average: string
  /** In the period before; '' for none. */
  before: string
  trend: Trend
  text: string
  rivals: number
  position: number
}

export type Trend = 'up' | 'down' | 'same' | 'none'

export interface CouncilPupil {
  id: string
  first: string
  last: string
  lines: CouncilLine[]
  general: string
  before: string
  trend: Trend
  life: Proof['life']
  summary: Row<Summary> | undefined
  card: Card | undefined
  /** Guardians who did not take note of the last version. */
  unseen: string[]
}

export interface CouncilView {
  class: string
  name: string
  periods: Row<Period>[]
  period: string
  closed: boolean
  council: CouncilState | undefined
  /** When it meets. */
  date: string | undefined
  /** The last day on which teachers write. */
  until: string | undefined
  rules: CardRules
  columns: Column[]
  /** By name. */
  pupils: CouncilPupil[]
  /** The averages of the class. */
  figures: Map<string, string>
  main: boolean
}

const unknown: Subject = { name: '?', hue: 265 }
/** A change of a tenth is none. */
const tenth = fraction(1, 10)

export async function rulesOf(view: View): Promise<CardRules> {
  return (await view.all('cards'))[0]?.value ?? usualRules
}

/** The periods of a class, in the order of the year, without those that only span the others. */
export async function periodsOf(view: View, audience: string): Promise<Row<Period>[]> {
  return (await view.all('period'))
    .filter(({ value }) => !value.audiences?.length || value.audiences.includes(audience))
    .sort((a, b) => a.value.start.localeCompare(b.value.start) || a.id.localeCompare(b.id))
}

/** The period whose cards are being made: the last that began, or the one before in its first three weeks. */
export function periodNow(periods: Row<Period>[], today: string): string {
  const begun = periods.filter(({ value }) => value.start <= today)
  const last = begun.at(-1)
  const fresh = last !== undefined && daysBetween(last.value.start, today) < 21
  return ((fresh ? begun.at(-2) : undefined) ?? last ?? periods[0])?.id ?? ''
}

function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)
}

/** Undefined while the class is not here yet; null where it will not come. */
export async function councilOf(
  view: View,
  id: string,
  wanted: string | null,
  today: string,
  user: string,
): Promise<CouncilView | null | undefined> {
  const scope = `council:${id}`
  const held = (await view.scopes()).find((one) => one.scope === scope)
  if (!held) return null
  const periods = await periodsOf(view, `class:${id}`)
  const period = wanted ?? periodNow(periods, today)
  const [proofs, columns, summaries, cards, seen, councils, subjects, classes, rules] = await Promise.all([
    view.list(scope, 'proof'),
    view.list(scope, 'column'),
    view.list(scope, 'summary'),
    view.list(scope, 'card'),
    view.list(scope, 'cardseen'),
    view.all('council'),
    view.all('subject'),
    view.list(`class:${id}/staff`, 'class'),
    rulesOf(view),
  ])
  if (!held.complete && proofs.length === 0) return undefined
  const named = new Map(subjects.map((row) => [row.id, row.value]))
  const earlier = periods[periods.findIndex((row) => row.id === period) - 1]?.id
  const of = (p: string | undefined) =>
    columns
      .map(({ value }) => value)
      .filter((one) => one.period === p)
      .sort((a, b) => a.name.localeCompare(b.name))
  const own = of(period)
  const past = of(earlier)
  const pupils = proofs
    .filter(({ value }) => value.period === period)
    .map(({ value }) => {
      const before = proofs.find((row) => row.id === `${earlier ?? ''}.${value.student}`)?.value
      const key = `${period}.${value.student}`
      const card = cards.find((row) => row.id === key)?.value
      return {
        ...pupilOf(value, own, before, past, named),
        summary: summaries.find((row) => row.id === key),
        card,
        unseen: unseenBy(card, seen),
      }
    })
    .sort((a, b) => a.last.localeCompare(b.last) || a.first.localeCompare(b.first))
  const team = classes[0]?.value
  const now = periods.find((row) => row.id === period)?.value
  const state = councils.find((row) => row.id === `${period}.${id}`)?.value
  return {
    ...{ class: id, periods, period, rules, columns: own, pupils },
    name: team?.name ?? held.title,
    closed: now?.closed === true,
    council: state,
    date: now?.councils?.[`class:${id}`]?.date,
    until: state?.until ?? now?.seals?.appraisals,
    figures: new Map(own.map((one) => [one.course, one.figures?.average ?? ''])),
    main: team?.main?.includes(user) === true,
  }
}

function pupilOf(
  proof: Proof,
  columns: Column[],
  before: Proof | undefined,
  past: Column[],
  named: Map<string, Subject>,
): Omit<CouncilPupil, 'summary' | 'card' | 'unseen'> {
  const now = generalOf(proof, columns)
  const then = generalOf(before, past)
  const lines = columns.flatMap((column) => {
    const line = proof.lines[column.course]
    if (!line) return []
    const old = before?.lines[column.course]
    return [
      {
        ...{ column, average: line.average ?? '', before: old?.average ?? '', text: line.text ?? '' },
        subject: named.get(column.subject) ?? { ...unknown, name: column.name },
        trend: trendOf(exact(line.exact), exact(old?.exact)),
        rivals: line.rivals ?? 0,
        position: line.position ?? 0,
      },
    ]
  })
  return {
    ...{ id: proof.student, first: proof.first, last: proof.last, lines, life: proof.life },
    general: now.value,
    before: then.value,
    trend: trendOf(now.exact, then.exact),
  }
}

/** As the server will print it: from the exact averages, by the coefficients of the courses. */
export function generalOf(proof: Proof | undefined, columns: Column[]): Result {
  return general(
    columns.flatMap(({ course, coefficient }) => {
      const line = proof?.lines[course]
      if (!line?.average) return []
      const number = exact(line.exact)
      const base = { value: line.average, sum: fraction(0), divisor: fraction(0), terms: [] }
      return [{ id: course, coefficient, result: { ...base, ...(number && { exact: number }) } as Result }]
    }),
  )
}

/** "43/3" */
function exact(text: string | undefined): Fraction | undefined {
  const found = /^(-?\d+)\/(\d+)$/.exec(text ?? '')
  return found ? fraction(BigInt(found[1] ?? 0), BigInt(found[2] ?? 1)) : undefined
}

function trendOf(now: Fraction | undefined, then: Fraction | undefined): Trend {
  if (!now || !then) return 'none'
  const difference = { n: now.n * then.d - then.n * now.d, d: now.d * then.d }
  const size = { ...difference, n: difference.n < 0n ? -difference.n : difference.n }
  if (compare(size, tenth) <= 0) return 'same'
  return difference.n > 0n ? 'up' : 'down'
}

function unseenBy(card: Card | undefined, seen: Row<CardSeen>[]): string[] {
  if (!card) return []
  const did = new Set(
    seen
      .map(({ value }) => value)
      .filter(
        (one) =>
          one.student === card.student && one.period === card.period.id && one.version === card.version,
      )
      .map((one) => one.by.id),
  )
  return (card.guardians ?? []).filter(({ id }) => !did.has(id)).map(({ name }) => name)
}

/** What is still missing before the cards can come out. */
export interface Holes {
  /** Courses in which somebody has no appraisal, and how many have none. */
  courses: { column: Column; count: number; of: number }[]
  summaries: CouncilPupil[]
  rivals: CouncilPupil[]
}

export function missingOf({ columns, pupils }: CouncilView): Holes {
  const courses = columns.flatMap((column) => {
    const lines = pupils.flatMap((pupil) => pupil.lines.filter((line) => line.column === column))
    const count = lines.filter((line) => line.text.trim() === '').length
    return count > 0 ? [{ column, count, of: lines.length }] : []
  })
  return {
    courses,
    summaries: pupils.filter(({ summary }) => !summary?.value.text.trim()),
    rivals: pupils.filter(({ lines }) => lines.some((line) => line.rivals > 0)),
  }
}

/** A mark as it was written, for figures that are numbers. */
export function isNumber(value: string | undefined): value is string {
  return value !== undefined && decimal(value) !== undefined
}
