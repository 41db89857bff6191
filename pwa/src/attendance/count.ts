/** What absences add up to, as the server counts them (api/attendance/count.go). Pure. */
import type { Missed } from '../sync/index.ts'

interface Holiday {
  start: string
  end: string
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

/** Those of a collège. */
const hours = {
  morning: ['08:00', '12:00'],
  afternoon: ['13:30', '17:30'],
  days: [1, 2, 3, 4, 5],
  afternoons: [1, 2, 4, 5],
  halfDay: 240,
} as const

interface Half {
  times: [number, number][]
  unjustified: boolean
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5))
const noon = Math.trunc((minuteOf(hours.morning[1]) + minuteOf(hours.afternoon[0])) / 2)

export function countMissed(
  absences: readonly Missed[],
  latenesses: readonly Missed[],
  holidays: readonly Holiday[],
): Count {
  const halves = new Map<string, Half>()
  for (const one of absences) if (one.counts) gather(halves, one, holidays)
  const late = latenesses.filter((one) => one.counts)
  const keys = [...halves.keys()].sort()
  const sums = keys.map((key) => minutes(halves.get(key)?.times ?? []))
  const computed = sums.reduce((sum, one) => sum + Math.min(1, one / hours.halfDay), 0)
  return {
    halfDays: keys.length,
    computed: Math.round(computed * 100) / 100,
    unjustified: [...halves.values()].filter((one) => one.unjustified).length,
    minutes: sums.reduce((sum, one) => sum + one, 0),
    latenesses: late.length,
    lateMinutes: late.reduce((sum, one) => sum + (one.minutes ?? 0), 0),
  }
}

function gather(halves: Map<string, Half>, one: Missed, holidays: readonly Holiday[]): void {
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
    for (const part of openings(date, holidays)) {
      const from =
        date === one.from.slice(0, 10) ? Math.max(part.from, minuteOf(one.from.slice(11))) : part.from
      const to = date === last ? Math.min(part.to, minuteOf(one.to.slice(11))) : part.to
      add(date, part.after, from, to)
    }
  }
}

/** When the school is open on a day. */
function openings(date: string, holidays: readonly Holiday[]) {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  const off = holidays.some((one) => one.start <= date && date <= one.end)
  if (off || !(hours.days as readonly number[]).includes(weekday)) return []
  const parts = [{ after: false, from: minuteOf(hours.morning[0]), to: minuteOf(hours.morning[1]) }]
  if ((hours.afternoons as readonly number[]).includes(weekday))
    parts.push({ after: true, from: minuteOf(hours.afternoon[0]), to: minuteOf(hours.afternoon[1]) })
  return parts
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
