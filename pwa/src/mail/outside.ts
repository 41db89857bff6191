/** People who are not of the school: their addresses, and who may write to them. Pure. */
import type { Addressee, MailPolicy, User } from '../sync/index.ts'

export { isForeign, keyOf } from '../sync/authors.ts'

type Role = User['roles'][number]

const key = 'mail:'

/** What the server takes. */
const longest = 120

export function isOutside(one: { key: string }): boolean {
  return one.key.startsWith(key)
}

/** "a@b.example" of "mail:a@b.example". */
export function addressIn(one: { key: string }): string {
  return one.key.slice(key.length)
}

/** Somebody outside, as an address is typed: "a@b.example", or with a name before it. */
export function outsiderIn(typed: string): Addressee | undefined {
  const [, name = '', bare = ''] = /^(?:"?([^"<>]*?)"?\s*<)?([^<>\s]+)>?$/.exec(typed.trim()) ?? []
  const at = bare.lastIndexOf('@')
  const address = bare.slice(0, at) + bare.slice(at).toLowerCase()
  if (address.length > longest || !/^[!#$%&'*+\-/=?^\w`{|}~.]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(address))
    return undefined
  if (/^\.|\.\.|\.@|@-/.test(address)) return undefined
  return { key: key + address, name: name || address }
}

export function mayWriteOutside(rules: Partial<MailPolicy> | undefined, roles: readonly Role[]): boolean {
  return rules?.external?.some((role) => roles.includes(role)) ?? false
}

/** How those outside were called when they were typed, by key. */
export function namesOf(people: readonly Addressee[]): Record<string, string> {
  return Object.fromEntries(
    people
      .filter((one) => isOutside(one) && one.name && one.name !== addressIn(one))
      .map((one) => [one.key, one.name]),
  )
}
