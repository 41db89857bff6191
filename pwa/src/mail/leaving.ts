/**
 * Letters that were sent a moment ago and can still be called back. They lie on the device's disk until their time is
 * up; then, or when the app is left, or when it is opened again, they go into the outbox.
 *
 *   hold ──▶ held ──▶ time is up, page hidden, app opened again ──▶ outbox
 *              └────▶ called back ──▶ a draft, as before
 */
import type { Device } from '../sync/index.ts'
import { keptKey, type Letter } from './drafts.ts'
import type { Opening } from './heavy.ts'

export interface Held {
  letter: Letter
  scope: string
  /** A refused action in whose place it goes. */
  refused?: number
  /** Opens a transfer for what is too heavy for it: first, so that the link is good when the letter arrives. */
  opening?: Opening
}

/** The files that leave by links. */
export interface Carrier {
  /** The files of a letter leave with it. */
  free(id: string): Promise<void>
  resume(): Promise<void>
}

/** How long a letter can be called back. */
export const grace = 5000

export type LeavingDevice = Pick<Device, 'act' | 'resend' | 'local'>
type Letters = Record<string, Held>

const key = 'mail:leaving'
/** One change of the list after the other. */
let turn: Promise<unknown> = Promise.resolve()

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const run = turn.then(work)
  turn = run.catch(() => undefined)
  return run
}

async function carrying(): Promise<Carrier> {
  return (await import('../transfers/sendings.svelte.ts')).sendings
}

async function held(device: LeavingDevice): Promise<Letters> {
  return (await device.local.get<Letters>(key)) ?? {}
}

/** Keeps a letter for a moment, by the id of its draft. */
export async function hold(
  device: LeavingDevice,
  draft: string,
  letter: Held,
  carrier = carrying,
): Promise<void> {
  await inTurn(async () => device.local.set(key, { ...(await held(device)), [draft]: letter }))
  const timer = setTimeout(() => void leave(), grace)
  const hidden = (): void => void (document.visibilityState === 'hidden' && leave())
  document.addEventListener('visibilitychange', hidden)
  const leave = (): Promise<void> => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', hidden)
    return release(device, carrier)
  }
}

/** Takes a letter back; false when it has left. */
export function callBack(device: LeavingDevice, draft: string): Promise<boolean> {
  return inTurn(async () => {
    const { [draft]: found, ...others } = await held(device)
    if (found) await device.local.set(key, others)
    return found !== undefined
  })
}

/** Sends what was held. What is sent twice, by two tabs, has one id, and is one message. */
export function release(device: LeavingDevice, carrier = carrying): Promise<void> {
  return inTurn(async () => {
    for (const [draft, letter] of Object.entries(await held(device))) {
      await post(device, letter, carrier)
      const { [draft]: _, ...others } = await held(device)
      await device.local.set(key, others)
      await device.local.delete(keptKey(draft))
    }
  })
}

/** Files are freed before they are named, and wait for it at the school: stopped in between, this begins again. */
async function post(
  device: LeavingDevice,
  { letter, scope, refused, opening }: Held,
  carrier: typeof carrying,
): Promise<void> {
  if (opening) {
    await (await carrier()).free(opening.id)
    await device.act(scope, 'transfer.open@1', opening)
  }
  await send(device, { letter, scope, ...(refused !== undefined && { refused }) })
  if (opening) void (await carrier()).resume()
}

async function send(device: LeavingDevice, { letter, scope, refused }: Held): Promise<void> {
  const again = refused === undefined ? undefined : await device.resend(refused, { ...letter.args })
  if (again !== undefined) return
  if (letter.name === 'mail.send@1') await device.act(scope, letter.name, letter.args)
  else await device.act(scope, letter.name, letter.args)
}
