/** What happens in a school soon, whoever does something about it or not. Pure. */
import type { Mailing, Period, Row } from '../sync/index.ts'
import { plusDays } from '../timetable/expand.ts'
import type { Moment } from './daily.ts'

const fortnight = 14
const most = 3

export interface Soon {
  /** Messages to many that leave by themselves, the first one first. */
  mailings: Row<Mailing>[]
  /** Periods of marks that end within two weeks. */
  periods: Row<Period>[]
}

export function soonIn(
  mailings: readonly Row<Mailing>[],
  periods: readonly Row<Period>[],
  { today }: Moment,
): Soon {
  const until = plusDays(today, fortnight)
  return {
    mailings: mailings
      .filter(({ value }) => value.state === 'waiting')
      .sort((a, b) => a.value.due.localeCompare(b.value.due))
      .slice(0, most),
    periods: periods
      .filter(({ value }) => !value.closed && value.end >= today && value.end <= until)
      .sort((a, b) => a.value.end.localeCompare(b.value.end))
      .slice(0, most),
  }
}
