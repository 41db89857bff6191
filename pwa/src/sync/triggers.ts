/**
 * What makes a window ask the server: being opened, shown, back on the
 * network, poked, or simply an hour that passes. The live channel belongs to
 * the tab that is looked at, so that a browser holds one.
 */
import type { Loop } from './loop.ts'

interface Poke {
  [scope: string]: number
}

export interface TriggerOptions {
  loop: Loop
  /** Does this device already hold what the poke speaks of? */
  behind: (poke: Poke) => Promise<boolean>
  /** What waits, for a last attempt while the page is left. */
  parting: () => Promise<void>
}

const pollEvery = 60_000

export function listen({ loop, behind, parting }: TriggerOptions): () => void {
  const leaving = new AbortController()
  const { signal } = leaving
  const now = (): void => void loop.retry()
  let live: EventSource | undefined
  let opened = 0
  let quick = 0

  function open(): void {
    if (live || document.visibilityState !== 'visible' || quick >= 3) return
    opened = Date.now()
    live = new EventSource('/api/live', { withCredentials: true })
    live.addEventListener('hello', now)
    live.addEventListener('poke', (event) => void poked(event as MessageEvent<string>))
    live.addEventListener('bye', (event) => {
      close()
      setTimeout(open, Number((event as MessageEvent<string>).data) || 2000)
    })
    live.onerror = () => {
      // Cut at once again and again: something on the way holds streams back. Poll instead.
      quick = Date.now() - opened < 2000 ? quick + 1 : 0
      if (live?.readyState === EventSource.CLOSED) close()
    }
  }

  function close(): void {
    live?.close()
    live = undefined
  }

  async function poked(event: MessageEvent<string>): Promise<void> {
    try {
      if (await behind(JSON.parse(event.data) as Poke)) now()
    } catch {
      now()
    }
  }

  function seen(): void {
    if (document.visibilityState === 'visible') {
      quick = 0
      open()
      now()
    } else close()
  }

  addEventListener('online', now, { signal })
  addEventListener('pageshow', now, { signal })
  addEventListener('pagehide', () => void parting(), { signal })
  document.addEventListener('visibilitychange', seen, { signal })
  navigator.serviceWorker?.addEventListener('message', (event) => event.data === 'sync' && now(), { signal })
  const timer = setInterval(() => {
    open()
    if (!live) void loop.sync()
  }, pollEvery)
  open()
  now()
  return () => {
    leaving.abort()
    clearInterval(timer)
    close()
  }
}
