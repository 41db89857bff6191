import type { GradePolicy } from '../sync/index.ts'

/** A school that decided nothing. */
export const usualPolicy: GradePolicy = {
  ...{ average: true, extremes: false, spread: false, general: true },
  ...{ delay: 0, hour: '', window: 10, above: false },
}
