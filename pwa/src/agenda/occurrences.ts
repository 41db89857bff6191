/**
 * The times of an event. Pure, and the same as api/agenda/occur.go: both are held to
 * api/agenda/testdata/occurrences.json.
 */
import { plusDays } from '../timetable/expand.ts'
import type { AgendaEvent } from './records.ts'

/** One time at which an event is. */
export interface Occurrence {
  start: string
  end: string
  cancelled?: boolean
}

export const dayOf = (moment: string): string => moment.slice(0, 10)

/** "08:00"; nothing for whole days. */
export const clockOf = (moment: string): string => moment.slice(11)

/** Those that touch the days from one until another. A cancelled one is gone once its last day is before today. */
export function occurrences(event: AgendaEvent, from: string, until: string, today: string): Occurrence[] {
  return daysOf(event)
    .map((day) => on(event, day))
    .filter(
      ({ start, end, cancelled }) =>
        dayOf(start) <= until && from <= dayOf(end) && !(cancelled && dayOf(end) < today),
    )
}

/** The days on which it begins, at most sixty. */
export function daysOf(event: Pick<AgendaEvent, 'start' | 'until' | 'except'>): string[] {
  const first = dayOf(event.start)
  const all = [first]
  for (
    let day = plusDays(first, 7);
    event.until && day <= event.until && all.length < 60;
    day = plusDays(day, 7)
  )
    all.push(day)
  return all.filter((day) => !event.except?.includes(day))
}

/** The time that begins on one of its days. */
function on(event: AgendaEvent, day: string): Occurrence {
  const shift = (Date.parse(day) - Date.parse(dayOf(event.start))) / 86_400_000
  const cancelled = event.cancelled || event.off?.includes(day)
  return {
    start: day + event.start.slice(10),
    end: plusDays(dayOf(event.end), shift) + event.end.slice(10),
    ...(cancelled && { cancelled }),
  }
}
