/** What absences add up to, as the server counts them (api/attendance/count.go). Pure. */
import type { Hours, Missed } from '../sync/index.ts'

/** When a pupil has school. On a day of which the timetable has lessons it decides, on any other the opening hours. */
export interface SchoolDays {
  hours: Hours
  holidays: readonly { start: string; end: string }[]
  /** By day, the times of those that are held. */
  lessons?: Readonly<Record<string, readonly (readonly [string, string])[]>>
}

export interface Count {
  /** Begun half-days ("brutes"). */
  halfDays: number
  /** By the minutes missed ("calculées"), to the hundredth. */
  computed: number
  unjustified: number
  minutes: number
  latenesses: number
  lateMinutes: number
}

/** Those of a collège that has decided nothing. */
export const usualHours: Hours = {
  ...{ morning: ['08:00', '12:00'], afternoon: ['13:30', '17:30'] },
  ...{ mornings: [1, 2, 3, 4, 5], afternoons: [1, 2, 4, 5], halfDay: 240 },
}

interface Half {
  times: [number, number][]
  unjustified: boolean
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))

/** When the second half-day begins to be: halfway through the break. */
const noonOf = ({ morning, afternoon }: Hours): number =>
  Math.trunc((minuteOf(morning[1]) + minuteOf(afternoon[0])) / 2)

/** The part of an absence or a lateness that lies in a period, both days included. */
export function within(one: Missed, since: string, until = '9999-12-31'): Missed | undefined {
  const [begin, end] = [`${since}T00:00`, `${until}T23:59`]
  const from = one.from > begin ? one.from : begin
  const to = one.to < end ? one.to : end
  if (from >= to) return undefined
  const lessons = one.lessons?.filter((lesson) => lesson.from >= begin && lesson.from <= end)
  return { ...one, from, to, ...(lessons && { lessons }) }
}

export function countMissed(
  absences: readonly Missed[],
  latenesses: readonly Missed[],
  days: SchoolDays,
): Count {
  const halves = new Map<string, Half>()
  for (const one of absences) if (one.counts) gather(halves, one, days)
  const late = latenesses.filter((one) => one.counts)
  const keys = [...halves.keys()].sort()
  const sums = keys.map((key) => minutes(halves.get(key)?.times ?? []))
  const computed = sums.reduce((sum, one) => sum + Math.min(1, one / days.hours.halfDay), 0)
  return {
    halfDays: keys.length,
    computed: Math.round(computed * 100) / 100,
    unjustified: [...halves.values()].filter((one) => one.unjustified).length,
    minutes: sums.reduce((sum, one) => sum + one, 0),
    latenesses: late.length,
    lateMinutes: late.reduce((sum, one) => sum + (one.minutes ?? 0), 0),
  }
}

function gather(halves: Map<string, Half>, one: Missed, days: SchoolDays): void {
  const noon = noonOf(days.hours)
  const add = (date: string, after: boolean, from: number, to: number): void => {
    if (from >= to) return
    const key = `${date} ${after ? 'b' : 'a'}`
    const half = halves.get(key) ?? { times: [], unjustified: false }
    half.times.push([from, to])
    half.unjustified ||= !one.justified
    halves.set(key, half)
  }
  for (const lesson of one.lessons ?? []) {
    const from = minuteOf(lesson.from.slice(11))
    add(lesson.from.slice(0, 10), from >= noon, from, minuteOf(lesson.to.slice(11)))
  }
  if (!one.recorded) return
  const last = one.to.slice(0, 10)
  for (let date = one.from.slice(0, 10); date <= last; date = nextDay(date)) {
    for (const part of partsOf(date, days)) {
      const from =
        date === one.from.slice(0, 10) ? Math.max(part.from, minuteOf(one.from.slice(11))) : part.from
      const to = date === last ? Math.min(part.to, minuteOf(one.to.slice(11))) : part.to
      add(date, part.after, from, to)
    }
  }
}

interface Part {
  after: boolean
  from: number
  to: number
}

/** When the pupil has school on a day. */
function partsOf(date: string, days: SchoolDays): Part[] {
  const lessons = days.lessons?.[date]
  if (!lessons) return openings(date, days)
  const noon = noonOf(days.hours)
  return lessons.map(([start, end]) => {
    const from = minuteOf(start)
    return { after: from >= noon, from, to: minuteOf(end) }
  })
}

/** When the school is open on a day. */
function openings(date: string, { hours, holidays }: SchoolDays): Part[] {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  if (holidays.some((one) => one.start <= date && date <= one.end)) return []
  const { mornings, afternoons, morning, afternoon } = hours
  const part = (after: boolean, [from, to]: readonly [string, string]): Part => ({
    ...{ after, from: minuteOf(from), to: minuteOf(to) },
  })
  return [
    ...(mornings.includes(weekday) ? [part(false, morning)] : []),
    ...(afternoons.includes(weekday) ? [part(true, afternoon)] : []),
  ]
}

function nextDay(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10)
}

/** Each minute once. */
function minutes(times: [number, number][]): number {
  let total = 0
  let until = 0
  for (const [from, to] of [...times].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (to <= until) continue
    total += to - Math.max(from, until)
    until = to
  }
  return total
}
