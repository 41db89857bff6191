/** How much may still be sent: what the school said last, and what was begun or closed on this device since. */
import { session } from '../app/session.svelte'
import { number, t } from '../i18n/index.svelte'
import type { Local } from '../sync/local.ts'

export interface Limits {
  /** Of one transfer, in bytes. */
  most: number
  /** Of all that a person sends at a time. */
  room: number
  taken: number
  /** The school's own room may leave less than the person's. */
  left: number
  /** There are no sealed ones here. */
  sealed?: false
}

const key = 'transfers:limits'

class Room {
  limits = $state.raw<Limits | undefined>(undefined)
  #user = ''

  /** First what is known here, then what the school says. */
  async look(): Promise<void> {
    const { local, user } = session.device
    if (user !== this.#user) this.limits = undefined
    this.#user = user
    this.limits ??= await local.get<Limits>(key)
    this.limits = (await askLimits(local, fetch)) ?? this.limits
  }
}

export const room = new Room()

export async function askLimits(local: Local, ask: typeof fetch): Promise<Limits | undefined> {
  const answer = await ask('/api/transfers/limits').catch(() => undefined)
  const said = answer?.ok
    ? ((await answer.json().catch(() => undefined)) as Partial<Limits> | undefined)
    : undefined
  const { most, room, taken, left, sealed } = said ?? {}
  if (most === undefined || room === undefined || taken === undefined || left === undefined) return undefined
  const limits: Limits = { most, room, taken, left, ...(sealed === false && { sealed }) }
  await local.set(key, limits)
  return limits
}

/** What is left, now that all transfers of this person take so much. */
export function leftOf({ taken, left }: Limits, now: number): number {
  return Math.max(0, left + taken - now)
}

/** Why the school would refuse as many bytes, as far as is known. */
export function refusalOf(limits: Limits | undefined, now: number, bytes: number): string | undefined {
  if (!limits || bytes === 0) return undefined
  if (bytes > limits.most) return t('transfers.over.most', { size: roomy(limits.most) })
  const left = leftOf(limits, now)
  return bytes > left ? t('transfers.over.left', { size: roomy(left) }) : undefined
}

/** Of what is given out in powers of two: "10 Go", not "11 Go". */
export function roomy(bytes: number): string {
  const mega = bytes / 2 ** 20
  if (mega < 1024) return t('size.mb', { n: number(mega, { maximumFractionDigits: mega < 10 ? 1 : 0 }) })
  return t('size.gb', { n: number(mega / 1024, { maximumFractionDigits: 1 }) })
}
