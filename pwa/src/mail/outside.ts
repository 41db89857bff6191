/** Addresses of people who are not of the school, as they are typed. Pure. */
import { addressIn, isOutside } from '../sync/authors.ts'
import type { Addressee } from '../sync/index.ts'

export { addressIn, isForeign, isOutside, keyOf } from '../sync/authors.ts'

/** What the server takes. */
const longest = 120

/** Somebody outside, as an address is typed: "a@b.example", or with a name before it. */
export function outsiderIn(typed: string): Addressee | undefined {
  const [, name = '', bare = ''] = /^(?:"?([^"<>]*?)"?\s*<)?([^<>\s]+)>?$/.exec(typed.trim()) ?? []
  const at = bare.lastIndexOf('@')
  const address = bare.slice(0, at) + bare.slice(at).toLowerCase()
  if (address.length > longest || !/^[!#$%&'*+\-/=?^\w`{|}~.]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(address))
    return undefined
  if (/^\.|\.\.|\.@|@-/.test(address)) return undefined
  return { key: `mail:${address}`, name: name || address }
}

/** How those outside were called when they were typed, by key. */
export function namesOf(people: readonly Addressee[]): Record<string, string> {
  return Object.fromEntries(
    people
      .filter((one) => isOutside(one) && one.name && one.name !== addressIn(one))
      .map((one) => [one.key, one.name]),
  )
}
