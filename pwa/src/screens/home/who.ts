/** Who is at home here: what they are decides what is shown. */
import type { Component } from 'svelte'
import { session } from '../../app/session.svelte'

/** One pupil is shown, oneself or a child; several children; and what somebody does in the school. */
export type Kind = 'pupil' | 'family' | 'teacher' | 'office'

/**
 * A component without props that shows a Section, or nothing where it has nothing to say; it reads from the device
 * alone. Without kinds it is for everybody.
 */
export type Block = readonly [Component, ...Kind[]]

/** One person may be several of them. */
export function kinds(): Kind[] {
  const pupils = session.pupils.length
  const teacher = session.is('teacher')
  const family = pupils > 1 || (pupils === 1 && teacher)
  return [
    ...(family ? ['family' as const] : []),
    ...(pupils === 1 && !family ? ['pupil' as const] : []),
    ...(teacher ? ['teacher' as const] : []),
    ...(session.is('staff', 'direction') ? ['office' as const] : []),
  ]
}

export function blocksFor(blocks: readonly Block[], who: readonly Kind[]): Component[] {
  return blocks
    .filter(([, ...kinds]) => kinds.length === 0 || kinds.some((kind) => who.includes(kind)))
    .map(([component]) => component)
}
