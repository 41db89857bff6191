/** In the order of their codes, so that ids sort as what they stand for. */
const letters = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'

/** How many letters tell the time, and how many are drawn. An id is stored and sent often, so it is short. */
const [timed, drawn] = [7, 13]

/**
 * Ids made by a device: 42 bits of the time in milliseconds, enough until 2109,
 * and 78 bits at random. What was made later sorts later.
 */
export function newId(now = Date.now()): string {
  const time = Array.from({ length: timed }, (_, i) => Math.floor(now / 64 ** (timed - 1 - i)) % 64)
  const chance = [...crypto.getRandomValues(new Uint8Array(drawn))].map((byte) => byte % 64)
  return [...time, ...chance].map((n) => letters[n]).join('')
}

export function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
