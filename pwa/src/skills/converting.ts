/** Levels as marks: what each pupil would get, and how. */
import { markOf } from '../grades/average.ts'
import { add, decimal, fraction, times, written, zero, type Fraction } from '../grades/exact.ts'
import type { SkillSettings } from '../sync/index.ts'
import type { Looked } from './course.ts'
import { levelOf } from './framework.ts'
import { isCode } from './typing.ts'

export interface Converted {
  student: string
  /** A mark, a code, or '' for nothing. */
  mark: string
  /** Points by coefficients, and the most that they could be. */
  sum: string
  most: string
}

const best = 50

export function converted(
  looked: Looked,
  student: string,
  settings: SkillSettings,
  outOf: string,
): Converted {
  const values = looked.masteries.get(student)?.value.values ?? {}
  const items = looked.evaluation.items.flatMap(({ skill, coefficient }) => {
    const level = levelOf(settings, values[skill])
    return level ? [{ points: level.points, coefficient }] : []
  })
  const total = (points: (one: { points: number }) => number): string =>
    written(
      items.reduce<Fraction>(
        (sum, item) => add(sum, times(fraction(points(item)), decimal(item.coefficient) ?? zero)),
        zero,
      ),
    )
  return {
    student,
    mark: items.length > 0 ? markOf(items, outOf) : code(Object.values(values)),
    sum: total(({ points }) => points),
    most: total(() => best),
  }
}

/** Where no level is: the code that all have, "not marked" for a mixture, nothing for nothing. */
function code(values: string[]): string {
  const said = new Set(values.filter(isCode))
  const [only = ''] = said
  return said.size > 1 ? 'N' : only
}
