/** Who writes messages: people of the school, and people outside ("outside:X/a@b.example"). */
const foreign = 'outside:'

/** Did somebody from outside write this? */
export function isForeign(from: { id: string }): boolean {
  return from.id.startsWith(foreign)
}

/** The key under which whoever wrote a message is written to. */
export function keyOf(from: { id: string }): string {
  return isForeign(from) ? `mail:${from.id.slice(from.id.indexOf('/') + 1)}` : `user:${from.id}`
}
