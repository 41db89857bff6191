/** The digest of a scope: the same live records give the same eight digits, in any order. */

export interface Digested {
  type: string
  id: string
  seq: number
}

export function digest(records: Iterable<Digested>): string {
  let sum = 0
  for (const { type, id, seq } of records) sum ^= fnv1a(`${type}\0${id}\0${String(seq)}`)
  return (sum >>> 0).toString(16).padStart(8, '0')
}

const utf8 = new TextEncoder()

function fnv1a(text: string): number {
  let hash = 2166136261
  for (const byte of utf8.encode(text)) hash = Math.imul(hash ^ byte, 16777619)
  return hash >>> 0
}
