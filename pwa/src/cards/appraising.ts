/** What a teacher says of the pupils of a course, in one period. Pure: records in, a view for the screens out. */
import type { Appraisal, CardRules, CouncilState, Period, Row, View } from '../sync/index.ts'
import { bookOf, type Book } from '../grades/book.ts'
import { periodNow, periodsOf, rulesOf } from './council.ts'

export interface AppraisalRow {
  id: string
  first: string
  last: string
  class: string
  average: string
  appraisal: Appraisal | undefined
  pending: boolean
}

export interface AppraisalSheet {
  title: string
  periods: Row<Period>[]
  period: string
  rules: CardRules
  rows: AppraisalRow[]
  elements: string[]
  elementsSeq: number
  /** Why nobody writes. */
  closed: 'period' | 'council' | undefined
  /** The last day on which teachers write. */
  until: string | undefined
}

export async function sheetOf(
  view: View,
  course: string,
  wanted: string | undefined,
  now: Date,
  today: string,
): Promise<AppraisalSheet | undefined> {
  const scope = `course:${course}`
  const row = await view.get(scope, 'course', course)
  if (!row) return undefined
  const periods = await periodsOf(view, row.value.audience)
  const period = wanted ?? periodNow(periods, today)
  const [book, roster, said, program, councils, rules, classes] = await Promise.all([
    bookOf(view, course, period, now),
    view.list(scope, 'roster'),
    view.list(scope, 'appraisal'),
    view.get(scope, 'program', period),
    view.all('council'),
    rulesOf(view),
    view.all('class'),
  ])
  const ids = classIds(row.value.audience, roster, classes)
  const term = periods.find((one) => one.id === period)?.value
  const states = councils.filter(({ value }) => value.period === period && ids.has(value.class))
  const state = soonest(states)
  return {
    ...{ periods, period, rules, title: row.value.title ?? '' },
    rows: rowsOf(book, roster, said, period),
    elements: program?.value.elements ?? [],
    elementsSeq: program?.seq ?? 0,
    closed: closedBy(term, state, today),
    until: state?.until ?? term?.seals?.appraisals,
  }
}

/** The classes of those who attend, as far as this device knows them. */
function classIds(
  audience: string,
  roster: Row<{ class: string }>[],
  classes: Row<{ name: string }>[],
): Set<string> {
  const [kind = '', id = ''] = audience.split(':')
  if (kind === 'class') return new Set([id])
  const names = new Set(roster.map(({ value }) => value.class))
  return new Set(classes.filter(({ value }) => names.has(value.name)).map((row) => row.id))
}

/** The class that closes first. */
function soonest(states: Row<CouncilState>[]): CouncilState | undefined {
  return states.map(({ value }) => value).sort((a, b) => (a.until ?? '9').localeCompare(b.until ?? '9'))[0]
}

/** As the server decides. */
export function closedBy(
  period: Period | undefined,
  state: CouncilState | undefined,
  today: string,
): AppraisalSheet['closed'] {
  if (period?.closed) return 'period'
  const last = state?.until ?? period?.seals?.appraisals
  if (last ? today > last : state?.publishedAt) return 'council'
  return undefined
}

function rowsOf(
  book: Book | undefined,
  roster: Row<{ first: string; last: string; class: string }>[],
  said: Row<Appraisal>[],
  period: string,
): AppraisalRow[] {
  return roster
    .map(({ id, value }) => {
      const appraisal = said.find((one) => one.id === `${period}.${id}`)
      return {
        ...{ id, first: value.first, last: value.last, class: value.class },
        average: book?.averages.get(id)?.value ?? '',
        appraisal: appraisal?.value,
        pending: appraisal?.pending === true,
      }
    })
    .sort((a, b) => a.last.localeCompare(b.last) || a.first.localeCompare(b.first))
}
