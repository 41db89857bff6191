/** What vie scolaire knows of a pupil, put together for the screens. Pure: records in, lists out. */
import type { Acknowledgement, Justification, Missed, Note, NoteType, Row, View } from '../sync/index.ts'
import { countMissed, within, type Count, type SchoolDays } from './count.ts'
import { addDays } from './times.ts'

export type LifeType = 'absence' | 'lateness' | 'justification' | NoteType

/** One line of a pupil's record. */
export interface LifeEvent {
  type: LifeType
  id: string
  student: string
  from: string
  to: string
  pending: boolean
  missed?: Missed
  excuse?: Justification | undefined
  note?: Note
  /** Guardians who said that they know. */
  known: Acknowledgement[]
}

export const noteTypes: readonly NoteType[] = [
  ...(['observation', 'punishment', 'exemption', 'exit', 'infirmary', 'incident'] as const),
]

export interface Life {
  student: string
  events: LifeEvent[]
}

/** Everything in a pupil's scope, newest first. */
export async function lifeOf(view: View, student: string): Promise<Life> {
  const scope = `student:${student}`
  const [absences, latenesses, excuses, known, ...notes] = await Promise.all([
    view.list(scope, 'absence'),
    view.list(scope, 'lateness'),
    view.list(scope, 'justification'),
    view.list(scope, 'acknowledgement'),
    ...noteTypes.map((type) => view.list(scope, type)),
  ])
  return {
    student,
    events: compose(student, { absences, latenesses, excuses, known, notes: notes.flat() }),
  }
}

interface Parts {
  absences: Row<Missed>[]
  latenesses: Row<Missed>[]
  excuses: Row<Justification>[]
  known: Row<Acknowledgement>[]
  notes: Row<Note>[]
}

export function compose(
  student: string,
  { absences, latenesses, excuses, known, notes }: Parts,
): LifeEvent[] {
  const family = new Map(excuses.map((row) => [row.id, row.value]))
  const knownOf = (id: string) => known.map((row) => row.value).filter((one) => one.of === id)
  const missed = [...absences, ...latenesses].map(({ type, id, value, pending }): LifeEvent => {
    const excuse = excuseOf(value, type, excuses)
    const waits = excuses.some((row) => row.pending && row.value === excuse)
    return {
      ...{ type: type as LifeType, id, student, from: value.from, to: value.to },
      ...{ missed: value, excuse, known: knownOf(id), pending: pending || waits },
    }
  })
  const used = new Set(missed.map((one) => one.excuse))
  const alone = [...family].filter(([, one]) => !used.has(one))
  return [
    ...missed,
    ...alone.map(([id, one]): LifeEvent => ({
      ...{ type: 'justification', id, student, from: one.from, to: one.to, excuse: one, known: [] },
      pending: excuses.some((row) => row.id === id && row.pending),
    })),
    ...notes
      .filter((row) => !row.value.struck)
      .map((row): LifeEvent => ({
        ...{ type: row.type as LifeType, id: row.id, student, from: row.value.from, to: row.value.to ?? '' },
        ...{ note: row.value, known: knownOf(row.id), pending: row.pending },
      })),
  ].sort((a, b) => b.from.localeCompare(a.from) || a.id.localeCompare(b.id))
}

/** What the family said last of a time: by name, or, while it waits here, by what it covers. */
function excuseOf(missed: Missed, kind: string, excuses: Row<Justification>[]): Justification | undefined {
  const covering = excuses
    .filter(({ value }) => value.kind === kind && value.from < missed.to && missed.from < value.to)
    .sort((a, b) => a.value.at - b.value.at)
  return covering.at(-1)?.value ?? excuses.find((row) => row.id === missed.excuse)?.value
}

/** Nobody has said why yet, and vie scolaire has not decided. */
export function isUnexplained({ missed, excuse }: LifeEvent): boolean {
  return missed !== undefined && !missed.settled && !missed.justified && !excuse
}

/** Guardians are asked to say that they know, and this one has not. */
export function isToAcknowledge({ note, known }: LifeEvent, user: string): boolean {
  return note?.acknowledge === true && !known.some((one) => one.by.id === user)
}

export type Period = 'month' | 'year'

/** The first day of a period. */
export function startOf(period: Period, today: string, year: string | undefined): string {
  return period === 'month' ? addDays(today, -30) : (year ?? `${today.slice(0, 4)}-01-01`)
}

export function countOf(events: readonly LifeEvent[], since: string, days: SchoolDays): Count {
  const of = (type: LifeType) =>
    events.flatMap((one) => (one.type === type && one.missed && within(one.missed, since)) || [])
  return countMissed(of('absence'), of('lateness'), days)
}

export interface CalendarDay {
  date: string
  inMonth: boolean
  types: LifeType[]
}

/** The weeks of a month ("2026-11"), with what happened on each day. */
export function monthOf(month: string, events: readonly LifeEvent[]): CalendarDay[][] {
  const first = `${month}-01`
  const weekday = (new Date(`${first}T00:00:00Z`).getUTCDay() + 6) % 7
  let date = addDays(first, -weekday)
  const weeks: CalendarDay[][] = []
  do {
    const week: CalendarDay[] = []
    for (let i = 0; i < 7; i++, date = addDays(date, 1))
      week.push({ date, inMonth: date.startsWith(month), types: typesOn(date, events) })
    weeks.push(week)
  } while (date.startsWith(month))
  return weeks
}

export function isOn(date: string, { from, to }: { from: string; to: string }): boolean {
  return from.slice(0, 10) <= date && date <= (to || from).slice(0, 10)
}

function typesOn(date: string, events: readonly LifeEvent[]): LifeType[] {
  const there = events.filter((one) => one.type !== 'exemption' && isOn(date, one)).map((one) => one.type)
  return [...new Set(there)]
}

export function movedMonth(month: string, by: number): string {
  const moved = new Date(`${month}-15T00:00:00Z`)
  moved.setUTCMonth(moved.getUTCMonth() + by)
  return moved.toISOString().slice(0, 7)
}
