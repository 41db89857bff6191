/** What the person did and the server has not yet answered. */
import type { Out, Tx } from '../db/database.ts'
import type { ActionName } from './records.ts'
import type { Mutators } from './mutators.ts'
import { rebase } from './overlay.ts'

/** Why the server did not do it. Codes are stable; the screens translate them. */
export interface Refusal {
  code: string
  message: string
  field?: string
  current?: unknown
}

/** An action as the screens see it. */
export interface Outgoing {
  n: number
  scope: string
  name: string
  args: Record<string, unknown>
  /** Unix milliseconds, by this device's clock. */
  at: number
  state: 'waiting' | 'refused'
  error?: Refusal
}

export interface Act {
  scope: string
  name: ActionName
  args: Record<string, unknown>
  at: number
  base?: number | undefined
}

/** The stores an enqueueing transaction needs. */
export const outStores = ['out', 'kv', 'rec', 'ovl', 'blob'] as const

/** Notes an action: its number in the lane, the action, and what it does to the screen, all or nothing. */
export async function enqueue(
  tx: Tx<'readwrite'>,
  act: Act,
  mutators: Mutators,
  user: string,
): Promise<{ n: number; topics: Set<string> }> {
  const k = await nextInLane(tx, act.scope)
  const out: Omit<Out, 'n'> = {
    s: act.scope,
    k,
    name: act.name,
    args: act.args,
    at: act.at,
    state: 'waiting',
  }
  if (act.base !== undefined) out.base = act.base
  const n = await tx.objectStore('out').add(out as Out)
  await nameFiles(tx, act.args)
  return { n, topics: await rebase(tx, mutators, user) }
}

const laneKey = (scope: string): string => `lane:${scope}`

async function nextInLane(tx: Tx<'readwrite'>, scope: string): Promise<number> {
  const k = (((await tx.objectStore('kv').get(laneKey(scope))) as number | undefined) ?? 0) + 1
  await tx.objectStore('kv').put(k, laneKey(scope))
  return k
}

/** Numbers what waits in a lane anew, from `first`: the server lost count, or this device has a new name. */
export async function renumber(tx: Tx<'readwrite'>, scope: string, first: number): Promise<void> {
  let k = first
  for (const out of await waiting(tx)) {
    if (out.s !== scope) continue
    await tx.objectStore('out').put({ ...out, k: k++ })
  }
  await tx.objectStore('kv').put(k - 1, laneKey(scope))
}

/** Every lane starts again at 1, under a new device id. */
export async function renumberAll(tx: Tx<'readwrite'>): Promise<void> {
  const kv = tx.objectStore('kv')
  const lanes = (await kv.getAllKeys(IDBKeyRange.bound('lane:', 'lane:￿'))) as string[]
  for (const lane of lanes) await renumber(tx, lane.slice('lane:'.length), 1)
}

/** What waits, in the order in which it was done. */
export async function waiting(tx: Tx<'readwrite'> | Tx<'readonly'>): Promise<Out[]> {
  return ((await tx.objectStore('out').getAll()) as Out[]).filter((out) => out.state === 'waiting')
}

/** A file that an action names is to be sent. */
async function nameFiles(tx: Tx<'readwrite'>, args: unknown): Promise<void> {
  for (const sha of shasIn(args)) {
    const file = await tx.objectStore('blob').get(sha)
    if (file?.state === 'held') await tx.objectStore('blob').put({ ...file, state: 'waiting' })
  }
}

/** The names of files anywhere in the arguments of an action. */
export function shasIn(value: unknown): string[] {
  if (typeof value === 'string') return /^sha256-[0-9a-f]{64}$/.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(shasIn)
}
