/** Where a pupil stands, 1 to 4, and how that is made. */
import { positioning } from '../grades/average.ts'
import type { Position, SkillSettings } from '../sync/index.ts'
import { levelOf } from './framework.ts'

/** One level that a pupil was given. */
export interface Given {
  evaluation: string
  title: string
  date: string
  skill: string
  text: string
  value: string
}

/** A level in the sum. */
export interface Counted extends Given {
  points: number
  weight: number
}

export interface Standing {
  /** 0: nothing says so. */
  value: number
  /** As the levels have it. */
  proposed: number
  hand: Position | undefined
  /** Oldest first. */
  terms: Counted[]
  sum: number
  weight: number
}

/** Of levels, oldest first; a code is none. */
export function standingOf(all: Given[], settings: SkillSettings, hand?: Position): Standing {
  const levels = all.flatMap((one) => {
    const level = levelOf(settings, one.value)
    return level ? [{ ...one, points: level.points, weight: 1 }] : []
  })
  const terms = weighed(levels, settings.mode)
  const proposed = positioning(
    levels.map(({ points }) => points),
    settings.mode,
  )
  return {
    ...{ value: hand?.value ?? proposed, proposed, hand, terms },
    sum: terms.reduce((sum, { points, weight }) => sum + points * weight, 0),
    weight: terms.reduce((sum, { weight }) => sum + weight, 0),
  }
}

/** What each level weighs: the others are not looked at. */
function weighed(levels: Counted[], mode: SkillSettings['mode']): Counted[] {
  if (mode === 'progressive') return levels.map((one, i) => ({ ...one, weight: i + 1 }))
  const looked = mode === 'best5' ? [...levels].sort((a, b) => a.points - b.points) : levels
  const kept = new Set(mode === 'all' ? looked : looked.slice(-5))
  return levels.map((one) => ({ ...one, weight: kept.has(one) ? 1 : 0 }))
}
