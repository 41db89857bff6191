/** What a teacher types into a cell of the grid: a figure is a level, a letter says why there is none. */
import type { SkillSettings } from '../sync/index.ts'
import { folded, given } from './framework.ts'

export const codes = ['A', 'E', 'N', 'S'] as const
export type Code = (typeof codes)[number]

export function isCode(value: string): value is Code {
  return (codes as readonly string[]).includes(value)
}

/** The letters on the keyboard, in both languages of the interface. */
const letters: Readonly<Record<string, Code>> = { a: 'A', e: 'E', d: 'E', n: 'N', s: 'S', r: 'S' }

/** The value of a key; undefined where it is none. */
export function ofKey(key: string, settings: SkillSettings): string | undefined {
  if (key === ' ' || key === 'Delete' || key === 'Backspace') return ''
  return given(settings)[Number(key) - 1]?.id ?? letters[key.toLowerCase()]
}

/** The value of a word from a table: a figure, a letter, the name of a level; undefined where it is none. */
export function ofWord(word: string, settings: SkillSettings): string | undefined {
  const said = folded(word.trim())
  if (said === '') return ''
  const level = given(settings).find(({ label, short }) => folded(label) === said || folded(short) === said)
  return level?.id ?? (said.length === 1 ? ofKey(said, settings) : undefined)
}
