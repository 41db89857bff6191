/** What is sent to the server, as it is sent. */
import type { Out } from '../db/database.ts'
import { protocolVersion, schemaVersion, type MutationWire, type RequestWire } from './wire.ts'

/** Actions of one request. */
export const batchMost = 50

/** A request of this version of the app. */
export function requestOf(device: string): RequestWire {
  return { v: protocolVersion, schema: schemaVersion, device }
}

export function toWire({ s, k, name, at, base, args }: Out): MutationWire {
  return { scope: s, k, name, at, ...(base !== undefined && { base }), args }
}

export function post(request: RequestWire): RequestInit {
  return {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  }
}

/** A request that only sends, as much as may outlive its page. */
export function parting(device: string, waits: Out[], most: number): RequestInit | undefined {
  for (let n = Math.min(waits.length, batchMost); n > 0; n = Math.floor(n / 2)) {
    const mutations = waits
      .slice(0, n)
      .filter((out) => out.after === undefined)
      .map(toWire)
    const init = post({ ...requestOf(device), mutations })
    if (mutations.length > 0 && (init.body as string).length <= most) return { ...init, keepalive: true }
  }
  return undefined
}
