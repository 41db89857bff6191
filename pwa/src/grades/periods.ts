/** What makes no sense as a period, as the server sees it (api/grades/period.go). */
import type { Council, Period } from '../sync/index.ts'
import { plusDays } from '../timetable/expand.ts'

export interface Fault {
  code: 'invalid' | 'overlaps' | 'mixed_periods'
  field: string
  /** The period that is in the way. */
  name?: string
}

/** For so many days after its end councils meet about a period. */
const after = 90
const sealed = ['grades', 'skills', 'appraisals'] as const

/** Is nothing marked in a period any more? */
export function isShut(period: Period | undefined, today: string): boolean {
  const last = period?.seals?.grades
  return period?.closed === true || (last !== undefined && today > last)
}

/** What is wrong with a period beside the others of the school; undefined for nothing. */
export function faultOf(period: Period, others: readonly Period[]): Fault | undefined {
  const field = faultyField(period)
  if (field) return { code: 'invalid', field }
  for (const other of others.filter((one) => beside(period, one))) {
    if (period.kind !== other.kind) return { code: 'mixed_periods', field: 'kind', name: other.name }
    if (period.start <= other.end && other.start <= period.end)
      return { code: 'overlaps', field: 'start', name: other.name }
  }
  return undefined
}

function faultyField(period: Period): string | undefined {
  const { name, start, end, councils = {}, seals = {} } = period
  if (!name.trim()) return 'name'
  if (!start) return 'start'
  if (!end || end < start || end > plusDays(start, 366)) return 'end'
  const near = (day: string): boolean => day >= start && day <= plusDays(end, after)
  const council = Object.entries(councils).find(([, one]) => !near(one.date) || !isInOrder(one))
  if (council) return `councils.${council[0]}`
  const seal = sealed.find((one) => seals[one] && !near(seals[one]))
  return seal && `seals.${seal}`
}

function isInOrder({ start, end }: Council): boolean {
  return !end || (start !== undefined && start !== '' && end > start)
}

/** Do two periods share a class? A year goes beside what divides it. */
function beside(period: Period, other: Period): boolean {
  if ((period.kind === 'year') !== (other.kind === 'year')) return false
  const [ours, theirs] = [period.audiences ?? [], other.audiences ?? []]
  return ours.length === 0 || theirs.length === 0 || ours.some((one) => theirs.includes(one))
}
