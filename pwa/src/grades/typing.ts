/** What a teacher types into a cell. */
import { isCode, type Value } from './average.ts'
import { compare, decimal } from './exact.ts'

/** The letters on the keyboard, in both languages of the interface. */
const letters: Readonly<Record<string, Value>> = {
  ...{ A: 'A', E: 'E', D: 'E', N: 'N', I: 'I', S: 'S', R: 'S', Z: 'Z', W: 'W' },
}

export type Problem = 'above' | 'wrong'

/** "12,5" is "12.5", "a" is "A"; or why it is no mark of an assessment. */
export function parse(text: string, outOf: string, above: boolean): { value: Value } | { problem: Problem } {
  const said = text.trim()
  if (said === '') return { value: '' }
  const code = letters[said.toUpperCase()]
  if (code) return { value: code }
  const value = canonical(said)
  const points = decimal(value)
  const most = decimal(outOf)
  if (!points || !most || points.n < 0n) return { problem: 'wrong' }
  return compare(points, most) > 0 && !above ? { problem: 'above' } : { value }
}

/** "012,50" is "12.5". */
export function canonical(text: string): string {
  const [whole = '', places = '', ...more] = text.replace(',', '.').split('.')
  if (more.length > 0 || !/^\d+$/.test(whole) || !/^\d*$/.test(places)) return text
  const tail = places.replace(/0+$/, '')
  return whole.replace(/^0+(?=\d)/, '') + (tail && `.${tail}`)
}

/** As it is typed: "12,5" in French. */
export function typed(value: Value, comma: boolean): string {
  return comma && !isCode(value) ? value.replace('.', ',') : value
}
