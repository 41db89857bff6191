/**
 * What the person did and the server has not yet answered.
 *
 *   act ──▶ waiting ──▶ ok, but not yet pulled: sent ──▶ pulled: forgotten
 *              │  └───▶ ok and pulled: forgotten
 *              ├── refused by its rule ──▶ refused ──▶ dismissed, or sent again changed
 *              └── its scope was lost ───▶ refused (gone), text intact
 *
 * Only an answer or the person makes an action leave the outbox.
 */
import type { Out, Tx } from '../db/database.ts'
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
  name: string
  args: Record<string, unknown>
  at: number
  base?: number | undefined
}

export interface Enqueued {
  n: number
  topics: Set<string>
}

/** Notes an action: its number in the lane, the action, and what it does to the screen, all or nothing. */
export async function enqueue(
  tx: Tx<'readwrite'>,
  act: Act,
  mutators: Mutators | undefined,
  user: string,
): Promise<Enqueued> {
  const k = await nextInLane(tx, act.scope)
  const out: Omit<Out, 'n'> = {
    s: act.scope,
    k,
    name: act.name,
    args: act.args,
    at: act.at,
    state: 'waiting',
  }
  if (act.base !== undefined) Object.assign(out, await basedOn(tx, act.scope, act.args['id'], act.base))
  const n = await tx.objectStore('out').add(out as Out)
  await nameFiles(tx, act.args)
  return { n, topics: mutators ? await rebase(tx, mutators, user) : new Set() }
}

/** A change on top of one that still waits is based on what that one will make of the record. */
async function basedOn(
  tx: Tx,
  scope: string,
  id: unknown,
  base: number,
): Promise<Pick<Out, 'base' | 'after'>> {
  const before = (await lane(tx, scope)).findLast((out) => out.args['id'] === id)
  return before && id !== undefined ? { base, after: before.n } : { base }
}

/** The actions that waited for this one get the base they were made on. */
export async function rebaseFollowers(tx: Tx<'readwrite'>, out: Out, seq: number | undefined): Promise<void> {
  for (const next of await lane(tx, out.s)) {
    if (next.after !== out.n) continue
    const base = seq ?? out.base ?? next.base
    const { after: _, ...rest } = next
    await tx.objectStore('out').put({ ...rest, ...(base !== undefined && { base }) })
  }
}

const laneKey = (scope: string): string => `lane:${scope}`

async function nextInLane(tx: Tx<'readwrite'>, scope: string): Promise<number> {
  const last = (await tx.objectStore('kv').get(laneKey(scope))) as number | undefined
  const k = (last ?? 0) + 1
  await tx.objectStore('kv').put(k, laneKey(scope))
  return k
}

/** Numbers what waits in a lane anew, from `first`. */
export async function renumber(tx: Tx<'readwrite'>, scope: string, first: number): Promise<void> {
  let k = first
  for (const out of await lane(tx, scope)) await tx.objectStore('out').put({ ...out, k: k++ })
  await tx.objectStore('kv').put(k - 1, laneKey(scope))
}

/** The id under which this database numbers its lanes; undefined while it has none of its own. */
export async function deviceOf(tx: Tx): Promise<string | undefined> {
  return (await tx.objectStore('kv').get('device')) as string | undefined
}

/** When a pull that was answered began, the last one of any tab. */
export async function pulledIn(tx: Tx): Promise<number | undefined> {
  return (await tx.objectStore('kv').get('pulled')) as number | undefined
}

/** Under a new device id every lane starts again at 1, with the same actions. */
export async function adopt(tx: Tx<'readwrite'>, device: string): Promise<void> {
  await tx.objectStore('kv').delete(IDBKeyRange.bound('lane:', 'lane;', false, true))
  await tx.objectStore('kv').put(device, 'device')
  const scopes = new Set((await waiting(tx)).map((out) => out.s))
  for (const scope of scopes) await renumber(tx, scope, 1)
}

/** What is to be sent, in the order in which it was done. */
export async function waiting(tx: Tx): Promise<Out[]> {
  return (await tx.objectStore('out').getAll()).filter((out) => out.state === 'waiting')
}

/** What waits in one scope. */
export async function lane(tx: Tx, scope: string): Promise<Out[]> {
  return (await waiting(tx)).filter((out) => out.s === scope)
}

/** What the base does not show yet. */
export async function unconfirmed(tx: Tx): Promise<Out[]> {
  return (await tx.objectStore('out').getAll()).filter((out) => out.state !== 'refused')
}

/** A file that an action names is to be sent. */
async function nameFiles(tx: Tx<'readwrite'>, args: unknown): Promise<void> {
  for (const sha of shasIn(args)) {
    const file = await tx.objectStore('blob').get(sha)
    const isIdle = file?.state === 'held' || file?.state === 'refused'
    if (isIdle) await tx.objectStore('blob').put({ ...file, state: 'waiting' })
  }
}

/** The names of files anywhere in a value. */
export function shasIn(value: unknown): string[] {
  if (typeof value === 'string') return /^sha256-[0-9a-f]{64}$/.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(shasIn)
}
