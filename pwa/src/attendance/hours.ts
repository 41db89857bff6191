/** When a school is open, as somebody types it. Pure. */
import type { Hours } from '../sync/index.ts'

/** Minutes that schools usually take for a half-day. */
export const halfDays = [180, 210, 240, 270, 300]

export type HoursFault = 'morning' | 'afternoon' | 'days'

/** What the server would refuse (api/attendance/hours.go). */
export function faultIn({ morning, afternoon, mornings, afternoons }: Hours): HoursFault | undefined {
  const time = /^([01]\d|2[0-3]):[0-5]\d$/
  const isOpening = ([from, to]: readonly [string, string]) => time.test(from) && time.test(to) && from < to
  if (!isOpening(morning)) return 'morning'
  if (!isOpening(afternoon) || afternoon[0] < morning[1]) return 'afternoon'
  return mornings.length + afternoons.length === 0 ? 'days' : undefined
}
