/**
 * What makes a window ask the server: being opened, shown, back on the
 * network, told by the service worker, poked, or simply a minute that passes.
 */
import type { Live } from './live.ts'
import type { Loop } from './loop.ts'

export interface TriggerOptions {
  loop: Loop
  live: Live
  /** The page is being left: a last attempt to send what waits. */
  parting: () => void
  /** The browser says that there is no network. */
  offline: () => void
}

/** Listens until the returned function is called. */
export function listen({ loop, live, parting, offline }: TriggerOptions): () => void {
  const leaving = new AbortController()
  const { signal } = leaving
  const now = (): void => void loop.retry()
  const shown = (): void => {
    live.show(document.visibilityState === 'visible')
    if (document.visibilityState === 'visible') now()
  }
  addEventListener('online', now, { signal })
  addEventListener('offline', offline, { signal })
  addEventListener('pageshow', now, { signal })
  addEventListener(
    'pagehide',
    () => {
      live.show(false)
      parting()
    },
    { signal },
  )
  document.addEventListener('visibilitychange', shown, { signal })
  const worker = (navigator as Partial<Navigator>).serviceWorker
  worker?.addEventListener('message', (event) => event.data === 'sync' && now(), { signal })
  shown()
  return () => {
    leaving.abort()
    live.stop()
  }
}
