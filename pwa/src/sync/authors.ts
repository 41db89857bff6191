/** People outside the school: as addressees "mail:a@b.example", as authors "outside:X/a@b.example". */
const key = 'mail:'

export function isOutside(one: { key: string }): boolean {
  return one.key.startsWith(key)
}

/** "a@b.example" of "mail:a@b.example". */
export function addressIn(one: { key: string }): string {
  return one.key.slice(key.length)
}

/** Did somebody from outside write this? */
export function isForeign(from: { id: string }): boolean {
  return from.id.startsWith('outside:')
}

/** The key under which whoever wrote a message is written to. */
export function keyOf(from: { id: string }): string {
  return isForeign(from) ? key + from.id.slice(from.id.indexOf('/') + 1) : `user:${from.id}`
}
