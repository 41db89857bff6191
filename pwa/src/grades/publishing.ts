/** When a publication appears, and which figures of the class come with it: what the server decides, foretold. */
import type { Key } from '../i18n/index.svelte'
import type { GradePolicy } from '../sync/index.ts'

/** The next time that the clock says so. */
export function nextHour(hour: string, now: Date): Date {
  const [hours = 18, minutes = 0] = hour.split(':').map(Number)
  const at = new Date(now.getFullYear(), now.getMonth(), now.getDate(), hours, minutes)
  return at > now ? at : new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, hours, minutes)
}

/** Of fewer pupils, each could work out the others. */
const fewest = 3

export function shownFigures(policy: GradePolicy, quiet: boolean, count: number): Key[] {
  if (quiet) return ['grades.figures.quiet']
  if (count < fewest) return ['grades.figures.few']
  const keys: Key[] = [
    ...(policy.average ? (['grades.figures.average'] as const) : []),
    ...(policy.extremes ? (['grades.figures.extremes'] as const) : []),
    ...(policy.spread ? (['grades.figures.spread'] as const) : []),
  ]
  return keys.length > 0 ? keys : ['grades.figures.none']
}
